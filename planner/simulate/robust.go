package simulate

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Robust returns the worst failure of one server where loads are uncertain: each
// store may weigh more than it seems by the given part of its load, and on each
// survivor as many stores do at once as stores says (Γ), those that hurt most
// there. With Γ = 0 it is the worst single failure itself; with Γ as large as the
// number of stores all loads are greater by that part. That all of many stores
// are at their worst at once is unlikely, so that a small Γ is what to plan for
// (Bertsimas and Sim, The price of robustness, 2004).
func (s *Simulator) Robust(deviation float64, stores int) planner.Robust {
	worst := planner.Robust{Stores: stores, Deviation: deviation, Failed: []string{}}
	if len(s.order) < 2 {
		return worst // no failure leaves a survivor
	}
	carried := s.carriedBy()
	for server := range s.fleet.Capacity {
		if s.fleet.Down[server] {
			continue
		}
		here := s.instancesOn(int32(server), carried[server])
		for _, r := range s.fleet.Failover {
			if value, failed := s.robustAt(int32(server), r, here, deviation, stores); !worst.Utilisation.Known || value > worst.Utilisation.Value {
				worst.Utilisation, worst.Failed = planner.Known(value), []string{}
				worst.Server = planner.Text(s.fleet.Inventory.Servers[server].Name)
				worst.Resource = planner.Text(s.fleet.Inventory.Resources[r].Name)
				if failed >= 0 {
					worst.Failed = []string{s.fleet.Levels[0].Domains[failed].String()}
				}
			}
		}
	}
	return worst
}

// instance is one of a store on a server that is up.
type instance struct {
	store    int32
	promoted int32 // the server whose failure promotes it; -1: it serves, -2: none does
	more     int64 // instances of the store beside it, where rule apart is broken
}

// instancesOn lists the instances on the server by whose failure promotes them.
func (s *Simulator) instancesOn(server int32, stores []int32) []instance {
	list := make([]instance, 0, len(stores))
	for _, store := range stores {
		sites := s.layout[store]
		in := instance{store: store, promoted: -2, more: -1}
		for _, site := range sites {
			if site == server {
				in.more++
			}
		}
		switch master := load.Master(sites, s.failed); {
		case master == server:
			in.promoted = -1
		case s.without(master, sites) == server:
			in.promoted = master
		}
		list = append(list, in)
	}
	slices.SortFunc(list, func(a, b instance) int {
		return cmp.Or(cmp.Compare(a.promoted, b.promoted), cmp.Compare(a.store, b.store))
	})
	return list
}

// robustAt returns the largest utilisation of the survivor in the resource over
// all failures of another server, and that server, or -1 if it is one that the
// survivor takes nothing over from.
func (s *Simulator) robustAt(server int32, r int, here []instance, deviation float64, stores int) (value float64, failed int32) {
	carried := s.normal.Amounts[server][r]
	value, failed = s.fleet.Utilisation(int(server), r, carried+s.deviating(here, -1, r, deviation, stores)), -1
	for i := 0; i < len(here); {
		source, extra := here[i].promoted, int64(0)
		for ; i < len(here) && here[i].promoted == source; i++ {
			extra += s.fleet.Active[here[i].store][r] - s.fleet.Passive[here[i].store][r]
		}
		if source < 0 {
			continue
		}
		if u := s.fleet.Utilisation(int(server), r, carried+extra+s.deviating(here, source, r, deviation, stores)); u > value {
			value, failed = u, source
		}
	}
	return value, failed
}

// deviating returns the sum of the largest deviations on a server after the
// failure of another.
func (s *Simulator) deviating(here []instance, failed int32, r int, deviation float64, stores int) int64 {
	largest := make([]int64, 0, stores+1) // descending
	for _, in := range here {
		weight := s.fleet.Passive[in.store][r]
		if in.promoted == -1 || in.promoted == failed {
			weight = s.fleet.Active[in.store][r]
		}
		more := inventory.Times(weight+in.more*s.fleet.Passive[in.store][r], deviation)
		at, _ := slices.BinarySearchFunc(largest, more, func(a, b int64) int { return cmp.Compare(b, a) })
		if at < stores {
			largest = slices.Insert(largest, at, more)
			largest = largest[:min(len(largest), stores)]
		}
	}
	sum := int64(0)
	for _, more := range largest {
		sum += more
	}
	return sum
}

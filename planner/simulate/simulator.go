// Package simulate computes what failures do to a layout.
//
// [New] prepares a layout; [Simulator.Fail] fails any set of failure domains and
// says which surviving server is then busiest, in the steady state and in the
// first hour, and what is offline; [Simulator.All] fails every server and every
// domain; [Simulator.Failover] says who takes over from whom; [Simulator.Promises]
// sums up what a layout stands for.
//
// A failure touches only the stores whose master it hits, so its cost is the
// number of those, not the size of the fleet: the busiest server that it does
// not touch is found in an order of the servers made once.
package simulate

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Simulator fails servers of one layout. It is not safe for concurrent use.
type Simulator struct {
	fleet    *load.Fleet
	layout   load.Layout
	normal   load.Carried
	now      planner.Offline
	byMaster [][]int32 // stores that each server serves in the normal state
	order    []int32   // servers that are up, busiest first in failover resources

	// Scratch of one failure, zero between failures.
	failed   []bool
	steady   []inventory.Amounts // added to each survivor
	cold     []inventory.Amounts
	promoted []int
}

// New prepares the layout.
func New(f *load.Fleet, l load.Layout) *Simulator {
	n := len(f.Capacity)
	s := &Simulator{
		fleet: f, layout: l, normal: f.Normal(l),
		byMaster: make([][]int32, n),
		failed:   slices.Clone(f.Down),
		steady:   make([]inventory.Amounts, n),
		cold:     make([]inventory.Amounts, n),
		promoted: make([]int, n),
	}
	s.now.StoresOffline = len(s.normal.Offline)
	for _, store := range s.normal.Offline {
		s.now.Offline = append(s.now.Offline, f.Inventory.Stores[store].Name)
		s.now.UsersOffline += f.Users[store]
	}
	for store, sites := range l {
		if m := load.Master(sites, f.Down); m >= 0 {
			s.byMaster[m] = append(s.byMaster[m], int32(store))
		}
	}
	busy := make([]float64, n)
	for server := range n {
		busy[server], _ = s.busiest(server, nil)
		if !f.Down[server] {
			s.order = append(s.order, int32(server))
		}
	}
	slices.SortStableFunc(s.order, func(a, b int32) int { return cmp.Compare(busy[b], busy[a]) })
	return s
}

// busiest returns the largest utilisation of the server over failover
// resources with the amounts in extra added, and the resource; -1 if the fleet
// has no failover resource.
func (s *Simulator) busiest(server int, extra *inventory.Amounts) (value float64, resource int) {
	resource = -1
	for _, r := range s.fleet.Failover {
		amount := s.normal.Amounts[server][r]
		if extra != nil {
			amount += extra[r]
		}
		if u := s.fleet.Utilisation(server, r, amount); resource < 0 || u > value {
			value, resource = u, r
		}
	}
	return value, resource
}

// Fail returns what the failure of the domains, all at once, does.
func (s *Simulator) Fail(domains ...load.Domain) planner.Impact {
	o := s.strike(domains)
	impact := planner.Impact{Failed: o.failed, StoresFailedOver: len(o.promoted)}
	for _, store := range o.promoted {
		impact.UsersFailedOver += s.fleet.Users[store]
	}
	s.countOffline(o.offline, &impact)
	s.findWorst(o.touched, &impact)
	s.heal(o)
	return impact
}

// outage is the failure of some domains.
type outage struct {
	failed   []string // what the domains are called
	servers  []int32  // that fail; not those that were down before
	promoted []int32  // stores that fail over
	offline  []int32  // stores that go offline
	touched  []int32  // servers that take stores over, ascending
}

// strike fails the domains until heal: it enters in the scratch what each
// survivor takes over.
func (s *Simulator) strike(domains []load.Domain) *outage {
	o := &outage{failed: make([]string, 0, len(domains))}
	for _, d := range domains {
		o.failed = append(o.failed, d.String())
		for _, server := range d.Servers {
			if !s.failed[server] {
				s.failed[server] = true
				o.servers = append(o.servers, server)
			}
		}
	}
	for _, server := range o.servers {
		for _, store := range s.byMaster[server] {
			s.promote(store, o)
		}
	}
	slices.Sort(o.touched)
	return o
}

// promote fails over one store, if a replica is left to do so.
func (s *Simulator) promote(store int32, o *outage) {
	to := load.Master(s.layout[store], s.failed)
	if to < 0 {
		o.offline = append(o.offline, store)
		return
	}
	o.promoted = append(o.promoted, store)
	if s.promoted[to] == 0 {
		o.touched = append(o.touched, to)
	}
	s.promoted[to]++
	f := s.fleet
	for _, r := range f.Failover {
		s.steady[to][r] += f.Active[store][r] - f.Passive[store][r]
		s.cold[to][r] += f.Cold[store][r] - f.Passive[store][r]
	}
}

// heal brings the scratch back.
func (s *Simulator) heal(o *outage) {
	for _, server := range o.servers {
		s.failed[server] = false
	}
	for _, server := range o.touched {
		s.steady[server], s.cold[server], s.promoted[server] = inventory.Amounts{}, inventory.Amounts{}, 0
	}
}

// Now returns what is offline already, before any failure that is looked at.
func (s *Simulator) Now() planner.Offline { return s.now }

// countOffline adds what goes offline to what is offline already.
func (s *Simulator) countOffline(stores []int32, impact *planner.Impact) {
	slices.Sort(stores)
	impact.StoresOffline = s.now.StoresOffline + len(stores)
	impact.UsersOffline = s.now.UsersOffline
	impact.Offline = make([]inventory.StoreID, 0, len(stores))
	for _, store := range stores {
		impact.Offline = append(impact.Offline, s.fleet.Inventory.Stores[store].Name)
		impact.UsersOffline += s.fleet.Users[store]
	}
}

func (s *Simulator) findWorst(touched []int32, impact *planner.Impact) {
	inv := s.fleet.Inventory
	largest := 0
	for _, server := range touched {
		before, _ := s.busiest(int(server), nil)
		steady, r := s.busiest(int(server), &s.steady[server])
		if r < 0 {
			continue
		}
		cold := s.fleet.Utilisation(int(server), r, s.normal.Amounts[server][r]+s.cold[server][r])
		impact.Survivors = append(impact.Survivors, planner.Survivor{
			Server: inv.Servers[server].Name, Resource: inv.Resources[r].Name,
			Before: before, Utilisation: steady, FirstHour: cold, Promoted: s.promoted[server],
		})
		s.raise(&impact.Worst, int(server), r, steady, cold)
		largest = max(largest, s.promoted[server])
	}
	slices.SortStableFunc(impact.Survivors, func(a, b planner.Survivor) int { return cmp.Compare(b.Utilisation, a.Utilisation) })
	impact.TakenOverBy = len(touched)
	if impact.StoresFailedOver > 0 {
		impact.LargestShare = planner.Known(float64(largest) / float64(impact.StoresFailedOver))
	}
	for _, server := range s.order {
		if !s.failed[server] {
			if u, r := s.busiest(int(server), nil); r >= 0 {
				s.raise(&impact.Worst, int(server), r, u, u)
			}
			break
		}
	}
	impact.Worst.Failed = impact.Failed
}

// raise makes one survivor the worst if it is.
func (s *Simulator) raise(w *planner.Worst, server, resource int, steady, cold float64) {
	if w.Utilisation.Known && steady <= w.Utilisation.Value {
		return
	}
	w.Utilisation, w.FirstHour = planner.Known(steady), planner.Known(cold)
	w.Server = planner.Text(s.fleet.Inventory.Servers[server].Name)
	w.Resource = planner.Text(s.fleet.Inventory.Resources[resource].Name)
}

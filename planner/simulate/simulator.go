// Package simulate computes what failures do to a layout.
//
// [New] prepares a layout; [Simulator.Fail] fails any set of failure domains and
// says which surviving server is then busiest, in the steady state and in the
// first hour, what is offline, and how long it takes to recover; [Simulator.All]
// fails every server and every domain, [Simulator.Pairs] any two at once and
// [Simulator.Random] sets drawn at random; [Simulator.Failover] says who takes over
// from whom; [Simulator.Robust], [Simulator.NormalGrowth] and [Simulator.FailureGrowth] ask what becomes of the worst
// failure where loads are not what they seem or grow; [Simulator.Promises] sums up
// what a layout stands for.
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

	// Recovery says how fast people and machines are. Those who need other
	// figures than the default set it before they fail anything.
	Recovery planner.Recovery
	mail     []inventory.Mail // of each store, once it is asked for
	carries  [][]int32        // stores with an instance on each server, once it is asked for

	// Scratch of one failure, zero between failures.
	outage   outage
	failed   []bool
	steady   []inventory.Amounts // added to each survivor
	cold     []inventory.Amounts
	promoted []int
	stores   []int32 // that lose a copy
	all      copying // of all of those
	risk     copying // of those that are left with one copy
}

// New prepares the layout.
func New(f *load.Fleet, l load.Layout) *Simulator {
	n := len(f.Capacity)
	s := &Simulator{
		fleet: f, layout: l, normal: f.Normal(l),
		Recovery: DefaultRecovery(),
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
	defer s.heal(o)
	impact := planner.Impact{Failed: names(domains), StoresFailedOver: len(o.promoted)}
	for _, store := range o.promoted {
		impact.UsersFailedOver += s.fleet.Users[store]
	}
	s.countOffline(o.offline, &impact)
	s.listSurvivors(o.touched, &impact)
	s.measureRecovery(o, &impact)
	impact.Worst = s.named(s.peaks(o, impact.Failed))
	return impact
}

// names returns what the domains are called.
func names(domains []load.Domain) []string {
	list := make([]string, len(domains))
	for i, d := range domains {
		list[i] = d.String()
	}
	return list
}

// outage is the failure of some domains.
type outage struct {
	servers  []int32 // that fail; not those that were down before
	promoted []int32 // stores that fail over
	offline  []int32 // stores that go offline
	touched  []int32 // servers that take stores over, ascending
}

// strike fails the domains until heal: it enters in the scratch what each
// survivor takes over. There is one outage at a time.
func (s *Simulator) strike(domains []load.Domain) *outage {
	o := &s.outage
	o.servers, o.promoted, o.offline, o.touched = o.servers[:0], o.promoted[:0], o.offline[:0], o.touched[:0]
	for _, d := range domains {
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
	impact.UsersOffline = s.now.UsersOffline + s.usersOn(stores)
	impact.Offline = make([]inventory.StoreID, 0, len(stores))
	for _, store := range stores {
		impact.Offline = append(impact.Offline, s.fleet.Inventory.Stores[store].Name)
	}
}

func (s *Simulator) usersOn(stores []int32) int {
	users := 0
	for _, store := range stores {
		users += s.fleet.Users[store]
	}
	return users
}

// listSurvivors lists the servers that take stores over, the busiest first, and
// says how evenly they share what fails over.
func (s *Simulator) listSurvivors(touched []int32, impact *planner.Impact) {
	inv := s.fleet.Inventory
	impact.Survivors = make([]planner.Survivor, 0, len(touched))
	for _, server := range touched {
		before, _ := s.busiest(int(server), nil)
		steady, r := s.busiest(int(server), &s.steady[server])
		if r < 0 {
			continue
		}
		impact.Survivors = append(impact.Survivors, planner.Survivor{
			Server: inv.Servers[server].Name, Resource: inv.Resources[r].Name,
			Before: before, Utilisation: steady, FirstHour: s.fleet.Utilisation(int(server), r, s.normal.Amounts[server][r]+s.cold[server][r]), Promoted: s.promoted[server],
		})
	}
	slices.SortStableFunc(impact.Survivors, func(a, b planner.Survivor) int { return cmp.Compare(b.Utilisation, a.Utilisation) })
	impact.TakenOverBy = len(touched)
	impact.LargestShare = s.largestShare(touched)
}

// largestShare returns the largest part that one server takes of the load that
// fails over in one resource. It is unknown if no load does.
func (s *Simulator) largestShare(touched []int32) planner.Number {
	var share planner.Number
	for _, r := range s.fleet.Failover {
		var most, all int64
		for _, server := range touched {
			most = max(most, s.steady[server][r])
			all += s.steady[server][r]
		}
		if all > 0 {
			share = planner.Known(max(share.Value, float64(most)/float64(all)))
		}
	}
	return share
}

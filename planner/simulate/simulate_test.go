package simulate_test

import (
	"math"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// naive computes one failure from the definition, in floating point.
type naive struct {
	worst, firstHour      float64
	survivor              bool
	hours                 map[string]float64 // first hour by survivor and failover resource
	offline, usersOffline int
	taken                 []inventory.StoreID // that the failure takes offline
	usersFailedOver       int
}

func fail(inv *inventory.Inventory, domains ...inventory.FailureDomain) naive {
	before, after := map[inventory.ServerID]bool{}, map[inventory.ServerID]bool{}
	for i := range inv.Servers {
		s := &inv.Servers[i]
		before[s.Name] = s.State == inventory.Down
		after[s.Name] = before[s.Name] || slices.ContainsFunc(domains, func(d inventory.FailureDomain) bool { return s.Domain(d.Level) == d })
	}
	n := naive{hours: map[string]float64{}}
	steady, cold := map[inventory.ServerID]*inventory.Load{}, map[inventory.ServerID]*inventory.Load{}
	for i := range inv.Servers {
		steady[inv.Servers[i].Name], cold[inv.Servers[i].Name] = &inventory.Load{}, &inventory.Load{}
	}
	for i := range inv.Stores {
		st := &inv.Stores[i]
		total, persons := st.Base, 0
		for _, u := range inv.Users {
			if u.Store != st.Name {
				continue
			}
			for r := range inv.Resources {
				total[r] += u.Load[r]
			}
			if u.Kind == inventory.Person {
				persons++
			}
		}
		serves := func(down map[inventory.ServerID]bool) int {
			return slices.IndexFunc(st.Instances, func(in inventory.Instance) bool { return !down[in.Server] })
		}
		was, is := serves(before), serves(after)
		switch {
		case len(st.Instances) == 0:
			continue
		case is < 0:
			n.offline++
			if was >= 0 {
				n.taken = append(n.taken, st.Name)
			}
			n.usersOffline += persons
		case is != was:
			n.usersFailedOver += persons
		}
		for at, in := range st.Instances {
			if after[in.Server] {
				continue
			}
			for r, res := range inv.Resources {
				factor, first := res.Replica, res.Replica
				if at == is {
					factor, first = 1, 1
					if is != was {
						first = res.Cold
					}
				}
				steady[in.Server][r] += factor * total[r]
				cold[in.Server][r] += first * total[r]
			}
		}
	}
	for i := range inv.Servers {
		s := &inv.Servers[i]
		if after[s.Name] {
			continue
		}
		for r, res := range inv.Resources {
			if res.Failover() {
				n.survivor = true
				n.worst = max(n.worst, steady[s.Name][r]/s.Capacity[r])
				hour := cold[s.Name][r] / s.Capacity[r]
				n.firstHour, n.hours[string(s.Name)+" "+string(res.Name)] = max(n.firstHour, hour), hour
			}
		}
	}
	return n
}

// hasHour reports whether the first hour is the worst, and is where w says.
func (n naive) hasHour(w planner.Worst) bool {
	at, ok := n.hours[string(w.FirstHourServer)+" "+string(w.FirstHourResource)]
	return ok == n.survivor && w.FirstHour.Known == n.survivor && near(w.FirstHour.Value, n.firstHour) && near(at, n.firstHour)
}

func compare(t *testing.T, seed uint64, got planner.Impact, want naive) {
	t.Helper()
	switch {
	case got.Worst.Utilisation.Known != want.survivor:
		t.Errorf("seed %d: %v: survivor known %v, want %v", seed, got.Failed, got.Worst.Utilisation.Known, want.survivor)
	case math.Abs(got.Worst.Utilisation.Value-want.worst) > 1e-9*max(1, want.worst):
		t.Errorf("seed %d: %v: worst %v, want %v", seed, got.Failed, got.Worst.Utilisation.Value, want.worst)
	case !want.hasHour(got.Worst):
		t.Errorf("seed %d: %v: first hour %+v, want %v", seed, got.Failed, got.Worst, want.firstHour)
	case !slices.Equal(got.Offline, want.taken):
		t.Errorf("seed %d: %v: takes %v offline, want %v", seed, got.Failed, got.Offline, want.taken)
	case got.StoresOffline != want.offline || got.UsersOffline != want.usersOffline:
		t.Errorf("seed %d: %v: offline %d stores %d users, want %d and %d", seed, got.Failed, got.StoresOffline, got.UsersOffline, want.offline, want.usersOffline)
	case got.UsersFailedOver != want.usersFailedOver:
		t.Errorf("seed %d: %v: %d users fail over, want %d", seed, got.Failed, got.UsersFailedOver, want.usersFailedOver)
	}
}

func TestFailuresAgreeWithTheDefinition(t *testing.T) {
	for seed := range uint64(1000) {
		inv := fixtures.Tiny(seed)
		f := load.New(inv)
		s := simulate.New(f, f.Current())
		if now, want := s.Now(), fail(inv); now.StoresOffline != want.offline || now.UsersOffline != want.usersOffline || !slices.Equal(now.Offline, inv.Offline()) {
			t.Errorf("seed %d: offline now are %+v, want %+v and %v", seed, now, want, inv.Offline())
		}
		for level := range f.Levels {
			worst := naive{}
			for _, d := range f.Levels[level].Domains {
				want := fail(inv, d.FailureDomain)
				compare(t, seed, s.Fail(d), want)
				if allDown(inv, d) {
					continue
				}
				worst.survivor = worst.survivor || want.survivor
				worst.worst, worst.firstHour = max(worst.worst, want.worst), max(worst.firstHour, want.firstHour)
			}
			got := s.Worst(level)
			if got.Utilisation.Known != worst.survivor || math.Abs(got.Utilisation.Value-worst.worst) > 1e-9*max(1, worst.worst) || !near(got.FirstHour.Value, worst.firstHour) {
				t.Errorf("seed %d: worst at level %s is %+v, want %+v", seed, f.Levels[level].Name, got, worst)
			}
		}
		if n := len(f.Levels[0].Domains); n >= 2 {
			a, b := f.Levels[0].Domains[0], f.Levels[0].Domains[n-1]
			compare(t, seed, s.Fail(a, b), fail(inv, a.FailureDomain, b.FailureDomain))
		}
	}
}

func allDown(inv *inventory.Inventory, d load.Domain) bool {
	return !slices.ContainsFunc(d.Servers, func(s int32) bool { return inv.Servers[s].State != inventory.Down })
}

func TestAllListsEveryFailureWorstFirst(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 20, StoresPerServer: 4, Users: 400})
	f := load.New(inv)
	all := simulate.New(f, f.Current()).All()
	racks := map[inventory.DomainID]bool{}
	for i := range inv.Servers {
		racks[inv.Servers[i].Domains["rack"]] = true
	}
	if len(all) != 20+len(racks) {
		t.Fatalf("%d failures, want 20 servers and %d racks", len(all), len(racks))
	}
	for i, impact := range all {
		kind, _ := planner.Subject(impact.Failed[0]).Split()
		if want := map[bool]string{true: "server", false: "rack"}[i < 20]; kind != want {
			t.Errorf("failure %d is of a %s, want a %s", i, kind, want)
		}
		if i > 0 && i != 20 && impact.UsersOffline == all[i-1].UsersOffline && impact.StoresOffline == all[i-1].StoresOffline &&
			impact.Worst.Utilisation.Value > all[i-1].Worst.Utilisation.Value {
			t.Errorf("failure %v comes after %v though it is worse", impact.Failed, all[i-1].Failed)
		}
		sum := 0
		for _, survivor := range impact.Survivors {
			sum += survivor.Promoted
		}
		if sum != impact.StoresFailedOver || len(impact.Survivors) != impact.TakenOverBy {
			t.Errorf("%v: %d stores promoted on %d servers, the impact says %d on %d", impact.Failed, sum, len(impact.Survivors), impact.StoresFailedOver, impact.TakenOverBy)
		}
	}
}

func TestParseNamesAllUnknownDomains(t *testing.T) {
	f := load.New(fixtures.Fleet(1, fixtures.Equal, fixtures.Size{Servers: 10, StoresPerServer: 2, Users: -1}))
	domains, err := simulate.Parse(f, []string{"server:" + string(f.Inventory.Servers[3].Name), f.Levels[1].Domains[1].String()})
	if err != nil || len(domains) != 2 || !slices.Equal(domains[0].Servers, []int32{3}) {
		t.Errorf("got %v, %v", domains, err)
	}
	_, err = simulate.Parse(f, []string{"server:nosuch", "imap01", "rack:"})
	if want := `no such failure domain: "server:nosuch", "imap01", "rack:"`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestPartnersAndPairs(t *testing.T) {
	inv := inventory.New()
	for _, name := range []inventory.ServerID{"a", "b", "c", "d"} {
		inv.Servers = append(inv.Servers, inventory.Server{Name: name, State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{100, 100}})
	}
	for i, sites := range [][]inventory.ServerID{{"a", "b"}, {"b", "a"}, {"a", "c"}, {"d"}} {
		st := inventory.Store{Name: inventory.StoreID(rune('p' + i)), State: inventory.Active}
		for _, server := range sites {
			st.Instances = append(st.Instances, inventory.Instance{Server: server})
		}
		inv.Stores = append(inv.Stores, st)
	}
	f := load.New(inv)
	p := simulate.New(f, f.Current()).Promises()
	if p.PartnersMedian != 1 || p.PartnersMax != 2 {
		t.Errorf("partners %d and %d, want 1 and 2", p.PartnersMedian, p.PartnersMax)
	}
	if p.StoresOfflineWorstPair != 2 {
		t.Errorf("worst pair takes %d stores offline, want 2 (a and b)", p.StoresOfflineWorstPair)
	}
}

func TestNamesLeaveNoTrace(t *testing.T) {
	for seed := range uint64(300) {
		inv := fixtures.Tiny(seed)
		renamed, names := fixtures.Rename(inv, fixtures.AnyOrder, seed)
		a, b := simulator(inv), simulator(renamed)
		p, q := a.Promises(), b.Promises()
		if p.WorstSingle.Utilisation != q.WorstSingle.Utilisation ||
			p.Normal.Utilisation != q.Normal.Utilisation || p.Fullest.Utilisation != q.Fullest.Utilisation ||
			p.StoresOfflineWorstPair != q.StoresOfflineWorstPair || p.PartnersMedian != q.PartnersMedian || p.PartnersMax != q.PartnersMax {
			t.Errorf("seed %d: promises %+v, renamed %+v", seed, p, q)
		}
		found := map[string]planner.Impact{}
		for _, impact := range b.All() {
			found[impact.Failed[0]] = impact
		}
		for _, impact := range a.All() {
			level, name := planner.Subject(impact.Failed[0]).Split()
			other := string(names.Servers[inventory.ServerID(name)])
			if level != string(inventory.LevelServer) {
				other = string(names.Domains[inventory.Level(level)][inventory.DomainID(name)])
			}
			got, ok := found[level+":"+other]
			if !ok || got.Worst.Utilisation != impact.Worst.Utilisation || got.StoresOffline != impact.StoresOffline || got.UsersFailedOver != impact.UsersFailedOver {
				t.Errorf("seed %d: failure %v has %+v, renamed %+v", seed, impact.Failed, impact.Worst, got.Worst)
			}
		}
	}
}

func simulator(inv *inventory.Inventory) *simulate.Simulator {
	f := load.New(inv)
	return simulate.New(f, f.Current())
}

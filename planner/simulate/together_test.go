package simulate_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// Every set of servers that may fail is failed.
func TestTogetherAgreesWithAllSets(t *testing.T) {
	told := 0
	for seed := range uint64(400) {
		f := load.New(fixtures.Tiny(seed))
		layout := f.Current()
		s := simulate.New(f, layout)
		for servers := 1; servers <= 3; servers++ {
			sets, taking, stores := 0, 0, 0
			for set := range 1 << len(f.Down) {
				failed, n, down := make([]bool, len(f.Down)), 0, false
				for b := range failed {
					failed[b] = f.Down[b] || set>>b&1 == 1
					n += set >> b & 1
					down = down || set>>b&1 == 1 && f.Down[b]
				}
				if n != servers || down {
					continue
				}
				sets++
				offline := 0
				for _, sites := range layout {
					if !f.Dead(sites) && len(sites) > 0 && load.Master(sites, failed) < 0 {
						offline++
					}
				}
				stores += offline
				taking += min(offline, 1)
			}
			got := s.Together(servers)
			if got.ChanceOffline.Known != (sets > 0) {
				t.Errorf("seed %d, %d servers: %+v of %d sets", seed, servers, got, sets)
			}
			if sets == 0 || !got.Exact {
				continue
			}
			told++
			if want := float64(taking) / float64(sets); math.Abs(got.ChanceOffline.Value-want) > 1e-12 {
				t.Errorf("seed %d, %d servers: chance %v, want %v", seed, servers, got.ChanceOffline.Value, want)
			}
			if taking == 0 && got.StoresOffline.Known || taking > 0 && math.Abs(got.StoresOffline.Value-float64(stores)/float64(taking)) > 1e-9 {
				t.Errorf("seed %d, %d servers: %v stores offline, want %d in %d sets", seed, servers, got.StoresOffline, stores, taking)
			}
		}
	}
	if told < 500 {
		t.Fatalf("only %d chances told", told)
	}
}

// Copysets (Cidon et al. 2013): of 5,000 servers with three copies and two partners
// each, 1 % fail at once; data is out of reach with 0.157 %.
func TestTogetherReproducesCopysets(t *testing.T) {
	inv := inventory.New()
	inv.Resources = inventory.DefaultResources()
	for i := range 5000 {
		inv.Servers = append(inv.Servers, inventory.Server{Name: inventory.ServerID(fmt.Sprintf("n%04d", i)), State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{1, 1}})
	}
	for i := 0; i+3 <= 5000; i += 3 {
		st := inventory.Store{Name: inventory.StoreID(fmt.Sprintf("s%04d", i)), State: inventory.Active}
		for j, role := range []inventory.Role{inventory.Master, inventory.Replica, inventory.Replica} {
			st.Instances = append(st.Instances, inventory.Instance{Server: inv.Servers[i+j].Name, Role: role})
		}
		inv.Stores = append(inv.Stores, st)
	}
	inv.Sort()
	f := load.New(inv)
	got := simulate.New(f, f.Current()).Together(50)
	if got.Exact || math.Abs(got.ChanceOffline.Value-0.00157) > 0.000005 {
		t.Errorf("chance %v", got.ChanceOffline)
	}
}

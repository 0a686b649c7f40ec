package layout_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// small returns a fleet of servers h0, h1 and so on, and of stores s0, s1 and so on, of
// which the load and the servers are given: disk, of which a replica takes a tenth
// more, and io, of which it takes half.
func small(capacities [][2]float64, loads [][2]float64, sites ...[]int) *inventory.Inventory {
	inv := inventory.New()
	inv.Copies = 2
	inv.Resources = []inventory.Resource{inventory.NewResource("disk", inventory.UnitBytes, 1.1), inventory.NewResource("io", "ops/s", 0.5)}
	server := func(i int) inventory.ServerID { return inventory.ServerID("h" + string(rune('0'+i))) }
	for i, c := range capacities {
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: server(i), State: inventory.Active, Slots: inventory.Unlimited, Capacity: inventory.Load{c[0], c[1]},
		})
	}
	for i, l := range loads {
		st := inventory.Store{Name: inventory.StoreID("s" + string(rune('0'+i))), State: inventory.Active, Base: inventory.Load{l[0], l[1]}}
		for at, s := range sites[i] {
			role := inventory.Replica
			if at == 0 {
				role = inventory.Master
			}
			st.Instances = append(st.Instances, inventory.Instance{Server: server(s), Role: role})
		}
		inv.Stores = append(inv.Stores, st)
	}
	inv.Sort()
	return inv
}

// A straight way is found where there is one, and no store makes a detour then, for
// which budgets would not pay.
func TestNoDetourWhereAStraightWayExists(t *testing.T) {
	inv := small(
		[][2]float64{{1777, 3428}, {2154, 4456}, {1525, 3428}, {4272, 4456}},
		[][2]float64{{1000, 2000}, {1000, 1000}},
		[]int{2, 1}, []int{3, 1, 2},
	)
	inv.Resources[1].Ceiling = 0.9
	bytes := int64(2000)
	for _, opts := range []layout.Options{{}, {MaxBytes: &bytes}} {
		plan := optimize(t, inv, opts)
		if plan.BytesCopied != bytes || len(plan.Violations) > 0 || plan.Gap.WorstSingle.Value > 1e-9 {
			t.Errorf("%d bytes copied, gap %v, violations %v", plan.BytesCopied, plan.Gap.WorstSingle, plan.Violations)
		}
	}
}

// fullDisks returns a fleet of four or five servers with little room on their disks.
func fullDisks(seed uint64) *inventory.Inventory {
	rng := rand.New(rand.NewPCG(seed, 9))
	n := 4 + rng.IntN(2)
	k := 6 + rng.IntN(3)
	var loads, capacities [][2]float64
	var sites [][]int
	disk := make([]float64, n)
	for range k {
		p := rng.Perm(n)
		size := float64(5 + rng.IntN(15))
		loads = append(loads, [2]float64{size, float64(5 + rng.IntN(20))})
		sites = append(sites, p[:2])
		disk[p[0]] += size
		disk[p[1]] += 1.1 * size
	}
	for i := range n {
		capacities = append(capacities, [2]float64{(disk[i] + float64(rng.IntN(12))) / 0.85, 120})
	}
	return small(capacities, loads, sites...)
}

// The same where there are too many layouts for all ways to be gone through: what is
// copied is what the target has on other servers than today.
func TestNoDetourInSomewhatLargerFleets(t *testing.T) {
	for _, seed := range []uint64{13, 26, 49, 62} {
		inv := fullDisks(seed)
		plan := optimize(t, inv, layout.Options{})
		straight := int64(0)
		for _, p := range plan.Stores {
			st := &inv.Stores[inv.Store(p.Store)]
			for _, server := range append(p.Replicas, p.Master) {
				if st.On(server) == nil {
					straight += int64(st.Base[0])
				}
			}
		}
		if plan.BytesCopied != straight || len(plan.Violations) > 0 {
			t.Errorf("seed %d: %d bytes copied, the target needs %d; violations %v", seed, plan.BytesCopied, straight, plan.Violations)
		}
	}
}

// A larger budget leads no less far, and an order is never given up for a better target.
func TestLargerBudgetsLeadNoLessFar(t *testing.T) {
	inv := small(
		[][2]float64{{24938, 12448}, {21724, 12448}, {12363, 12448}, {14886, 12448}},
		[][2]float64{{2400, 1300}, {3100, 1300}, {1000, 800}, {4000, 3400}},
		[]int{3, 2}, []int{3, 2}, []int{0, 2}, []int{2, 0},
	)
	inventories := []*inventory.Inventory{inv}
	for seed := range seeds(40) {
		inventories = append(inventories, tight(seed))
	}
	for n, inv := range inventories {
		feasible, worst := false, math.Inf(1)
		for most := range 10 {
			plan := optimize(t, inv, layout.Options{MaxChanges: &most})
			for _, v := range plan.Violations {
				if feasible || v.Rule == planner.Transient {
					t.Errorf("fleet %d, %d changes: %s", n, most, v)
				}
			}
			if feasible = len(plan.Violations) == 0; !feasible {
				continue
			}
			if got := plan.Promises.WorstSingle.Utilisation.Value; got > worst+1e-9 {
				t.Errorf("fleet %d: %v with %d changes, %v with fewer", n, got, most, worst)
			} else {
				worst = got
			}
		}
	}
}

// A master leaves a disk above its ceiling although it would take more as the replica
// that it is for a moment.
func TestMastersLeaveFullDisks(t *testing.T) {
	inv := small([][2]float64{{1000, 1000}, {3000, 1000}}, [][2]float64{{900, 400}}, []int{0})
	inv.Copies, inv.Survive = 1, nil
	plan := optimize(t, inv, layout.Options{})
	if len(plan.Violations) > 0 || plan.Stores[0].Master != "h1" {
		t.Errorf("master on %s, violations %v", plan.Stores[0].Master, plan.Violations)
	}
}

package moves_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

// relocation moves a store that has one instance to another server.
type relocation struct {
	from, to int
	bytes    float64
}

// tight returns a fleet of a few servers with little room on their disks, and a
// layout that moves each of its stores. Disk is all that matters.
func tight(rng *rand.Rand) (*inventory.Inventory, *planner.Layout, []relocation) {
	inv := inventory.New()
	inv.Resources = inv.Resources[:1]
	inv.Resources[0].Ceiling = 1
	inv.Survive = nil
	servers := 2 + rng.IntN(3)
	now, then := make([]float64, servers), make([]float64, servers)
	var all []relocation
	plan := &planner.Layout{Format: planner.Format, Kind: planner.KindLayout}
	for i := range 1 + rng.IntN(5) {
		m := relocation{from: rng.IntN(servers), bytes: float64(1+rng.IntN(8)) * 125e6}
		m.to = (m.from + 1 + rng.IntN(servers-1)) % servers
		all = append(all, m)
		now[m.from] += m.bytes
		then[m.to] += m.bytes
		st := inventory.Store{Name: inventory.StoreID(fmt.Sprintf("s%d", i)), State: inventory.Active}
		st.Base[0] = m.bytes
		st.Instances = []inventory.Instance{{Server: nth(m.from), Role: inventory.Master}}
		inv.Stores = append(inv.Stores, st)
		for _, c := range []planner.LayoutChange{
			{Do: planner.Seed, Server: nth(m.to), From: planner.Text(nth(m.from)), Bytes: int64(m.bytes)},
			{Do: planner.Promote, Server: nth(m.to), From: planner.Text(nth(m.from))},
			{Do: planner.Drop, Server: nth(m.from)},
		} {
			c.ID, c.Store = fmt.Sprintf("c%d", len(plan.Changes)+1), st.Name
			plan.Changes = append(plan.Changes, c)
		}
	}
	for i := range servers {
		s := inventory.Server{Name: nth(i), State: inventory.Active, Slots: inventory.Unlimited, Transfers: 1 + rng.IntN(2)}
		s.Capacity[0] = max(now[i], then[i]) + float64(rng.IntN(6))*125e6 + 1
		inv.Servers = append(inv.Servers, s)
	}
	seal(plan)
	return inv, plan, all
}

func nth(i int) inventory.ServerID { return inventory.ServerID(fmt.Sprintf("imap%d", i)) }

// TestOptimum compares schedules without waves with the shortest that there is:
// in some order of the stores, each starting as early as it can.
func TestOptimum(t *testing.T) {
	var ratios, bounds []float64
	missed := 0
	for seed := range uint64(1500) {
		inv, plan, all := tight(rand.New(rand.NewPCG(seed, 11)))
		best := shortest(inv, all)
		s := moves.Schedule(context.Background(), inv, single(inv), []planner.Plan{plan}, moves.Options{Continuous: true})
		if math.IsInf(best, 1) {
			if len(s.Violations) == 0 {
				t.Fatalf("seed %d: no order can be carried out, yet the schedule has no violation", seed)
			}
			continue
		}
		if s.BoundSeconds > best*(1+1e-9) {
			t.Fatalf("seed %d: the bound %v is above the optimum %v", seed, s.BoundSeconds, best)
		}
		if len(s.Violations) > 0 {
			missed++
			continue
		}
		if s.MakespanSeconds < best*(1-1e-9) {
			t.Fatalf("seed %d: the makespan %v is below the optimum %v", seed, s.MakespanSeconds, best)
		}
		ratios = append(ratios, s.MakespanSeconds/best)
		bounds = append(bounds, s.BoundSeconds/best)
	}
	slices.Sort(ratios)
	slices.Sort(bounds)
	t.Logf("%d fleets, %d not solved; makespan/optimum: median %.3f, worst tenth %.3f, worst %.3f; bound/optimum: median %.3f, worst tenth %.3f, worst %.3f",
		len(ratios)+missed, missed, ratios[len(ratios)/2], ratios[len(ratios)*9/10], ratios[len(ratios)-1],
		bounds[len(bounds)/2], bounds[len(bounds)/10], bounds[0])
	if missed*50 > len(ratios) || ratios[len(ratios)*9/10] > 1.1 || bounds[len(bounds)/2] < 1 {
		t.Error("schedules or bounds of tiny fleets are worse than they should be")
	}
}

// shortest returns the makespan of the best order, or infinity.
func shortest(inv *inventory.Inventory, all []relocation) float64 {
	start := make([]float64, len(all))
	placed := make([]bool, len(all))
	best := math.Inf(1)
	var place func(n int, last float64)
	place = func(n int, last float64) {
		if last >= best {
			return
		}
		if n == len(all) {
			best = last
			return
		}
		for i := range all {
			if placed[i] {
				continue
			}
			if at, ok := earliest(inv, all, placed, start, i); ok {
				placed[i], start[i] = true, at
				place(n+1, max(last, at+seconds(inv, all[i])))
				placed[i] = false
			}
		}
	}
	place(0, 0)
	return best
}

func seconds(inv *inventory.Inventory, m relocation) float64 {
	return m.bytes / min(125e6/float64(inv.Servers[m.from].Transfers), 125e6/float64(inv.Servers[m.to].Transfers))
}

func earliest(inv *inventory.Inventory, all []relocation, placed []bool, start []float64, i int) (float64, bool) {
	times := []float64{0}
	for n := range all {
		if placed[n] {
			times = append(times, start[n]+seconds(inv, all[n]))
		}
	}
	slices.Sort(times)
	for _, at := range times {
		if possible(inv, all, placed, start, i, at) {
			return at, true
		}
	}
	return 0, false
}

// possible looks at every time from the start of the store on: the transfers
// while it is copied, and the disk of its target for ever after.
func possible(inv *inventory.Inventory, all []relocation, placed []bool, start []float64, i int, at float64) bool {
	end := at + seconds(inv, all[i])
	moments := []float64{at}
	for n := range all {
		if placed[n] && start[n] > at {
			moments = append(moments, start[n])
		}
	}
	for _, now := range moments {
		used := map[int]int{}
		disk := 0.0
		for n, m := range all {
			from, to := start[n], start[n]+seconds(inv, m)
			if n == i {
				from, to = at, end
			} else if !placed[n] {
				from, to = math.Inf(1), math.Inf(1)
			}
			if from <= now && now < to {
				used[m.from]++
				used[m.to]++
			}
			if m.from == all[i].to && now < to || m.to == all[i].to && now >= from {
				disk += m.bytes
			}
		}
		for s, n := range used {
			if now < end && n > inv.Servers[s].Transfers {
				return false
			}
		}
		if disk > inv.Servers[all[i].to].Capacity[0] {
			return false
		}
	}
	return true
}

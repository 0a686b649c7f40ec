package moves_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
)

// pattern is where changes lead.
type pattern struct {
	name     string
	from, to func(rng *rand.Rand, n int) int
	space    float64 // free room on each server as part of what it receives; 0: plenty
}

func anywhere(rng *rand.Rand, n int) int { return rng.IntN(n) }

var patterns = []pattern{
	{name: "uniform", from: anywhere, to: anywhere},
	{name: "drain a twentieth", from: func(rng *rand.Rand, n int) int { return rng.IntN(n / 20) }, to: func(rng *rand.Rand, n int) int { return n/20 + rng.IntN(n-n/20) }},
	{name: "fill a new quarter", from: func(rng *rand.Rand, n int) int { return rng.IntN(n - n/4) }, to: func(rng *rand.Rand, n int) int { return n - n/4 + rng.IntN(n/4) }},
	{name: "all into 20", from: func(rng *rand.Rand, n int) int { return 20 + rng.IntN(n-20) }, to: func(rng *rand.Rand, n int) int { return rng.IntN(20) }},
	{name: "uniform, room 15 %", from: anywhere, to: anywhere, space: 0.15},
	{name: "uniform, room 5 %", from: anywhere, to: anywhere, space: 0.05},
}

// replicaMoves returns a fleet of servers with the given transfers, and a layout
// that moves one replica of each of the stores; their sizes are lognormal.
func replicaMoves(seed uint64, servers, stores, transfers int, p pattern) (*inventory.Inventory, planner.Plan) {
	rng := rand.New(rand.NewPCG(seed, 1))
	inv := inventory.New()
	inv.Survive = nil
	name := func(i int) inventory.ServerID { return inventory.ServerID(fmt.Sprintf("imap%05d", i)) }
	in, now, then, most := make([]float64, servers), make([]float64, servers), make([]float64, servers), make([]float64, servers)
	plan := &planner.Layout{Format: planner.Format, Kind: planner.KindLayout}
	for i := range stores {
		from, to, master := p.from(rng, servers), p.to(rng, servers), 0
		for to == from {
			to = p.to(rng, servers)
		}
		// The copy comes from the master, which stays: the trials copy from the
		// server that is relieved, so the master is there and follows the copy.
		master = from
		bytes := math.Ceil(1e9 * math.Exp(0.6*rng.NormFloat64()))
		st := inventory.Store{Name: inventory.StoreID(fmt.Sprintf("s%06d", i)), State: inventory.Active}
		st.Base[0] = bytes
		st.Instances = []inventory.Instance{{Server: name(master), Role: inventory.Master}}
		inv.Stores = append(inv.Stores, st)
		now[from] += bytes
		then[to] += bytes
		in[to] += bytes
		most[to] = max(most[to], bytes)
		for _, c := range []planner.LayoutChange{
			{Do: planner.Seed, Server: name(to), From: planner.Text(name(from)), Bytes: int64(bytes)},
			{Do: planner.Promote, Server: name(to), From: planner.Text(name(from))},
			{Do: planner.Drop, Server: name(from)},
		} {
			c.ID, c.Store = fmt.Sprintf("c%d", len(plan.Changes)+1), st.Name
			plan.Changes = append(plan.Changes, c)
		}
	}
	for i := range servers {
		s := inventory.Server{Name: name(i), State: inventory.Active, Slots: inventory.Unlimited, Transfers: transfers}
		s.Capacity[0], s.Capacity[1] = 1e16, 1
		if p.space > 0 {
			s.Capacity[0] = math.Ceil((max(now[i], then[i]) + max(p.space*in[i], most[i])) / 0.85)
		}
		inv.Servers = append(inv.Servers, s)
	}
	plan.ID = "benchmark"
	return inv, plan
}

// userMoves returns a fleet and a users plan.
func userMoves(seed uint64, servers, users int, p pattern) (*inventory.Inventory, planner.Plan) {
	rng := rand.New(rand.NewPCG(seed, 2))
	inv := inventory.New()
	stores := servers * 20
	for i := range servers {
		s := inventory.Server{Name: inventory.ServerID(fmt.Sprintf("imap%05d", i)), State: inventory.Active, Slots: inventory.Unlimited}
		s.Capacity[0], s.Capacity[1] = 1e16, 1e9
		inv.Servers = append(inv.Servers, s)
	}
	for i := range stores {
		a := i % servers
		b := (a + 1 + i/servers) % servers
		st := inventory.Store{Name: inventory.StoreID(fmt.Sprintf("s%06d", i)), State: inventory.Active}
		st.Instances = []inventory.Instance{{Server: inv.Servers[a].Name, Role: inventory.Master}, {Server: inv.Servers[b].Name, Role: inventory.Replica}}
		inv.Stores = append(inv.Stores, st)
	}
	plan := &planner.Assignment{Format: planner.Format, Kind: planner.KindUsers}
	for i := range users {
		from, to := p.from(rng, stores), p.to(rng, stores)
		u := inventory.User{Name: inventory.UserID(fmt.Sprintf("u%07d", i)), Store: inv.Stores[from].Name}
		u.Load[0], u.Load[1] = math.Ceil(1e8*math.Exp(rng.NormFloat64())), 0.01
		inv.Users = append(inv.Users, u)
		if from != to {
			plan.Changes = append(plan.Changes, planner.UserChange{
				ID: fmt.Sprintf("m%d", len(plan.Changes)+1), Do: planner.Move, User: u.Name, Group: u.Name,
				From: inv.Stores[from].Name, To: inv.Stores[to].Name, Bytes: int64(u.Load[0]),
			})
		}
	}
	plan.ID = "benchmark"
	return inv, plan
}

// single returns groups of one.
func single(inv *inventory.Inventory) *inventory.ShareGroups {
	of := make([]int32, len(inv.Users))
	for i := range of {
		of[i] = int32(i)
	}
	return inventory.NewShareGroups(of)
}

// BenchmarkSchedule orders replica moves and user moves in the patterns and
// prints size, seconds, memory, makespan and its ratio to the bound.
func BenchmarkSchedule(b *testing.B) {
	for _, p := range patterns {
		for _, c := range []int{1, 2, 4} {
			for _, opts := range []moves.Options{{}, {Continuous: true}} {
				measure(b, fmt.Sprintf("replicas=20000/%s/transfers=%d/continuous=%v", p.name, c, opts.Continuous), opts, func() (*inventory.Inventory, planner.Plan) {
					return replicaMoves(1, 1000, 20000, c, p)
				})
			}
		}
	}
	for _, n := range []int{1000, 10000} {
		for _, p := range patterns[:4] {
			measure(b, fmt.Sprintf("users=%d/%s", 20*n, p.name), moves.Options{}, func() (*inventory.Inventory, planner.Plan) {
				return userMoves(1, n, 20*n, p)
			})
		}
	}
}

func measure(b *testing.B, name string, opts moves.Options, make func() (*inventory.Inventory, planner.Plan)) {
	b.Run(name, func(b *testing.B) {
		inv, plan := make()
		groups := single(inv)
		var s planner.Schedule
		b.ReportAllocs()
		for b.Loop() {
			s = moves.Schedule(context.Background(), inv, groups, []planner.Plan{plan}, opts)
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
		b.ReportMetric(s.MakespanSeconds, "makespan")
		b.ReportMetric(s.MakespanSeconds/s.BoundSeconds, "ratio")
		b.ReportMetric(float64(len(s.Waves)), "waves")
		b.ReportMetric(float64(len(s.Violations)), "violations")
	})
}

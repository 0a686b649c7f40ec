package users_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/users"
)

// BenchmarkAssign plans fleets as people make them, and fleets whose stores are
// filled at random, and prints what the plans cost against their bounds.
func BenchmarkAssign(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		grown := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: n / 10_000, StoresPerServer: 20, Users: n})
		bench(b, fmt.Sprintf("grown/%d", n), grown, sharing.Groups(grown))
		uneven, groups := unevenFleet(1, n, 250)
		bench(b, fmt.Sprintf("uneven/%d", n), uneven, groups)
	}
	large, groups := unevenFleet(1, 1_000_000, 3000)
	bench(b, "uneven, large groups/1000000", large, groups)
}

func bench(b *testing.B, name string, inv *inventory.Inventory, groups *inventory.ShareGroups) {
	total := 0.0
	for u := range inv.Users {
		total += inv.Users[u].Load[inv.Disk()]
	}
	budget := int64(total / 50)
	for _, c := range []struct {
		name string
		opts users.Options
	}{
		{"ceilings", users.Options{}},
		{"peak 0.75", users.Options{Peak: 0.75}},
		{"peak 0.70", users.Options{Peak: 0.70}},
		{"2 % of the bytes", users.Options{MaxBytes: &budget}},
		{"light", users.Options{Light: true}},
	} {
		b.Run(name+"/"+c.name, func(b *testing.B) {
			for range b.N {
				planOnce(b, inv, groups, c.opts)
			}
		})
	}
}

func planOnce(b *testing.B, inv *inventory.Inventory, groups *inventory.ShareGroups, opts users.Options) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	plan, err := users.Assign(context.Background(), inv, groups, opts)
	if err != nil {
		b.Fatal(err)
	}
	seconds := time.Since(start).Seconds()
	runtime.ReadMemStats(&after)
	b.Logf("%d groups, %d stores: %.2f s, %d MB allocated; %d users, %.4g TB move (bound %s TB, gap %s %%); peak %.4f from %.4f (bound %s, gap %s %%); %d broken, %s",
		groups.Len(), len(inv.Stores), seconds, (after.TotalAlloc-before.TotalAlloc)>>20,
		len(plan.Changes), float64(plan.BytesCopied)/1e12, figure(plan.Bounds.BytesCopied, 1e-12), figure(plan.Gap.BytesCopied, 100),
		plan.Promises.PeakUtilisation.Value, plan.Before.PeakUtilisation.Value, figure(plan.Bounds.PeakUtilisation, 1),
		figure(plan.Gap.PeakUtilisation, 100), len(plan.Violations), plan.Stopped)
}

// figure shows a number times the factor, or that it is unknown.
func figure(n planner.Number, factor float64) string {
	if !n.Known {
		return "–"
	}
	return fmt.Sprintf("%.4g", n.Value*factor)
}

// unevenFleet returns a fleet with a store for every 500 users (5,000 where
// groups are large), of four sizes, filled at random to 65 % in the mean: single
// users and groups with a Pareto tail up to the largest, four resources, two
// stores that drain and one in forty new and empty. Servers are large enough for
// anything.
func unevenFleet(seed uint64, n, largest int) (*inventory.Inventory, *inventory.ShareGroups) {
	rng := rand.New(rand.NewPCG(seed, 1))
	inv := inventory.New()
	inv.Resources = append(inv.Resources, inventory.NewResource("cpu", "ms/s", 0.15), inventory.NewResource("memory", "bytes", 0.5))
	stores := n / 500
	if largest > 250 {
		stores = n / 5000
	}
	of := make([]int32, n)
	for g, u := int32(0), 0; u < n; g++ {
		size := 1
		if rng.IntN(100) < 32 {
			size = min(int(2*math.Pow(1-rng.Float64(), -1/1.3)), largest)
		}
		for ; size > 0 && u < n; size-- {
			of[u] = g
			u++
		}
	}
	var total inventory.Load
	inv.Users = make([]inventory.User, n)
	for u := range inv.Users {
		z := rng.NormFloat64()
		load := &inv.Users[u].Load
		load[0] = math.Round(1e9 * math.Exp(1.2*z))
		load[1] = math.Exp(0.7*z + 0.7*rng.NormFloat64())
		load[2] = math.Exp(0.5*z + 0.5*rng.NormFloat64())
		load[3] = math.Round(1e7 * math.Exp(0.3*rng.NormFloat64()))
		inv.Users[u].Name = inventory.UserID(fmt.Sprintf("u%07d", u))
		for r := range inv.Resources {
			total[r] += load[r]
		}
	}
	addStores(inv, rng, stores, total)
	fillAtRandom(inv, rng, of)
	return inv, inventory.NewShareGroups(of)
}

func addStores(inv *inventory.Inventory, rng *rand.Rand, stores int, total inventory.Load) {
	const servers = 40
	sizes := [][]float64{{1, 1, 1, 1}, {1.5, 1.4, 1.6, 1.5}, {2, 2.2, 1.9, 2}, {2.5, 2.6, 2.7, 2.4}}
	var sum [4]float64
	for s := range stores {
		for r := range sum {
			sum[r] += sizes[s%4][r]
		}
	}
	for i := range servers {
		server := inventory.Server{Name: inventory.ServerID(fmt.Sprintf("imap%02d", i)), State: inventory.Active, Slots: inventory.Unlimited}
		for r := range inv.Resources {
			server.Capacity[r] = total[r]
		}
		inv.Servers = append(inv.Servers, server)
	}
	for s := range stores {
		master := rng.IntN(servers)
		st := inventory.Store{Name: inventory.StoreID(fmt.Sprintf("s%04d", s)), State: inventory.Active, Instances: []inventory.Instance{
			{Server: inv.Servers[master].Name, Role: inventory.Master},
			{Server: inv.Servers[(master+1+rng.IntN(servers-1))%servers].Name, Role: inventory.Replica},
		}}
		if s < 2 {
			st.State = inventory.Drain
		}
		for r := range sum {
			st.Capacity[r] = total[r] / 0.65 * sizes[s%4][r] / sum[r]
		}
		st.Capacity[0], st.Capacity[3] = math.Round(st.Capacity[0]), math.Round(st.Capacity[3])
		inv.Stores = append(inv.Stores, st)
	}
}

// fillAtRandom puts each group on a store by chance, in proportion to its disk
// and to a weight of its own; the newest stores get none.
func fillAtRandom(inv *inventory.Inventory, rng *rand.Rand, of []int32) {
	used := len(inv.Stores) - max(len(inv.Stores)/40, 1)
	upTo := make([]float64, used)
	sum := 0.0
	for s := range upTo {
		sum += inv.Stores[s].Capacity[0] * math.Exp(0.15*rng.NormFloat64())
		upTo[s] = sum
	}
	store := 0
	for u := range inv.Users {
		if u == 0 || of[u] != of[u-1] {
			x := rng.Float64() * sum
			for store = 0; upTo[store] < x; store++ {
			}
		}
		inv.Users[u].Store = inv.Stores[store].Name
	}
}

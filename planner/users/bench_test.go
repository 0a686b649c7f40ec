package users_test

import (
	"context"
	"fmt"
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
		uneven, groups := fixtures.Uneven(1, n, 250)
		bench(b, fmt.Sprintf("uneven/%d", n), uneven, groups)
	}
	large, groups := fixtures.Uneven(1, 1_000_000, 3000)
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

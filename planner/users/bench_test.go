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
	"github.com/interlacemail/interlace/planner/users"
)

func BenchmarkAssign(b *testing.B) {
	for _, size := range []fixtures.Size{
		{Servers: 20, StoresPerServer: 10, Users: 100_000},
		{Servers: 100, StoresPerServer: 20, Users: 1_000_000},
	} {
		inv := fixtures.Fleet(1, fixtures.Mixed, size)
		groups := sharing.Groups(inv)
		spare := int64(0)
		for u := range inv.Users {
			spare += int64(inv.Users[u].Load[inv.Disk()]) / 50
		}
		for name, opts := range map[string]users.Options{
			"ceilings": {}, "peak .80": {Peak: 0.8}, "budget 2 %": {MaxBytes: &spare}, "light": {Light: true},
		} {
			b.Run(fmt.Sprintf("%d users, %s", size.Users, name), func(b *testing.B) {
				for range b.N {
					report(b, inv, groups, opts)
				}
			})
		}
	}
}

func report(b *testing.B, inv *inventory.Inventory, groups *inventory.ShareGroups, opts users.Options) {
	start := time.Now()
	plan, err := users.Assign(context.Background(), inv, groups, opts)
	if err != nil {
		b.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.Logf("%d groups, %d stores: %.2f s, heap %d MB; %d users moved, %.3g TB (bound %.3g, gap %.2f %%), peak %.4f, before %.4f (bound %.4f, gap %.2f %%), %d broken, %d warnings, %s",
		groups.Len(), len(inv.Stores), time.Since(start).Seconds(), m.HeapSys>>20,
		len(plan.Changes), float64(plan.BytesCopied)/1e12, plan.Bounds.BytesCopied.Value/1e12, 100*plan.Gap.BytesCopied.Value,
		plan.Promises.PeakUtilisation.Value, plan.Before.PeakUtilisation.Value, plan.Bounds.PeakUtilisation.Value, 100*plan.Gap.PeakUtilisation.Value,
		len(plan.Violations), len(plan.Warnings), plan.Stopped)
}

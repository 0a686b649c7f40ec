package layout_test

import (
	"context"
	"testing"
	"time"
	"fmt"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner/layout"
)

func TestProbe(t *testing.T) {
	for _, kind := range []fixtures.Kind{fixtures.Equal, fixtures.Lognormal, fixtures.Mixed, fixtures.Skewed} {
		inv := fixtures.Fleet(1, kind, fixtures.Size{Servers: 100, StoresPerServer: 20, Users: 10000})
		g := sharing.Groups(inv)
		_ = g
		start := time.Now()
		plan, err := layout.Optimize(context.Background(), inv, g, layout.Options{Gap: 0.02, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%v %.2fs before %.4f after %.4f bound %.4f gap %.4f bytes %.3g changes %d viol %d stopped %s\n", kind, time.Since(start).Seconds(), plan.Before.WorstSingle.Utilisation.Value, plan.Promises.WorstSingle.Utilisation.Value, plan.Bounds.WorstSingle.Value, plan.Gap.WorstSingle.Value, float64(plan.BytesCopied), len(plan.Changes), len(plan.Violations), plan.Stopped)
	}
}

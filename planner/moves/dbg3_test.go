package moves_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/moves"
	"github.com/interlacemail/interlace/planner/users"
)

func TestReal(t *testing.T) {
	if os.Getenv("REAL") == "" {
		t.Skip()
	}
	for _, kind := range fixtures.Kinds() {
		for _, start := range []fixtures.Start{fixtures.GrownUnevenly, fixtures.MirroredByHand} {
			for _, legal := range []bool{false, true} {
				inv := fixtures.Fleet(1, kind, fixtures.Size{Servers: 30, Start: start, Legal: legal})
				groups := sharing.Groups(inv)
				l, _ := layout.Optimize(context.Background(), inv, groups, layout.Options{Gap: 0.02})
				seal(l)
				u, _ := users.Assign(context.Background(), inv, groups, users.Options{})
				seal(u)
				for _, plans := range [][]planner.Plan{{l}, {u}, {l, u}} {
					for _, opts := range []moves.Options{{}, {Continuous: true}} {
						if err := moves.Verify(inv, groups, plans); err != nil {
							fmt.Println("VERIFY", err)
						}
						began := time.Now()
						s := moves.Schedule(context.Background(), inv, groups, plans, opts)
						fmt.Println(kind, start, legal, len(plans), opts.Continuous, "changes", len(s.Changes), "waves", len(s.Waves), "makespan", s.MakespanSeconds, "bound", s.BoundSeconds, "gap", s.Gap.Value, s.TransientFullest.Utilisation.Value, time.Since(began).Seconds())
						for i, v := range s.Violations {
							if i < 4 {
								fmt.Println("   ", v.Rule, v.Subject, v.Resource, v.Failed, v.Value.Value, v.Limit.Value)
							}
						}
						for i, w := range s.Warnings {
							if i < 4 {
								fmt.Println("   ", w.Text)
							}
						}
					}
				}
			}
		}
	}
}

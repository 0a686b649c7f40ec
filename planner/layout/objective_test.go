package layout_test

import (
	"context"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// twenty is a fleet in which racks can be planned for.
func twenty(kind fixtures.Kind) *inventory.Inventory {
	return fixtures.Fleet(2, kind, fixtures.Size{Servers: 20, StoresPerServer: 8, Users: 1600, Legal: true})
}

// Further objectives fall, and the first one stays within the gap or as low as it
// came.
func TestFurtherObjectivesCostTheFirstNothing(t *testing.T) {
	fell := 0
	for _, kind := range []fixtures.Kind{fixtures.Mixed, fixtures.Lognormal, fixtures.Skewed} {
		inv := twenty(kind)
		alone := optimize(t, inv, layout.Options{Gap: 0.1})
		held := max(alone.Promises.WorstSingle.Utilisation.Value, alone.Bounds.WorstSingle.Value*1.1)
		for objective, figure := range map[planner.Objective]func(p *planner.Promises) float64{
			"rack":                  func(p *planner.Promises) float64 { return p.WorstDomain["rack"].Utilisation.Value },
			planner.ObjectivePair:   func(p *planner.Promises) float64 { return p.WorstPair.Utilisation.Value },
			planner.ObjectiveNormal: func(p *planner.Promises) float64 { return p.Normal.Utilisation.Value },
		} {
			plan := optimize(t, inv, layout.Options{Gap: 0.1, Objectives: []planner.Objective{planner.ObjectiveSingle, objective}})
			checkSafe(t, 2, inv, plan, false)
			if got := plan.Promises.WorstSingle.Utilisation.Value; got > held*(1+1e-9) {
				t.Errorf("%s, then %s: worst single failure %v, held at %v", kind, objective, got, held)
			}
			was, is := figure(&alone.Promises), figure(&plan.Promises)
			if is > was*(1+1e-9) {
				t.Errorf("%s: %s rose from %v to %v", kind, objective, was, is)
			}
			t.Logf("%s: %s from %v to %v", kind, objective, was, is)
			if is < 0.99*was {
				fell++
			}
		}
	}
	if fell < 6 {
		t.Errorf("only %d of 9 further objectives fell by a hundredth", fell)
	}
}

// The first objective may be another than the worst single failure.
func TestRacksFirst(t *testing.T) {
	inv := twenty(fixtures.Mixed)
	inv.Spread = nil
	alone := optimize(t, inv, layout.Options{Gap: 0.05})
	plan := optimize(t, inv, layout.Options{Gap: 0.05, Objectives: []planner.Objective{"rack"}})
	if was, is := alone.Promises.WorstDomain["rack"].Utilisation.Value, plan.Promises.WorstDomain["rack"].Utilisation.Value; is > was {
		t.Errorf("worst rack failure %v, %v where single failures were planned for", is, was)
	}
	for _, p := range plan.Stores {
		rack := inv.Servers[inv.Server(p.Master)].Domain("rack")
		apart := false
		for _, r := range p.Replicas {
			apart = apart || inv.Servers[inv.Server(r)].Domain("rack") != rack
		}
		if !apart {
			t.Errorf("store %s lies in %s alone: its failure is not lowered by taking stores offline", p.Store, rack)
		}
	}
}

// A search for several objectives has come within the gap only if all of them have,
// and each has a bound.
func TestStoppedWithinTheGapOfEveryObjective(t *testing.T) {
	inv := twenty(fixtures.Mixed)
	plan := optimize(t, inv, layout.Options{Gap: 0.1, Objectives: []planner.Objective{planner.ObjectiveSingle, planner.ObjectivePair}})
	if plan.Bounds.WorstPair != plan.Bounds.WorstSingle || !plan.Gap.WorstPair.Known {
		t.Fatalf("bound of two servers %v, gap %v", plan.Bounds.WorstPair, plan.Gap.WorstPair)
	}
	if single, pair := plan.Gap.WorstSingle.Value, plan.Gap.WorstPair.Value; single > 0.1 || pair <= 0.1 || plan.Stopped == planner.WithinGap {
		t.Errorf("gaps %v and %v, stopped: %s", single, pair, plan.Stopped)
	}
	inv = twenty(fixtures.Mixed)
	for i := range inv.Servers {
		inv.Servers[i].Domains = map[inventory.Level]inventory.DomainID{"site": "one"}
	}
	inv.Spread = nil
	plan = optimize(t, inv, layout.Options{Gap: 0.1, Objectives: []planner.Objective{planner.ObjectiveSingle, "site"}})
	if plan.Bounds.WorstDomain["site"].Known || plan.Stopped == planner.WithinGap {
		t.Errorf("bound of the only site %v, stopped: %s", plan.Bounds.WorstDomain["site"], plan.Stopped)
	}
}

func TestUnknownObjectivesAreNamedTogether(t *testing.T) {
	inv := twenty(fixtures.Mixed)
	_, err := layout.Optimize(context.Background(), inv, sharing.Groups(inv), layout.Options{Objectives: []planner.Objective{"cabinet", "rack", "rack"}})
	if err == nil || !strings.Contains(err.Error(), `"cabinet" is none of`) || !strings.Contains(err.Error(), `"rack" is named twice`) {
		t.Errorf("error %v", err)
	}
}

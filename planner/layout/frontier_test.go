package layout_test

import (
	"context"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// Every point of a frontier is a plan that can be carried out, copies more than the
// one before for a lower worst failure, and no less than its bound.
func TestFrontiersFallAndKeepTheirBounds(t *testing.T) {
	for seed := range seeds(3) {
		for _, start := range []fixtures.Start{fixtures.MirroredByHand, fixtures.GrownUnevenly} {
			inv := fixtures.Fleet(seed, fixtures.Mixed, fixtures.Size{Servers: 15, StoresPerServer: 6, Users: 900, Start: start, Legal: true})
			f, err := layout.Frontier(context.Background(), inv, sharing.Groups(inv), layout.Options{Gap: 0.02})
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Points) < 3 || f.Points[0].Plan.BytesCopied > 0 && f.Points[0].Plan.Bounds.BytesCopied.Value == 0 {
				t.Errorf("seed %d: %d points, the first copies %d bytes", seed, len(f.Points), f.Points[0].Plan.BytesCopied)
			}
			var last *planner.Layout
			for i, p := range f.Points {
				checkSafe(t, seed, inv, p.Plan, false)
				if bytes := float64(p.Plan.BytesCopied); p.BytesBound.Value > bytes || p.BytesBound.Value < p.Plan.Bounds.BytesCopied.Value {
					t.Errorf("seed %d: point %d copies %v bytes, bound %v", seed, i, bytes, p.BytesBound)
				}
				if last != nil && (p.Plan.BytesCopied <= last.BytesCopied || p.Plan.Promises.WorstSingle.Utilisation.Value >= last.Promises.WorstSingle.Utilisation.Value) {
					t.Errorf("seed %d: point %d is no better than the one before", seed, i)
				}
				last = p.Plan
			}
			if last.Gap.WorstSingle.Value > 0.08 {
				t.Errorf("seed %d: the best point has gap %v", seed, last.Gap.WorstSingle)
			}
		}
	}
}

// Where the layout is as good as it gets, the frontier is the point at which
// nothing changes.
func TestFrontierOfAGoodLayout(t *testing.T) {
	inv := alike(20, 5, 60, 0.3)
	good := optimize(t, inv, layout.Options{}).Target(inv)
	f, err := layout.Frontier(context.Background(), good, sharing.Groups(good), layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Points) != 1 || len(f.Points[0].Plan.Changes) > 0 {
		t.Errorf("%d points, the first with %d changes", len(f.Points), len(f.Points[0].Plan.Changes))
	}
}

// Where the best layout has other pairs of partners than today's, changes of it are
// undone with these: it is not the only point that copies much.
func TestFrontiersWithFewPartnersComeFromBothEnds(t *testing.T) {
	inv := roomy(fixtures.Fleet(3, fixtures.Equal, fixtures.Size{Servers: 20, StoresPerServer: 8, Users: -1, Legal: true}), 1.2)
	most := 3
	f, err := layout.Frontier(context.Background(), inv, sharing.Groups(inv), layout.Options{Steps: 50, Scatter: &most})
	if err != nil {
		t.Fatal(err)
	}
	best := f.Points[len(f.Points)-1].Plan
	between := 0
	for _, p := range f.Points {
		checkPartners(t, 3, inv, p.Plan, most)
		if p.Plan.BytesCopied > best.BytesCopied/2 && p.Plan.BytesCopied < best.BytesCopied {
			between++
		}
	}
	if between < 2 {
		t.Errorf("%d points copy more than half of the %d bytes of the best, and less", between, best.BytesCopied)
	}
}

// With a budget a frontier offers no worse a plan than a layout with that budget.
func TestFrontiersKnowWhatBudgetsReach(t *testing.T) {
	for seed := range seeds(3) {
		inv := fixtures.Fleet(seed, fixtures.Mixed, fixtures.Size{Servers: 15, StoresPerServer: 6, Users: -1, Start: fixtures.GrownUnevenly, Legal: true})
		full := optimize(t, inv, layout.Options{Gap: 0.02})
		for _, part := range []int64{2, 5} {
			budget := full.BytesCopied / part
			opts := layout.Options{Gap: 0.02, MaxBytes: &budget}
			plan := optimize(t, inv, opts)
			f, err := layout.Frontier(context.Background(), inv, sharing.Groups(inv), opts)
			if err != nil {
				t.Fatal(err)
			}
			picked := f.Pick(planner.Wish{MaxBytes: &budget})
			if picked < 0 {
				t.Fatalf("seed %d: no point copies at most %d bytes", seed, budget)
			}
			got, want := f.Points[picked].Plan.Promises.WorstSingle.Utilisation, plan.Promises.WorstSingle.Utilisation
			if len(plan.Violations) == 0 && got.Value > want.Value*1.0002 {
				t.Errorf("seed %d: for %d bytes the frontier reaches %v, a layout %v", seed, budget, got, want)
			}
		}
	}
}

// What a budget between two points of a frontier reaches is hardly lower than the first
// of them: the frontier has no hole there.
func TestFrontiersHaveNoHoles(t *testing.T) {
	inv := grown(1)
	f, err := layout.Frontier(context.Background(), inv, sharing.Groups(inv), layout.Options{Gap: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	best := f.Points[len(f.Points)-1].Plan
	for _, part := range []int64{2, 4, 8} {
		budget := best.BytesCopied / part
		plan := optimize(t, inv, layout.Options{Gap: 0.02, MaxBytes: &budget})
		picked := f.Points[f.Pick(planner.Wish{MaxBytes: &budget})].Plan
		if got, want := picked.Promises.WorstSingle.Utilisation.Value, plan.Promises.WorstSingle.Utilisation.Value; got > want*1.01 {
			t.Errorf("for %d bytes the frontier reaches %v, a layout %v", budget, got, want)
		}
	}
}

// Where no point of a frontier keeps a budget, those within it are points as well, even
// if they leave rules broken.
func TestFrontiersKeepTightBudgets(t *testing.T) {
	inv := grown(1)
	for i := range inv.Stores {
		if i%4 == 0 {
			inv.Stores[i].Instances = inv.Stores[i].Instances[:1]
		}
	}
	inv.Copies = 2
	changes := 5
	opts := layout.Options{Gap: 0.02, MaxChanges: &changes}
	f, err := layout.Frontier(context.Background(), inv, sharing.Groups(inv), opts)
	if err != nil {
		t.Fatal(err)
	}
	picked := f.Pick(planner.Wish{MaxChanges: &changes})
	if picked < 0 {
		t.Fatalf("none of %d points makes at most %d changes", len(f.Points), changes)
	}
	if plan := f.Points[picked].Plan; len(plan.Violations) == 0 || len(plan.Changes) == 0 {
		t.Errorf("%d rules broken after %d changes", len(plan.Violations), len(plan.Changes))
	}
}

// In a small fleet a plan within a budget is no worse than any point of the frontier that
// keeps the budget, and a plan without one copies no more than a point that is as good.
func TestPlansOfSmallFleetsAreNoWorseThanTheirFrontier(t *testing.T) {
	points := 0
	for seed := range seeds(50) {
		inv := roomy(fixtures.Tiny(seed), float64(1+seed%4))
		for _, gap := range []float64{0, 0.1} {
			f, err := layout.Frontier(context.Background(), inv, sharing.Groups(inv), layout.Options{Gap: gap})
			if err != nil {
				t.Fatal(err)
			}
			free := optimize(t, inv, layout.Options{Gap: gap})
			for i, p := range f.Points {
				if len(p.Plan.Violations) > 0 {
					continue
				}
				points++
				worst := p.Plan.Promises.WorstSingle.Utilisation.Value
				if limit := max(free.Promises.WorstSingle.Utilisation.Value, free.Bounds.WorstSingle.Value*(1+gap)); worst <= limit && p.Plan.BytesCopied < free.BytesCopied {
					t.Errorf("seed %d, gap %v: point %d copies %d bytes for %v, a plan %d for %v", seed, gap, i, p.Plan.BytesCopied, worst, free.BytesCopied, free.Promises.WorstSingle)
				}
				plan := optimize(t, inv, layout.Options{Gap: gap, MaxBytes: &p.Plan.BytesCopied})
				if got := plan.Promises.WorstSingle.Utilisation.Value; len(plan.Violations) > 0 || got > max(worst*(1+gap/4), plan.Bounds.WorstSingle.Value*(1+gap))+1e-9 {
					t.Errorf("seed %d, gap %v: for %d bytes point %d has %v, a plan %v and breaks %v", seed, gap, p.Plan.BytesCopied, i, worst, got, plan.Violations)
				}
			}
		}
	}
	if points < 40 {
		t.Errorf("only %d points", points)
	}
}

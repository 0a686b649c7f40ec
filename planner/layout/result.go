package layout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
	"github.com/interlacemail/interlace/planner/simulate"
)

// result writes down the plan that leads to the outcome.
func (l *ladder) result(o outcome, groups *inventory.ShareGroups) *planner.Layout {
	f := l.fleet
	plan := &planner.Layout{
		Format: planner.Format, Kind: planner.KindLayout, Options: l.opts.record(),
		Stores:  f.Placements(o.state.sites),
		Bounds:  l.bound,
		Changes: o.way.changes,
	}
	var wait sync.WaitGroup
	wait.Go(func() { plan.Promises = simulate.New(f, o.state.sites).Promises() })
	wait.Go(func() { plan.Before = simulate.New(f, l.start).Promises() })
	for _, c := range plan.Changes {
		plan.BytesCopied += c.Bytes
		plan.UsersInterrupted += c.Users
	}
	target := plan.Target(f.Inventory)
	// An interrupt does not cut the check short: the best so far is kept only if checked.
	broken, doubts, _ := rules.Check(context.Background(), target, groups, rules.Options{From: f.Inventory, Drain: l.opts.Drain, Scatter: l.opts.scatter()})
	wait.Wait()
	plan.Violations, plan.Warnings = rules.Split(planner.KindLayout, broken)
	plan.Violations = append(plan.Violations, o.way.violations...)
	plan.Warnings = append(plan.Warnings, doubts...)
	plan.Warnings = append(plan.Warnings, estimates(f.Inventory, plan)...)
	if plan.Warnings == nil {
		plan.Warnings = []planner.Warning{}
	}
	if slices.ContainsFunc(broken, func(v planner.Violation) bool { return v.Rule == planner.Spread }) {
		plan.Bounds = l.boundWithoutSpread()
	}
	if o.lower != nil {
		cost := o.lower.way.cost()
		plan.Lower = &planner.Lower{Utilisation: planner.Known(o.lower.state.worst()), BytesCopied: cost.bytes, Changes: cost.changes}
	}
	plan.Gap = gaps(plan)
	plan.Stopped = l.stopped(o, plan)
	return plan
}

func gaps(plan *planner.Layout) planner.LayoutGap {
	g := planner.LayoutGap{
		WorstSingle: planner.Gap(plan.Promises.WorstSingle.Utilisation, plan.Bounds.WorstSingle),
		WorstDomain: map[inventory.Level]planner.Number{},
		WorstPair:   planner.Gap(plan.Promises.WorstPair.Utilisation, plan.Bounds.WorstPair),
		Normal:      planner.Gap(plan.Promises.Normal.Utilisation, plan.Bounds.Normal),
		Fullest:     planner.Gap(plan.Promises.Fullest.Utilisation, plan.Bounds.Fullest),
		BytesCopied: planner.Gap(planner.Known(float64(plan.BytesCopied)), plan.Bounds.BytesCopied),
	}
	for level, w := range plan.Promises.WorstDomain {
		g.WorstDomain[level] = planner.Gap(w.Utilisation, plan.Bounds.WorstDomain[level])
	}
	return g
}

// stopped says why the search ended, by what was reached.
func (l *ladder) stopped(o outcome, plan *planner.Layout) planner.Stopped {
	gap, bounded := l.widestGap(plan), l.limit(l.measures[0]).Known
	switch {
	case o.stopped == planner.Cancelled || l.ctx.Err() != nil:
		return planner.Cancelled
	case len(plan.Violations) > 0:
	case !bounded || gap.Known && gap.Value <= 1e-9:
		return planner.AtBound
	case gap.Known && gap.Value <= l.opts.Gap+1e-9:
		return planner.WithinGap
	}
	if o.stopped == planner.WithinGap || o.stopped == "" {
		return planner.LocalOptimum
	}
	return o.stopped
}

// widestGap returns the widest gap of the objectives, unknown if one of them has none.
func (l *ladder) widestGap(plan *planner.Layout) planner.Number {
	widest := planner.Number{}
	for _, m := range l.measures {
		gap := plan.Gap.WorstSingle
		switch {
		case m.objective == planner.ObjectivePair:
			gap = plan.Gap.WorstPair
		case m.objective == planner.ObjectiveNormal:
			gap = plan.Gap.Normal
		case m.level > 0:
			gap = plan.Gap.WorstDomain[l.fleet.Levels[l.levels[m.level]].Name]
		}
		if !gap.Known {
			return gap
		}
		if !widest.Known || gap.Value > widest.Value {
			widest = gap
		}
	}
	return widest
}

// estimates warns where an estimated load decides what the plan promises.
func estimates(inv *inventory.Inventory, plan *planner.Layout) []planner.Warning {
	var decisive []string
	for _, resource := range []planner.Text{plan.Promises.WorstSingle.Resource, plan.Before.WorstSingle.Resource, plan.Promises.Fullest.Resource} {
		r := inv.Resource(inventory.ResourceID(resource))
		if r >= 0 && estimated(inv, r) && !slices.Contains(decisive, string(resource)) {
			decisive = append(decisive, string(resource))
		}
	}
	if decisive == nil {
		return nil
	}
	return []planner.Warning{{Text: fmt.Sprintf("%s decides this plan and is estimated, not measured, for some users", strings.Join(decisive, " and "))}}
}

func estimated(inv *inventory.Inventory, r int) bool {
	return slices.ContainsFunc(inv.Users, func(u inventory.User) bool { return u.Estimated&(1<<r) != 0 })
}

// checkKeep names the subjects to keep that are not in the fleet.
func checkKeep(inv *inventory.Inventory, keep []planner.Subject) error {
	var unknown []string
	for _, subject := range keep {
		kind, name := subject.Split()
		found := kind == "store" && inv.Store(inventory.StoreID(name)) >= 0 || kind == "server" && inv.Server(inventory.ServerID(name)) >= 0
		if !found {
			unknown = append(unknown, fmt.Sprintf("%q", string(subject)))
		}
	}
	if unknown != nil {
		return fmt.Errorf("no such store or server to keep: %s", strings.Join(unknown, ", "))
	}
	return nil
}

package layout

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
)

// frontierLevels is how many levels of the worst utilisation a frontier is looked
// for at, between what promotions alone reach and the best layout found.
const frontierLevels = 12

// frontierGap is the largest gap at which the search for the best layout ends.
const frontierGap = 0.02

// Frontier plans the layouts that copy the fewest bytes for falling levels of the
// worst single failure, from promotions alone to the best layout found: points
// that no other one beats in both. Levels are approached from both ends: today's
// layout is improved until it is there, and changes of the best layout are undone
// as long as it stays there. The budgets and the gap of the options limit no
// point; they say which is picked ([planner.Frontier]), and what a layout within the
// budgets reaches is among the points.
func Frontier(ctx context.Context, inv *inventory.Inventory, groups *inventory.ShareGroups, opts Options) (*planner.Frontier, error) {
	asked := opts
	opts.Gap = min(opts.Gap, frontierGap)
	opts.MaxBytes, opts.MaxChanges, opts.MaxInterrupted = nil, nil, nil
	l, err := newLadder(ctx, inv, opts)
	if err != nil {
		return nil, err
	}
	way, best := l.ascend()
	outcomes := way.along(best)
	recorded := *l.problem
	recorded.opts = asked
	recorded.opts.Steps = l.opts.Steps
	l = l.over(&recorded)
	if asked.budgeted() && ctx.Err() == nil {
		if _, o := l.ascend(); o.state.standing().minus(best.state.standing()).sign() <= 0 {
			outcomes = undominated(append(outcomes, o))
		}
	}
	f := &planner.Frontier{}
	copying := bounds.NewCopying(l.fleet, opts.question())
	for _, o := range outcomes {
		plan := l.result(o, groups)
		plan.Options.Frontier = planner.FrontierBytes
		p := planner.FrontierPoint{Plan: plan, BytesBound: plan.Bounds.BytesCopied}
		if worst := plan.Promises.WorstSingle.Utilisation; worst.Known && len(plan.Violations) == 0 {
			p.BytesBound = copying.Least(worst.Value)
		}
		f.Points = append(f.Points, p)
	}
	f.FindKnee()
	return f, nil
}

// along returns the outcomes on the way from today's layout to the best one that
// none other beats in bytes and worst utilisation, the fewest bytes first.
func (l *ladder) along(best outcome) []outcome {
	all := []outcome{best}
	add := func(o outcome) {
		if o.stopped != planner.Cancelled && o.state.standing().minus(best.state.standing()).sign() <= 0 {
			all = append(all, l.reached([]outcome{o}))
		}
	}
	repaired := l.repaired()
	steps := l.steps()
	l.relieve(repaired, math.Inf(1), &steps)
	add(outcome{state: l.promoted(repaired)})
	lowest, highest := best.state.worst(), all[len(all)-1].state.worst()
	for level := range frontierLevels {
		if l.ctx.Err() != nil {
			break
		}
		target := lowest + (highest-lowest)*float64(level)/frontierLevels
		from := newState(l.problem, repaired.sites)
		steps = l.steps()
		add(outcome{state: from, stopped: l.relieve(from, target, &steps)})
		if level > 0 {
			back := best.state.clone()
			l.search(back, 99, kinds{true, true}).revert(target)
			add(outcome{state: back})
		}
	}
	return undominated(all)
}

// promoted returns the state after promotions that lower its worst utilisation as
// far as they can.
func (l *ladder) promoted(s *state) *state {
	out := newState(l.problem, s.sites)
	for {
		worst := out.worst()
		next := max(l.goal(), (worst+out.mean())/2)
		if next >= worst*(1-closeEnough) {
			return out
		}
		search := l.search(out, 1, kinds{})
		search.goal, search.thrift = next, true
		search.relieve()
		if out.worst() >= worst*(1-closeEnough) {
			return out
		}
	}
}

// undominated returns the outcomes that no other one beats, the fewest bytes first.
func undominated(all []outcome) []outcome {
	slices.SortStableFunc(all, func(a, b outcome) int {
		return cmp.Or(cmp.Compare(a.bytes(), b.bytes()), cmp.Compare(a.state.worst(), b.state.worst()),
			cmp.Compare(a.state.total.changes, b.state.total.changes))
	})
	var out []outcome
	for _, o := range all {
		if len(out) == 0 || o.state.worst() < out[len(out)-1].state.worst()*(1-closeEnough) {
			out = append(out, o)
		}
	}
	return out
}

package layout

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
)

// frontierGap is the largest gap at which the search for the best layout ends.
const frontierGap = 0.02

// Frontier plans the layouts that copy the fewest bytes for falling levels of the
// worst single failure, from promotions alone to the best layout found: points
// that no other one beats in both. Levels are approached from both ends: today's
// layout is improved until it is there, and changes of the best layout are undone
// as long as it stays there. The gap of the options says which point is picked
// ([planner.Frontier]), and so do the budgets. They limit no point, but what layouts
// within them reach is among the points, even if it breaks rules that others keep.
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
		outcomes = l.alongBudgets(outcomes)
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

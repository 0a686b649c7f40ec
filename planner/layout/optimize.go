package layout

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// Optimize plans the layout of the inventory. The plan is whole but for what
// the caller knows: the reference to the inventory, and the id. When the
// context ends early the plan is the best so far, marked as cancelled. The error
// names subjects in the options that are not in the fleet.
func Optimize(ctx context.Context, inv *inventory.Inventory, groups *inventory.ShareGroups, opts Options) (*planner.Layout, error) {
	l, err := newLadder(ctx, inv, opts)
	if err != nil {
		return nil, err
	}
	_, best := l.ascend()
	return l.result(best, groups), nil
}

// ladder is the sequence of rungs, each dearer than the one before.
type ladder struct {
	*problem
	ctx   context.Context
	bound planner.LayoutBounds

	mended   load.Layout // today's layout with what is wrong with single stores mended, once it was
	hopeless bool        // no layout at all keeps the rules
	optimum  *state      // the best of all layouts, where all were gone through
	points   []outcome   // in small fleets: those of the frontier that ends at the best outcome
}

// newLadder makes an inventory ready to be planned for.
func newLadder(ctx context.Context, inv *inventory.Inventory, opts Options) (*ladder, error) {
	if opts.Steps == 0 {
		opts.Steps = DefaultSteps
	}
	if err := errors.Join(checkKeep(inv, opts.Keep), checkDrain(inv, opts.Drain, opts.Keep), checkScatter(inv, opts.Scatter), checkObjectives(inv, opts.Objectives)); err != nil {
		return nil, err
	}
	target, err := drained(inv, opts.Drain)
	if err != nil {
		return nil, err
	}
	p := newProblem(target, opts)
	return &ladder{problem: p, ctx: ctx, bound: bounds.Layout(p.fleet, opts.question())}, nil
}

// over returns the ladder over a problem that differs in what bounds do not depend on.
func (l *ladder) over(p *problem) *ladder { return &ladder{problem: p, ctx: l.ctx, bound: l.bound} }

// outcome is where a rung ended.
type outcome struct {
	state   *state
	stopped planner.Stopped
	way     *order   // there, once it was looked for
	worst   float64  // utilisation before that
	meant   *state   // in small fleets, where the order was to lead
	lower   *outcome // one with a lower worst utilisation that was passed over for what it costs
}

// bytes returns what the way there copies, detours included where it is known.
func (o *outcome) bytes() int64 {
	if o.way == nil {
		return o.state.total.bytes
	}
	return o.way.copied()
}

// goal returns the peak at which to stop.
func (l *ladder) goal() float64 {
	bound := l.limit(l.peak)
	if !bound.Known {
		return math.Inf(1)
	}
	return bound.Value * (1 + max(l.opts.Gap, negligible))
}

// spare is how far below the goal a new layout is brought, for what its order may
// cost: half the gap.
func (l *ladder) spare() float64 { return l.limit(l.peak).Value * l.opts.Gap / 2 }

// limit returns the bound of a measure.
func (l *ladder) limit(m measure) planner.Number {
	switch {
	case m.objective == planner.ObjectivePair:
		return l.bound.WorstPair
	case m.objective == planner.ObjectiveNormal:
		return l.bound.Normal
	case m.level > 0:
		return l.bound.WorstDomain[l.fleet.Levels[l.levels[m.level]].Name]
	}
	return l.bound.WorstSingle
}

// search returns a search of the state with its own random numbers.
func (l *ladder) search(s *state, rung uint64, k kinds) *search {
	return &search{
		state: s, ctx: l.ctx, rng: rand.New(rand.NewPCG(l.opts.Seed, rung)), kinds: k,
		goal: l.goal(), left: l.steps(),
	}
}

// ascend returns the outcome to plan for and the ladder that led to it: this one or,
// where spread has to give way, one that may break it ([ladder.yield]).
func (l *ladder) ascend() (*ladder, outcome) {
	best := l.climb()
	if len(l.spread) == 0 {
		return l, best
	}
	return l.yield(best)
}

// climb goes up the ladder and returns the best outcome.
func (l *ladder) climb() outcome {
	if l.opts.budgeted() {
		return l.afford()
	}
	outcomes := l.candidates()
	best := l.reached(outcomes, 0)
	if l.ctx.Err() != nil {
		return best
	}
	return l.besides(l.passed(l.cheaper(best, outcomes)))
}

// candidates returns the outcomes of the rungs that are needed.
func (l *ladder) candidates() []outcome {
	s := l.repaired()
	var outcomes []outcome
	switch {
	case l.opts.budgeted():
		outcomes = []outcome{l.withinBudgets(s)}
	case l.goal() > s.mean():
		outcomes = []outcome{l.improve(s)}
	default: // the goal asks for a new layout
		outcomes = l.anew(s)
		if slices.ContainsFunc(outcomes, s.farFrom) {
			return outcomes
		}
		return append(outcomes, l.improve(s))
	}
	if !l.satisfied(outcomes[0]) && l.pays(1) {
		outcomes = append(outcomes, l.anew(s)...)
	}
	return outcomes
}

// far is by which part the mean peak lies above the worst of another layout where
// improving would not come near it.
const far = 0.1

// farFrom reports whether the layout is not worth improving beside the other one.
func (s *state) farFrom(o outcome) bool {
	return o.stopped != planner.Cancelled && o.state.standing().minus(s.standing()).sign() <= 0 && s.mean() > o.state.worst()*(1+far)
}

// repaired returns today's layout with what is wrong with single stores mended.
func (l *ladder) repaired() *state {
	if l.mended != nil {
		return newState(l.problem, l.mended)
	}
	s := newState(l.problem, l.start)
	repairing := l.search(s, 0, kinds{true, true})
	repairing.thrift = true
	repairing.repair()
	l.mended = s.sites.Clone()
	return s
}

// reached returns the outcome to plan for. What is not needed of an outcome is
// undone before its changes are put in order, and that changes it once more; so
// it is picked until the one picked has its order.
func (l *ladder) reached(outcomes []outcome, tolerance float64) outcome {
	for {
		o := l.choose(outcomes, tolerance)
		if o.way != nil {
			return *o
		}
		last := l.refined(o)
		if o.stopped != planner.Cancelled {
			last.search(o.state, 99, kinds{true, true}).revert(last.allowed(o.state))
		}
		o.worst = o.state.worst()
		if len(l.start) <= mostDetours {
			o.meant = newState(l.problem, o.state.sites)
		}
		o.way = last.order(o.state)
		if last != l {
			o.state = newState(l.problem, o.state.sites)
		}
	}
}

// allowed returns the worst utilisation up to which changes may be undone.
func (l *ladder) allowed(s *state) float64 {
	if goal := l.goal(); !math.IsInf(goal, 1) {
		return max(s.worst(), goal)
	}
	return s.worst()
}

func (l *ladder) satisfied(o outcome) bool {
	return o.stopped == planner.Cancelled || o.state.standing().sign() == 0 && o.state.worst() <= l.goal()
}

// cut says how a new layout is cut to the fleet: by which part its worst
// utilisation may lie above the least that is possible in parts of instances, how
// much of the ceilings in resources with ρ ≥ 1 is used, and how many servers get
// their replicas at the same time. The fuller disks are, the fewer servers promote
// anything, and the harder it is to fit whole instances.
type cut struct {
	above, within float64
	abreast       int
}

// Cuts are tried two at a time, until one of a pair is good. In large fleets there
// is more to choose from, and more fits.
var (
	cuts      = [][2]cut{{{0.003, 0.94, 1}, {0.003, 0.92, 2}}, {{0.003, 0.88, 2}, {0.003, 0.84, 2}}}
	largeCuts = [][2]cut{{{0.001, 0.96, 3}, {0.001, 0.95, 3}}, {{0.003, 0.92, 2}, {0.003, 0.86, 2}}}
)

// manyServers is from where on a fleet is large, and good the gap at which no
// further cuts are tried.
const manyServers, good = 500, 0.03

// anew returns new layouts that the budgets allow. They are looked for without
// the budgets, and then all that they do not need is undone.
func (l *ladder) anew(s *state) []outcome {
	switch {
	case l.ctx.Err() != nil:
		return nil
	case !l.opts.budgeted():
		return l.rebuild(s)
	}
	unlimited := l.unlimited()
	var allowed []outcome
	for _, o := range unlimited.rebuild(newState(unlimited.problem, s.sites)) {
		unlimited.search(o.state, 99, kinds{true, true}).revert(unlimited.allowed(o.state))
		if kept := newState(l.with(o.state.links), o.state.sites); l.allows(kept.total) {
			allowed = append(allowed, outcome{state: kept, stopped: o.stopped})
		}
	}
	return allowed
}

// unlimited returns the ladder without budgets.
func (l *ladder) unlimited() *ladder {
	free := *l.problem
	free.opts.MaxBytes, free.opts.MaxChanges, free.opts.MaxInterrupted = nil, nil, nil
	return l.over(&free)
}

// rebuild lays out everything anew in several ways.
func (l *ladder) rebuild(s *state) []outcome {
	outcomes := []outcome{}
	exact, complete := l.enumerate(s)
	if exact.state != nil {
		outcomes = append(outcomes, exact)
	}
	if complete {
		return outcomes
	}
	outcomes = l.drafted(outcomes)
	if !slices.ContainsFunc(outcomes, l.satisfied) {
		outcomes = append(outcomes, l.anneal(append(outcomes, outcome{state: s}))...)
	}
	return outcomes
}

// drafted adds new layouts that are designed, or built from a blueprint.
func (l *ladder) drafted(outcomes []outcome) []outcome {
	outcomes = append(outcomes, l.designs()...)
	if slices.ContainsFunc(outcomes, l.satisfied) {
		return outcomes
	}
	draft := bounds.NewDraft(l.fleet, l.levels[l.peak.level], l.opts.question())
	switch {
	case draft == nil:
		return outcomes
	case l.links != nil:
		return append(outcomes, l.rebuildPaired(draft)...)
	}
	tries := cuts
	if len(l.target) >= manyServers {
		tries = largeCuts
	}
	return append(outcomes, tryCuts(tries, func(n uint64, c cut) outcome { return l.build(10+n, draft, c) }, l.good)...)
}

// tryCuts returns the layouts that are built with the cuts, the n-th by the n-th,
// up to the first pair of which one is good.
func tryCuts(tries [][2]cut, build func(n uint64, c cut) outcome, good func(outcome) bool) []outcome {
	var outcomes []outcome
	for i, pair := range tries {
		built := make([]outcome, len(pair))
		var wait sync.WaitGroup
		for j, c := range pair {
			wait.Go(func() { built[j] = build(uint64(2*i+j), c) })
		}
		wait.Wait()
		built = slices.DeleteFunc(built, func(o outcome) bool { return o.state == nil })
		outcomes = append(outcomes, built...)
		if slices.ContainsFunc(built, good) {
			break
		}
	}
	return outcomes
}

// good reports whether no other way to lay out everything anew need be tried.
func (l *ladder) good(o outcome) bool {
	bound := l.limit(l.peak)
	near := bound.Known && o.state.worst() <= bound.Value*(1+good)
	return l.satisfied(o) || near && o.state.standing().sign() == 0
}

// balanceStores is the number of stores at which balancing a new layout takes as
// many steps as the others. It takes more for fewer stores and fewer for more.
const balanceStores = 40_000

func (l *ladder) balanceSteps() int {
	return l.opts.Steps * int(math.Sqrt(float64(len(l.start)*balanceStores)))
}

// build constructs a layout from a blueprint and improves it.
func (l *ladder) build(rung uint64, draft *bounds.Draft, c cut) outcome {
	plan := draft.Blueprint(bounds.BlueprintOptions{Above: c.above, Within: c.within})
	if plan == nil {
		return outcome{}
	}
	return l.balanced(l.construct(plan, c.abreast, rand.New(rand.NewPCG(l.opts.Seed, rung+200))), rung)
}

// balanced improves a layout that was built, if there is one.
func (l *ladder) balanced(s *state, rung uint64) outcome {
	if s == nil {
		return outcome{}
	}
	built := l.search(s, rung+100, kinds{true, true})
	built.left = l.balanceSteps()
	built.goal -= l.spare()
	built.repair()
	built.report = l.reporter("laying out anew", built)
	return outcome{state: s, stopped: built.balance()}
}

// enumerate returns the best of all layouts where the fleet is small enough, or
// the one that breaks the least if none keeps the rules, and whether that is so
// beyond doubt.
func (l *ladder) enumerate(s *state) (outcome, bool) {
	if len(l.opts.Keep) > 0 {
		return outcome{}, false
	}
	opts := bounds.EnumerateOptions{LayoutOptions: l.opts.question(), Protect: true, Reachable: true}
	opts.WithoutSpread, opts.Apart = l.relax != yieldsToNone, l.relax != yieldsToNone
	opts.WithoutFailureCeilings = l.relax == yieldsToNormal // which are less grave then
	exact := bounds.Enumerate(l.fleet, opts)
	var best *state
	complete := exact.Complete
	switch {
	case exact.Layout != nil:
		best = newState(l.with(ofLayout(l.problem, exact.Layout)), exact.Layout)
		complete = complete && best.standing().failure == 0
	case exact.Complete:
		l.hopeless = true
		best = l.leastBroken(s)
		if complete = best != nil; complete || opts.WithoutFailureCeilings {
			break
		}
		opts.WithoutFailureCeilings = true
		if normal := bounds.Enumerate(l.fleet, opts); normal.Layout != nil {
			best = newState(l.with(ofLayout(l.problem, normal.Layout)), normal.Layout)
		}
	}
	if complete {
		l.optimum = best.clone()
	}
	return outcome{state: best, stopped: planner.LocalOptimum}, complete
}

// choose picks among outcomes: those that break the least, of those the ones whose
// worst utilisation is within the goal, or else within a tolerance of the best, of those
// the cheapest.
func (l *ladder) choose(outcomes []outcome, tolerance float64) *outcome {
	left := make([]*outcome, len(outcomes))
	for i := range outcomes {
		left[i] = &outcomes[i]
	}
	keep := func(good func(o *outcome) bool) {
		left = slices.DeleteFunc(left, func(o *outcome) bool { return !good(o) })
	}
	least := slices.MinFunc(left, compareFaults)
	keep(func(o *outcome) bool { return compareFaults(o, least) == 0 })
	lowest := math.Inf(1)
	for _, o := range left {
		lowest = min(lowest, o.state.worst())
	}
	good := l.goal()
	if lowest > good || math.IsInf(good, 1) {
		good = lowest * (1 + tolerance)
	}
	keep(func(o *outcome) bool { return o.state.worst() <= good })
	return slices.MinFunc(left, func(a, b *outcome) int {
		return cmp.Or(cmp.Compare(a.bytes(), b.bytes()), cmp.Compare(a.state.worst(), b.state.worst()))
	})
}

// tolerance is by which part a layout may lie above the best one found and still be as
// good, where the goal is missed: the gap, since fewer changes beat prettier numbers. A
// budget has said what may be spent, so within one it is a fraction of that.
func (l *ladder) tolerance() float64 {
	if l.opts.budgeted() {
		return l.opts.Gap / 4
	}
	return l.opts.Gap
}

// compareFaults puts the outcome first that has an order, as far as that is known, then
// the one that breaks less in normal operation, then one that keeps every rule, then the
// one that overfills servers less on the way, then the one that breaks less otherwise.
func compareFaults(a, b *outcome) int {
	d := a.state.standing().minus(b.state.standing())
	ordered := cmp.Compare(min(a.way.faults(), 1), min(b.way.faults(), 1))
	return cmp.Or(ordered, d.inNormal().sign(), cmp.Compare(a.broken(), b.broken()), cmp.Compare(a.way.faults(), b.way.faults()), d.sign())
}

// broken is 1 if the outcome breaks any rule.
func (o *outcome) broken() int { return o.state.standing().sign() }

// reporter adapts the caller's progress function to one search.
func (l *ladder) reporter(rung string, s *search) func(left int, worst float64) {
	if l.opts.Progress == nil {
		return nil
	}
	total := s.left
	return func(left int, worst float64) {
		l.opts.Progress(Progress{Rung: rung, Done: total - left, Total: total, Worst: worst, Bound: l.limit(l.peak).Value})
	}
}

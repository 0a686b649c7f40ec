package users

import (
	"cmp"
	"context"

	"github.com/interlacemail/interlace/planner"
)

// maxRounds limits how often an assignment is begun anew without what found no
// place before.
const maxRounds = 4

// solve returns the assignment that reaches the target with least cost, as far
// as one was found. What finds no place stays where it is, and since it then
// takes room there, all is done again with that in mind, and in the end without
// the servers that stay above failure ceilings for it.
func (p *problem) solve(ctx context.Context, goal target) *tally {
	stuck, barred := make([]bool, p.size()), false
	for round := 1; ; round++ {
		t := newTally(p)
		t.stuck, t.forced, t.barred = stuck, goal.forced, barred
		t.limitStores(goal.peak)
		hand := t.shed(ctx, goal)
		left := t.fill(ctx, hand, round > 1)
		for _, i := range left {
			t.restore(i)
		}
		if len(left) == 0 && !goal.forced {
			left = t.queue().never
			t.barred = t.barred || len(left) > 0
		}
		if len(left) == 0 {
			return t
		}
		if round == maxRounds || ctx.Err() != nil {
			t.retreat()
			if !goal.forced {
				t.withdraw()
			}
			return t
		}
		for _, i := range left {
			stuck[i] = true
		}
		if goal.failures && round > 1 {
			goal.hopeless, _ = t.aboveFailureCeilings()
		}
		barred = t.barred
	}
}

// attempt is a tally and what it is worth.
type attempt struct {
	*tally
	goal    target
	peak    float64 // least target peak whose limits all stores keep
	undone  int     // drained pieces, torn groups and ceilings of servers that should have been seen to
	failing int     // failure ceilings of servers that are passed
	cost    int64
	bytes   int64
	users   int64
	delay   int64 // what it is worth if torn groups need not wait, in terms of cost
	queue   queue // how those who move find room on the way
}

// judge says what the tally is worth.
func (t *tally) judge() attempt {
	a := attempt{tally: t, peak: t.peakNow(), queue: t.queue()}
	a.delay = t.delay(a.queue.late)
	_, a.failing = t.aboveFailureCeilings()
	for n := range t.size() {
		i := int32(n)
		if t.at[i] == apart {
			if t.movable(i) {
				a.undone++
			}
			continue
		}
		piece := t.piece(i)
		if t.at[i] == piece.Store {
			if t.Drains[piece.Store] && t.movable(i) {
				a.undone++
			}
			continue
		}
		a.count(i, 1)
	}
	for server := range t.carry {
		for r := range t.Fleet.Resources {
			if t.carry[server][r] > t.ceilings[server][r] {
				a.undone++
			}
		}
	}
	return a
}

// count adds what moving the number to where it is now costs; sign -1 takes it off.
func (a *attempt) count(i int32, sign int64) {
	for _, part := range a.sources(i) {
		if piece := &a.Pieces[part]; piece.Store != a.at[i] {
			a.bytes += sign * piece.Bytes
			a.users += sign * int64(piece.Users)
			a.cost += sign * a.problem.cost(piece)
		}
	}
}

// affordable reports whether the attempt is within the budget.
func (a *attempt) affordable() bool { return a.affords(0, 0) }

// affords reports whether the budget allows that many bytes and users more.
func (a *attempt) affords(bytes, users int64) bool {
	return (a.opts.MaxBytes == nil || a.bytes+bytes <= *a.opts.MaxBytes) && (a.opts.MaxUsers == nil || a.users+users <= int64(*a.opts.MaxUsers))
}

// better reports whether a is better than b: it leaves less undone, or passes
// ceilings by less, or lets more groups find room on the way, or passes fewer
// failure ceilings, or has a lower peak
// as far as peaks above floor go, or costs less, or has fewer groups wait.
func (a *attempt) better(b *attempt, floor float64) bool {
	ceilings := max(a.HighestCeiling(), floor)
	return cmp.Or(
		cmp.Compare(a.undone, b.undone),
		cmp.Compare(max(a.peak, ceilings), max(b.peak, ceilings)),
		cmp.Compare(len(a.queue.never), len(b.queue.never)),
		cmp.Compare(a.failing, b.failing),
		cmp.Compare(max(a.peak, floor), max(b.peak, floor)),
		cmp.Compare(a.cost+a.delay, b.cost+b.delay),
		cmp.Compare(len(a.queue.late), len(b.queue.late)),
	) < 0
}

// peakNow returns the least target peak whose limits all stores keep.
func (t *tally) peakNow() float64 {
	peak := 0.0
	for s := range t.load {
		peak = max(peak, t.peakOf(int32(s)))
	}
	return peak
}

// peakOf returns the least target peak whose limits the store keeps.
func (t *tally) peakOf(store int32) float64 {
	peak, top := 0.0, t.HighestCeiling()
	for r, res := range t.Fleet.Inventory.Resources {
		if t.Capacity[store][r] == 0 {
			continue
		}
		u := float64(t.load[store][r]) / t.Capacity[store][r]
		if planner.Above(u, res.Ceiling) {
			u += top - res.Ceiling
		}
		peak = max(peak, u)
	}
	return peak
}

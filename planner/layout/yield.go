package layout

import (
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// yield returns the outcome and its ladder, or where spread has to give way those of
// one that breaks it. Where it is beyond doubt that no layout keeps all other rules
// with it, spread gives way if without it they are all kept. If failure ceilings cannot
// be kept even so, it gives way to the rules in normal operation only, for which it
// also does where merely no layout was found that keeps them with it.
func (l *ladder) yield(kept outcome) (*ladder, outcome) {
	proved := l.spreadForbids(kept.state)
	if proved {
		if free, o := l.relaxed(kept, yieldsToFailures); free != nil && free.keepsAll(o.state) {
			return free, o
		}
	}
	if !l.keepsNormal(kept.state) {
		if free, o := l.relaxed(kept, yieldsToNormal); free != nil && (proved || free.keepsNormal(o.state)) {
			return free, o
		}
	}
	return l, kept
}

// relaxed searches once more with spread allowed to break, and returns no ladder where
// what comes out is not better than the outcome.
func (l *ladder) relaxed(kept outcome, to yielding) (*ladder, outcome) {
	p := *l.problem
	p.relax = to
	free := &ladder{problem: &p, ctx: l.ctx, bound: l.boundWithoutSpread()}
	if to == yieldsToFailures && free.passesCeiling() {
		return nil, outcome{}
	}
	o := free.climb()
	before := p
	before.links = kept.state.links
	was := newState(&before, kept.state.sites).standing()
	if !o.state.standing().less(was) || o.way.faults() > 0 && kept.way.faults() == 0 {
		return nil, outcome{}
	}
	return free, o
}

// spreadForbids reports whether no layout that keeps spread can keep what the
// layout breaks: the failure ceiling for servers, since the bound itself passes
// it, or any rule, since all layouts have been gone through.
func (l *ladder) spreadForbids(s *state) bool {
	st := s.standing()
	if l.hopeless && (st.broken > negligible || st.failure > negligible) {
		return true
	}
	return st.failure > negligible && l.passesCeiling()
}

// passesCeiling reports whether the bound passes the failure ceiling for servers in
// every resource, so that no layout keeps it.
func (l *ladder) passesCeiling() bool {
	bound := l.bound.WorstSingle
	return bound.Known && planner.Above(bound.Value, slices.Max(l.limits[0]))
}

// keepsNormal reports whether the layout breaks no more than [ladder.inevitable],
// failure ceilings apart, and spread where it may be broken.
func (l *ladder) keepsNormal(s *state) bool {
	return s.standing().broken <= l.inevitable().broken+negligible
}

// keepsAll reports the same with failure ceilings.
func (l *ladder) keepsAll(s *state) bool {
	return l.keepsNormal(s) && s.standing().failure <= l.inevitable().failure+negligible
}

// inevitable is what the stores that stay as they are break by themselves.
func (l *ladder) inevitable() standing {
	sites := make(load.Layout, len(l.start))
	for store, fixed := range l.fixed {
		if fixed {
			sites[store] = l.start[store]
		}
	}
	alone := newState(l.problem, sites)
	var st standing
	for server := range alone.scores {
		st.addServer(&l.initial[server], &alone.scores[server], 1)
	}
	for store, fixed := range l.fixed {
		if fixed {
			l.addStore(&st, store, sites[store], 1)
		}
	}
	return st
}

// boundWithoutSpread returns what no layout can beat even if it breaks spread.
func (l *ladder) boundWithoutSpread() planner.LayoutBounds {
	q := l.opts.question()
	q.WithoutSpread = true
	return bounds.Layout(l.fleet, q)
}

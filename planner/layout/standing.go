package layout

import "math"

// standing is what is wrong with a layout, the gravest first: what is broken in normal
// operation counts before what a failure would break. Differences of standings have
// the same form.
type standing struct {
	worse    float64 // rules broken by more than at the start, failure ceilings apart
	broken   float64 // rules broken, by their excess
	spread   float64 // domains missing, where spread gives way to rules in normal operation
	grown    float64 // excess over failure ceilings beyond that at the start
	failure  float64 // excess over failure ceilings
	yielding float64 // domains missing, where spread gives way to failure ceilings too
	exposed  float64 // stores that one failure takes offline
}

// standing sums up what is wrong with the whole layout.
func (s *state) standing() standing {
	var st standing
	for server := range s.scores {
		st.addServer(&s.initial[server], &s.scores[server], 1)
	}
	for store := range s.sites {
		s.addStore(&st, store, s.sites[store], 1)
	}
	return st
}

// addStore enters the store with a list of sites, or with sign −1 takes it out.
func (p *problem) addStore(st *standing, store int, sites []int32, sign float64) {
	if p.sound(store, sites) {
		return
	}
	sc := p.scoreStore(store, sites)
	initial := p.initialStores[store]
	st.worse += sign * float64(sc.worse(&initial))
	st.broken += sign * float64(sc.broken())
	switch short := sign * float64(sc.short); p.relax {
	case yieldsToNormal:
		st.spread += short
	case yieldsToFailures:
		st.yielding += short
	default:
		st.worse += sign * float64(max(0, sc.short-initial.short))
		st.broken += short
	}
	st.exposed += sign * float64(p.exposed(store, sites))
}

// addServer enters the server, or with sign −1 takes it out.
func (st *standing) addServer(initial, now *serverScore, sign float64) {
	if !now.broken() {
		return
	}
	st.worse += sign * (max(0, now.over-initial.over) + float64(max(0, now.slots-initial.slots)) +
		float64(max(0, now.leaving-initial.leaving)))
	st.broken += sign * (now.excess + float64(now.slots+now.leaving))
	st.grown += sign * max(0, now.failure-initial.failure)
	st.failure += sign * now.failure
}

// minus returns the difference of two standings.
func (st standing) minus(other standing) standing {
	return standing{
		worse: st.worse - other.worse, broken: st.broken - other.broken, spread: st.spread - other.spread,
		grown: st.grown - other.grown, failure: st.failure - other.failure,
		yielding: st.yielding - other.yielding, exposed: st.exposed - other.exposed,
	}
}

// inNormal leaves out what only failures bring about.
func (st standing) inNormal() standing {
	return standing{worse: st.worse, broken: st.broken, spread: st.spread}
}

// negligible is the size below which a difference of sums of excesses is rounding.
const negligible = 1e-11

// sign returns −1 if the difference is an improvement, 1 if it is a change for
// the worse, 0 if it is neither.
func (st standing) sign() int {
	for _, v := range [...]float64{st.worse, st.broken, st.spread, st.grown, st.failure, st.yielding, st.exposed} {
		if math.Abs(v) > negligible {
			if v < 0 {
				return -1
			}
			return 1
		}
	}
	return 0
}

// less reports whether st is better than other.
func (st standing) less(other standing) bool { return st.minus(other).sign() < 0 }

package users

import (
	"context"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// coverSteps is how many sets of groups are tried for each store that sheds.
const coverSteps = 2000

// target is what a plan is to reach.
type target struct {
	peak     float64 // utilisation of stores, see [bounds.Assignments.Limit]
	drains   bool    // drained stores end empty
	gather   bool    // torn groups come together
	servers  bool    // servers come below their ceilings
	failures bool    // and below their failure ceilings
	hopeless []bool  // but for these, by server, which do not come below them; nil: for none
	forced   bool    // even if some have no room on the way
}

// shedder takes from stores what must leave them.
type shedder struct {
	*tally
	target
	hand  []int32
	whole map[int32][]int32 // torn groups gathered on each store
	cover bounds.Cover
	items []int32 // numbers of the items of the cover
}

// shed takes into hand what must move for the target, and returns it. Then it
// sets what servers may carry.
func (t *tally) shed(ctx context.Context, goal target) []int32 {
	s := &shedder{tally: t, target: goal, whole: map[int32][]int32{}}
	s.shedWhole()
	for store := range t.load {
		if ctx.Err() != nil {
			break
		}
		s.shedStore(store)
	}
	if goal.servers {
		for server, stores := range t.storesByServer() {
			if ctx.Err() != nil {
				break
			}
			s.shedServer(int32(server), stores)
		}
	}
	t.holdToCeilings()
	s.recheck(ctx)
	if goal.failures {
		s.spare()
	}
	return s.hand
}

func (s *shedder) pick(i int32) {
	s.take(i)
	s.hand = append(s.hand, i)
}

// free reports whether the piece with the number may be shed where it is.
func (s *shedder) free(i int32) bool {
	return s.movable(i) && s.at[i] == s.Pieces[i].Store && !s.stuck[i]
}

// shedWhole takes what moves in any case: all from drained stores, and torn
// groups, which are put where most of them is already.
func (s *shedder) shedWhole() {
	for store, drains := range s.Drains {
		if from, to := s.On(store); drains && s.drains {
			for i := from; i < to; i++ {
				if s.free(i) {
					s.pick(i)
				}
			}
		}
	}
	for k, torn := range s.Torn {
		i := int32(len(s.Pieces) + k)
		if !s.movable(i) || s.stuck[i] || !s.gather && !(s.drains && s.onDraining(torn)) {
			continue
		}
		s.take(i)
		if home := s.home(i); home != nowhere {
			s.put(i, home)
			s.whole[home] = append(s.whole[home], i)
		} else {
			s.hand = append(s.hand, i)
		}
	}
}

// home returns the store where the torn group is gathered best, of those that are
// large enough for it; nowhere if there is none.
func (s *shedder) home(i int32) int32 {
	if only := s.onlyStore(i); only != nowhere {
		return only
	}
	for _, store := range s.homes(i) {
		if s.agree(i, store) && s.large(i, store) {
			return store
		}
	}
	return nowhere
}

// large reports whether the store is large enough for what has the number.
func (s *shedder) large(i, store int32) bool {
	load := &s.piece(i).Load
	for r := range s.Fleet.Resources {
		if load[r] > s.receive[store][r] {
			return false
		}
	}
	return true
}

// recheck looks at torn groups for whose load the servers of their stores have
// no room: other pieces make room for them where that costs less than to gather
// them elsewhere. After an interrupt nobody does, and such a group is left in hand.
func (s *shedder) recheck(ctx context.Context) {
	for k := range s.Torn {
		i := int32(len(s.Pieces) + k)
		home := s.at[i]
		if home < 0 {
			continue
		}
		s.take(i)
		if !s.fits(i, home) && ctx.Err() == nil {
			s.makeRoom(i, home)
		}
		if s.fits(i, home) {
			s.put(i, home)
		} else {
			s.hand = append(s.hand, i)
		}
	}
}

// makeRoom takes pieces from the store of the torn group until it fits, if that
// is cheaper than to gather the group elsewhere.
func (s *shedder) makeRoom(i, home int32) {
	if !s.beginExcess(i, home) {
		return
	}
	s.cover.Relax()
	taken, cost, _ := s.cover.Choose(coverSteps)
	if s.onlyStore(i) == home || cost < s.costAt(i, home) {
		s.pickAll(taken)
	}
}

// beginExcess starts a cover of what must leave the store for what has the
// number, and reports whether enough can.
func (s *shedder) beginExcess(i, store int32) bool {
	var need []int64
	var over []int
	excess := s.excess(store, &s.piece(i).Load)
	for r, e := range excess[:s.Fleet.Resources] {
		if e > 0 {
			need, over = append(need, e), append(over, r)
		}
	}
	if need == nil {
		return false
	}
	s.begin(need)
	s.offer(int(store), over)
	return s.cover.Possible()
}

// shedStore takes the cheapest pieces that bring the store below the target.
func (s *shedder) shedStore(store int) {
	var need []int64
	var over []int
	for r := range s.Fleet.Resources {
		if e := s.load[store][r] - bounds.Most(s.Capacity[store][r], s.Limit(r, s.peak)); e > 0 {
			need, over = append(need, e), append(over, r)
		}
	}
	if need == nil {
		return
	}
	s.begin(need)
	s.offer(store, over)
	s.settle()
}

// begin starts a cover with the needs.
func (s *shedder) begin(need []int64) {
	s.cover.Reset(need)
	s.items = s.items[:0]
}

// offer enters the pieces on the store into the cover, at their weight in the
// resources.
func (s *shedder) offer(store int, over []int) {
	weights := make([]int64, len(over))
	s.offerAt(store, weights, func(load *inventory.Amounts) {
		for k, r := range over {
			weights[k] = load[r]
		}
	})
}

// offerAt enters the pieces on the store at the weights that weigh sets, as far
// as they weigh anything.
func (s *shedder) offerAt(store int, weights []int64, weigh func(load *inventory.Amounts)) {
	enter := func(i int32, cost int64) {
		weigh(&s.piece(i).Load)
		if slices.ContainsFunc(weights, func(w int64) bool { return w > 0 }) {
			s.cover.Add(cost, weights...)
			s.items = append(s.items, i)
		}
	}
	from, to := s.On(store)
	for i := from; i < to; i++ {
		if s.free(i) {
			enter(i, s.cost(&s.Pieces[i]))
		}
	}
	for _, i := range s.whole[int32(store)] {
		if s.at[i] == int32(store) && s.onlyStore(i) == nowhere {
			enter(i, s.costAt(i, int32(store)))
		}
	}
}

// settle takes the cheapest choice that meets the needs, or as much as there is.
func (s *shedder) settle() {
	s.cover.Relax()
	taken, _, _ := s.cover.Choose(coverSteps)
	s.pickAll(taken)
}

// pickAll takes the items of the cover that are marked.
func (s *shedder) pickAll(taken []bool) {
	for k, taken := range taken {
		if taken {
			s.pick(s.items[k])
		}
	}
}

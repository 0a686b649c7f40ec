package users

import (
	"cmp"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
)

// What is said about large groups.
const (
	largePart = 0.125 // of what the roomiest store may carry, from which a group is large
	mostLarge = 50    // groups named
)

// large names the large groups that fit on no store at all, and those that stay
// where they should not since they fit on no other store as it is filled.
func (s *seeker) large(t *tally) []planner.Warning {
	t.limitStores(s.HighestCeiling())
	roomiest := t.roomiest()
	if roomiest == nowhere {
		return nil
	}
	fixed := make([]inventory.Amounts, len(t.load))
	for store := range fixed {
		fixed[store] = s.Fixed(store)
	}
	var warnings []planner.Warning
	within := ""
	if s.wished() {
		within = " at the wished peak"
	}
	for n := range s.size() {
		i := int32(n)
		if s.ctx.Err() != nil {
			break
		}
		if !s.movable(i) || t.part(&s.piece(i).Load, roomiest) < largePart {
			continue
		}
		switch {
		case !t.placeFor(i, fixed, nowhere):
			warnings = append(warnings, s.about(s.piece(i), "fits on no store%s, not even on an empty one", within))
		case s.stays(t, i) && !t.placeFor(i, t.load, t.at[i]):
			warnings = append(warnings, s.about(s.piece(i), "fits on no other store%s unless one is emptied for it", within))
		}
	}
	if more := len(warnings) - mostLarge; more > 0 {
		warnings = append(warnings[:mostLarge], planner.Warning{
			Text: inventory.Counted(more,
				"more share group fits on no store, or stays since it fits only on an empty one",
				"more share groups fit on no store, or stay since they fit only on an empty one"),
		})
	}
	return warnings
}

// stays reports whether what has the number should have moved and did not: it is
// torn, or on a store that drains or is above the target.
func (s *seeker) stays(t *tally, i int32) bool {
	store := t.at[i]
	if store == apart {
		return true
	}
	return !t.moved(i) && (s.Drains[store] || s.above(t, store))
}

// above reports whether the store carries more than the target allows.
func (s *seeker) above(t *tally, store int32) bool {
	for r := range s.Fleet.Resources {
		limit := s.Limit(r, cmp.Or(s.floor, s.HighestCeiling()))
		if t.load[store][r] > bounds.Most(s.Capacity[store][r], limit) {
			return true
		}
	}
	return false
}

// roomiest returns the store that receives and of which the fleet's load would
// need the least part; nowhere if none receives.
func (t *tally) roomiest() int32 {
	var all inventory.Amounts
	for store := range t.load {
		all.Add(&t.load[store])
	}
	best := int32(nowhere)
	for store, receives := range t.Receives {
		if receives && (best == nowhere || t.part(&all, int32(store)) < t.part(&all, best)) {
			best = int32(store)
		}
	}
	return best
}

// part returns what part of the store's limit the load needs.
func (t *tally) part(load *inventory.Amounts, store int32) float64 {
	part := 0.0
	for r := range t.Fleet.Resources {
		part = max(part, float64(load[r])/float64(max(t.receive[store][r], 1)))
	}
	return part
}

// placeFor reports whether a store that receives, other than the one given, has
// room for what has the number beside the loads.
func (t *tally) placeFor(i int32, loads []inventory.Amounts, but int32) bool {
	load := &t.piece(i).Load
	for store, receives := range t.Receives {
		fits := receives && int32(store) != but
		for r := range t.Fleet.Resources {
			fits = fits && loads[store][r]+load[r] <= t.receive[store][r]
		}
		if fits {
			return true
		}
	}
	return false
}

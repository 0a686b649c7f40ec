package compare

import (
	"cmp"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// Standings returns what is known of each copy, by the comparisons and by the differences
// that they found, those that are gone among them: at a level or, without one, at each at
// which it was compared. They are sorted by store, replica and level.
func Standings(states []monitor.CopyState, found []monitor.KeptDifference, level monitor.CompareLevel) []monitor.CopyStanding {
	levels := map[monitor.Copy]map[monitor.CompareLevel]bool{}
	for _, s := range states {
		if levels[s.Copy] == nil {
			levels[s.Copy] = map[monitor.CompareLevel]bool{}
		}
		levels[s.Copy][s.Level] = true
	}
	owners := known(states, found)
	var list []monitor.CopyStanding
	for c, at := range levels {
		if level != "" {
			at = map[monitor.CompareLevel]bool{level: true}
		}
		for level := range at {
			s := monitor.CopyStanding{Copy: c, Level: level}
			for key, k := range owners {
				if key.Copy == c {
					k.last(level).count(&s, key.Owner)
				}
			}
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b monitor.CopyStanding) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Level, b.Level))
	})
	return list
}

// StandingOfAll returns what is known at a level of all users and shared trees. Of one
// with several copies the worst outcome counts, and the copy that was not compared for
// longest.
func StandingOfAll(states []monitor.CopyState, found []monitor.KeptDifference, level monitor.CompareLevel) monitor.CopyStanding {
	worst := map[storeOwner]lastLook{}
	for key, k := range known(states, found) {
		of, now := storeOwner{key.Store, key.Owner}, k.last(level)
		if had, some := worst[of]; some {
			now = had.beside(now)
		}
		worst[of] = now
	}
	all := monitor.CopyStanding{Level: level}
	for of, look := range worst {
		look.count(&all, of.Owner)
	}
	return all
}

// lastLook is what the last comparison of an owner says; of one that never was, nothing.
type lastLook struct {
	at, whole time.Time // the last one, and the last that was complete
	complete  bool      // the last one was
	outcome   monitor.Outcome
}

// beside returns what is known of an owner who has another copy, too.
func (l lastLook) beside(other lastLook) lastLook {
	switch {
	case l.at.IsZero():
		return l
	case other.at.IsZero():
		return other
	case other.outcome.Rank() > l.outcome.Rank():
		l.outcome = other.outcome
	}
	l.at, l.whole = earlier(l.at, other.at), earlier(l.whole, other.whole)
	l.complete = l.complete && other.complete
	return l
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// count adds an owner to a standing.
func (l lastLook) count(s *monitor.CopyStanding, owner cyrus.Owner) {
	if owner.Shared {
		s.Trees++
	}
	switch l.outcome {
	case monitor.Identical:
		s.Identical++
	case monitor.Different:
		s.Different++
	case monitor.UnknownOutcome:
		s.Unknown++
	default:
		s.Never++
	}
	if l.complete {
		s.Complete++
	}
	if l.at.After(s.Last) {
		s.Last = l.at
	}
	if s.Owners++; s.Owners == 1 {
		s.Since, s.Whole = l.at, l.whole
	}
	s.Since, s.Whole = earlier(s.Since, l.at), earlier(s.Whole, l.whole)
}

// knowledge is what is known of one copy of a user or a shared tree.
type knowledge struct {
	states []monitor.CopyState
	found  []*monitor.KeptDifference
}

func known(states []monitor.CopyState, found []monitor.KeptDifference) map[copyOwner]*knowledge {
	owners := map[copyOwner]*knowledge{}
	for _, s := range states {
		key := copyOwner{s.Copy, cyrus.Owner{Name: s.Owner, Shared: s.Shared}}
		if owners[key] == nil {
			owners[key] = &knowledge{}
		}
		owners[key].states = append(owners[key].states, s)
	}
	for i := range found {
		d := &found[i]
		if k := owners[copyOwner{d.Copy, cyrus.Owner{Name: d.Owner, Shared: d.Shared}}]; k != nil {
			k.found = append(k.found, d)
		}
	}
	return owners
}

// last returns what the last comparison at a level, or more closely, says of what that level
// looks at, and what was found of that since. All that one at that very level has found counts
// there, too; what is open, and was found there before and then not any more, does not.
func (k *knowledge) last(level monitor.CompareLevel) lastLook {
	state := lastOf(k.states, level)
	l := lastLook{at: state.At, whole: state.Whole, complete: !state.At.IsZero() && state.Whole.Equal(state.At), outcome: state.Outcome}
	if state.At.IsZero() {
		return l
	}
	open, gone := false, false
	for _, d := range k.found {
		since := !d.Last.Before(state.At) // found by that comparison, or later
		then := since && !d.First.After(state.At)
		if level.Covers(d.Level) || state.Level == level && then && l.outcome != monitor.Identical {
			open = open || d.Gone.IsZero() && (since || l.outcome != monitor.Identical)
			gone = gone || !d.Gone.IsZero() && then
		}
	}
	switch {
	case open:
		l.outcome = monitor.Different
	case l.outcome != monitor.Different:
	case state.Level != level && l.complete && !gone:
		l.outcome = monitor.Identical // in what differed this level does not look
	default: // what differed is no more, and nobody has looked at the rest since
		l.outcome = monitor.UnknownOutcome
	}
	return l
}

// lastOf returns the last comparison at a level or at one that looks at more, and
// when the last one was that was complete. Without one its time is zero.
func lastOf(states []monitor.CopyState, level monitor.CompareLevel) monitor.CopyState {
	var last monitor.CopyState
	var whole time.Time
	for _, s := range states {
		if !s.Level.Covers(level) {
			continue
		}
		if s.At.After(last.At) {
			last = s
		}
		if s.Whole.After(whole) {
			whole = s.Whole
		}
	}
	last.Whole = whole
	return last
}

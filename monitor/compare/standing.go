package compare

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// Standings returns what is known of each copy: at a level or, without one, at each
// at which it was compared. They are sorted by store, replica and level.
func Standings(states []monitor.CopyState, level monitor.CompareLevel) []monitor.CopyStanding {
	byOwner, levels := map[monitor.Copy]map[cyrus.Owner][]monitor.CopyState{}, map[monitor.Copy]map[monitor.CompareLevel]bool{}
	for _, s := range states {
		if byOwner[s.Copy] == nil {
			byOwner[s.Copy], levels[s.Copy] = map[cyrus.Owner][]monitor.CopyState{}, map[monitor.CompareLevel]bool{}
		}
		owner := cyrus.Owner{Name: s.Owner, Shared: s.Shared}
		byOwner[s.Copy][owner] = append(byOwner[s.Copy][owner], s)
		levels[s.Copy][s.Level] = true
	}
	var list []monitor.CopyStanding
	for c, owners := range byOwner {
		at := slices.Sorted(maps.Keys(levels[c]))
		if level != "" {
			at = []monitor.CompareLevel{level}
		}
		for _, level := range at {
			list = append(list, standing(c, level, owners))
		}
	}
	slices.SortFunc(list, func(a, b monitor.CopyStanding) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Level, b.Level))
	})
	return list
}

// Current returns states by what is open now: who was found to differ, of whom nothing is
// open any more that his level would show, was not compared at that level since.
func Current(states []monitor.CopyState, open []monitor.KeptDifference) []monitor.CopyState {
	levels := map[copyOwner][]monitor.CompareLevel{}
	for i := range open {
		d := &open[i]
		key := copyOwner{d.Copy, cyrus.Owner{Name: d.Owner, Shared: d.Shared}}
		levels[key] = append(levels[key], d.Level)
	}
	now := slices.Clone(states)
	for i := range now {
		s := &now[i]
		shown := slices.ContainsFunc(levels[copyOwner{s.Copy, cyrus.Owner{Name: s.Owner, Shared: s.Shared}}], s.Level.Covers)
		if s.Outcome == monitor.Different && !shown {
			s.Outcome = monitor.UnknownOutcome
		}
	}
	return now
}

func standing(c monitor.Copy, level monitor.CompareLevel, owners map[cyrus.Owner][]monitor.CopyState) monitor.CopyStanding {
	s := monitor.CopyStanding{Copy: c, Level: level, Owners: len(owners)}
	since, whole := []time.Time{}, []time.Time{}
	for _, states := range owners {
		last := lastOf(states, level)
		for _, s := range states {
			// What differs where less is looked at differs here, too.
			if level.Covers(s.Level) && s.Outcome == monitor.Different && s.At.After(last.At) && !last.At.IsZero() {
				last.Outcome = monitor.Different
			}
		}
		switch last.Outcome {
		case monitor.Identical:
			s.Identical++
		case monitor.Different:
			s.Different++
		case monitor.UnknownOutcome:
			s.Unknown++
		default:
			s.Never++
		}
		since, whole = append(since, last.At), append(whole, last.Whole)
		if last.At.After(s.Last) {
			s.Last = last.At
		}
	}
	if len(owners) > 0 {
		s.Since, s.Whole = slices.MinFunc(since, time.Time.Compare), slices.MinFunc(whole, time.Time.Compare)
	}
	return s
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

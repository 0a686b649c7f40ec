package report

import (
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// KnownCopies is what comparisons have found so far.
type KnownCopies struct {
	Copies      []CopyStanding    `json:"copies"`
	Differences []KnownDifference `json:"differences"`
	Late        []Waiting         `json:"late"`       // not compared for longer than is wanted, or never
	Broken      inventory.Text    `json:"broken_off"` // when the last comparison began, if it has not come to its end

	Now    time.Time     `json:"-"`
	Within time.Duration `json:"-"` // how often everybody is to be compared
}

// KnownDifference is a difference that is open.
type KnownDifference struct {
	monitor.Difference
	Owner string         `json:"owner"` // user or shared tree
	First inventory.Text `json:"first_seen"`
	Last  inventory.Text `json:"last_seen"`
}

// Known is the screen of what comparisons have found so far.
func Known(k *KnownCopies) *Screen {
	s := &Screen{}
	s.add(k.head())
	if len(k.Copies) > 0 {
		s.add(CopyStandings(k.Copies))
	}
	if len(k.Differences) > 0 {
		s.AddFirst(KnownDifferences(k.Differences), mostDifferences)
	}
	if len(k.Late) > 0 {
		s.AddFirst(late(k.Late), mostRows)
	}
	return s
}

// mostDifferences is how many open differences people are shown.
const mostDifferences = 100

func (k *KnownCopies) head() Lines {
	var lines Lines
	if n := len(k.Differences); n > 0 {
		lines = append(lines, Line{things(n, "difference is open", "differences are open"), Broken})
	} else if len(k.Copies) > 0 {
		lines = append(lines, Line{"no difference is open", Good})
	}
	if len(k.Copies) == 0 {
		lines = append(lines, Line{"nothing was compared yet: run interlace compare", Soon})
	}
	if n := len(k.Late); n > 0 {
		lines = append(lines, Line{things(n, "user was", "users were") + " not compared within " + span(k.Within), Soon})
	}
	if k.Broken != "" {
		lines = append(lines, Line{"the comparison that began " + string(k.Broken) + " goes on, or was broken off: interlace compare --resume", Soon})
	}
	return lines
}

// CopyStandings is the table of copies.
func CopyStandings(list []CopyStanding) *Table {
	return &Table{
		Columns: []Column{
			left("store", "store", 0), left("replica", "server", 0), left("level", "level", 0), right("users", "users", 0),
			right("identical", "identical", 0), right("differ", "different", 0), right("not known", "unknown", 0), right("never compared", "never", 0),
			left("last", "last", 2), left("all since", "all_since", 1), left("completely since", "whole_since", 3),
		},
		Rows: rowsOf(list, func(s CopyStanding) []Cell {
			different, never := count(s.Different), count(s.Never)
			if s.Different > 0 {
				different = different.in(Broken)
			}
			if s.Never > 0 {
				never = never.in(Soon)
			}
			return []Cell{
				words(string(s.Store)), words(string(s.Server)), words(string(s.Level)), count(s.Users),
				count(s.Identical), different, count(s.Unknown), never, when(s.Last), when(s.Since), when(s.Whole),
			}
		}),
	}
}

// when is a time that may not have come yet.
func when(at inventory.Text) Cell {
	if at == "" {
		return Unknown
	}
	return words(string(at))
}

// KnownDifferences is the table of open differences, with what repairs them.
func KnownDifferences(list []KnownDifference) *Table {
	plain := make([]monitor.Difference, len(list))
	for i := range list {
		plain[i] = list[i].Difference
	}
	t := Differences(plain)
	at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Key == "certainty" })
	t.Columns = slices.Insert(t.Columns, at, left("since", "first_seen", 0), left("last seen", "last_seen", 1))
	rows, i := t.Rows, 0
	t.Rows = func(yield func([]Cell) bool) {
		i = 0
		for row := range rows {
			d := &list[i]
			i++
			if !yield(slices.Insert(row, at, words(string(d.First)), words(string(d.Last)))) {
				return
			}
		}
	}
	return t
}

func late(list []Waiting) *Table {
	return &Table{
		Columns: []Column{left("not compared", "user", 0), left("store", "store", 0), left("replica", "server", 0), left("", "never", 0), left("since", "since", 0)},
		Rows: rowsOf(list, func(w Waiting) []Cell {
			never := Nothing
			if w.Never {
				never = words("never")
			}
			return []Cell{words(w.User), words(string(w.Store)), words(string(w.Server)), never, words(string(w.Since))}
		}),
	}
}

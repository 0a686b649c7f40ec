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
	Originals   []Original        `json:"originals"`  // that are among the users of the copies only where they differ
	Late        []Waiting         `json:"late"`       // not compared for longer than is wanted; who never was, since it is known of them
	Broken      inventory.Text    `json:"broken_off"` // when the last comparison began, if it has not come to its end

	Resume string        `json:"-"` // what goes on with it
	Told   []int64       `json:"-"` // the alerts of copies on which nothing is open any more
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
	s.add(slices.Concat(k.head(), originals(k.Originals)))
	if len(k.Copies) > 0 {
		s.add(CopyStandings(k.Copies))
	}
	if len(k.Differences) > 0 {
		s.AddFirst(KnownDifferences(k.Differences), mostDifferences)
	}
	if len(k.Late) > 0 {
		s.add(late(k.Late[:min(mostRows, len(k.Late))]))
		if n := len(k.Late) - mostRows; n > 0 {
			s.add(Lines{{Words: "… " + inventory.CountText(n) + " more: -o json lists all"}})
		}
	}
	return s
}

// mostDifferences is how many open differences people are shown.
const mostDifferences = 100

func (k *KnownCopies) head() Lines {
	var lines Lines
	compared := slices.ContainsFunc(k.Copies, func(s CopyStanding) bool { return s.Users > s.Never })
	switch n := len(k.Differences); {
	case n > 0:
		lines = append(lines, Line{things(n, "difference is open", "differences are open") + "; that one is repaired shows when it is compared again with this database", Broken})
	case compared:
		lines = append(lines, Line{"no difference is open", Good})
	default:
		lines = append(lines, Line{"nothing was compared yet: run interlace compare", Soon})
	}
	for _, number := range k.Told {
		lines = append(lines, Line{"alert " + inventory.CountText(number) + " tells of one that is repaired, until watch has looked at what is open", Soon})
	}
	if n := len(k.Late); n > 0 {
		trees := 0
		for i := range k.Late {
			if k.Late[i].Shared {
				trees++
			}
		}
		lines = append(lines, Line{were(n, trees) + " not compared within " + span(k.Within), Soon})
	}
	if k.Broken != "" {
		lines = append(lines, Line{"the comparison that began " + minute(k.Broken) + " goes on, or was broken off: " + k.Resume, Soon})
	}
	return lines
}

// CopyStandings is the table of copies.
func CopyStandings(list []CopyStanding) *Table {
	// Where nobody is of a kind its column goes first.
	drop := func(of func(*CopyStanding) int) int {
		if slices.ContainsFunc(list, func(s CopyStanding) bool { return of(&s) > 0 }) {
			return 0
		}
		return 1
	}
	unknown, never := drop(func(s *CopyStanding) int { return s.Unknown }), drop(func(s *CopyStanding) int { return s.Never })
	return &Table{
		Columns: []Column{
			left("store", "store", 0), left("replica", "server", 0), left("level", "level", 0), right("users", "users", 0),
			right("identical", "identical", 0), right("differ", "different", 0), right("unknown", "unknown", unknown), right("never", "never", never),
			hidden("last"), hidden("all_since"), hidden("whole_since"), hidden("shared_trees"), moment("last").late(1), moment("whole since").late(2),
		},
		Rows: rowsOf(list, func(s CopyStanding) []Cell {
			users, different, never := count(s.Users), count(s.Different), count(s.Never)
			if s.Trees > 0 {
				users = users.as(inventory.CountText(s.Users-s.Trees) + " + " + things(s.Trees, "tree", "trees"))
			}
			if s.Different > 0 {
				different = different.in(Broken)
			}
			if s.Never > 0 {
				never = never.in(Soon)
			}
			return []Cell{
				words(string(s.Store)), words(string(s.Server)), words(string(s.Level)), users,
				count(s.Identical), different, count(s.Unknown), never,
				words(string(s.Last)), words(string(s.Since)), words(string(s.Whole)), count(s.Trees), when(s.Last), when(s.Whole),
			}
		}),
	}
}

// KnownDifferences is the table of open differences, with what repairs them.
func KnownDifferences(list []KnownDifference) *Table {
	plain := make([]monitor.Difference, len(list))
	for i := range list {
		plain[i] = list[i].Difference
	}
	t := Differences(plain)
	at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Key == "certainty" })
	t.Columns = slices.Insert(t.Columns, at, hidden("first_seen"), hidden("last_seen"), moment("since"), moment("last seen").dropped(1))
	rows, i := t.Rows, 0
	t.Rows = func(yield func([]Cell) bool) {
		i = 0
		for row := range rows {
			d := &list[i]
			i++
			if !yield(slices.Insert(row, at, words(string(d.First)), words(string(d.Last)), when(d.First), when(d.Last))) {
				return
			}
		}
	}
	return t
}

func late(list []Waiting) *Table {
	return &Table{
		Columns: []Column{left("not compared", "user", 0), left("store", "store", 0), left("replica", "server", 0), left("", "never", 0), hidden("since"), moment("since")},
		Rows: rowsOf(list, func(w Waiting) []Cell {
			never := Nothing
			if w.Never {
				never = words("never")
			}
			return []Cell{words(w.User), words(string(w.Store)), words(string(w.Server)), never, words(string(w.Since)), when(w.Since)}
		}),
	}
}

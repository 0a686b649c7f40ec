package inventory

import (
	"fmt"
	"maps"
	"slices"
)

// Table is a part of an inventory, as files, messages and places name it.
type Table string

// Tables of an inventory. InFleet stands for what holds for the whole fleet.
const (
	InFleet     Table = "fleet"
	InResources Table = "resources"
	InServers   Table = "servers"
	InStores    Table = "stores"
	InInstances Table = "instances"
	InUsers     Table = "users"
	InShares    Table = "shares"
	InGroups    Table = "groups"
)

// Place says where in an inventory something stands, for whoever knows which
// line of which file that is.
type Place struct {
	Table Table
	Row   int // index in the table; of an instance: that of its store
	Item  int // index of an instance in its store
	// Field is the name that the value has as a column of the table, such as
	// "store", "capacity:disk" or "only:site:ny"; empty for the row as a whole.
	Field string
}

// Mistake is something wrong or doubtful in an inventory.
type Mistake struct {
	Place   Place
	Earlier *Place // the first of two things that exclude each other, Place being the second
	Text    string
	Hint    string // what may have been meant; may be empty

	// Absent is the table that lacks what the mistake is about; empty if it is
	// not about something that is missing. Whoever could not read all of that
	// table can't trust the mistake.
	Absent Table
	// More is how many mistakes of the same kind follow that are not kept.
	More int
}

// Mistakes are what [Validate] finds: of each kind the first hundred, and how
// many there are in all.
type Mistakes struct {
	List  []Mistake
	Count int

	kinds map[string]*mistakeKind // by format
}

type mistakeKind struct {
	kept, last int // how many are kept, and where the last of them is in the list
}

const keptOfAKind = 100

// add counts a mistake whose kind is the format and returns it if it is kept,
// else nil.
func (m *Mistakes) add(at Place, format string, args ...any) *Mistake {
	m.Count++
	if m.kinds == nil {
		m.kinds = map[string]*mistakeKind{}
	}
	k := m.kinds[format]
	if k == nil {
		k = &mistakeKind{}
		m.kinds[format] = k
	}
	if k.kept == keptOfAKind {
		m.List[k.last].More++
		return nil
	}
	k.kept, k.last = k.kept+1, len(m.List)
	m.List = append(m.List, Mistake{Place: at, Text: fmt.Sprintf(format, args...)})
	return &m.List[k.last]
}

// after names the earlier of two rows that exclude each other.
func (m *Mistake) after(row int) {
	if m == nil {
		return
	}
	earlier := m.Place
	earlier.Row = row
	m.Earlier = &earlier
}

// absent marks a mistake about a name that nothing in the table bears, and hints
// at the one that was meant.
func absent[S ~string, V any](m *Mistake, table Table, name string, candidates map[S]V) {
	if m == nil {
		return
	}
	m.Absent = table
	if meant := Nearest(name, slices.Collect(maps.Keys(candidates))); meant != "" {
		m.Hint = Printable(name) + " looks like " + Printable(meant)
	}
}

// hint says what to do about the mistake.
func (m *Mistake) hint(format string, args ...any) {
	if m != nil {
		m.Hint = fmt.Sprintf(format, args...)
	}
}

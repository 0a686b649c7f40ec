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

	// Unresolved says that the mistake is the absence of something that the
	// inventory may hold when all of it has been read.
	Unresolved bool
}

// Mistakes are what [Validate] finds: of each kind the first hundred, and how
// many there are in all.
type Mistakes struct {
	List  []Mistake
	Count int

	kinds map[string]int
}

const keptOfAKind = 100

// add counts a mistake whose kind is the format and returns it if it is kept,
// else nil.
func (m *Mistakes) add(at Place, format string, args ...any) *Mistake {
	m.Count++
	if m.kinds == nil {
		m.kinds = map[string]int{}
	}
	m.kinds[format]++
	if m.kinds[format] > keptOfAKind {
		return nil
	}
	m.List = append(m.List, Mistake{Place: at, Text: fmt.Sprintf(format, args...)})
	return &m.List[len(m.List)-1]
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

// unresolved marks a mistake about a name that nothing bears and hints at the
// one that was meant.
func unresolved[S ~string, V any](m *Mistake, name string, candidates map[S]V) {
	if m == nil {
		return
	}
	m.Unresolved = true
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

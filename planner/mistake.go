package planner

import (
	"fmt"
	"slices"
	"strings"
)

// Mistake is what cannot be in a plan file, and where.
type Mistake struct {
	Place string // such as changes[3].bytes
	Text  string
}

// Mistakes are the first hundred things that cannot be in a plan file, and how
// many there are.
type Mistakes struct {
	First []Mistake
	Count int
}

const keptMistakes = 100

// Error returns the mistakes, one a line.
func (m *Mistakes) Error() string {
	lines := make([]string, len(m.First))
	for i, mistake := range m.First {
		lines[i] = mistake.Place + ": " + mistake.Text
	}
	return strings.Join(lines, "\n")
}

// Add counts a mistake, unless one is known at the same place: what follows
// from a value that could not be read is not told.
func (m *Mistakes) Add(place, format string, args ...any) {
	if slices.ContainsFunc(m.First, func(known Mistake) bool { return known.Place == place }) {
		return
	}
	m.Count++
	if len(m.First) < keptMistakes {
		m.First = append(m.First, Mistake{place, fmt.Sprintf(format, args...)})
	}
}

// at returns the place of a field in an item of a list.
func at(list string, item int, field string) string {
	return fmt.Sprintf("%s[%d].%s", list, item, field)
}

// names remembers the names in one list of a plan, which are different.
type names[N ~string] map[N]bool

// once adds a mistake if the name is in the list already.
func (n names[N]) once(m *Mistakes, name N, list string, item int, field string) {
	if n[name] && name != "" {
		m.Add(at(list, item, field), "%s is named twice", printable(name))
	}
	n[name] = true
}

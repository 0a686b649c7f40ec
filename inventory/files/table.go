package files

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// setter reads a text into a row. Its error is an [*inventory.ValueError].
type setter[T any] func(row *T, text []byte) error

// column is one column of a table in CSV and one key of its items in YAML.
//
// A family stands for as many columns as it has members: "capacity:" for
// capacity:disk and capacity:io in CSV, and for the mapping capacity in YAML.
type column[T any] struct {
	name     string
	key      bool // names the row in messages
	identity bool // rows that agree in all such columns are one row too often
	required bool // CSV without it can't be read
	expected bool // that it is absent or empty deserves a warning
	list     bool // words separated by spaces; in YAML a list
	only     form // empty: both

	needed []string // members of a family that CSV must have

	set    setter[T]
	member func(name string) (setter[T], error) // of a family
	nested func(row *T, node *yaml.Node)        // of a list of mappings, in YAML only
}

// form is how a table is written.
type form string

const (
	inCSV  form = "CSV"
	inYAML form = "YAML"
)

func (c *column[T]) family() bool { return strings.HasSuffix(c.name, ":") }

// label is how messages call a value of the column: "capacity of imap3".
func (c *column[T]) label() string { return strings.TrimSuffix(c.name, ":") }

// yamlKey is the key in YAML where it is not the label.
func (c *column[T]) yamlKey() string {
	if c.name == "domain:" {
		return "domains"
	}
	return c.label()
}

// table remembers where the rows of a table came from.
type table struct {
	name    inventory.Table
	file    *source
	path    string
	columns []string     // CSV: the header
	lines   []int32      // CSV: the line of each row, as read
	items   []*yaml.Node // YAML: the item of each row, as read
	from    []int32      // which row each sorted row was; nil: the same
}

// read returns the number that a sorted row had when it was read.
func (t *table) read(row int) int {
	if t.from == nil {
		return row
	}
	return int(t.from[row])
}

// format is how a table is read: what its columns are, what a row is before
// anything is read into it, and where it goes then.
type format[T any] struct {
	name    inventory.Table
	columns []column[T]
	blank   T
	keep    func(row *T) // must not retain it
	// stray reports whether the row belongs to nothing that was read before,
	// which is told when all is read; may be nil.
	stray   func(row *T) bool
	reserve func(rows int) // makes room for so many rows more; may be nil
}

// readTable reads a table from where the value of its key says: a list in the
// fleet file, or a file of CSV.
func readTable[T any](r *reader, node *yaml.Node, f format[T]) *table {
	t := &table{name: f.name, file: r.fleet}
	r.tables[f.name] = t
	switch {
	case !r.plain(node, string(f.name)):
		r.incomplete[f.name] = true
	case node.Kind == yaml.SequenceNode:
		readItems(r, t, node, f)
	case node.Kind == yaml.ScalarNode:
		readFile(r, t, node, f)
	default:
		r.fail(t, r.at(node), "", "%s: a list or the name of a CSV file is expected here", f.name)
	}
	return t
}

// find returns the column that stands for a key of YAML, or nil.
func (f *format[T]) find(key string) *column[T] {
	for i := range f.columns {
		if c := &f.columns[i]; c.only != inCSV && c.yamlKey() == key {
			return c
		}
	}
	return nil
}

// resolve finds the column that stands for a name in the header of CSV and what
// reads it. The error says what is wrong with the member of a family.
func (f *format[T]) resolve(name string) (*column[T], setter[T], error) {
	for i := range f.columns {
		c := &f.columns[i]
		if c.only == inYAML {
			continue
		}
		if !c.family() {
			if c.name == name {
				return c, c.set, nil
			}
		} else if member, ok := strings.CutPrefix(name, c.name); ok {
			set, err := c.member(member)
			return c, set, err
		}
	}
	return nil, nil, nil
}

// fail adds a mistake for which a row or more of the table is not read.
func (r *reader) fail(t *table, at position, hint, format string, args ...any) {
	r.incomplete[t.name] = true
	r.mistakes.add(at, hint, format, args...)
}

// complain adds the mistake that a setter found in a value.
func (r *reader) complain(at position, err error, label string) {
	hint := ""
	var value *inventory.ValueError
	if errors.As(err, &value) {
		hint = value.Hint
	}
	r.mistakes.add(at, hint, "%s: %s", label, err)
}

// blank warns of a value that should be there and is not.
func (r *reader) blank(at position, label, name string) {
	r.warnings.add(at, "", "%s is not given and counts as 0", labelOf(label, name))
}

// labelOf is how messages call a value: "capacity of imap3".
func labelOf(label, name string) string {
	if name == "" {
		return label
	}
	return label + " of " + inventory.Printable(name)
}

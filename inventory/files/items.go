package files

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// readItems reads a table from a list of mappings in the fleet file.
func readItems[T any](r *reader, t *table, list *yaml.Node, f format[T]) {
	for _, item := range list.Content {
		row := f.blank
		if readItem(r, item, &row, &f) {
			t.items = append(t.items, item)
			f.keep(&row)
		} else {
			r.incomplete[f.name] = true
		}
	}
}

// readItem reads one mapping into a row.
func readItem[T any](r *reader, item *yaml.Node, row *T, f *format[T]) bool {
	if item.Kind == yaml.ScalarNode && item.Tag != "!!null" {
		r.mistakes.add(r.at(item), "", "%s: keys with values are expected here, not %s", f.name, inventory.Quoted(item.Value))
		return false
	}
	pairs := r.pairs(item, string(f.name))
	if pairs == nil && item.Kind != yaml.MappingNode {
		return false
	}
	name := ""
	for _, p := range pairs {
		if c := f.find(p.name); c != nil && c.key && p.value.Kind == yaml.ScalarNode && p.value.Tag != "!!null" {
			name = p.value.Value
		}
	}
	seen := make(map[*column[T]]bool, len(pairs))
	for _, p := range pairs {
		c := f.find(p.name)
		if c == nil {
			if !r.forgiven(p.name) {
				r.unknown(p, string(f.name), f.keys())
			}
			continue
		}
		seen[c] = true
		readPair(r, c, row, p, name)
	}
	for i := range f.columns {
		if c := &f.columns[i]; c.expected && !seen[c] {
			r.blank(r.at(item), c.label(), name)
		}
	}
	return true
}

// keys returns the keys that an item may have.
func (f *format[T]) keys() []string {
	var keys []string
	for i := range f.columns {
		if c := &f.columns[i]; c.only != inCSV {
			keys = append(keys, c.yamlKey())
		}
	}
	return keys
}

// readPair reads the value of one key into a row.
func readPair[T any](r *reader, c *column[T], row *T, p pair, name string) {
	label := labelOf(c.yamlKey(), name)
	switch {
	case c.key && p.value.Tag == "!!null":
		// A row without a name is reported as such.
	case c.nested != nil:
		if r.plain(p.value, label) {
			c.nested(row, p.value)
		}
	case c.family():
		for _, p := range r.pairs(p.value, label) {
			set, err := c.member(p.name)
			if err != nil {
				if !r.forgiven(p.name) {
					r.complain(r.at(p.key), err, label)
				}
				continue
			}
			readValue(r, set, c.list, row, p.value, label)
		}
	default:
		readValue(r, c.set, c.list, row, p.value, label)
	}
}

// readValue reads a scalar, or a list where words are wanted, into a row.
func readValue[T any](r *reader, set setter[T], list bool, row *T, value *yaml.Node, label string) {
	var text string
	if list && value.Kind == yaml.SequenceNode {
		text = strings.Join(r.words(value, label), " ")
	} else if single, ok := r.text(value, label); ok {
		text = single
	}
	if text == "" {
		return
	}
	if err := set(row, []byte(text)); err != nil {
		r.complain(r.at(value), err, label)
	}
}

// words returns the scalars of a list, none of which may hold a space.
func (r *reader) words(list *yaml.Node, label string) []string {
	texts := r.texts(list, label)
	for _, text := range texts {
		if text == "" || strings.Contains(text, " ") {
			r.mistakes.add(r.at(list), "", "%s: %s is not a name", label, inventory.Quoted(text))
			return nil
		}
	}
	return texts
}

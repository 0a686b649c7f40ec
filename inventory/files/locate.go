package files

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// lookup is a place in a line of CSV whose column is not known: nothing is kept
// of good lines but their numbers.
type lookup struct {
	table *table
	field string // column; or column:word, for one word of a list
}

// locate returns where a place of the inventory stands in the files. The
// columns of places in CSV are left to lookUp.
func (r *reader) locate(p inventory.Place) found {
	switch p.Table {
	case inventory.InFleet:
		return found{position: r.at(descend(r.root, p.Field))}
	case inventory.InResources:
		return found{position: r.at(r.resource(p))}
	case inventory.InInstances:
		return r.instance(p)
	}
	t := r.tables[p.Table]
	return r.cell(t, t.read(p.Row), p.Field)
}

// cell returns where the field of a row stands, the row counted as it was read.
func (r *reader) cell(t *table, row int, field string) found {
	if t.items != nil {
		return found{position: r.at(descend(t.items[row], field))}
	}
	f := found{position: position{t.file, int(t.lines[row]), 1}}
	if field != "" {
		f.lookup = &lookup{t, field}
	}
	return f
}

func (r *reader) resource(p inventory.Place) *yaml.Node {
	resources := child(r.root, "resources")
	if p.Row < 0 || resources == nil {
		return descend(r.root, "resources")
	}
	return descend(resources, strings.TrimSuffix(string(r.inv.Resources[p.Row].Name)+":"+p.Field, ":"))
}

// instance returns where an instance stands: in its store, or in the table of
// instances if that is where it was told.
func (r *reader) instance(p inventory.Place) found {
	stores := r.tables[inventory.InStores]
	row := stores.read(p.Row)
	place := r.placed[row][p.Item]
	listed := p.Field == "server" || p.Field == "role"
	switch column := "replicas"; {
	case place.row > 0 && (!listed || place.item == nil && !slices.Contains(stores.columns, "master")):
		return r.cell(r.tables[inventory.InInstances], place.row-1, p.Field)
	case place.item != nil:
		return found{position: r.at(descend(place.item, p.Field))}
	default:
		instance := &r.inv.Stores[p.Row].Instances[p.Item]
		if instance.Role == inventory.Master {
			column = "master"
		}
		return r.cell(stores, row, column+":"+string(instance.Server))
	}
}

// child returns the value of a key of a mapping, or nil.
func child(node *yaml.Node, key string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// descend returns the node that a field such as only:site:ny leads to, or the
// last one on the way that is there.
func descend(node *yaml.Node, field string) *yaml.Node {
	for field != "" {
		if node.Kind == yaml.SequenceNode {
			i := slices.IndexFunc(node.Content, func(item *yaml.Node) bool { return item.Value == field })
			if i < 0 {
				return node
			}
			return node.Content[i]
		}
		key, rest, _ := strings.Cut(field, ":")
		next := child(node, key)
		if next == nil && key == "domain" {
			next = child(node, "domains")
		}
		if next == nil {
			return node
		}
		node, field = next, rest
	}
	return node
}

// lookUp reads the lines of CSV whose mistakes lack a column once more and
// fills it in. Where a file can't be read a second time the column stays 1.
func (r *reader) lookUp() {
	open := map[*table][]*found{}
	for _, c := range []*collector{&r.mistakes, &r.warnings} {
		for i := range c.list {
			if f := &c.list[i]; f.lookup != nil {
				open[f.lookup.table] = append(open[f.lookup.table], f)
			}
		}
	}
	for t, list := range open {
		slices.SortFunc(list, func(a, b *found) int { return a.line - b.line })
		r.lookUpIn(t, list)
	}
}

// lookUpIn fills in the columns of mistakes that are sorted by line.
func (r *reader) lookUpIn(t *table, list []*found) {
	if info, err := os.Stat(t.path); err != nil || !info.Mode().IsRegular() {
		return // what came through a pipe is gone
	}
	in, _, err := r.open(t.path)
	if err != nil {
		return
	}
	defer in.Close()
	lines := newLineReader(in)
	var line record
	for len(list) > 0 {
		text, err := lines.next()
		if err != nil && err != errLongLine {
			return
		}
		for len(list) > 0 && list[0].line <= lines.line {
			if list[0].line == lines.line && err == nil && line.split(text) == nil {
				list[0].column = line.find(t.columns, list[0].lookup.field)
			}
			list = list[1:]
		}
	}
}

// find returns the column in characters where a field stands.
func (r *record) find(columns []string, field string) int {
	word := ""
	i := slices.Index(columns, field)
	if colon := strings.LastIndexByte(field, ':'); i < 0 && colon >= 0 {
		i, word = slices.Index(columns, field[:colon]), field[colon+1:]
	}
	if i < 0 || i >= len(r.starts) {
		return 1
	}
	at := r.starts[i]
	end := len(r.text)
	if i+1 < len(r.starts) {
		end = r.starts[i+1] - 1
	}
	return r.column(at + max(wordIndex(r.text[at:end], word), 0))
}

// wordIndex returns where a word stands among words separated by spaces, or -1.
func wordIndex(text []byte, word string) int {
	for at := 0; word != "" && at < len(text); {
		end := bytes.IndexAny(text[at:], ` "`)
		if end < 0 {
			end = len(text) - at
		}
		if string(text[at:at+end]) == word {
			return at
		}
		at += end + 1
	}
	return -1
}

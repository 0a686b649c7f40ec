package files

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

const (
	aliasText = "an alias is not allowed here"
	aliasHint = "write the value out in each place"
)

// at returns the position of a node of the fleet file.
func (r *reader) at(node *yaml.Node) position {
	return position{r.fleet, max(node.Line, 1), max(node.Column, 1)}
}

// plain reports whether the node has a value, which stands here itself.
func (r *reader) plain(node *yaml.Node, what string) bool {
	switch {
	case node.Kind == yaml.AliasNode:
		r.mistakes.add(r.at(node), aliasHint, aliasText)
		return false
	case node.Anchor != "":
		r.mistakes.add(r.at(node), aliasHint, "an anchor is not allowed here")
	case node.Style&yaml.TaggedStyle != 0:
		r.mistakes.add(r.at(node), "", "the tag %s is not allowed here", inventory.Printable(node.Tag))
	}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		if !r.partial {
			r.mistakes.add(r.at(node), "leave out keys that have no value", "%s has no value", what)
		}
		return false
	}
	return true
}

// pair is a key of a mapping and its value.
type pair struct {
	name       string
	key, value *yaml.Node
}

// pairs returns the pairs of a mapping whose keys are texts, the first of each key.
func (r *reader) pairs(node *yaml.Node, what string) []pair {
	if !r.plain(node, what) {
		return nil
	}
	if node.Kind != yaml.MappingNode {
		r.mistakes.add(r.at(node), "", "%s: keys with values are expected here", what)
		return nil
	}
	pairs := make([]pair, 0, len(node.Content)/2)
	first := make(map[string]int, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch earlier, twice := first[key.Value]; {
		case key.Tag == "!!merge":
			r.mistakes.add(r.at(key), aliasHint, "a merge key is not allowed here")
		case !r.plain(key, "a key"):
		case key.Kind != yaml.ScalarNode:
			r.mistakes.add(r.at(key), "", "%s: a key must be a text", what)
		case twice:
			r.mistakes.add(r.at(key), "", "key %s is there twice, first in line %d", inventory.Printable(key.Value), earlier)
		default:
			first[key.Value] = key.Line
			pairs = append(pairs, pair{key.Value, key, value})
		}
	}
	return pairs
}

// unknown reports a key that means nothing.
func (r *reader) unknown(p pair, what string, keys []string) {
	hint := "the keys are " + strings.Join(keys, " ")
	if meant := inventory.Nearest(p.name, keys); meant != "" {
		hint = inventory.Printable(p.name) + " looks like " + meant
	}
	r.mistakes.add(r.at(p.key), hint, "key %s is not known in %s", inventory.Printable(p.name), what)
}

// text returns the text of a scalar.
func (r *reader) text(node *yaml.Node, what string) (string, bool) {
	if !r.plain(node, what) {
		return "", false
	}
	if node.Kind != yaml.ScalarNode {
		r.mistakes.add(r.at(node), "", "%s: a single value is expected here", what)
		return "", false
	}
	return node.Value, true
}

// texts returns the scalars of a list.
func (r *reader) texts(node *yaml.Node, what string) []string {
	if !r.plain(node, what) {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		hint := ""
		if node.Kind == yaml.ScalarNode {
			hint = "write " + what + ": [" + inventory.Printable(node.Value) + "]; interlace help fleet explains it"
		}
		r.mistakes.add(r.at(node), hint, "%s: a list in brackets is expected here", what)
		return nil
	}
	var texts []string
	for _, item := range node.Content {
		if text, ok := r.text(item, what); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// number reads a scalar by a function such as [inventory.ParseNumber]. Without
// one it leaves the value as it is.
func number[T any](r *reader, node *yaml.Node, what string, parse func(string) (T, error), value *T) {
	text, ok := r.text(node, what)
	if !ok {
		return
	}
	v, err := parse(text)
	if err != nil {
		r.complain(r.at(node), err, what)
		return
	}
	*value = v
}

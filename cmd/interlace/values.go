package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// value is the value of a setting.
type value interface {
	// set reads the value; relative paths are relative to the folder.
	set(n *yaml.Node, folder string) error
	// String returns the value as YAML, or nothing if it is not set.
	String() string
	// form says in words what is written.
	form() string
}

// set reads the value of the key from a file or a variable.
func (k *key) set(n *yaml.Node, folder, origin string, at place) error {
	k.place = at
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		k.wrong = true
		return fmt.Errorf("anchors and aliases are not used here")
	}
	if err := k.value.set(n, folder); err != nil {
		k.wrong = true
		return err
	}
	k.origin, k.wrong = origin, false
	return nil
}

// fromText reads the value of the key from a flag or a variable; lists are
// written as in YAML: [a, b].
func (k *key) fromText(raw, folder, origin string, at place) error {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: raw}
	if _, list := k.value.(*listValue); list {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(raw), &doc); err != nil || doc.Kind == 0 {
			k.place, k.wrong = at, true
			return fmt.Errorf("%s is not a list: write [a, b]", inventory.Quoted(raw))
		}
		n = doc.Content[0]
	}
	return k.set(n, folder, origin, at)
}

// scalar returns the text of a plain value.
func scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", fmt.Errorf("is not a plain value")
	}
	return n.Value, nil
}

// scalarValue is a setting with one plain value: to holds it, parse reads it.
type scalarValue[T any] struct {
	to    *T
	kind  string
	raw   string
	parse func(raw, folder string) (T, error)
}

func (v *scalarValue[T]) form() string { return v.kind }

func (v *scalarValue[T]) set(n *yaml.Node, folder string) error {
	raw, err := scalar(n)
	if err != nil {
		return err
	}
	parsed, err := v.parse(raw, folder)
	if err != nil {
		return err
	}
	*v.to, v.raw = parsed, raw
	return nil
}

// String returns the value as it was written, of a file where it leads.
func (v *scalarValue[T]) String() string {
	if s, ok := any(*v.to).(string); ok {
		return s
	}
	return v.raw
}

// plain returns a setting with a default, which must be valid.
func plain[T any](to *T, kind, fallback string, parse func(raw, folder string) (T, error)) value {
	v := &scalarValue[T]{to: to, kind: kind, parse: parse}
	if fallback != "" {
		parsed, err := parse(fallback, "")
		if err != nil {
			panic(err)
		}
		*v.to, v.raw = parsed, fallback
	}
	return v
}

func text(to *string) value {
	return textOf(to, "a text", func(string) error { return nil })
}

// textOf is a text of some form; an empty one is not set.
func textOf(to *string, form string, check func(string) error) value {
	return plain(to, form, "", func(raw, _ string) (string, error) {
		if raw == "" {
			return "", nil
		}
		return raw, check(raw)
	})
}

// file is the path of a file; an address like postgres://… stays as it is.
func file(to *string, fallback string) value {
	return plain(to, "a file", fallback, relativeTo)
}

// relativeTo returns where a path leads that is relative to a folder.
func relativeTo(raw, folder string) (string, error) {
	if raw == "" || strings.Contains(raw, "://") || filepath.IsAbs(raw) {
		return raw, nil
	}
	return filepath.Join(folder, raw), nil
}

func choice(to *string, fallback string, choices ...string) value {
	return plain(to, strings.Join(choices, " or "), fallback, func(raw, _ string) (string, error) {
		if !slices.Contains(choices, raw) {
			return "", fmt.Errorf("%s is none of %s", inventory.Quoted(raw), strings.Join(choices, ", "))
		}
		return raw, nil
	})
}

func count(to *int, fallback int) value {
	return plain(to, "a number", strconv.Itoa(fallback), func(raw, _ string) (int, error) {
		n, err := inventory.ParseCount(raw)
		if err == nil && n == 0 {
			err = fmt.Errorf("0 is not above 0")
		}
		return n, err
	})
}

func size(to *int64, fallback string) value {
	return plain(to, "a size", fallback, func(raw, _ string) (int64, error) { return inventory.ParseSize(raw) })
}

func duration(to *time.Duration, fallback string) value {
	return plain(to, "a time", fallback, func(raw, _ string) (time.Duration, error) { return parseDuration(raw) })
}

// parseDuration reads a duration such as 90s, 2m, 1h30m or 14d.
func parseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("%s is not a duration such as 90s, 2m, 12h or 14d", inventory.Quoted(s))
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := inventory.ParseCount(days)
		if err != nil || n > 100_000 {
			return 0, bad
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, bad
	}
	return d, nil
}

// formatDuration writes a duration as parseDuration reads it, without zeros that say
// nothing: 14d, 1h30m, 90s.
func formatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d > 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// listValue is a setting with a list, such as the arguments of a command.
type listValue struct {
	to    *[]string
	kind  string
	item  func(raw, folder string) (string, error)
	whole func(items []string) error // nil: any items go together
	nodes []*yaml.Node               // where the items stand
}

// at says of an error which item it is about.
func (v *listValue) at(item int, err error) error {
	return &wrongItem{v.nodes[item].Line, v.nodes[item].Column, err}
}

// words is a list of words, as they are.
func words(to *[]string) value {
	return &listValue{to: to, kind: "a list of words", item: func(raw, _ string) (string, error) { return raw, nil }}
}

// paths is a list of files.
func paths(to *[]string) value {
	return &listValue{to: to, kind: "a list of files", item: relativeTo}
}

// inBraces is a name in a word of a command that something is filled in for.
var inBraces = regexp.MustCompile(`\{[a-z_]+\}`)

// command is a list of words, in which such names may stand; the one that is needed,
// if any is, must.
func command(to *[]string, needed string, names ...string) value {
	var known []string
	for _, name := range names {
		known = append(known, "{"+name+"}")
	}
	item := func(raw, _ string) (string, error) {
		for _, name := range inBraces.FindAllString(raw, -1) {
			if !slices.Contains(known, name) {
				err := fmt.Errorf("nothing is filled in for %s; there is %s", name, strings.Join(known, ", "))
				return "", hint(err, "%s", nearest(name, known))
			}
		}
		return raw, nil
	}
	whole := func(words []string) error {
		switch {
		case len(words) == 0:
			return errors.New("it names no program; leave it out where there is none")
		case words[0] == "":
			return errors.New("the name of the program is empty")
		case needed != "" && !strings.Contains(strings.Join(words, " "), "{"+needed+"}"):
			return fmt.Errorf("none of its words has {%s}, so it would always do the same", needed)
		}
		return nil
	}
	return &listValue{to: to, kind: "a list of words", item: item, whole: whole}
}

// each is a list of texts of some form.
func each(to *[]string, form string, check func(string) error) value {
	return &listValue{to: to, kind: form, item: func(raw, _ string) (string, error) { return raw, check(raw) }}
}

func (v *listValue) form() string { return v.kind }

func (v *listValue) set(n *yaml.Node, folder string) error {
	if n.Kind != yaml.SequenceNode {
		return fmt.Errorf("is not a list")
	}
	items := make([]string, 0, len(n.Content))
	var wrong []error
	for _, item := range n.Content {
		raw, err := scalar(item)
		if err != nil {
			err = fmt.Errorf("an item %w", err)
		} else if raw, err = v.item(raw, folder); err == nil {
			items = append(items, raw)
			continue
		}
		wrong = append(wrong, &wrongItem{item.Line, item.Column, err})
	}
	if wrong != nil {
		return errors.Join(wrong...)
	}
	if v.whole != nil {
		if err := v.whole(items); err != nil {
			return err
		}
	}
	*v.to, v.nodes = items, n.Content
	return nil
}

func (v *listValue) String() string {
	if *v.to == nil {
		return ""
	}
	n := yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, item := range *v.to {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: item})
	}
	text, err := yaml.Marshal(&n)
	if err != nil {
		panic(err) // a list of strings always encodes
	}
	return strings.TrimSpace(string(text))
}

// days is a time of at least one day.
func days(to *time.Duration, fallback string) value {
	return plain(to, "a time", fallback, func(raw, _ string) (time.Duration, error) {
		d, err := parseDuration(raw)
		if err == nil && d < 24*time.Hour {
			err = fmt.Errorf("%s is shorter than a day", raw)
		}
		return d, err
	})
}

package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
)

// place is where something is set: in a line of a file, by a variable or by a flag.
type place struct {
	file         string // or the name of the variable or the flag
	line, column int    // of a file, from 1
}

// String returns file:line:column, or the name of what has no lines.
func (p place) String() string {
	if p.line == 0 {
		return inventory.Printable(p.file)
	}
	return fmt.Sprintf("%s:%d:%d", inventory.Printable(p.file), p.line, p.column)
}

// mistake is something wrong in the configuration, or in a file that it names.
type mistake struct {
	place
	text, hint string
}

func (m *mistake) String() string {
	if m.file == "" {
		return m.text
	}
	return m.place.String() + ": " + m.text
}

// wrongConfig are all mistakes of a configuration.
type wrongConfig struct{ mistakes []mistake }

// Error says how many mistakes there are.
func (w *wrongConfig) Error() string {
	text := inventory.Counted(len(w.mistakes), "mistake", "mistakes")
	if len(w.mistakes) > files.Shown {
		text += fmt.Sprintf("; the first %d are shown", files.Shown)
	}
	return text + "; the configuration was not used"
}

// hints returns what to do about the mistakes, with the place of each where there
// are several.
func (w *wrongConfig) hints() []string {
	var list []string
	for i := range w.mistakes {
		switch m := &w.mistakes[i]; {
		case m.hint == "":
		case len(w.mistakes) > 1 && m.line > 0:
			list = append(list, fmt.Sprintf("%s:%d: %s", inventory.Printable(m.file), m.line, m.hint))
		default:
			list = append(list, m.hint)
		}
	}
	return list
}

// wrongKey is what is wrong with a key, and where that is set.
type wrongKey struct {
	place place
	path  string
	err   error
}

// Error says which key is wrong, where and why.
func (w *wrongKey) Error() string {
	if w.place.file == "" {
		return w.text()
	}
	return w.place.String() + ": " + w.text()
}

func (w *wrongKey) Unwrap() error { return w.err }

func (w *wrongKey) text() string {
	if w.path == "" {
		return w.err.Error()
	}
	return w.path + ": " + w.err.Error()
}

// wrongItem is what is wrong with an item of a list.
type wrongItem struct {
	line, column int
	error
}

func (w *wrongItem) Unwrap() error { return w.error }

// enter notes what is wrong with the value of a key, each mistake of several on its
// own. A variable or a flag says by its name which key it is: then the path is empty.
func (c *config) enter(at place, path string, err error) {
	switch e := err.(type) {
	case nil:
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			c.enter(at, path, one)
		}
	case *wrongItem:
		if at.line > 0 {
			at.line, at.column = e.line, e.column
		}
		c.enter(at, path, e.error)
	case *wrongKey:
		c.enter(e.place, e.path, e.err)
	case *doubt:
		c.doubts = append(c.doubts, mistakesIn(at, path, e.error)...)
	default:
		c.mistakes = append(c.mistakes, mistakesIn(at, path, err)...)
	}
}

// mistakesIn are what is wrong with the value of a key, or in the file that it names:
// there a hint goes with the first mistake that it is for, and one for the whole file
// with the first of all.
func mistakesIn(at place, path string, err error) []mistake {
	hint := strings.Join(hints(err), "; ")
	if in := (*files.Error)(nil); errors.As(err, &in) {
		var list []mistake
		given := map[string]bool{}
		for _, m := range in.First {
			list = append(list, mistake{place{m.File, m.Line, m.Column}, m.Text, ""})
			if !given[m.Hint] {
				given[m.Hint], list[len(list)-1].hint = true, m.Hint
			}
		}
		if len(in.Hints()) == 0 {
			list[0].hint = hint
		}
		return list
	}
	text := err.Error()
	if path != "" {
		text = path + ": " + text
	}
	return []mistake{{at, text, hint}}
}

// refuse returns the mistakes as an error, in the order of their files and lines, or
// nil.
func (c *config) refuse() error {
	if len(c.mistakes) == 0 {
		return nil
	}
	order := map[string]int{}
	for i := range c.mistakes {
		if file := c.mistakes[i].file; order[file] == 0 {
			order[file] = i + 1
		}
	}
	list := slices.Clone(c.mistakes)
	slices.SortStableFunc(list, func(a, b mistake) int {
		return cmp.Or(cmp.Compare(order[a.file], order[b.file]), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return &wrongConfig{list}
}

// needed is the mistake that a key is not set although another beside it is.
func (c *config) needed(path, beside, remedy string) error {
	if k := c.find(path); k.wrong || k.value.String() != "" {
		return nil
	}
	section, _, _ := strings.Cut(path, ".")
	return &wrongKey{c.find(beside).place, "", fmt.Errorf("%s is not set; write %s below %s", path, remedy, section)}
}

// wrong says of what is wrong with the value of a key which key it is, and where it
// is set. A variable or a flag says by its name which key it is.
func (c *config) wrong(path string, err error) error {
	if err == nil {
		return nil
	}
	k := c.find(path)
	if k.fromFlag() || k.place.file == k.env() {
		path = ""
	}
	return &wrongKey{k.place, path, err}
}

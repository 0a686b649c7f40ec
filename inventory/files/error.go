package files

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shown is the largest number of mistakes, and of warnings, that are kept.
const Shown = 100

// Mistake is something wrong or doubtful at one place of a file.
type Mistake struct {
	File   string // as it was named, relative names with the folder of the fleet file
	Line   int    // from 1
	Column int    // in characters, from 1
	Text   string
	Hint   string // what may have been meant; may be empty
}

// String returns file:line:column: text.
func (m Mistake) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", shown(m.File), m.Line, m.Column, m.Text)
}

// shown returns the name of a file, in quotes if it does not print.
func shown(path string) string {
	for _, c := range path {
		if !strconv.IsPrint(c) {
			return strconv.Quote(path)
		}
	}
	return path
}

// Mistakes are what was found in the files of an inventory.
type Mistakes struct {
	First []Mistake // the first hundred, by file, line and column
	Count int       // all of them
	More  bool      // there are more: some rows were not looked at in full
	Files int       // in how many files
}

// Summary says how many mistakes there are in how many files.
func (m Mistakes) Summary() string {
	text := plural(m.Count, "mistake")
	if m.More {
		text = "at least " + text
	}
	text += " in " + plural(m.Files, "file")
	if m.Count > len(m.First) {
		text += fmt.Sprintf("; the first %d are shown", len(m.First))
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Hints returns what may have been meant, each hint once, in the order of the
// mistakes, with the place of the first that it is for where there are several.
func (m Mistakes) Hints() []string {
	var hints []string
	seen := map[string]bool{}
	for _, mistake := range m.First {
		if mistake.Hint == "" || seen[mistake.Hint] {
			continue
		}
		seen[mistake.Hint] = true
		place := ""
		if m.Count > 1 {
			place = fmt.Sprintf("%s:%d: ", shown(mistake.File), mistake.Line)
		}
		hints = append(hints, place+mistake.Hint)
	}
	return hints
}

// Notes are what there is to say of the files of an inventory beside what they hold.
type Notes struct {
	Warnings Mistakes // what is doubtful and keeps nobody from using them
	Files    []string // what was read: the fleet file, then the tables that it names
	NoUsers  bool     // the fleet file has no key users: it says nothing of them
}

// Error is the error of [Read] for files that hold mistakes.
type Error struct {
	Mistakes
}

// Error returns the mistakes, one a line, and the summary.
func (e *Error) Error() string {
	var text strings.Builder
	for _, m := range e.First {
		text.WriteString(m.String() + "\n")
	}
	return text.String() + e.Summary()
}

// position is a place in a file.
type position struct {
	file         *source
	line, column int
}

// source is a file that is read.
type source struct {
	name string // as messages name it
	rank int    // files are reported in the order in which they were opened
}

// found is a mistake whose column may still have to be looked up.
type found struct {
	position
	text, hint string
	lookup     *lookup // nil if the position is complete
}

// collector counts mistakes and keeps the first hundred of each kind and file.
type collector struct {
	list  []found
	count int
	more  bool // some rows were not looked at in full
	kinds map[kind]int
	files map[*source]bool
}

func newCollector() collector {
	return collector{kinds: map[kind]int{}, files: map[*source]bool{}}
}

type kind struct {
	file   *source
	format string
}

// add counts a mistake whose kind is the format and keeps it if few of its kind
// came before.
func (c *collector) add(at position, hint, format string, args ...any) {
	if f := c.keep(found{position: at}, format, args...); f != nil {
		f.hint = hint
	}
}

// keep counts a mistake like add and returns it if it is kept, else nil.
func (c *collector) keep(f found, format string, args ...any) *found {
	kind := kind{f.file, format}
	c.count++
	c.kinds[kind]++
	c.files[f.file] = true
	if c.kinds[kind] > Shown {
		return nil
	}
	f.text = fmt.Sprintf(format, args...)
	c.list = append(c.list, f)
	return &c.list[len(c.list)-1]
}

// take keeps a mistake that stands for n of its kind.
func (c *collector) take(f found, text, hint string, n int) {
	f.text, f.hint = text, hint
	c.count += n
	c.files[f.file] = true
	c.list = append(c.list, f)
}

// mistakes returns the first hundred in order.
func (c *collector) mistakes() Mistakes {
	slices.SortStableFunc(c.list, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.file.rank, b.file.rank), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	first := c.list[:min(len(c.list), Shown)]
	m := Mistakes{Count: c.count, More: c.more, Files: len(c.files)}
	for _, f := range first {
		m.First = append(m.First, Mistake{File: f.file.name, Line: f.line, Column: f.column, Text: f.text, Hint: f.hint})
	}
	return m
}

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Screen is what a command tells a person: blocks, one blank line between them.
type Screen struct{ Blocks []Block }

// Block is a part of a screen: [Lines], [Facts] or a [Table].
type Block interface {
	Text(w io.Writer, style Style) error
}

// Text writes the screen.
func (s *Screen) Text(w io.Writer, style Style) error {
	for i, block := range s.Blocks {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := block.Text(w, style); err != nil {
			return err
		}
	}
	return nil
}

// AddFirst adds the first rows of a table, and how many there are more.
func (s *Screen) AddFirst(t *Table, most int) {
	var first [][]Cell
	rows := 0
	for row := range t.Rows {
		if rows++; rows <= most {
			first = append(first, slices.Clone(row))
		}
	}
	if rows == 0 {
		return
	}
	s.add(&Table{Columns: t.Columns, Rows: slices.Values(first)})
	if rows > most {
		var more Lines
		more.add("… %s more: -o csv lists all", inventory.CountText(rows-most))
		s.add(more)
	}
}

func (s *Screen) add(blocks ...Block) { s.Blocks = append(s.Blocks, blocks...) }

// Line is one line of text.
type Line struct {
	Words string
	Tone  Tone
}

// Lines are lines of text.
type Lines []Line

// Text writes the lines.
func (l Lines) Text(w io.Writer, style Style) error {
	for _, line := range l {
		for _, text := range Paragraph(inventory.Clean(line.Words), style.Width, 4) {
			if style.Colour {
				text = tint(text, line.Tone)
			}
			if _, err := io.WriteString(w, text+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Lines) add(format string, args ...any) {
	*l = append(*l, Line{Words: fmt.Sprintf(format, args...)})
}

// Advised is what is to be said of something, and the command to run next, or none.
type Advised struct{ Words, Command string }

// Advice are lines of text with commands to paste beneath, which no line end breaks.
type Advice []Advised

// Text writes the lines. A command that would not reach a shell as it is shown is
// left out.
func (a Advice) Text(w io.Writer, style Style) error {
	for _, one := range a {
		words, command := one.Words, ""
		if one.Command != "" && inventory.Clean(one.Command) == one.Command {
			words, command = words+" · next:", "    "+one.Command+"\n"
		}
		if err := (Lines{{Words: words}}).Text(w, style); err != nil {
			return err
		}
		if _, err := io.WriteString(w, command); err != nil {
			return err
		}
	}
	return nil
}

// Fact is a label and what is to be said under it.
type Fact struct{ Label, Words string }

// Facts are facts, one a line, their words in one column.
type Facts []Fact

// besideLabel is the least room for words beside their label.
const besideLabel = 20

// Text writes the facts. In a narrow terminal the words stand below their label.
func (f Facts) Text(w io.Writer, style Style) error {
	width := 0
	for _, fact := range f {
		width = max(width, len(fact.Label))
	}
	below := style.Width > 0 && style.Width < width+gap+besideLabel
	for _, fact := range f {
		line, indent := fmt.Sprintf("%-*s   %s", width, fact.Label, inventory.Clean(fact.Words)), width+gap
		if below {
			line, indent = "  "+inventory.Clean(fact.Words), 4
			if _, err := io.WriteString(w, fact.Label+"\n"); err != nil {
				return err
			}
		}
		for _, text := range Wrapped(line, style.Width, indent) {
			if _, err := io.WriteString(w, text+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Facts) add(label, format string, args ...any) {
	*f = append(*f, Fact{label, fmt.Sprintf(format, args...)})
}

// joined puts · between the parts that say something.
func joined(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, " · ")
}

// things returns "1 store", "2,000 stores".
func things[N ~int | ~int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Rounded(n) + " " + many
}

package report

import (
	"fmt"
	"io"
	"strings"
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
		text := Clean(line.Words)
		if style.Colour {
			text = tint(text, line.Tone)
		}
		if _, err := io.WriteString(w, text+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lines) add(format string, args ...any) {
	*l = append(*l, Line{Words: fmt.Sprintf(format, args...)})
}

// Fact is a label and what is to be said under it.
type Fact struct{ Label, Words string }

// Facts are facts, one a line, their words in one column.
type Facts []Fact

// Text writes the facts.
func (f Facts) Text(w io.Writer, _ Style) error {
	width := 0
	for _, fact := range f {
		width = max(width, len(fact.Label))
	}
	for _, fact := range f {
		if _, err := fmt.Fprintf(w, "%-*s   %s\n", width, fact.Label, Clean(fact.Words)); err != nil {
			return err
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

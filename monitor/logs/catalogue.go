package logs

import (
	"cmp"
	_ "embed" // the catalogue
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/interlacemail/interlace/monitor"
)

//go:embed catalogue.tsv
var catalogueText string

// Pattern describes lines of one kind.
type Pattern struct {
	// Processes write such lines; none stands for all of Cyrus.
	Processes []string
	// Text is how the message begins. A {hole} stands for any text.
	Text     string
	Severity monitor.Severity // Info: such lines are known and not told
	Kind     monitor.Kind     // LogLine unless there is a better one
	Meaning  string
	Remedy   string
	// Over, if not 0, is how many such lines a minute are none too many, counted
	// apart for each text of the hole By.
	Over int
	By   string
	// Milestone is what the line says was done.
	Milestone string

	example string
	parts   []string // the text around the holes
	holes   []string
	weight  int // how much it says: the bytes of its text
}

// compile splits the text at its holes.
func (p *Pattern) compile() error {
	p.parts, p.holes = nil, nil
	rest := p.Text
	for {
		before, after, found := strings.Cut(rest, "{")
		p.parts = append(p.parts, before)
		if !found {
			break
		}
		name, behind, closed := strings.Cut(after, "}")
		if !closed {
			return fmt.Errorf("pattern %q: a hole has no end", p.Text)
		}
		p.holes = append(p.holes, name)
		rest = behind
	}
	p.weight = len(strings.Join(p.parts, ""))
	switch {
	case strings.Trim(strings.Join(p.parts, ""), " ") == "":
		return fmt.Errorf("pattern %q: it stands for every line", p.Text)
	case p.By != "" && !slices.Contains(p.holes, p.By):
		return fmt.Errorf("pattern %q: it has no hole %q", p.Text, p.By)
	}
	return nil
}

// matches reports whether a message is of this kind.
func (p *Pattern) matches(message string) bool {
	rest, ok := strings.CutPrefix(message, p.parts[0])
	for i := 1; ok && i < len(p.parts); i++ {
		_, rest, ok = strings.Cut(rest, p.parts[i])
	}
	return ok
}

// has reports whether the pattern has a hole.
func (p *Pattern) has(name string) bool { return slices.Contains(p.holes, name) }

// hole returns the text in a hole of a message that matches.
func (p *Pattern) hole(name, message string) string {
	rest := message[len(p.parts[0]):]
	for i, at := range p.holes {
		text, after, _ := strings.Cut(rest, p.parts[i+1])
		if p.parts[i+1] == "" {
			text, after = rest, ""
		}
		if at == name {
			return text
		}
		rest = after
	}
	return ""
}

// catalogue finds the pattern of a message by its first byte; few patterns begin
// with a hole. Lists are sorted from the patterns that say most to those that say
// least, the operator's first.
type catalogue struct {
	first [256][]*Pattern
	open  []*Pattern
}

// newCatalogue puts the operator's patterns before those that are known.
func newCatalogue(own []Pattern) (*catalogue, error) {
	known, err := known()
	if err != nil {
		return nil, err
	}
	c := &catalogue{}
	for i := range own {
		p := own[i]
		if p.Kind == "" {
			p.Kind = monitor.LogLine
		}
		if err := p.compile(); err != nil {
			return nil, err
		}
		p.weight += mostShape * mostShape
		c.add(&p)
	}
	for _, p := range known {
		c.add(p)
	}
	heavier := func(a, b *Pattern) int { return cmp.Compare(b.weight, a.weight) }
	for _, list := range append(c.first[:], c.open) {
		slices.SortStableFunc(list, heavier)
	}
	return c, nil
}

func (c *catalogue) add(p *Pattern) {
	if p.parts[0] == "" {
		c.open = append(c.open, p)
		return
	}
	c.first[p.parts[0][0]] = append(c.first[p.parts[0][0]], p)
}

// find returns the pattern that says most of those that a line matches, or nil.
func (c *catalogue) find(e *Entry, cyrus bool) *Pattern {
	if e.Message == "" {
		return nil
	}
	best := find(c.first[e.Message[0]], e, cyrus)
	if open := find(c.open, e, cyrus); open != nil && (best == nil || open.weight > best.weight) {
		best = open
	}
	return best
}

func find(list []*Pattern, e *Entry, cyrus bool) *Pattern {
	for _, p := range list {
		if (len(p.Processes) == 0 && cyrus || slices.Contains(p.Processes, e.Process)) && p.matches(e.Message) {
			return p
		}
	}
	return nil
}

// known reads the catalogue of lines that are known.
var known = sync.OnceValues(func() ([]*Pattern, error) {
	list, err := ReadPatterns("catalogue.tsv", catalogueText)
	known := make([]*Pattern, len(list))
	for i := range list {
		known[i] = &list[i]
	}
	return known, err
})

// ReadPatterns reads a table of patterns: one a line, its cells separated by
// tabulators, lines that begin with # left out. The cells are the processes
// (names separated by commas, or * for all of Cyrus), severity, kind, rule,
// pattern, an example, the meaning and a remedy. The rule is -, or some of over=N
// (only more than N a minute are worth telling), by=HOLE (those counted apart for
// each text of a hole) and milestone=NAME. The error names all lines that are
// wrong.
func ReadPatterns(name, text string) ([]Pattern, error) {
	var list []Pattern
	var wrong []error
	for number, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		p, err := readPattern(strings.Split(strings.TrimSuffix(line, "\r"), "\t"))
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %w", name, number+1, err))
			continue
		}
		list = append(list, *p)
	}
	return list, errors.Join(wrong...)
}

// readPattern reads a row: processes, severity, kind, rule, text, example,
// meaning, remedy.
func readPattern(cells []string) (*Pattern, error) {
	if len(cells) != 8 {
		return nil, fmt.Errorf("it has %d cells, not 8 with tabulators between them", len(cells))
	}
	if severity := monitor.Severity(cells[1]); severity != monitor.Info && severity != monitor.Warning && severity != monitor.Critical {
		return nil, fmt.Errorf("severity %q is none of info, warning, critical", cells[1])
	}
	p := &Pattern{
		Severity: monitor.Severity(cells[1]), Kind: monitor.Kind(cells[2]),
		Text: cells[4], example: cells[5], Meaning: cells[6], Remedy: cells[7],
	}
	if cells[0] != "*" {
		p.Processes = strings.Split(cells[0], ",")
	}
	for _, word := range strings.Fields(strings.Trim(cells[3], "-")) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "over":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("over=%s is no number above 0", value)
			}
			p.Over = n
		case "by":
			p.By = value
		case "milestone":
			p.Milestone = value
		default:
			return nil, fmt.Errorf("unknown rule %q", word)
		}
	}
	if p.Kind == "" || p.Kind == "-" {
		p.Kind = monitor.LogLine
	}
	if err := p.compile(); err != nil {
		return nil, err
	}
	if p.example != "" && p.example != "-" && !p.matches(p.example) {
		return nil, fmt.Errorf("pattern %q does not match its example %q", p.Text, p.example)
	}
	return p, nil
}

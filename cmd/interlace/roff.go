package main

import (
	"fmt"
	"strings"
)

// page is a manual page in roff, the language of man(7).
type page struct{ strings.Builder }

// request writes a line that tells roff what to do.
func (p *page) request(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) section(name string) { p.request(".SH %s", name) }

// text writes paragraphs, parted by blank lines. Lines that begin with spaces
// stay as they are.
func (p *page) text(words string) {
	asIs := false
	for line := range strings.SplitSeq(words, "\n") {
		if indented := strings.HasPrefix(line, " "); indented != asIs {
			asIs = indented
			p.request("%s", map[bool]string{true: ".nf", false: ".fi"}[asIs])
		}
		if line == "" {
			p.request(".PP")
			continue
		}
		p.request("%s", roff(line))
	}
	if asIs {
		p.request(".fi")
	}
}

// chapters writes a text in which lines in capitals are headings.
func (p *page) chapters(words string) {
	var chapter []string
	for line := range strings.SplitSeq(words, "\n") {
		if line == "" || strings.HasPrefix(line, " ") || line != strings.ToUpper(line) {
			chapter = append(chapter, line)
			continue
		}
		p.text(strings.Trim(strings.Join(chapter, "\n"), "\n"))
		p.section(line)
		chapter = nil
	}
	p.text(strings.Trim(strings.Join(chapter, "\n"), "\n"))
}

func (p *page) verbatim(words string) {
	p.request(".nf")
	for line := range strings.SplitSeq(words, "\n") {
		p.request("%s", roff(strings.TrimSpace(line)))
	}
	p.request(".fi")
}

// item writes a term and what it means.
func (p *page) item(term, meaning string) {
	p.request(".TP\n\\fB%s\\fR\n%s", roff(term), roff(meaning))
}

// roff returns a line of text so that nothing in it is a request or an escape,
// and every hyphen is one that can be copied.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}

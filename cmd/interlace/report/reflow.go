package report

import (
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// Reflow makes a help text fit into a terminal: paragraphs that are too wide are
// filled anew, and what stands behind a flag or a command is folded in its column or,
// where that is too narrow, below it.
func Reflow(text string, width int) string {
	if width <= 0 {
		return text
	}
	var b strings.Builder
	var paragraph []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if line != "" {
			paragraph = append(paragraph, strings.ReplaceAll(line, "\t", "    "))
			continue
		}
		writeParagraph(&b, paragraph, width)
		b.WriteString("\n")
		paragraph = nil
	}
	writeParagraph(&b, paragraph, width)
	return b.String()
}

// writeParagraph writes lines without an empty one between them.
func writeParagraph(b *strings.Builder, lines []string, width int) {
	if widest(lines) > width {
		lines = refilled(lines, width)
	}
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
}

// refilled are the lines of a paragraph that is too wide.
func refilled(lines []string, width int) []string {
	var list []string
	prose := ""
	lines = unfolded(lines)
	for i, line := range lines {
		if !isProse(line) {
			list = append(list, hanging(line, width)...)
			continue
		}
		prose = strings.TrimSpace(prose + " " + line)
		if i+1 == len(lines) || !isProse(lines[i+1]) {
			list = append(list, Wrapped(prose, width, 0)...)
			prose = ""
		}
	}
	return list
}

// isProse reports whether a line is one of text.
func isProse(line string) bool { return line[0] != ' ' }

func widest(lines []string) int {
	most := 0
	for _, line := range lines {
		most = max(most, twwidth.Width(line))
	}
	return most
}

// hanging folds a line whose second column, behind two spaces or more, is
// where the rest continues.
func hanging(line string, width int) []string {
	if twwidth.Width(line) <= width {
		return []string{line}
	}
	start, gapAt, second := columnsOf(line)
	if second < 0 {
		return Wrapped(line, width, start+2)
	}
	if width-second >= besideLabel {
		return Wrapped(line, width, second)
	}
	indent := min(8, width/4)
	below := strings.Repeat(" ", indent) + line[second:]
	return append(Wrapped(line[:gapAt], width, start+2), Wrapped(below, width, indent)...)
}

// columnsOf returns where a line begins, and where its first column ends and its
// second begins; the last is -1 where there is none.
func columnsOf(line string) (start, end, second int) {
	start = len(line) - len(strings.TrimLeft(line, " "))
	end = start + strings.Index(line[start:], "  ")
	if end < start {
		return start, len(line), -1
	}
	return start, end, end + len(line[end:]) - len(strings.TrimLeft(line[end:], " "))
}

// unfolded joins what stands in the second column of several lines.
func unfolded(lines []string) []string {
	var whole []string
	column, single := -1, false
	for _, line := range lines {
		start, _, second := columnsOf(line)
		switch {
		case start > 0 && start == column:
			between := " "
			if single {
				between = "  "
			}
			whole[len(whole)-1] += between + line[start:]
			single = false
			continue
		case second >= 0:
			column = second
		}
		single = second < 0
		whole = append(whole, line)
	}
	return whole
}

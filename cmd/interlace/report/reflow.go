package report

import (
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// Reflow makes a help text fit into a terminal: paragraphs are filled anew, and
// what stands behind a flag or a command is folded in its column or, where that
// is too narrow, below it.
func Reflow(text string, width int) string {
	var b strings.Builder
	paragraph := ""
	end := func() {
		for _, line := range Wrapped(paragraph, width, 0) {
			b.WriteString(line + "\n")
		}
		paragraph = ""
	}
	lines := strings.Split(strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\t", "    "), "\n")
	if width <= 0 || widest(lines) <= width {
		return text
	}
	lines = unfolded(lines)
	for i, line := range lines {
		if isProse(line) {
			paragraph = strings.TrimSpace(paragraph + " " + line)
			if i+1 == len(lines) || !isProse(lines[i+1]) {
				end()
			}
			continue
		}
		for _, part := range hanging(line, width) {
			b.WriteString(part + "\n")
		}
	}
	return b.String()
}

// isProse reports whether a line belongs to a paragraph.
func isProse(line string) bool { return line != "" && line[0] != ' ' }

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

// unfolded joins what stands in the second column of several lines, up to the next
// empty one.
func unfolded(lines []string) []string {
	var whole []string
	column, single := -1, false
	for _, line := range lines {
		start, _, second := columnsOf(line)
		switch {
		case line == "":
			column = -1
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

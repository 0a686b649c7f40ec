package report

import (
	"regexp"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// narrow makes a table fit into a terminal. Words about a row go below it. Then
// it drops the columns that may go, the least useful first. Where that is not
// enough it moves the others together and folds their texts, and where they
// still do not fit it drops more, down to the first column.
func (f *form) narrow(width int) {
	if f.total() > width {
		f.putBelow()
	}
	for f.total() > width && f.drop(func(c *Column) int { return c.Drop }) {
	}
	if f.total() <= width {
		return
	}
	f.gap = leastGap
	natural := slices.Clone(f.widths)
	least := f.leastWidths()
	f.fold(least, width)
	for f.total() > width && f.dropLate() {
		copy(f.widths, natural)
		f.fold(least, width)
	}
}

// putBelow takes the words about the rows out of their column.
func (f *form) putBelow() {
	at := slices.IndexFunc(f.keep, func(c int) bool { return f.table.Columns[c].Note })
	if at >= 0 {
		f.below = append(f.below, f.keep[at])
		f.keep = slices.Delete(f.keep, at, at+1)
	}
}

// drop leaves out the column with the largest rank, the last of equal ones, and
// reports whether there was one above 0.
func (f *form) drop(rank func(*Column) int) bool {
	worst, most := -1, 0
	for i, c := range f.keep {
		if r := rank(&f.table.Columns[c]); r > 0 && r >= most {
			worst, most = i, r
		}
	}
	if worst < 0 {
		return false
	}
	f.keep = append(f.keep[:worst], f.keep[worst+1:]...)
	for _, c := range f.keep {
		f.widths[c] = max(f.widths[c], twwidth.Width(f.heading(c))) // which may have been that of the other
	}
	return true
}

// dropLate leaves out a column that stays as long as there is any other way.
func (f *form) dropLate() bool {
	if f.drop(func(c *Column) int { return c.Late }) {
		return true
	}
	if len(f.keep) == 1 {
		return false
	}
	f.keep = f.keep[:len(f.keep)-1]
	return true
}

// fold takes width from the widest columns, down to their longest words, until
// the table fits.
func (f *form) fold(least []int, width int) {
	for f.total() > width {
		widest := -1
		for _, c := range f.keep {
			if f.widths[c] > least[c] && (widest < 0 || f.widths[c] > f.widths[widest]) {
				widest = c
			}
		}
		if widest < 0 {
			return
		}
		f.widths[widest]--
	}
}

// leastWidths returns the widths of the longest words of each column, and of what is not broken.
func (f *form) leastWidths() []int {
	least := make([]int, len(f.widths))
	for _, c := range f.keep {
		least[c] = longestWord(f.heading(c))
	}
	for row := range f.table.Rows {
		for _, c := range f.keep {
			text := f.text(c, &row[c])
			if kind := row[c].Kind; (kind == Words || kind == List) && !f.table.Columns[c].Whole {
				least[c] = max(least[c], longestWord(text))
			} else {
				least[c] = max(least[c], twwidth.Width(text))
			}
		}
	}
	return least
}

func longestWord(text string) int {
	longest := 0
	for word := range strings.FieldsSeq(text) {
		longest = max(longest, twwidth.Width(word))
	}
	return longest
}

func (f *form) total() int {
	sum := f.gap * (len(f.keep) - 1)
	for _, c := range f.keep {
		sum += f.widths[c]
	}
	return sum
}

// folded breaks the text of a cell into lines.
func folded(text string, width int) []string {
	if twwidth.Width(text) <= width {
		return []string{text}
	}
	return Wrapped(text, width, 0)
}

// Wrapped breaks a line that is wider than the terminal between words, before
// the dots that join parts where it can, and indents what follows. A word that
// is wider than that stays whole.
func Wrapped(line string, width, indent int) []string {
	var lines []string
	for width > 0 && twwidth.Width(line) > width {
		at := breakBefore(line, width, indent)
		if at == 0 {
			break
		}
		lines = append(lines, strings.TrimRight(line[:at], " "))
		line = strings.Repeat(" ", indent) + strings.TrimLeft(line[at:], " ")
	}
	return append(lines, line)
}

// lastCommand is a command to be pasted that ends a line: a program by its path, or rm, with
// options, behind a colon.
var lastCommand = regexp.MustCompile(`: ((?:/\S+|rm) -\S.*)$`)

// Paragraph breaks a line as [Wrapped] does, but for a command to be pasted at its end: that
// stays whole, in a line of its own.
func Paragraph(line string, width, indent int) []string {
	at := lastCommand.FindStringSubmatchIndex(line)
	if width <= 0 || twwidth.Width(line) <= width || at == nil {
		return Wrapped(line, width, indent)
	}
	return append(Wrapped(line[:at[0]+1], width, indent), strings.Repeat(" ", indent)+line[at[2]:])
}

// breakBefore returns where the line is broken to fit: behind its last joining
// dot that fits, or at its last space, or at the first where none fits, or 0.
// Neither a percent sign nor a joining dot begins a line.
func breakBefore(line string, width, indent int) int {
	space, dot, words := 0, 0, false
	for i, r := range line {
		if space > 0 && twwidth.Width(line[:i]) > width {
			break
		}
		words = words || r != ' '
		if r == ' ' && words && i > indent && !strings.HasPrefix(line[i:], " %") && !strings.HasPrefix(line[i:], " ·") {
			space = i
			if strings.HasSuffix(line[:i], " ·") {
				dot = i
			}
		}
	}
	if dot > 0 {
		return dot
	}
	return space
}

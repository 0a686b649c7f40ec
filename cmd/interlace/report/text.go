package report

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/interlacemail/interlace/inventory"
)

// Style says how text is written.
type Style struct {
	Width  int  // columns of the terminal; 0 is unlimited
	Colour bool // may use the 16 ANSI colours
}

// gap is the white space between two columns.
const gap = 3

// leastGap is what is left of it in a narrow terminal: names of several words have
// single spaces in them.
const leastGap = 2

// drawnRows is the number of rows up to which a table goes through tablewriter;
// longer ones are written row by row with fixed widths, which needs no memory
// for the rows and a thirtieth of the time.
const drawnRows = 5000

// Text writes the table for people.
func (t *Table) Text(w io.Writer, style Style) error {
	return t.fit(style).show(w, style)
}

// fit makes the table ready for a terminal.
func (t *Table) fit(style Style) *form {
	f := t.measure()
	f.said = slices.Clone(f.keep)
	f.width = style.Width
	if style.Width > 0 {
		f.narrow(style.Width)
	}
	f.colour = style.Colour
	return f
}

// show writes the table, and what was left out of it.
func (f *form) show(w io.Writer, style Style) error {
	write := f.draw
	if f.rows > drawnRows || f.gap < gap || len(f.below) > 0 {
		write = f.stream
	}
	if err := write(w); err != nil {
		return err
	}
	if left := f.leftOut(); left != nil {
		var out Lines
		out.add("… %s left out, for want of width: %s (%s shows more)", things(len(left), "column", "columns"), strings.Join(left, ", "), f.roomier())
		return out.Text(w, style)
	}
	return nil
}

// roomier says what shows the columns that are left out: a round width, and the form
// for machines where it has them.
func (f *form) roomier() string {
	ways := fmt.Sprintf("COLUMNS=%d", max(200, f.width/100*200))
	for _, c := range f.said {
		if f.table.Columns[c].Key != "" && !slices.Contains(f.keep, c) {
			return ways + " or -o csv"
		}
	}
	return ways
}

// form is a table made ready for text: what is shown, and how wide.
type form struct {
	table  *Table
	scales []scale // by column
	widths []int   // by column
	said   []int   // columns in which something is said
	keep   []int   // those of them that are shown
	below  []int   // the columns whose texts stand below the rows
	gap    int     // white space between two columns
	width  int     // of the terminal; 0 is unlimited
	rows   int
	colour bool
}

// leftOut names the columns that are not shown for want of width. Those that have no
// name, for people or machines, only draw or explain what others say.
func (f *form) leftOut() []string {
	var names []string
	for _, c := range f.said {
		column := f.table.Columns[c]
		if name := cmp.Or(column.Named, column.Heading, column.Alone, column.Key); name != "" && !slices.Contains(f.keep, c) {
			names = append(names, name)
		}
	}
	return names
}

// measure goes through the rows twice: for the scales, and with those for the widths.
func (t *Table) measure() *form {
	f := &form{table: t, gap: gap, scales: make([]scale, len(t.Columns)), widths: make([]int, len(t.Columns))}
	largest := make([]float64, len(t.Columns))
	kinds := make([]Kind, len(t.Columns))
	for row := range t.Rows {
		f.rows++
		for c := range row {
			if row[c].Kind == Size || row[c].Kind == Quantity {
				kinds[c] = row[c].Kind
				largest[c] = max(largest[c], row[c].Value)
			}
		}
	}
	shared := map[string]float64{}
	for c, column := range t.Columns {
		shared[column.Scale] = max(shared[column.Scale], largest[c])
	}
	for c, column := range t.Columns {
		switch kinds[c] {
		case Size:
			if column.Scale != "" {
				f.scales[c] = chooseScale(binaryScales, shared[column.Scale])
				f.scales[c].fine = true
				break
			}
			f.scales[c] = chooseScale(binaryScales, largest[c])
		case Quantity:
			f.scales[c] = chooseScale(noScales, largest[c])
			f.scales[c].name, f.scales[c].fine = column.Unit, column.Scale != ""
		}
		f.widths[c] = twwidth.Width(f.heading(c))
	}
	said := make([]bool, len(t.Columns))
	for row := range t.Rows {
		for c := range row {
			f.widths[c] = max(f.widths[c], twwidth.Width(f.text(c, &row[c])))
			said[c] = said[c] || !row[c].Blank || row[c].Text != ""
		}
	}
	for c, column := range t.Columns {
		switch {
		case column.Hidden || !said[c] && f.rows > 0:
		case column.Below:
			f.below = append(f.below, c)
		default:
			f.keep = append(f.keep, c)
		}
	}
	return f
}

func (f *form) heading(c int) string {
	column := f.table.Columns[c]
	if column.Alone != "" && f.keep != nil && !slices.ContainsFunc(f.keep, func(k int) bool { return f.table.Columns[k].Key == column.By }) {
		return column.Alone
	}
	return strings.TrimSpace(column.Heading + " " + f.scales[c].name)
}

func (f *form) text(c int, cell *Cell) string {
	switch {
	case cell.Blank:
		return inventory.Clean(cell.Text)
	case cell.Unknown:
		return "–"
	}
	about := ""
	if cell.Estimated {
		about = "~"
	}
	if cell.Text != "" {
		return about + inventory.Clean(cell.Text)
	}
	switch cell.Kind {
	case Words:
		return ""
	case List:
		return inventory.Clean(strings.Join(cell.List, " "))
	case Count:
		return about + inventory.CountText(int64(cell.Value))
	case Ratio:
		return about + PercentText(cell.Value)
	case Seconds:
		return about + inventory.DurationText(cell.Value)
	case Bar:
		return barText(cell.Value)
	}
	return about + f.scales[c].text(cell.Value)
}

func (f *form) coloured(text string, tone Tone) string {
	if !f.colour {
		return text
	}
	return tint(text, tone)
}

// tint wraps the text into an ANSI colour.
func tint(text string, tone Tone) string {
	code := map[Tone]string{Broken: "31", Soon: "33", Good: "32"}[tone]
	if code == "" || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// draw hands the table to tablewriter and trims the padding at the line ends.
func (f *form) draw(w io.Writer) error {
	var b bytes.Buffer
	align := make(tw.Alignment, len(f.keep))
	heading := make([]string, len(f.keep))
	for i, c := range f.keep {
		heading[i] = f.heading(c)
		align[i] = tw.AlignLeft
		if f.table.Columns[c].Right {
			align[i] = tw.AlignRight
		}
	}
	table := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithAlignment(align),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}),
	)
	table.Header(heading)
	for row := range f.table.Rows {
		line := make([]string, len(f.keep))
		for i, c := range f.keep {
			line[i] = f.coloured(f.text(c, &row[c]), row[c].Tone)
		}
		if err := table.Append(line); err != nil {
			return fmt.Errorf("draw table: %w", err)
		}
	}
	if err := table.Render(); err != nil {
		return fmt.Errorf("draw table: %w", err)
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// stream writes the rows one by one in the widths found before.
func (f *form) stream(w io.Writer) error {
	out := bufio.NewWriter(w)
	texts, tones := make([]string, len(f.keep)), make([]Tone, len(f.keep))
	for i, c := range f.keep {
		texts[i] = f.heading(c)
	}
	f.write(out, texts, tones)
	for row := range f.table.Rows {
		for i, c := range f.keep {
			texts[i], tones[i] = f.text(c, &row[c]), row[c].Tone
		}
		f.write(out, texts, tones)
		for _, c := range f.below {
			f.writeBelow(out, c, f.text(c, &row[c]))
		}
	}
	return out.Flush()
}

// writeBelow writes words about the row above, indented.
func (f *form) writeBelow(out *bufio.Writer, c int, text string) {
	if text == "" {
		return
	}
	width := f.width
	if f.table.Columns[c].Whole {
		width = 0
	}
	for _, line := range Paragraph("    "+strings.TrimRight(text, " "), width, 4) {
		fmt.Fprintln(out, line)
	}
}

// write writes one row, whose texts may fill several lines.
func (f *form) write(out *bufio.Writer, texts []string, tones []Tone) {
	cells, most := make([][]string, len(texts)), 1
	for i, c := range f.keep {
		cells[i] = folded(texts[i], f.widths[c])
		most = max(most, len(cells[i]))
	}
	line := make([]string, len(texts))
	for n := range most {
		for i, c := range f.keep {
			text := ""
			if n < len(cells[i]) {
				text = cells[i][n]
			}
			line[i] = f.padded(c, text, tones[i])
		}
		fmt.Fprintln(out, strings.TrimRight(strings.Join(line, strings.Repeat(" ", f.gap)), " "))
	}
}

func (f *form) padded(c int, text string, tone Tone) string {
	white := strings.Repeat(" ", max(0, f.widths[c]-twwidth.Width(text)))
	if f.table.Columns[c].Right {
		return white + f.coloured(text, tone)
	}
	return f.coloured(text, tone) + white
}

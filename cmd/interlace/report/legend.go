package report

import (
	"io"
	"slices"
	"strings"
)

// Legend is a table and what its columns mean, of those that there is room for.
type Legend struct {
	*Table
	Notes []Note
}

// Note says what columns mean that are named by their headings, or what a mark means
// with which texts in them begin.
type Note struct {
	Columns []string
	Mark    string
	Words   string
}

// Text writes the table and the notes.
func (l Legend) Text(w io.Writer, style Style) error {
	f := l.fit(style)
	if err := f.show(w, style); err != nil {
		return err
	}
	var lines Lines
	for _, n := range l.Notes {
		if about := f.about(n); about != "" {
			lines.add("%s: %s", about, n.Words)
		}
	}
	if lines == nil {
		return nil
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return lines.Text(w, style)
}

// about names what is shown of what the note is about.
func (f *form) about(n Note) string {
	if n.Mark != "" {
		if f.marked(n.Mark) {
			return n.Mark
		}
		return ""
	}
	var shown []string
	for _, c := range f.keep {
		if heading := f.table.Columns[c].Heading; slices.Contains(n.Columns, heading) {
			shown = append(shown, heading)
		}
	}
	return strings.Join(shown, ", ")
}

// marked reports whether a text that is shown begins with the mark.
func (f *form) marked(mark string) bool {
	for row := range f.table.Rows {
		for _, c := range f.keep {
			if strings.HasPrefix(f.text(c, &row[c]), mark) {
				return true
			}
		}
	}
	return false
}

// dropConstant lets the columns that have the same texts in all rows go before others
// that may be dropped: they tell nothing that tells the rows apart.
func (t *Table) dropConstant() {
	var first []string
	f := t.measure()
	differ := make([]bool, len(t.Columns))
	for row := range t.Rows {
		texts := make([]string, len(row))
		for c := range row {
			texts[c] = f.text(c, &row[c])
		}
		if first == nil {
			first = texts
		}
		for c := range texts {
			differ[c] = differ[c] || texts[c] != first[c]
		}
	}
	for c := range t.Columns {
		if column := &t.Columns[c]; column.Drop > 0 && !differ[c] && f.rows > 1 {
			column.Drop += constantFirst
		}
	}
}

// constantFirst is above every rank by which columns are dropped.
const constantFirst = 100

package files

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// readFile reads a table from the CSV file that the node names.
func readFile[T any](r *reader, t *table, node *yaml.Node, f format[T]) {
	t.file, t.path = r.beside(node.Value)
	in, size, err := r.open(t.path)
	if err != nil {
		r.fail(t, r.at(node), "", "%s can't be read: %s", shown(t.file.name), err)
		return
	}
	defer in.Close()
	lines := newLineReader(in)
	if start, _ := lines.in.Peek(2); isUTF16(start) {
		r.fail(t, position{t.file, 1, 1}, encodingHint, "the file is UTF-16")
		return
	}
	c := &csvTable[T]{reader: r, format: f, table: t, lines: lines, size: size}
	if c.header() {
		c.rows()
	}
}

// beside returns a file that is named in the fleet file, and its path: relative
// names are relative to the fleet file.
func (r *reader) beside(name string) (*source, string) {
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(filepath.Dir(r.fleet.name), name)
	}
	r.tableFiles = append(r.tableFiles, path)
	return &source{name: path, rank: len(r.tableFiles)}, path
}

// csvTable reads one CSV file.
type csvTable[T any] struct {
	*reader
	format format[T]
	table  *table
	lines  *lineReader
	size   int64 // bytes of the file; 0 if not known

	columns []*column[T] // by column of the file; nil for unknown ones
	setters []setter[T]  // nil for columns that are no good
	key     int          // column that names the row, or -1
	current T            // the row that is read
	wrong   int          // rows with a mistake
	seen    repeats
}

// mostWrong is the number of rows with mistakes after which the rows of a table
// are counted and no longer kept: nobody will use them, and there may be as many
// as the disk holds.
const mostWrong = 10_000

// header reads the first line and reports whether the rows can be read.
func (c *csvTable[T]) header() bool {
	text, err := c.lines.next()
	for err == nil && len(text) == 0 {
		text, err = c.lines.next()
	}
	at := position{c.table.file, max(c.lines.line, 1), 1}
	if err == io.EOF {
		c.fail(c.table, at, "", "the file is empty; its first line names the columns")
		return false
	}
	if err != nil {
		c.fail(c.table, at, "", "the file can't be read: %s", err)
		return false
	}
	var line record
	if wrong := line.split(text); wrong != nil {
		at.column = line.column(wrong.offset)
		c.fail(c.table, at, wrong.hint, "%s", wrong.text)
		return false
	}
	if cr := bytes.IndexByte(text, '\r'); cr >= 0 {
		at.column = line.column(cr)
		c.fail(c.table, at, "save the file with lines that end in LF or CRLF", "a carriage return stands inside the line")
		return false
	}
	if len(line.cells) == 1 && strings.ContainsAny(string(text), ";\t") {
		c.fail(c.table, at, "separate the fields by commas", "the columns are not separated by commas")
		return false
	}
	if !c.resembles(&line) {
		c.fail(c.table, at, "the columns are "+strings.Join(c.columnNames(), " "), "the first line names none of the columns of %s", c.format.name)
		return false
	}
	c.key = -1
	for i, cell := range line.cells {
		at.column = line.column(line.starts[i])
		c.column(at, string(cell))
	}
	return c.complete()
}

// resembles reports whether a header has any column that is known. Of a file
// that has none, which may be a secret one that was named by mistake or by
// somebody who may not read it, messages tell nothing.
func (c *csvTable[T]) resembles(header *record) bool {
	return slices.ContainsFunc(header.cells, func(name []byte) bool {
		known, _, _ := c.format.resolve(strings.TrimSpace(string(name)))
		return known != nil
	})
}

// column finds out what the next column of the file is.
func (c *csvTable[T]) column(at position, name string) {
	known, set, err := c.format.resolve(name)
	var value *inventory.ValueError
	switch {
	case slices.Contains(c.table.columns, name):
		c.mistakes.add(at, "", "column %s is there twice", inventory.Printable(name))
		set = nil
	case errors.As(err, &value):
		if !c.forgiven(name) {
			c.mistakes.add(at, value.Hint, "column %s: %s", inventory.Printable(name), value.Text)
		}
	case known == nil && c.forgiven(name):
	case known == nil:
		c.mistakes.add(at, c.columnHint(name), "column %s is not known", inventory.Printable(name))
	case known.key:
		c.key = len(c.columns)
	}
	c.table.columns = append(c.table.columns, name)
	c.columns = append(c.columns, known)
	c.setters = append(c.setters, set)
}

func (c *csvTable[T]) columnHint(name string) string {
	names := c.columnNames()
	if meant := inventory.Nearest(strings.TrimSpace(name), names); meant != "" {
		return inventory.Printable(name) + " looks like " + meant
	}
	if slices.Contains(names, strings.TrimSpace(name)) {
		return "leave out the space in " + inventory.Quoted(name)
	}
	return "the columns are " + strings.Join(names, " ")
}

// columnNames returns the names that columns of the file may have.
func (c *csvTable[T]) columnNames() []string {
	var names []string
	for i := range c.format.columns {
		switch known := &c.format.columns[i]; {
		case known.only == inYAML:
		case known.name == "domain:" || known.name == "only:":
			names = append(names, known.name)
		case known.family():
			for _, resource := range c.inv.Resources {
				names = append(names, known.name+string(resource.Name))
			}
		default:
			names = append(names, known.name)
		}
	}
	return names
}

// complete reports whether no column is missing without which the rows mean nothing.
func (c *csvTable[T]) complete() bool {
	at, complete := position{c.table.file, c.lines.line, 1}, true
	for i := range c.format.columns {
		known := &c.format.columns[i]
		for _, member := range known.needed {
			if name := known.name + member; !slices.Contains(c.table.columns, name) {
				c.mistakes.add(at, "", "there is no column %s", inventory.Printable(name))
			}
		}
		switch {
		case slices.Contains(c.columns, known):
		case known.required:
			c.fail(c.table, at, "", "there is no column %s", known.name)
			complete = false
		case known.expected:
			c.warnings.add(at, "", "there is no column %s: all of its values count as 0", known.name)
		}
	}
	return complete
}

// rows reads all lines after the header.
func (c *csvTable[T]) rows() {
	var line record
	for {
		text, err := c.lines.next()
		at := position{c.table.file, c.lines.line, 1}
		switch {
		case err == io.EOF:
			return
		case err == errLongLine:
			c.fail(c.table, at, "", "%s", err)
			continue
		case err != nil:
			at.line++
			c.fail(c.table, at, "", "the file can't be read further: %s", err)
			return
		case len(text) == 0:
			continue
		}
		if wrong := line.split(text); wrong != nil {
			at.column = line.column(wrong.offset)
			c.fail(c.table, at, wrong.hint, "%s", wrong.text)
			continue
		}
		if len(line.cells) != len(c.columns) {
			c.fieldCount(at, &line)
			continue
		}
		c.row(at, &line)
	}
}

// row reads one line that has as many fields as the header.
func (c *csvTable[T]) row(at position, line *record) {
	before := c.mistakes.count
	c.current = c.format.blank
	for i, set := range c.setters {
		if set == nil {
			continue
		}
		text := line.cells[i]
		if len(text) == 0 {
			if c.columns[i].expected {
				at.column = line.column(line.starts[i])
				c.blank(at, c.columns[i].label(), c.name(line))
			}
			continue
		}
		if err := set(&c.current, text); err != nil {
			at.column = line.column(line.starts[i])
			c.complain(at, err, labelOf(c.columns[i].label(), c.name(line)))
		}
	}
	wrong := c.mistakes.count > before || c.format.stray != nil && c.format.stray(&c.current)
	again := c.seen.again(c.identity(line))
	if wrong || again {
		c.wrong++
	}
	if c.wrong > mostWrong {
		c.incomplete[c.table.name] = true
		c.mistakes.more = true
		if again && !wrong {
			c.mistakes.add(position{at.file, at.line, 1}, "", "the row repeats one above it")
		}
		return
	}
	c.table.lines = append(c.table.lines, int32(at.line))
	c.format.keep(&c.current)
	if len(c.table.lines) == sampleRows {
		c.reserve()
	}
}

const (
	sampleRows = 1000    // rows after which the number of all rows is guessed
	mostRows   = 2 << 20 // rows for which room is made on a guess
)

// reserve makes room for the rows that the file will have if they go on like
// the first ones.
func (c *csvTable[T]) reserve() {
	if c.format.reserve == nil || c.size == 0 {
		return
	}
	rows := float64(c.size) / float64(c.lines.bytes) * sampleRows * 1.02
	c.format.reserve(int(min(rows, mostRows)))
}

// name returns the name of the row for messages.
func (c *csvTable[T]) name(line *record) string {
	if c.key < 0 {
		return ""
	}
	return string(line.cells[c.key])
}

func (c *csvTable[T]) fieldCount(at position, line *record) {
	hint := ""
	if extra := len(c.columns); len(line.cells) > extra {
		at.column = line.column(line.starts[extra])
		hint = "a field with a comma in it is put in quotes"
	} else {
		at.column = line.column(len(line.text))
	}
	c.fail(c.table, at, hint, "%s where the header has %d", plural(len(line.cells), "field"), len(c.columns))
}

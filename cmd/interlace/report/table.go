package report

import "iter"

// Table is what text, CSV, JSON and the page share.
type Table struct {
	Columns []Column
	// Rows can be gone through several times and has the same rows each time.
	// Every row has one cell per column.
	Rows iter.Seq[[]Cell]
}

// Column describes the cells below it.
type Column struct {
	Heading string // in text
	Alone   string // the heading in text where the column By is not shown, whose heading stands for both
	By      string // key of that column
	Named   string // what it is called where it is left out, if not by its heading
	Key     string // in CSV and JSON, with the unit in it; a column without key is in text only
	Right   bool   // figures stand right, names left
	Unit    string // of quantities, put behind the heading in text
	Drop    int    // when the terminal is narrow, columns with larger numbers go first; 0 stays
	Late    int    // the same for columns that go only when folding texts is not enough; of 0, the last goes first
	Hidden  bool   // in CSV and JSON only
	Scale   string // columns of one such name are in one unit, in which small values keep three digits
	Note    bool   // words about the row, which go below it when the terminal is narrow
	Below   bool   // words about the row, which always stand below it
	Whole   bool   // it is not broken between words: a time or, below the row, what is to be copied
}

// hidden is a column for machines.
func hidden(key string) Column { return Column{Key: key, Hidden: true} }

// late says when the column goes after all that may be dropped.
func (c Column) late(n int) Column {
	c.Late = n
	return c
}

// dropped says when the column goes where the terminal is narrow.
func (c Column) dropped(n int) Column {
	c.Drop = n
	return c
}

// scaled puts the column into one unit with others.
func (c Column) scaled(with string) Column {
	c.Scale = with
	return c
}

// moment is a column of times, for people only, whose heading says their zone.
func moment(heading string) Column { return Column{Heading: heading + zone, Whole: true} }

// note is a column of words about the row, for people only.
func note() Column { return Column{Note: true} }

// beneath is a column of words that stand below their row.
func beneath(key string) Column { return Column{Key: key, Below: true} }

// right is a column of figures.
func right(heading, key string, drop int) Column {
	return Column{Heading: heading, Key: key, Right: true, Drop: drop}
}

// left is a column of names or words.
func left(heading, key string, drop int) Column {
	return Column{Heading: heading, Key: key, Drop: drop}
}

// Kind says what a cell holds and how it is written.
type Kind uint8

// Kinds of cells.
const (
	Words    Kind = iota // text
	List                 // several texts
	Count                // a number of things
	Ratio                // a part of one, shown in percent
	Size                 // bytes
	Quantity             // a number in the unit of the column
	Seconds              // a duration
	Bar                  // a ratio drawn as a bar, in text only
)

// Tone colours a cell in text. The words beside it say the same.
type Tone uint8

// Tones.
const (
	Plain Tone = iota
	Broken
	Soon
	Good
)

// Cell is one value of a table.
type Cell struct {
	Kind      Kind
	Tone      Tone
	Unknown   bool   // shown as –, null in JSON, empty in CSV
	Blank     bool   // has no meaning here: empty, null in JSON
	Estimated bool   // shown with ~
	Text      string // of words: they; of all else: how people read it, where that differs
	List      []string
	Value     float64
}

// rowsOf are the rows of a list, one an item.
func rowsOf[T any](list []T, row func(T) []Cell) iter.Seq[[]Cell] {
	return func(yield func([]Cell) bool) {
		for _, item := range list {
			if !yield(row(item)) {
				return
			}
		}
	}
}

// Nothing is the cell of a column without meaning in its row.
var Nothing = Cell{Blank: true}

// Unknown is the cell of a value that nobody has told us.
var Unknown = Cell{Unknown: true}

func words(s string) Cell {
	if s == "" {
		return Nothing
	}
	return Cell{Text: s}
}

func list[S ~string](items []S) Cell {
	c := Cell{Kind: List, List: make([]string, len(items))}
	for i, item := range items {
		c.List[i] = string(item)
	}
	return c
}

func figure[N ~int | ~int32 | ~int64 | ~float64](kind Kind, n N) Cell {
	return Cell{Kind: kind, Value: float64(n)}
}

func count[N ~int | ~int64](n N) Cell { return figure(Count, n) }

// as says how people read the cell.
func (c Cell) as(text string) Cell {
	c.Text = text
	return c
}

func (c Cell) in(t Tone) Cell {
	c.Tone = t
	return c
}

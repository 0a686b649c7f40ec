package report

import "github.com/interlacemail/interlace/planner"

// SimulateBench is what the simulation of failures took.
type SimulateBench struct {
	Case            string
	Failures        string // which
	Servers, Stores int
	Count           int // of failures
	Spent
	Worst planner.Number // utilisation after the worst of them
}

// SimulateBenches is the table of what a benchmark of simulations measured.
func SimulateBenches(list []SimulateBench) *Table {
	columns := []Column{
		left("case", "case", 0), left("failures", "failures", 0), right("servers", "servers", 2), right("stores", "stores", 2), right("number", "count", 1),
	}
	columns = append(columns, spentColumns...)
	columns = append(columns, right("worst failure", "worst", 0))
	t := &Table{Columns: columns}
	t.Rows = rowsOf(list, func(b SimulateBench) []Cell {
		row := []Cell{words(b.Case), words(b.Failures), count(b.Servers), count(b.Stores), count(b.Count)}
		row = append(row, b.Spent.cells(Reach{})...)
		return append(row, precise(b.Worst))
	})
	return t
}

package report

import "github.com/interlacemail/interlace/planner"

// UsersBench is what a plan of which users move led to.
type UsersBench struct {
	Case, Task            string
	Users, Groups, Stores int
	Spent
	Moved             int
	Bytes             int64
	BytesBound        planner.Number
	Before, Peak      planner.Number // largest utilisation of a store
	PeakBound         planner.Number
	BytesGap, PeakGap planner.Number
	Broken            int // rules
	Stopped           planner.Stopped
}

// UsersBenches is the table of what a benchmark of users plans measured.
func UsersBenches(list []UsersBench) *Table {
	columns := []Column{
		left("case", "case", 0), left("task", "task", 0),
		right("users", "users", 5), right("groups", "groups", 7), right("stores", "stores", 6),
	}
	columns = append(columns, spentColumns...)
	columns = append(columns,
		right("moved", "moved", 2), right("copied", "bytes", 0), right("bound", "bytes_bound", 4), right("gap", "bytes_gap", 0),
		right("peak was", "before", 9), right("peak", "peak", 0), right("bound", "peak_bound", 4), right("gap", "peak_gap", 0),
		right("broken rules", "broken", 1), left("stopped", "stopped", 8))
	t := &Table{Columns: columns}
	t.Rows = rowsOf(list, func(b UsersBench) []Cell {
		row := []Cell{words(b.Case), words(b.Task), count(b.Users), count(b.Groups), count(b.Stores)}
		row = append(row, b.Spent.cells(Reach{})...)
		return append(row, count(b.Moved), figure(Size, b.Bytes), sizeCell(b.BytesBound), precise(b.BytesGap),
			precise(b.Before), precise(b.Peak), precise(b.PeakBound), precise(b.PeakGap), count(b.Broken), words(string(b.Stopped)))
	})
	return t
}

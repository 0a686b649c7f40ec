package report

import "github.com/interlacemail/interlace/planner"

// MovesBench is what ordering the changes of a plan led to.
type MovesBench struct {
	Case, Traffic    string
	Continuous       bool
	Servers, Changes int
	Spent
	Waves           int
	Makespan, Bound float64 // seconds
	Gap             planner.Number
	Broken          int // rules
	Stopped         planner.Stopped
}

// MovesBenches is the table of what a benchmark of schedules measured.
func MovesBenches(list []MovesBench) *Table {
	columns := []Column{
		left("case", "case", 0), left("between servers", "traffic", 0), left("mode", "mode", 0),
		right("servers", "servers", 4), right("changes", "changes", 3),
	}
	columns = append(columns, spentColumns...)
	columns = append(columns,
		right("waves", "waves", 2), right("makespan", "makespan_seconds", 0), right("bound", "bound_seconds", 1), right("gap", "gap", 0),
		right("broken rules", "broken", 1), left("stopped", "stopped", 5))
	t := &Table{Columns: columns}
	t.Rows = rowsOf(list, func(b MovesBench) []Cell {
		mode := "waves"
		if b.Continuous {
			mode = "continuous"
		}
		row := []Cell{words(b.Case), words(b.Traffic), words(mode), count(b.Servers), count(b.Changes)}
		row = append(row, b.Spent.cells(Reach{})...)
		return append(row, count(b.Waves), figure(Seconds, b.Makespan), figure(Seconds, b.Bound), precise(b.Gap), count(b.Broken), words(string(b.Stopped)))
	})
	return t
}

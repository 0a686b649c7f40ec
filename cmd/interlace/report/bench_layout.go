package report

import (
	"strconv"

	"github.com/interlacemail/interlace/planner"
)

// LayoutBench is what one way to lay out the fleet of a case led to.
type LayoutBench struct {
	Case, Method    string
	Servers, Stores int
	Seeds           int // of whose results this is the median

	Spent
	Worst, Bound planner.Number // utilisation after the worst failure
	GapMost      planner.Number // over the seeds
	Reach        Reach
	Fate         *Fate // nil: not known
	Note         string
}

// Gap is how far the layout is above its bound.
func (b *LayoutBench) Gap() planner.Number { return planner.Gap(b.Worst, b.Bound) }

// Fate is what failures do to a layout.
type Fate struct {
	// LargestShare is the largest part of a failed server's load that one survivor
	// takes over: over all failures, and their median.
	LargestShare, MedianShare planner.Number
	Partners                  int            // servers with which a server shares a store, median
	OfflineMean               planner.Number // stores that go offline with two servers, over all pairs
	OfflineMost               int
	OfflineChance             planner.Number // that any does
	Fullest                   planner.Number // utilisation of the fullest disk
}

// LayoutBenches is the table of what a benchmark of layouts measured.
func LayoutBenches(list []LayoutBench) *Table {
	columns := []Column{
		left("case", "case", 0), left("layout", "method", 0), right("servers", "servers", 9), right("stores", "stores", 10), right("seeds", "seeds", 12),
	}
	columns = append(columns, spentColumns...)
	columns = append(columns,
		right("worst failure", "worst", 0), right("bound", "bound", 1), right("gap", "gap", 0), right("gap, worst seed", "gap_most", 11))
	columns = append(columns, reachColumns...)
	columns = append(columns,
		right("largest share", "largest_share", 4), right("median share", "median_share", 13), right("partners", "partners", 8),
		right("offline by two: mean", "offline_mean", 7), right("worst", "offline_most", 6), right("chance", "offline_chance", 5),
		right("fullest disk", "fullest", 14), Column{Key: "note", Note: true})
	t := &Table{Columns: columns}
	t.Rows = rowsOf(list, layoutBenchRow)
	return t
}

func layoutBenchRow(b LayoutBench) []Cell {
	row := []Cell{words(b.Case), words(b.Method), count(b.Servers), count(b.Stores), count(b.Seeds)}
	row = append(row, b.Spent.cells(b.Reach)...)
	row = append(row, precise(b.Worst), precise(b.Bound), b.Reach.gapCell(b.Gap()), precise(b.GapMost))
	row = append(row, b.Reach.cells()...)
	row = append(row, b.Fate.cells()...)
	return append(row, words(b.Note))
}

func (f *Fate) cells() []Cell {
	if f == nil {
		return []Cell{Nothing, Nothing, Nothing, Nothing, Nothing, Nothing, Nothing}
	}
	return []Cell{
		ratio(f.LargestShare), ratio(f.MedianShare), count(f.Partners),
		digits(f.OfflineMean, 1, ""), count(f.OfflineMost), digits(f.OfflineChance, 100, " %"),
		ratio(f.Fullest),
	}
}

// digits is a number with three significant digits, for those that may be small.
func digits(n planner.Number, factor float64, unit string) Cell {
	if !n.Known {
		return Unknown
	}
	return figure(Quantity, n.Value).as(strconv.FormatFloat(factor*n.Value, 'g', 3, 64) + unit)
}

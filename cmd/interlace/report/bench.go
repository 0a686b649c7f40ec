package report

import (
	"fmt"
	"strconv"

	"github.com/interlacemail/interlace/planner"
)

// BenchCase is one thing that a benchmark measures.
type BenchCase struct {
	Name  string
	On    string // what it is measured on
	Reach Reach
}

// Reach is what a case is to reach; a part of it that is 0 or unknown is not said.
type Reach struct {
	Gap     planner.Number // over the bound, at most
	Seconds float64        // at most
	Bytes   int64          // of memory, at most
}

// Spent is what a run took.
type Spent struct {
	Seconds float64
	Heap    planner.Number // most bytes in use at any time beyond those before
}

// BenchCases is the table of what a benchmark can measure.
func BenchCases(cases []BenchCase) *Table {
	t := &Table{Columns: append([]Column{left("case", "case", 0), left("measured on", "on", 0)}, reachColumns...)}
	t.Rows = rowsOf(cases, func(c BenchCase) []Cell {
		return append([]Cell{words(c.Name), words(c.On)}, c.Reach.cells()...)
	})
	return t
}

// reachColumns are what a case is to reach, in words for people.
var reachColumns = []Column{left("to reach", "", 2), hidden("reach_gap"), hidden("reach_seconds"), hidden("reach_bytes")}

// cells are the cells of [reachColumns].
func (r Reach) cells() []Cell {
	text, gap, seconds, size := "", Nothing, Nothing, Nothing
	if r.Gap.Known {
		text, gap = percent(r.Gap.Value), figure(Ratio, r.Gap.Value)
	}
	if r.Seconds > 0 {
		text, seconds = joined(text, secondsText(r.Seconds)), figure(Seconds, r.Seconds)
	}
	if r.Bytes > 0 {
		text, size = joined(text, BytesText(r.Bytes)), figure(Size, r.Bytes)
	}
	return []Cell{words(text), gap, seconds, size}
}

// gapCell shows a gap, and whether it is as small as it should be.
func (r Reach) gapCell(gap planner.Number) Cell {
	return precise(gap).in(missed(gap.Known && r.Gap.Known && gap.Value > r.Gap.Value+1e-9))
}

// spentColumns are what a run took.
var spentColumns = []Column{right("time", "seconds", 0), right("memory", "heap_bytes", 3)}

// cells are the cells of [spentColumns], for a run that is to reach something.
func (s Spent) cells(r Reach) []Cell {
	heap := Nothing
	if s.Heap.Known {
		heap = figure(Size, s.Heap.Value).in(missed(r.Bytes > 0 && s.Heap.Value > float64(r.Bytes)))
	}
	return []Cell{figure(Seconds, s.Seconds).as(secondsText(s.Seconds)).in(missed(r.Seconds > 0 && s.Seconds > r.Seconds)), heap}
}

func missed(yes bool) Tone {
	if yes {
		return Broken
	}
	return Plain
}

// secondsText has three digits, since benchmarks are about a few of them.
func secondsText(seconds float64) string {
	switch {
	case seconds < 0.9995:
		return strconv.FormatFloat(1000*seconds, 'g', 3, 64) + " ms"
	case seconds < 99.95:
		return strconv.FormatFloat(seconds, 'g', 3, 64) + " s"
	}
	return strconv.FormatFloat(seconds, 'f', 0, 64) + " s"
}

// percent has two decimals, since benchmarks are about tenths of a percent.
func percent(ratio float64) string { return fmt.Sprintf("%.2f %%", 100*ratio) }

// precise is a ratio with two decimals in percent.
func precise(n planner.Number) Cell {
	if !n.Known {
		return Unknown
	}
	return figure(Ratio, n.Value).as(percent(n.Value))
}

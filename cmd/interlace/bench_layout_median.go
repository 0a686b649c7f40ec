package main

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/cmd/interlace/report"
)

// medians returns for each method, in the order of their first rows, the row with
// the median gap, with the median time and the most memory. Unknown gaps count as
// larger than any other.
func medians(runs []report.LayoutBench) []report.LayoutBench {
	var methods []string
	of := map[string][]report.LayoutBench{}
	for _, run := range runs {
		if of[run.Method] == nil {
			methods = append(methods, run.Method)
		}
		of[run.Method] = append(of[run.Method], run)
	}
	rows := make([]report.LayoutBench, len(methods))
	for i, method := range methods {
		rows[i] = medianOf(of[method])
	}
	return rows
}

func medianOf(runs []report.LayoutBench) report.LayoutBench {
	middle := (len(runs) - 1) / 2
	slices.SortStableFunc(runs, func(a, b report.LayoutBench) int { return cmp.Compare(a.Seconds, b.Seconds) })
	spent := report.Spent{Seconds: runs[middle].Seconds}
	gap := func(b *report.LayoutBench) float64 {
		if g := b.Gap(); g.Known {
			return g.Value
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(runs, func(a, b report.LayoutBench) int { return cmp.Compare(gap(&a), gap(&b)) })
	for i := range runs {
		if heap := runs[i].Heap; heap.Value >= spent.Heap.Value {
			spent.Heap = heap
		}
	}
	row := runs[middle]
	row.Seeds, row.Spent = len(runs), spent
	if len(runs) > 1 {
		row.GapMost = runs[len(runs)-1].Gap()
	}
	return row
}

package main

import (
	"sync"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
)

// mark is a time after the start at which a search is looked at, and the gap that
// it is to have then.
type mark struct {
	after time.Duration
	reach float64
	worst planner.Number // least that the search told until then
}

// marks look at a search on its way. They may be told of it from several goroutines.
type marks struct {
	mu    sync.Mutex
	start time.Time
	list  []mark
}

func newMarks(list []mark) *marks { return &marks{list: append([]mark(nil), list...)} }

func (m *marks) begin() { m.start = time.Now() }

func (m *marks) progress(p layout.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	took := time.Since(m.start)
	for i := range m.list {
		if c := &m.list[i]; took <= c.after && (!c.worst.Known || p.Worst < c.worst.Value) {
			c.worst = planner.Known(p.Worst)
		}
	}
}

// rows returns a row for each mark that came before the end.
func (m *marks) rows(end report.LayoutBench) []report.LayoutBench {
	var rows []report.LayoutBench
	for _, c := range m.list {
		if seconds := c.after.Seconds(); seconds < end.Seconds {
			row := end
			row.Method, row.Fate, row.Note = "interlace, so far", nil, ""
			row.Spent, row.Worst = report.Spent{Seconds: seconds}, c.worst
			row.Reach = report.Reach{Gap: planner.Known(c.reach)}
			rows = append(rows, row)
		}
	}
	return rows
}

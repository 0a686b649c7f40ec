package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// movers tell how many users the units of all plans of a journal move.
type movers struct {
	history *history.History

	mu    sync.Mutex
	units map[string]map[string]apply.Begun // of plans that were read, by plan and unit
}

// begunSince returns the units that have begun to move users since a time, of all plans.
func (m *movers) begunSince(ctx context.Context, since time.Time) ([]apply.Begun, error) {
	records, err := m.history.Begun(ctx, monitor.StepCheck, since)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []apply.Begun
	for i := range records {
		r := &records[i]
		if m.units[r.Plan] == nil {
			if m.units[r.Plan], err = m.read(ctx, r.Plan); err != nil {
				return nil, err
			}
		}
		b := m.units[r.Plan][r.Unit]
		b.Plan, b.Unit = r.Plan, r.Unit
		list = append(list, b)
	}
	return list, nil
}

// read returns how many users each unit of a plan moves, and whether back.
func (m *movers) read(ctx context.Context, id string) (map[string]apply.Begun, error) {
	moving := map[string]apply.Begun{}
	text, err := m.history.Plan(ctx, id)
	if err != nil || text == nil {
		return moving, err
	}
	p, err := decodePlan(text)
	if err != nil {
		return nil, fmt.Errorf("plan %s of the journal: %w", id, err)
	}
	units := course.Units([]planner.Plan{p}, nil)
	for i := range units {
		for _, u := range append(course.Reverse(&units[i]), units[i]) {
			moving[u.Name] = apply.Begun{Users: len(u.Moves), Back: u.Back}
		}
	}
	return moving, nil
}

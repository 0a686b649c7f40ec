package main

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/discover"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
)

// moved tells a discovery where those are whom apply has moved.
func (a *app) moved(ctx context.Context) (map[inventory.UserID]discover.Moved, error) {
	found, err := a.whereabouts(ctx)
	return movedTo(found), err
}

// whereabouts are where those are whom plans of the journal have moved, and what is kept of
// them. Without a journal nobody was moved, and where --fleet says that no database is used.
func (a *app) whereabouts(ctx context.Context) (map[inventory.UserID]course.Whereabouts, error) {
	if a.withoutDatabase() {
		return nil, nil
	}
	h, err := a.openJournal(ctx, false)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return findMoved(ctx, h)
}

// findMoved reads the same from a journal.
func findMoved(ctx context.Context, h *history.History) (map[inventory.UserID]course.Whereabouts, error) {
	units, err := journalled(ctx, h, true)
	if err != nil {
		return nil, err
	}
	return course.Find(ctx, units, h)
}

// movedBefore reads the same when it is first asked for, and keeps it.
func movedBefore(h *history.History) func(context.Context) (map[inventory.UserID]course.Whereabouts, error) {
	return askedOnce(func(ctx context.Context) (map[inventory.UserID]course.Whereabouts, error) { return findMoved(ctx, h) })
}

// movedTo is the same as a discovery takes it.
func movedTo(found map[inventory.UserID]course.Whereabouts) map[inventory.UserID]discover.Moved {
	moved := map[inventory.UserID]discover.Moved{}
	for user, w := range found {
		m := discover.Moved{Store: w.Store, Left: w.Left}
		if !w.Since.IsZero() {
			m.On = inventory.Date(w.Since.UTC().Format(time.DateOnly))
		}
		moved[user] = m
	}
	return moved
}

// journalled are the units of the plans in the journal: of those of which something is left
// to do or, with ended, of all.
func journalled(ctx context.Context, h *history.History, ended bool) ([]course.Unit, error) {
	applies, err := h.Applies(ctx, ended)
	if err != nil {
		return nil, err
	}
	var units []course.Unit
	for i := range applies {
		j, err := keptJob(ctx, h, &applies[i])
		if err != nil {
			return nil, err
		}
		units = append(units, j.units...)
	}
	return units, nil
}

// lastingOf returns the units of all plans in the journal, and what lasts of their changes of
// layouts.
func lastingOf(ctx context.Context, h *history.History) ([]course.Unit, []course.Lasting, error) {
	units, err := journalled(ctx, h, true)
	if err != nil {
		return nil, nil, err
	}
	lasting, err := course.LastingOf(ctx, units, h)
	return units, lasting, err
}

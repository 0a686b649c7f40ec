package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/host"
)

// doubtedFor is how long a doubt, of which instances a store has, stays before the processes are
// asked again.
const doubtedFor = time.Minute

// follow takes the instances that the stores here have by now, where plans have changed them
// since the inventory was written. Where that is not known they are those that they were.
func (l *local) follow(ctx context.Context) error {
	if l.app.withoutDatabase() {
		return nil
	}
	if err := l.look(ctx); err != nil {
		return fmt.Errorf("what plans have changed is not known: %w", err)
	}
	return nil
}

// look finds out how the stores stand, if plans have changed anything since it was done before,
// or that was not known then of all of them.
func (l *local) look(ctx context.Context) error {
	h, err := l.app.openJournal(ctx, false)
	if err != nil {
		return err
	}
	defer h.Close()
	last, err := h.LastSteps(ctx)
	if err != nil {
		return err
	}
	now, stamp := l.app.now(), fmt.Sprint(last)
	if stamp == l.followed && (len(l.doubts) == 0 || now.Sub(l.stood) < doubtedFor) {
		return nil
	}
	if err := l.stand(ctx, h); err != nil {
		return err
	}
	l.followed, l.stood = stamp, now
	return nil
}

// changes returns what plans change of layouts. A plan of the journal, which may move very many
// users, is read once.
func (l *local) changes(ctx context.Context, h *history.History) ([]course.Unit, error) {
	applies, err := h.Applies(ctx, true)
	if err != nil {
		return nil, err
	}
	var units []course.Unit
	read := map[string][]course.Unit{}
	for i := range applies {
		plans := fmt.Sprint(applies[i].Plans)
		of, known := l.layouts[plans]
		if !known {
			j, err := keptJob(ctx, h, &applies[i])
			if err != nil {
				return nil, err
			}
			of = slices.DeleteFunc(j.units, func(u course.Unit) bool { return u.Do == nil })
		}
		read[plans] = of
		units = append(units, of...)
	}
	l.layouts = read
	return units, nil
}

// stand finds out how the stores stand that have an instance here, or have had or get one by a
// plan.
func (l *local) stand(ctx context.Context, h *history.History) error {
	units, err := l.changes(ctx, h)
	if err != nil {
		return err
	}
	lasting, err := course.LastingOf(ctx, units, h)
	if err != nil {
		return err
	}
	concerned := map[inventory.StoreID]bool{}
	for i := range units {
		if u := &units[i]; u.Do.Server == l.server {
			concerned[u.Do.Store] = true
		}
	}
	here := *l.known
	here.Inventory = &inventory.Inventory{Servers: l.known.Servers}
	for i := range l.known.Stores {
		s := &l.known.Stores[i]
		if concerned[s.Name] = concerned[s.Name] || s.On(l.server) != nil; concerned[s.Name] {
			here.Stores = append(here.Stores, *s)
		}
	}
	elsewhere := func(u *course.Unit) bool { return !concerned[u.Do.Store] }
	fleet := course.FollowAll(l.known.Inventory, lasting)
	units = slices.DeleteFunc(slices.Clone(units), func(u course.Unit) bool { return elsewhere(&u) })
	lasting = slices.DeleteFunc(lasting, func(c course.Lasting) bool { return elsewhere(c.Unit) })
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	s, err := l.app.standingBy(ctx, h, &here, units, lasting)
	if err == nil {
		l.settle(fleet, s)
	}
	return err
}

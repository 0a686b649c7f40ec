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

// followEvery is how often a watch looks at most what plans have changed. Probes look less often,
// so that each look knows it.
const followEvery = 10 * time.Second

// followed is what a watch knows of what plans have changed.
type followed struct {
	asked time.Time // when it looked last
	err   error     // why it does not know
	stamp string    // tells what was known from later changes
}

// follow takes the instances that the stores here have by now, where plans have changed them
// since the inventory was written. Where that is not known they are those that they were.
func (l *local) follow(ctx context.Context) error {
	p := &l.plans
	if now := l.app.now(); now.Sub(p.asked) >= followEvery && !l.app.withoutDatabase() {
		p.asked = now
		if p.err = l.look(ctx); p.err != nil {
			p.err = fmt.Errorf("what plans have changed is not known: %w", p.err)
		}
	}
	return p.err
}

// look finds out how the stores stand, if plans have changed anything since it was done before.
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
	stamp := fmt.Sprint(last)
	if stamp != l.plans.stamp {
		err = l.stand(ctx, h)
	}
	if err == nil {
		l.plans.stamp = stamp
	}
	return err
}

// stand finds out how the stores stand that have an instance here, or have had or get one by a
// plan.
func (l *local) stand(ctx context.Context, h *history.History) error {
	units, lasting, err := lastingOf(ctx, h)
	if err != nil {
		return err
	}
	concerned := map[inventory.StoreID]bool{}
	for i := range units {
		if u := &units[i]; u.Do != nil && u.Do.Server == l.server {
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
	elsewhere := func(u *course.Unit) bool { return u.Do == nil || !concerned[u.Do.Store] }
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

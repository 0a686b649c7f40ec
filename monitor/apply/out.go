package apply

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// KeptOut returns since when users of a unit are kept out of which this is written down; zero
// where nobody is, or where the servers tell that all are let in again where they are routed.
func KeptOut(ctx context.Context, u *course.Unit, records []monitor.StepRecord, o *Options) time.Time {
	since := (&course.Result{Unit: u, Records: records}).Out()
	if since.IsZero() {
		return since
	}
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	if w, _, err := o.newWork(ctx, u); err == nil && w.allIn(ctx, records) {
		return time.Time{}
	}
	return since
}

// allIn reports whether all are let in on the master of the new store, if they are routed there,
// or on those of the old ones, if they were not yet routed anew. In between it is not known.
func (m *move) allIn(ctx context.Context, records []monitor.StepRecord) bool {
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	attempt := course.OfMove.Attempt(records)
	switch e := course.EffectsOf(attempt); {
	case e.Unrouted || len(m.users()) == 0:
		return false
	case e.Routed:
		return m.areServed(ctx, m.target) && areIn(ctx, m.target, m.users())
	}
	var d denials
	course.Read(attempt, monitor.StepDenySource, &d)
	return !slices.ContainsFunc(m.sources, func(s *source) bool {
		return !areIn(ctx, &s.place, slices.Concat(s.users, d.Stay[s.store.Name]))
	})
}

// areIn reports whether all of these are known to be let in on the master of a store.
func areIn(ctx context.Context, p *place, users []inventory.UserID) bool {
	denied, err := p.hosts[0].Denied(ctx)
	return err == nil && !slices.ContainsFunc(users, func(u inventory.UserID) bool { return denied[u] })
}

// areServed reports whether all who move are routed to the master of a store, as far as that can be
// asked.
func (m *move) areServed(ctx context.Context, by *place) bool {
	return m.Live.Served == nil || m.servedAll(ctx, m.users(), func(at Destination) bool { return at.leadsTo(by.master(), by.store) })
}

// servedAll reports whether the routes of all of these are known to be such ones.
func (o *Options) servedAll(ctx context.Context, users []inventory.UserID, such func(Destination) bool) bool {
	if o.Live.Served == nil {
		return false
	}
	served, err := o.Live.Served(ctx, o.Inventory, users)
	return err == nil && !slices.ContainsFunc(users, func(u inventory.UserID) bool { return !such(served[u]) })
}

// allIn reports whether the old master runs again, if the roles were not switched yet, or else
// whether all are known to be routed to the new one, which runs, or to one that leads in its place:
// who is routed by the name of the store is not known to be.
func (p *promotion) allIn(ctx context.Context, records []monitor.StepRecord) bool {
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	if !course.OfPromote.Switches(records) {
		_, r, err := p.look(ctx, p.old())
		return err == nil && r.Runs
	}
	leads := p.fresh()
	if _, r, err := p.look(ctx, leads); err != nil || falls(r, true, len(p.living()) > 1) != "" {
		other, _ := p.leader(ctx)
		if other == nil {
			return false
		}
		leads = *other
	}
	who, err := p.usersOf(ctx, leads, records)
	return err == nil && len(who.here) > 0 && p.servedAll(ctx, who.here, func(at Destination) bool { return at.names(leads.Server, p.store) })
}

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// move is the work of moving users and shared trees to another store.
type move struct {
	*Options
	unit    *Unit
	target  *place
	sources []*source
}

// newMove looks at the instances that a unit moves users between.
func (o *Options) newMove(ctx context.Context, u *Unit) (*move, error) {
	m := &move{Options: o, unit: u}
	var err error
	if m.target, err = o.place(ctx, u.Moves[0].To); err != nil {
		return nil, err
	}
	for _, c := range u.Moves {
		i := slices.IndexFunc(m.sources, func(s *source) bool { return s.store.Name == c.From })
		if i < 0 {
			p, err := o.place(ctx, c.From)
			if err != nil {
				return nil, err
			}
			i = len(m.sources)
			m.sources = append(m.sources, &source{place: *p, owners: map[cyrus.Owner]bool{}})
		}
		m.sources[i].take(c.User, o.kindOf(c.User))
	}
	for _, p := range m.places() {
		for _, h := range p.hosts {
			h.unit = fileName(u)
		}
	}
	return m, nil
}

// do does a step.
func (m *move) do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error) {
	ctx, cancel, err := m.whileDenied(ctx, step, records)
	if err != nil {
		return "", "", err
	}
	defer cancel()
	switch step {
	case monitor.StepCheck:
		return m.check(ctx)
	case monitor.StepDenyTarget:
		return "", "", m.target.each(ctx, m.users(), (*host).deny)
	case monitor.StepCopy:
		return m.copy(ctx)
	case monitor.StepDenySource:
		return m.denySource(ctx)
	case monitor.StepDelta:
		return "", "", m.delta(ctx)
	case monitor.StepProveTarget:
		return m.proveTarget(ctx)
	case monitor.StepPush:
		return "", "", m.push(ctx)
	case monitor.StepProveReplica:
		return "", "", m.proveReplicas(ctx, records)
	case monitor.StepRoute:
		return "", "", m.route(ctx)
	case monitor.StepAllowTarget:
		return m.allowTarget(ctx, records)
	case monitor.StepAllowWriters:
		return "", "", m.allowWriters(ctx, records)
	case monitor.StepCanary:
		return m.canary(ctx, records)
	case monitor.StepKeep:
		return m.keep(ctx, records)
	case monitor.StepDeleteSource:
		return "", "", m.deleteSource(ctx, records)
	case monitor.StepAllowSource:
		return "", "", m.allowSource(ctx)
	}
	return "", "", fmt.Errorf("there is no step %s", step)
}

// undo takes a step back.
func (m *move) undo(ctx context.Context, step monitor.Step, records []monitor.StepRecord) error {
	switch step {
	case monitor.StepCheck:
		return m.forgetAll(ctx)
	case monitor.StepDenyTarget:
		if m.unit.Of != "" {
			return nil // they were denied there before, with the original that is kept
		}
		return m.target.each(ctx, m.users(), (*host).allow)
	case monitor.StepCopy:
		return m.uncopy(ctx)
	case monitor.StepDenySource:
		if err := m.unused(ctx); err != nil {
			return err
		}
		return errors.Join(m.allowWriters(ctx, records), m.eachSource(func(s *source) error { return s.each(ctx, s.users, (*host).allow) }))
	}
	return nil
}

// whileDenied gives steps between the denial and the route no longer than users may be
// denied.
func (m *move) whileDenied(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (context.Context, context.CancelFunc, error) {
	at := slices.Index(ofMove.Steps, step)
	if at <= slices.Index(ofMove.Steps, monitor.StepDenySource) || at >= slices.Index(ofMove.Steps, monitor.StepRoute) {
		return ctx, func() {}, nil
	}
	since, _ := deniedSince(records)
	left := m.denied() - m.Now().Sub(since)
	if left <= 0 {
		return nil, nil, fmt.Errorf("the users have been denied for %v, and %v is allowed", m.Now().Sub(since).Round(time.Second), m.denied())
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	return ctx, cancel, nil
}

// users returns all users of the unit, without shared trees.
func (m *move) users() []inventory.UserID {
	var users []inventory.UserID
	for _, s := range m.sources {
		users = append(users, s.users...)
	}
	return users
}

func (m *move) routes() []Route {
	var routes []Route
	for _, s := range m.sources {
		for _, u := range slices.Concat(s.users, s.trees) {
			routes = append(routes, Route{User: u, From: s.master(), To: m.target.master()})
		}
	}
	return routes
}

// route sends mail and clients to the new store.
func (m *move) route(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return m.Route(ctx, m.routes())
}

func (m *move) eachSource(do func(*source) error) error {
	for _, s := range m.sources {
		if err := do(s); err != nil {
			return err
		}
	}
	return nil
}

// forgetAll removes the files of the unit from all servers.
func (m *move) forgetAll(ctx context.Context) error {
	var wrong error
	for _, p := range m.places() {
		for _, h := range p.hosts {
			wrong = errors.Join(wrong, h.forget(ctx, ".conf", ".log", ".lock"))
		}
	}
	return wrong
}

// read reads what a step that was done left for later ones.
func read(records []monitor.StepRecord, step monitor.Step, into any) bool {
	for _, r := range slices.Backward(records) {
		if r.Step == step && r.State == monitor.StepDone {
			return r.Data != "" && json.Unmarshal([]byte(r.Data), into) == nil
		}
	}
	return false
}

// ended returns when a step was last done.
func ended(records []monitor.StepRecord, step monitor.Step) (time.Time, bool) {
	return last(records, step, monitor.StepDone)
}

func last(records []monitor.StepRecord, step monitor.Step, state monitor.StepState) (time.Time, bool) {
	for _, r := range slices.Backward(records) {
		if r.Step == step && r.State == state {
			return r.At, true
		}
	}
	return time.Time{}, false
}

package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// move is the work of moving users and shared trees to another store.
type move struct {
	*Options
	unit    *course.Unit
	target  *place
	sources []*source
	// looked is when all instances that could be reached were last found to be what the
	// inventory has.
	looked time.Time
	// seen tells that users were seen to be routed to the new store before they were routed back.
	seen bool
	// sentBack is when whoever routes has taken the way back in this run; zero: nobody has.
	sentBack time.Time
	// unsent is why nobody has taken it.
	unsent error
}

// newMove looks at the instances that a unit moves users between.
func (o *Options) newMove(ctx context.Context, u *course.Unit) (*move, error) {
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
			h.Unit = nameOf(u)
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
		return "", "", m.target.each(func(h *host.Host) error { return h.KeepOut(ctx, nil, m.users()) })
	case monitor.StepCopy:
		text, err = m.copy(ctx)
		return text, "", err
	case monitor.StepDenySource:
		return m.denySource(ctx)
	case monitor.StepDelta:
		return "", "", m.delta(ctx)
	case monitor.StepProveTarget:
		return m.proveTarget(ctx)
	case monitor.StepPush:
		return "", "", m.push(ctx)
	case monitor.StepProveReplica:
		return m.proveReplicas(ctx, records)
	case monitor.StepRoute:
		return m.route(ctx, records)
	case monitor.StepAllowTarget:
		return m.allowTarget(ctx, records)
	case monitor.StepAllowWriters:
		text, err = m.allowWriters(ctx, records)
		return text, "", err
	case monitor.StepCanary:
		return m.canary(ctx, records)
	case monitor.StepKeep:
		return m.keep(ctx, records)
	case monitor.StepDeleteSource:
		read, err := m.confirmedLately(ctx, records)
		if err != nil {
			return "", "", err
		}
		text, data, err = m.deleteSource(ctx, records)
		return strings.Trim(read+"; "+text, "; "), data, err
	case monitor.StepAllowSource:
		return "", "", m.allowSource(ctx, records)
	}
	return "", "", fmt.Errorf("there is no step %s", step)
}

// undo takes a step back.
func (m *move) undo(ctx context.Context, step monitor.Step, records []monitor.StepRecord) error {
	switch step {
	case monitor.StepCheck:
		return m.forgetMost(ctx)
	case monitor.StepDenyTarget:
		if m.unit.Of != "" || len(m.users()) == 0 {
			return nil // they were denied there before, with the original that is kept
		}
		err := m.target.hosts[0].LetIn(ctx, m.users())
		if err = errors.Join(err, m.target.letInReplicas(ctx, m.users())); err != nil {
			err = fmt.Errorf("on %s, where they are not, %s still denied: %w; %w", m.target.store.Name, course.Who(m.users()), err, errLeft)
		}
		return err
	case monitor.StepCopy:
		return m.uncopy(ctx)
	case monitor.StepDenySource:
		return m.letBack(ctx)
	case monitor.StepRoute:
		return m.unroute(ctx, records)
	}
	return nil
}

// whileDenied gives steps between the denial and the pivot no longer than users may be
// denied, and leaves time for the way back.
func (m *move) whileDenied(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (context.Context, context.CancelFunc, error) {
	at, hold, pivot := slices.Index(course.OfMove.Steps, step), slices.Index(course.OfMove.Steps, course.OfMove.Hold), slices.Index(course.OfMove.Steps, course.OfMove.Pivot)
	if at < hold || at >= pivot {
		return ctx, func() {}, nil
	}
	left := m.denied() - m.wayBack()
	if at > hold {
		since, _ := deniedSince(records)
		left -= m.Now().Sub(since)
		if left <= 0 {
			return nil, nil, fmt.Errorf("the users have been denied for %v, and %v is allowed", m.Now().Sub(since).Round(time.Second), m.denied())
		}
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	return ctx, cancel, nil
}

// wayBack is how much of the time for which users may be denied is kept for letting them
// in again where they were.
func (o *Options) wayBack() time.Duration { return min(o.denied()/4, 2*host.Greeting) }

// users returns all users of the unit, without shared trees.
func (m *move) users() []inventory.UserID {
	var users []inventory.UserID
	for _, s := range m.sources {
		users = append(users, s.users...)
	}
	return users
}

// hosts are all instances of the stores, the target's first.
func (m *move) hosts(context.Context) ([]*host.Host, error) {
	var hosts []*host.Host
	for _, p := range m.places() {
		hosts = append(hosts, p.hosts...)
	}
	return hosts, nil
}

func (m *move) eachSource(do func(*source) error) error {
	for _, s := range m.sources {
		if err := do(s); err != nil {
			return err
		}
	}
	return nil
}

// forgetAll removes the files of the unit from all servers, the lock as the last.
func (m *move) forgetAll(ctx context.Context) error {
	var wrong error
	for _, p := range m.places() {
		for _, h := range p.hosts {
			wrong = errors.Join(wrong, h.ForgetAll(ctx))
		}
	}
	return wrong
}

// forgetMost removes them where nothing but a lock may be left on a server that does not
// answer: that matters to nobody.
func (m *move) forgetMost(ctx context.Context) error {
	var wrong error
	for _, p := range m.places() {
		for i, h := range p.hosts {
			if err := h.ForgetAll(ctx); i == 0 && p != m.target {
				wrong = errors.Join(wrong, err)
			}
		}
	}
	return wrong
}

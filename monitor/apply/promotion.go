package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// promotion is the work of making a replica the master. The old master is stopped, so that
// nobody writes to it and mail is put off; what it has logged is worked off; then the
// roles and the routes are switched, and only when nobody is sent to the old master any
// more it is started as a replica. Up to the routes nobody is sent to the new master, and
// the old one can be started again.
type promotion struct{ change }

func (p *promotion) do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error) {
	ctx, cancel, err := p.whileOut(ctx, step, records)
	if err != nil {
		return "", "", err
	}
	defer cancel()
	switch step {
	case monitor.StepCheck:
		return p.check(ctx)
	case monitor.StepProveAlike:
		return p.prove(ctx)
	case monitor.StepStop:
		return "", "", p.stop(ctx)
	case monitor.StepDrain:
		return "", "", p.drain(ctx)
	case monitor.StepPromote:
		return "", "", p.promote(ctx)
	case monitor.StepRoute:
		return p.route(ctx, records)
	case monitor.StepServe:
		return "", "", p.serve(ctx)
	case monitor.StepProveSends:
		_, failed := course.Last(records, step, monitor.StepFailed)
		return "", "", p.proveSends(ctx, failed, records)
	}
	return "", "", fmt.Errorf("there is no step %s", step)
}

// undo has the replica be one again, and the old master started.
func (p *promotion) undo(ctx context.Context, step monitor.Step, _ []monitor.StepRecord) error {
	switch step {
	case monitor.StepPromote:
		return p.demote(ctx)
	case monitor.StepStop:
		return p.restart(ctx)
	}
	return nil
}

// restart has the old master started as it was, and what else of the store does not run.
func (p *promotion) restart(ctx context.Context) error {
	if _, err := p.order(ctx, p.asked(ActStart, p.old(), inventory.Master, p.instances(false))); err != nil {
		return err
	}
	h, err := p.open(ctx, p.old())
	if err != nil {
		return err
	}
	if _, err := p.greetSoon(ctx, p.old()); err != nil {
		return err
	}
	if err := p.settles(ctx, h, leadsNot); err != nil {
		return err
	}
	if err := errors.Join(p.restore(ctx, p.instances(false)), p.tidy(ctx, p.old())); err != nil {
		return usersIn{err}
	}
	return nil
}

// old and fresh are the instances that change places, whatever the inventory says of
// their roles by now.
func (p *promotion) old() inventory.Instance   { return p.on(inventory.ServerID(p.unit.Do.From)) }
func (p *promotion) fresh() inventory.Instance { return p.on(p.unit.Do.Server) }

func (p *promotion) on(server inventory.ServerID) inventory.Instance {
	if in := p.store.On(server); in != nil {
		return *in
	}
	return inventory.Instance{Server: server}
}

// instances are those of the store, the master first: as they are before the promotion, or
// after it.
func (p *promotion) instances(after bool) []inventory.Instance {
	s := inventory.Store{Instances: slices.Clone(p.store.Instances)}
	leader := p.old().Server
	if after {
		leader = p.fresh().Server
	}
	course.Lead(&s, leader)
	return s.Instances
}

// others are the living instances that the new master replicates to.
func (p *promotion) others() []inventory.Instance {
	return slices.DeleteFunc(p.living(), func(in inventory.Instance) bool { return in.Server == p.fresh().Server })
}

// replicas are the living ones of the old master.
func (p *promotion) replicas() []inventory.Instance {
	return slices.DeleteFunc(p.living(), func(in inventory.Instance) bool { return in.Server == p.old().Server })
}

func (p *promotion) asked(act Act, in inventory.Instance, role inventory.Role, instances []inventory.Instance) *Order {
	in.Role = role
	return &Order{Act: act, Store: p.store.Name, Instance: in, Instances: instances}
}

// prove fails where a replica is behind or differs, and tells how long the users are then
// expected to be kept out.
func (p *promotion) prove(ctx context.Context) (text, data string, err error) {
	old, err := p.open(ctx, p.old())
	if err != nil {
		return "", "", err
	}
	var longest time.Duration
	for _, in := range p.replicas() {
		took, err := old.CatchUp(ctx, in, p.Layouts.lag())
		if err != nil {
			return "", "", fmt.Errorf("%w: %w", host.ErrPostponed, err)
		}
		longest = max(longest, took)
		if err := p.proveAlike(ctx, p.old(), in); err != nil {
			return "", "", err
		}
	}
	expected := 2*longest + hooks
	text = course.ExpectedWords + expected.Round(time.Second).String()
	if expected > p.expected() {
		return "", "", fmt.Errorf("%w: %s, %v is allowed", host.ErrPostponed, text, p.expected())
	}
	return text, "", nil
}

// hooks is what stopping the one and promoting the other takes.
const hooks = 20 * time.Second

// stop has the old master stopped.
func (p *promotion) stop(ctx context.Context) error {
	if _, err := p.order(ctx, p.asked(ActStop, p.old(), inventory.Master, p.instances(false))); err != nil {
		return err
	}
	h, err := p.open(ctx, p.old())
	if err != nil {
		return err
	}
	return p.settles(ctx, h, stillRuns)
}

// wasLetIn says whether the old master runs again before the roles were switched.
func (p *promotion) wasLetIn(ctx context.Context, records []monitor.StepRecord) (string, error) {
	if _, stopped := course.Ended(course.OfPromote.Attempt(records), monitor.StepStop); !stopped || course.OfPromote.Switches(records) {
		return "", nil
	}
	old, r, err := p.look(ctx, p.old())
	if err != nil || !r.Runs {
		return "", err
	}
	return fmt.Sprintf("the master on %s, which was stopped, runs again", old.Server), nil
}

// whileOut gives the steps from the stop up to the route no longer than users may be kept
// out.
func (p *promotion) whileOut(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (context.Context, context.CancelFunc, error) {
	left := p.denied()
	switch step {
	case monitor.StepStop:
	case monitor.StepDrain, monitor.StepPromote:
		since, _ := course.Last(records, monitor.StepStop, monitor.StepBegan)
		left -= p.Now().Sub(since)
	default:
		return ctx, func() {}, nil
	}
	late := fmt.Errorf("the users have been kept out for longer than %v", p.denied())
	if left <= 0 {
		return nil, nil, late
	}
	ctx, cancel := context.WithTimeoutCause(ctx, left, late)
	return ctx, cancel, nil
}

// drain works off all that the old master has logged.
func (p *promotion) drain(ctx context.Context) error {
	old, err := p.open(ctx, p.old())
	if err != nil {
		return err
	}
	for _, in := range p.replicas() {
		if err := old.Drain(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// promote switches the roles. The old master must not run, or it would send on what it
// has to the new one; and where it was started since, there may be something in its log.
func (p *promotion) promote(ctx context.Context) error {
	old, err := p.open(ctx, p.old())
	if err != nil {
		return err
	}
	if err := p.settles(ctx, old, stillRuns); err != nil {
		return err
	}
	for _, in := range p.replicas() {
		if _, err := old.ChannelTo(ctx, in); err != nil {
			continue // the hook has made it a replica already
		}
		if err := old.Drain(ctx, in); err != nil {
			return err
		}
	}
	fresh, err := p.open(ctx, p.fresh())
	if err != nil {
		return err
	}
	if err := host.CarryDenials(ctx, old, fresh); err != nil {
		return err
	}
	if _, err := p.order(ctx, p.asked(ActPromote, p.fresh(), inventory.Master, p.instances(true))); err != nil {
		return err
	}
	if _, err := p.greetSoon(ctx, p.fresh()); err != nil {
		return err
	}
	return p.settles(ctx, fresh, leadsNot)
}

package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// overtaken says, with how things are now, that another instance leads a store than the one to
// which a promotion has routed its users: somebody has changed the roles since.
type overtaken struct{ now error }

// Error says which ways are open, too.
func (o *overtaken) Error() string {
	return o.now.Error() + ". Nothing is done about it until that is decided: interlace apply --resume --yes goes on when the roles are again as it has made them; where they are to stay as they are, interlace apply --resume --give-up --yes ends it, and changes neither roles nor routes"
}

// Unwrap returns how things are now.
func (o *overtaken) Unwrap() error { return o.now }

// blocked says that somebody has changed the roles since the users were routed to the new master,
// as where that was lost. No hook is asked for anything then, which would take the one that leads
// for the old master that has to stop.
func (p *promotion) blocked(ctx context.Context, a course.Action, _ []monitor.StepRecord) error {
	if !course.OfPromote.Past(a) {
		return nil
	}
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	leader, fresh := p.leader(ctx)
	if leader == nil {
		return nil
	}
	return &overtaken{fmt.Errorf("%s leads store %s now, as the rolling sync_client there shows, and %s, to which this has routed its users, does not: %s; %s",
		leader.Server, p.store.Name, p.fresh().Server, fresh, p.strays(ctx, *leader))}
}

// leader returns which instance leads the store in the place of the new master, and what is seen of
// that; nil: none is seen to.
func (p *promotion) leader(ctx context.Context) (leader *inventory.Instance, fresh string) {
	switch _, r, err := p.look(ctx, p.fresh()); {
	case err != nil:
		fresh = fmt.Sprintf("what runs there is not known (%v)", err)
	case r.Sends:
		return nil, ""
	case r.Runs:
		fresh = "it runs as a replica"
	default:
		fresh = "nothing of it runs"
	}
	for _, in := range p.living() {
		if in.Server == p.fresh().Server {
			continue
		}
		if _, r, err := p.look(ctx, in); err == nil && r.Sends {
			return &in, fresh
		}
	}
	return nil, ""
}

// strays says who of those whom an instance serves is not routed to it.
func (p *promotion) strays(ctx context.Context, leader inventory.Instance) string {
	if p.Live.Served == nil {
		return "where its users are routed can't be asked"
	}
	var away []inventory.UserID
	byStore := false
	who, err := p.usersOf(ctx, leader, nil)
	if err == nil {
		away, err = p.misrouted(ctx, who.here, func(_ inventory.UserID, at Destination) bool {
			byStore = byStore || at == Destination{Store: p.store.Name}
			return !at.leadsTo(leader, p.store)
		})
	}
	if err != nil {
		return fmt.Sprintf("where its users are routed is not known (%v)", err)
	}
	switch {
	case len(away) == 0 && byStore:
		return fmt.Sprintf("its users are routed to %s, which does not say to which server", p.store.Name)
	case len(away) == 0:
		return fmt.Sprintf("all of its users are routed to %s", leader.Server)
	}
	return fmt.Sprintf("%s not routed to %s", course.Who(away), leader.Server)
}

// Overtaken says how things are now where somebody has changed the roles since a promotion, of
// which this is written down, has routed the users to the new master; empty: that is not so, or not
// seen.
func Overtaken(ctx context.Context, u *course.Unit, records []monitor.StepRecord, o *Options) string {
	if u.Do == nil || !u.OnlyOn(records) {
		return ""
	}
	w, c, err := o.newWork(ctx, u)
	if err != nil {
		return ""
	}
	var by *overtaken
	if !errors.As(w.blocked(ctx, c.Next(records, false), records), &by) {
		return ""
	}
	return by.now.Error()
}

// yield writes down that a unit is taken back, since somebody has done that by hand, and ends its
// claims.
func (r *carrying) yield(ctx context.Context, by *overtaken) error {
	first := r.course.Steps[0]
	record := monitor.StepRecord{Plan: r.unit.Plan, Unit: r.unit.Name, Step: first, State: monitor.StepUndone, At: r.Now(), Text: inventory.Text(by.now.Error())}
	if err := r.write(ctx, record); err != nil {
		return err
	}
	r.wrong = by.now
	hosts, _ := r.work.hosts(ctx)
	unlocked := host.Everywhere(hosts, func(h *host.Host) error { return h.Unlock(ctx) })
	err := r.release(ctx)
	r.left = errors.Join(r.left, unlocked)
	return err
}

package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/host"
)

// serve has the old master started as a replica. If it sends changes nevertheless it is
// stopped at once.
func (p *promotion) serve(ctx context.Context) error {
	if _, err := p.order(ctx, p.asked(ActStart, p.old(), inventory.Replica, p.instances(true))); err != nil {
		return p.unstarted(ctx, p.old(), err)
	}
	if _, err := p.greetSoon(ctx, p.old()); err != nil {
		return &fallen{err}
	}
	if err := host.Pause(ctx, p.Layouts.pause()); err != nil {
		return err
	}
	return p.silent(ctx)
}

// silent fails, and has the old master stopped, where that runs a rolling client.
func (p *promotion) silent(ctx context.Context) error {
	old, r, err := p.look(ctx, p.old())
	if err != nil || !r.Sends {
		return err
	}
	_, err = p.order(ctx, p.asked(ActStop, p.old(), inventory.Replica, p.instances(true)))
	return &fallen{errors.Join(fmt.Errorf("a rolling sync_client of %s runs on %s, though it is no master any more: it was stopped", old.Conf, old.Server), err)}
}

// proveSends fails where the new master is not what a master is, or the old one is. When it
// has failed before the hook is asked again for what is not so.
func (p *promotion) proveSends(ctx context.Context, failed bool, records []monitor.StepRecord) error {
	if failed {
		if err := p.again(ctx); err != nil {
			return err
		}
	}
	if err := errors.Join(p.silent(ctx), p.stand(ctx, p.instances(true))); err != nil {
		return err
	}
	fresh, err := p.open(ctx, p.fresh())
	if err != nil {
		return err
	}
	for _, in := range p.others() {
		if _, err := fresh.CatchUp(ctx, in, time.Minute); err != nil {
			return err
		}
		if err := p.proveAlike(ctx, p.fresh(), in); err != nil {
			return err
		}
	}
	who, err := p.usersOf(ctx, p.fresh(), records)
	if err == nil {
		err = errors.Join(p.routeRest(ctx, who, records), p.letIn(ctx, who.here))
	}
	return errors.Join(err, p.unwritten(ctx), p.tidy(ctx, p.old(), p.fresh()))
}

// again has the hook promote the new master again, if that does not lead, and start what does
// not run: the old master may have been stopped since it was still sending.
func (p *promotion) again(ctx context.Context) error {
	_, r, err := p.look(ctx, p.fresh())
	if err != nil {
		return err
	}
	if falls(r, true, true) != "" {
		if _, err := p.order(ctx, p.asked(ActPromote, p.fresh(), inventory.Master, p.instances(true))); err != nil {
			return err
		}
	}
	if _, r, err = p.look(ctx, p.old()); err != nil || r.Runs {
		return err
	}
	return p.serve(ctx)
}

// unwritten fails where somebody writes to the old master, which is a replica now.
func (p *promotion) unwritten(ctx context.Context) error {
	old, err := p.open(ctx, p.old())
	if err != nil || old.Settings["sync_log_chain"] == "yes" {
		return err
	}
	files, err := old.Written(ctx)
	if err == nil && len(files) > 0 {
		err = fmt.Errorf("somebody writes to the replica on %s, the master until now: since it was started as a replica it has logged changes in %s; who is still sent there?", old.Server, files[0])
	}
	return err
}

// letIn logs in to the new master as some of its users, and asks whether it would take
// mail for them, where it says where.
func (p *promotion) letIn(ctx context.Context, users []inventory.UserID) error {
	var some []inventory.UserID
	for i := 0; i < len(users); i += 1 + len(users)/canaries {
		some = append(some, users[i])
		c, err := p.Dial(ctx, p.fresh(), users[i])
		if err != nil {
			return fmt.Errorf("log in as %s: %w", inventory.Printable(string(users[i])), err)
		}
		_, err = c.Status(ctx, "INBOX")
		if err = errors.Join(err, c.Close()); err != nil {
			return fmt.Errorf("log in as %s: %w", inventory.Printable(string(users[i])), err)
		}
	}
	return p.takesMail(ctx, slices.DeleteFunc(some, func(u inventory.UserID) bool { return !addressable(u) }))
}

// canaries is about as how many users somebody logs in to see whether users can.
const canaries = 20

// takesMail asks the new master by LMTP whether it would take mail for users.
func (p *promotion) takesMail(ctx context.Context, users []inventory.UserID) error {
	if p.Live.LMTP == nil || len(users) == 0 {
		return nil
	}
	address := p.Live.LMTP(p.store.Name, p.fresh())
	if address == "" {
		return nil
	}
	refused, err := recipients(ctx, address, users)
	if errors.Is(err, errNoLMTP) {
		return nil
	}
	for _, u := range slices.Sorted(maps.Keys(refused)) {
		err = errors.Join(err, fmt.Errorf("%s takes no mail for %s: %s", address, inventory.Printable(string(u)), inventory.Printable(refused[u])))
	}
	return err
}

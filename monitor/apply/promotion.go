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
)

// promotion is the work of making a replica the master. The old master is stopped, so that
// nobody writes to it and mail is put off; what it has logged is worked off; then the
// roles and the routes are switched, and only when nobody is sent to the old master any
// more it is started as a replica.
type promotion struct{ change }

func (p *promotion) do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error) {
	switch step {
	case monitor.StepCheck:
		return "", "", p.check(ctx)
	case monitor.StepProveAlike:
		return p.prove(ctx)
	case monitor.StepStop:
		return "", "", p.stop(ctx)
	case monitor.StepDrain:
		return "", "", p.drainInTime(ctx, records)
	case monitor.StepPromote:
		return "", "", p.promote(ctx)
	case monitor.StepRoute:
		return p.route(ctx)
	case monitor.StepServe:
		return "", "", p.serve(ctx)
	case monitor.StepProveSends:
		return "", "", p.proveSends(ctx)
	}
	return "", "", fmt.Errorf("there is no step %s", step)
}

// undo starts the old master again.
func (p *promotion) undo(ctx context.Context, step monitor.Step, _ []monitor.StepRecord) error {
	if step != monitor.StepStop {
		return nil
	}
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
	return errors.Join(p.settles(ctx, h, leadsNot), p.tidy(ctx, p.old()))
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
	lead(&s, leader)
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
	return &Order{Act: act, Store: p.store.Name, Server: in.Server, Role: role, Instances: instances}
}

// check says all that speaks against the promotion.
func (p *promotion) check(ctx context.Context) error {
	var wrong error
	if p.Layouts.Hook == nil {
		wrong = errNoHook
	}
	if p.Route == nil {
		wrong = errors.Join(wrong, errors.New("neither routing_hook nor routing_file in the configuration is set: nobody could be sent to the new master"))
	}
	for _, server := range []inventory.ServerID{p.old().Server, p.fresh().Server} {
		if !slices.ContainsFunc(p.living(), func(in inventory.Instance) bool { return in.Server == server }) {
			return errors.Join(wrong, fmt.Errorf("store %s has no instance on %s, or that server is down", p.store.Name, server))
		}
	}
	if master := p.store.Instances[0].Server; master != p.old().Server {
		return errors.Join(wrong, fmt.Errorf("the master of %s is on %s, not on %s", p.store.Name, master, p.old().Server))
	}
	wrong = errors.Join(wrong, p.leads(ctx, p.living()))
	hosts, err := p.openAll(ctx, append([]inventory.Instance{p.fresh()}, p.others()...))
	if err != nil {
		return errors.Join(wrong, err)
	}
	fresh, old := hosts[0], hosts[slices.IndexFunc(hosts, func(h *host) bool { return h.server == p.old().Server })]
	if fresh.settings["sync_log"] == "no" {
		wrong = errors.Join(wrong, fmt.Errorf("%s on %s has sync_log: no", fresh.conf, fresh.server))
	}
	for _, h := range hosts[1:] {
		wrong = errors.Join(wrong, unlikeSettings(fresh, h), p.admits(h))
	}
	for _, in := range p.replicas() {
		_, err := old.channelTo(ctx, in)
		wrong = errors.Join(wrong, err)
	}
	return errors.Join(wrong, p.checkVersions(ctx), checkDenials(ctx, old, fresh))
}

// checkVersions looks whether all others can be replicas of the new master.
func (p *promotion) checkVersions(ctx context.Context) error {
	master, wrong := p.greet(ctx, p.fresh())
	for _, in := range p.others() {
		g, err := p.greet(ctx, in)
		if err != nil || master == nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		wrong = errors.Join(wrong, older(master, g))
	}
	return wrong
}

// checkDenials looks whether the replica keeps somebody out whom the master lets in.
func checkDenials(ctx context.Context, old, fresh *host) error {
	there, err := fresh.denied(ctx)
	if err != nil || len(there) == 0 {
		return err
	}
	here, err := old.denied(ctx)
	if err != nil {
		return err
	}
	var wrong error
	for _, u := range slices.Sorted(maps.Keys(there)) {
		if !here[u] {
			wrong = errors.Join(wrong, fmt.Errorf("user %s is denied on %s and not on the master: %s", inventory.Printable(string(u)), fresh.server,
				inventory.Paste(fresh.tool("cyr_deny"), "-C", fresh.conf, "-a", "--", string(u))))
		}
	}
	return wrong
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
		took, err := old.catchUp(ctx, in, p.Layouts.lag())
		if err != nil {
			return "", "", fmt.Errorf("%w: %w", errPostponed, err)
		}
		longest = max(longest, took)
		if err := p.proveAlike(ctx, p.old(), in); err != nil {
			return "", "", err
		}
	}
	expected := 2*longest + hooks
	text = expectedWords + expected.Round(time.Second).String()
	if expected > p.expected() {
		return "", "", fmt.Errorf("%w: %s, %v is allowed", errPostponed, text, p.expected())
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

// drainInTime works off what the old master has logged before the users have been kept
// out for too long.
func (p *promotion) drainInTime(ctx context.Context, records []monitor.StepRecord) error {
	since, _ := last(records, monitor.StepStop, monitor.StepBegan)
	left := p.denied() - p.Now().Sub(since)
	if left <= 0 {
		return fmt.Errorf("the users have been kept out for %v", p.Now().Sub(since).Round(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return p.drain(ctx)
}

// drain works off all that the old master has logged.
func (p *promotion) drain(ctx context.Context) error {
	old, err := p.open(ctx, p.old())
	if err != nil {
		return err
	}
	for _, in := range p.replicas() {
		if err := old.drain(ctx, in); err != nil {
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
		if _, err := old.channelTo(ctx, in); err != nil {
			continue // the hook has made it a replica already
		}
		if err := old.drain(ctx, in); err != nil {
			return err
		}
	}
	fresh, err := p.open(ctx, p.fresh())
	if err != nil {
		return err
	}
	if err := carryDenials(ctx, old, fresh); err != nil {
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

// route sends the users of the store to the new master: those whom it has, but neither who
// is kept out there, since what is there of them may be an original that was moved away,
// nor who is known to be elsewhere.
func (p *promotion) route(ctx context.Context) (text, data string, err error) {
	users, out, err := p.users(ctx)
	if err != nil {
		return "", "", err
	}
	var routes []Route
	for _, u := range users {
		routes = append(routes, Route{User: u, From: p.old(), To: p.fresh()})
	}
	text = inventory.Counted(len(users), "user is", "users are") + " routed there"
	if out > 0 {
		text += "; " + inventory.Counted(out, "user who is", "users who are") + " denied there, or known to be elsewhere, were not"
	}
	if len(routes) == 0 {
		return text, "", nil
	}
	return text, "", p.Route(ctx, routes)
}

// users returns who is served by the new master, and how many of whom it has mailboxes are
// not.
func (p *promotion) users(ctx context.Context) (users []inventory.UserID, out int, err error) {
	fresh, err := p.open(ctx, p.fresh())
	if err != nil {
		return nil, 0, err
	}
	denied, err := fresh.denied(ctx)
	if err != nil {
		return nil, 0, err
	}
	g, err := p.greet(ctx, p.fresh())
	if err != nil {
		return nil, 0, err
	}
	for _, name := range g.names {
		owner, folder, ok := name.Owner()
		if !ok || owner.Shared || len(folder) > 0 {
			continue
		}
		u := inventory.UserID(owner.Name)
		if at := p.Inventory.User(u); denied[u] || at >= 0 && p.Inventory.Users[at].Store != p.store.Name {
			out++
			continue
		}
		users = append(users, u)
	}
	slices.Sort(users)
	return slices.Compact(users), out, nil
}

// serve has the old master started as a replica. If it sends changes nevertheless it is
// stopped at once.
func (p *promotion) serve(ctx context.Context) error {
	if _, err := p.order(ctx, p.asked(ActStart, p.old(), inventory.Replica, p.instances(true))); err != nil {
		return err
	}
	if _, err := p.greetSoon(ctx, p.old()); err != nil {
		return err
	}
	if err := pause(ctx, p.Layouts.pause()); err != nil {
		return err
	}
	return p.silent(ctx)
}

// silent fails, and has the old master stopped, where that runs a rolling client.
func (p *promotion) silent(ctx context.Context) error {
	old, err := p.open(ctx, p.old())
	if err != nil {
		return err
	}
	r, err := old.activity(ctx)
	if err != nil || !r.sends {
		return err
	}
	_, err = p.order(ctx, p.asked(ActStop, p.old(), inventory.Replica, p.instances(true)))
	return errors.Join(fmt.Errorf("a rolling sync_client of %s runs on %s, though it is no master any more: it was stopped", old.conf, old.server), err)
}

// proveSends fails where the new master is not what a master is, or the old one is.
func (p *promotion) proveSends(ctx context.Context) error {
	if err := p.silent(ctx); err != nil {
		return err
	}
	fresh, err := p.open(ctx, p.fresh())
	if err != nil {
		return err
	}
	for _, in := range p.others() {
		if _, err := fresh.catchUp(ctx, in, time.Minute); err != nil {
			return err
		}
		if err := p.proveAlike(ctx, p.fresh(), in); err != nil {
			return err
		}
	}
	return errors.Join(p.unwritten(ctx), p.letIn(ctx), p.tidy(ctx, p.old(), p.fresh()))
}

// unwritten fails where somebody writes to the old master, which is a replica now.
func (p *promotion) unwritten(ctx context.Context) error {
	old, err := p.open(ctx, p.old())
	if err != nil || old.settings["sync_log_chain"] == "yes" {
		return err
	}
	logs, err := old.logs(ctx)
	if err == nil && len(logs[defaultChannel]) > 0 {
		err = fmt.Errorf("somebody writes to the replica on %s, the master until now: there is a sync log; who is still sent there?", old.server)
	}
	return err
}

// letIn logs in to the new master as some of its users, and asks whether it would take
// mail for them, where it says where.
func (p *promotion) letIn(ctx context.Context) error {
	users, _, err := p.users(ctx)
	if err != nil {
		return err
	}
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
	address := p.Live.LMTP(p.fresh())
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

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// move is the work of moving users to another store.
type move struct {
	*Options
	unit    *Unit
	target  *place
	sources []*source
}

// place is a store with its instances.
type place struct {
	store *inventory.Store
	hosts []*host // of its instances, the master first
}

func (p *place) master() inventory.Instance { return p.store.Instances[0] }

// source is a place with the users who leave it.
type source struct {
	place
	users  []inventory.UserID
	owners map[cyrus.Owner]bool
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
		s := m.sources[i]
		s.users = append(s.users, c.User)
		s.owners[cyrus.Owner{Name: string(c.User)}] = true
	}
	return m, nil
}

// place returns a store and what its instances say of themselves.
func (o *Options) place(ctx context.Context, name inventory.StoreID) (*place, error) {
	i := o.Inventory.Store(name)
	if i < 0 {
		return nil, fmt.Errorf("the inventory has no store %s", name)
	}
	p := &place{store: &o.Inventory.Stores[i]}
	var wrong error
	for _, in := range p.store.Instances {
		h := &host{run: o.Run, server: in.Server, tools: o.Tools, conf: in.IMAPDConf}
		if in.IMAPDConf == "" {
			wrong = errors.Join(wrong, fmt.Errorf("the inventory does not say where imapd.conf of %s is on %s", name, in.Server))
			continue
		}
		wrong = errors.Join(wrong, h.read(ctx))
		p.hosts = append(p.hosts, h)
	}
	if len(p.store.Instances) == 0 {
		wrong = fmt.Errorf("store %s has no instance", name)
	}
	return p, wrong
}

// do does a step.
func (m *move) do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error) {
	if since, denied := began(records, monitor.StepDenySource); denied && slices.Index(ofMove.Steps, step) < slices.Index(ofMove.Steps, monitor.StepRoute) {
		if took := m.Now().Sub(since); took > m.denied() {
			return "", "", fmt.Errorf("the users have been denied for %v", took.Round(time.Second))
		}
	}
	switch step {
	case monitor.StepCheck:
		return "", "", m.check(ctx)
	case monitor.StepDenyTarget:
		return "", "", m.eachHost(ctx, m.target, m.users(), (*host).deny)
	case monitor.StepCopy:
		return m.copy(ctx)
	case monitor.StepDenySource:
		return m.denySource(ctx)
	case monitor.StepDelta:
		return "", "", m.eachSource(func(s *source) error { return m.copyFrom(ctx, s, true) })
	case monitor.StepProveTarget:
		return "", "", m.eachSource(func(s *source) error { return m.prove(ctx, s.master(), m.target.master(), s.owners) })
	case monitor.StepPush:
		return "", "", m.target.hosts[0].push(ctx, m.users()...)
	case monitor.StepProveReplica:
		return "", "", m.proveReplicas(ctx)
	case monitor.StepRoute:
		return "", "", m.Route(ctx, m.routes())
	case monitor.StepAllowTarget:
		return "", "", m.eachHost(ctx, m.target, m.users(), (*host).allow)
	case monitor.StepAllowWriters:
		return "", "", m.allowWriters(ctx, records)
	case monitor.StepCanary:
		return m.canary(ctx, records)
	case monitor.StepKeep:
		return "", "", nil
	case monitor.StepDeleteSource:
		return "", "", m.eachSource(func(s *source) error { return m.deleteFrom(ctx, s) })
	case monitor.StepAllowSource:
		return "", "", m.eachSource(func(s *source) error { return m.eachHost(ctx, &s.place, s.users, (*host).allow) })
	}
	return "", "", fmt.Errorf("there is no step %s", step)
}

// undo takes a step back.
func (m *move) undo(ctx context.Context, step monitor.Step, records []monitor.StepRecord) error {
	if m.unit.Returns && step != monitor.StepDenySource {
		return nil // what was there before stays, denied
	}
	switch step {
	case monitor.StepDenyTarget:
		return m.eachHost(ctx, m.target, m.users(), (*host).allow)
	case monitor.StepCopy:
		return m.uncopy(ctx)
	case monitor.StepDenySource:
		return errors.Join(m.allowWriters(ctx, records), m.eachSource(func(s *source) error { return m.eachHost(ctx, &s.place, s.users, (*host).allow) }))
	}
	return nil
}

// rests reports whether the original is still to be kept.
func (m *move) rests(_ monitor.Step, records []monitor.StepRecord) bool {
	routed, _ := ended(records, monitor.StepRoute)
	return m.Now().Sub(routed) < m.Keep
}

// users returns all users of the unit.
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
		for _, u := range s.users {
			routes = append(routes, Route{User: u, From: s.master(), To: m.target.master()})
		}
	}
	return routes
}

// eachHost does something for each user on each instance of a store, the master first.
func (m *move) eachHost(ctx context.Context, p *place, users []inventory.UserID, do func(*host, context.Context, inventory.UserID) error) error {
	for _, h := range p.hosts {
		for _, u := range users {
			if err := do(h, ctx, u); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *move) eachSource(do func(*source) error) error {
	for _, s := range m.sources {
		if err := do(s); err != nil {
			return err
		}
	}
	return nil
}

// copy copies the users while they work, again and again until that is quick, and tells
// how long they are then expected to be denied.
func (m *move) copy(ctx context.Context) (text, data string, err error) {
	var last time.Duration
	for range m.passes() {
		begin := m.Now()
		if err := m.eachSource(func(s *source) error { return m.copyFrom(ctx, s, false) }); err != nil {
			return "", "", err
		}
		took := m.Now().Sub(begin)
		quick := took < quickPass || last > 0 && took > last/3
		if last = took; quick {
			break
		}
	}
	begin := m.Now() // proofs take as long while the users work
	if err := m.eachSource(func(s *source) error {
		_, err := m.differences(ctx, s.master(), m.target.master(), s.owners)
		return err
	}); err != nil {
		return "", "", err
	}
	expected := last*3/2 + 2*m.Now().Sub(begin) + margin
	text = fmt.Sprintf("users are expected to be denied for %v", expected.Round(time.Second))
	if expected > m.expected() {
		return "", "", fmt.Errorf("%w: %s, %v is allowed", errPostponed, text, m.expected())
	}
	return text, expected.Round(time.Second).String(), nil
}

// quickPass is how long a copy may take that need not be made again, and margin what a
// route takes.
const quickPass, margin = 2 * time.Second, 5 * time.Second

// copyFrom copies the users of one source. The private configuration is there only
// meanwhile.
func (m *move) copyFrom(ctx context.Context, s *source, last bool) error {
	h := s.hosts[0]
	private, err := h.private(ctx, m.unit.Plan+m.unit.Name, m.target.master().CSync, account{m.SyncUser, string(m.SyncPassword)})
	if err != nil {
		return err
	}
	return errors.Join(h.copyTo(ctx, private, last, s.users...), h.forget(context.WithoutCancel(ctx), private))
}

// uncopy removes the copies from the target, which had none before.
func (m *move) uncopy(ctx context.Context) error {
	for _, u := range m.users() {
		if err := m.target.hosts[0].remove(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// denySource keeps out everybody who may write to what is moved, and tells who of them
// stays.
func (m *move) denySource(ctx context.Context) (text, data string, err error) {
	stay := map[inventory.StoreID][]inventory.UserID{}
	for _, s := range m.sources {
		users, crowds, err := m.writersOf(ctx, s)
		if err != nil {
			return "", "", err
		}
		if len(crowds) > 0 {
			return "", "", fmt.Errorf("%s may write to what is moved", strings.Join(crowds, " and "))
		}
		stay[s.store.Name] = users
	}
	kept, err := json.Marshal(stay)
	if err != nil {
		return "", "", err
	}
	for _, s := range m.sources {
		if err := m.eachHost(ctx, &s.place, slices.Concat(s.users, stay[s.store.Name]), (*host).deny); err != nil {
			return "", "", err
		}
	}
	return "", string(kept), nil
}

// writersOf returns who else may write to what moves.
func (m *move) writersOf(ctx context.Context, s *source) (users []inventory.UserID, crowds []string, err error) {
	c, err := m.Dial(ctx, s.master(), "")
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	has, err := hold(ctx, c, s.owners)
	if err != nil {
		return nil, nil, err
	}
	names, crowds := writers(has.mailboxes, s.owners, strings.Fields(s.hosts[0].settings["admins"]))
	for _, n := range names {
		users = append(users, inventory.UserID(n))
	}
	return users, crowds, nil
}

// allowWriters lets those in again who may write to what was moved, and stay.
func (m *move) allowWriters(ctx context.Context, records []monitor.StepRecord) error {
	stay := map[inventory.StoreID][]inventory.UserID{}
	for i := range records {
		if r := &records[i]; r.Step == monitor.StepDenySource && r.Data != "" {
			if err := json.Unmarshal([]byte(r.Data), &stay); err != nil {
				return err
			}
		}
	}
	return m.eachSource(func(s *source) error { return m.eachHost(ctx, &s.place, stay[s.store.Name], (*host).allow) })
}

// differences compares an instance with another as administrators.
func (m *move) differences(ctx context.Context, from, to inventory.Instance, owners map[cyrus.Owner]bool) ([]string, error) {
	var clients [2]*cyrus.Client
	var dialling errgroup.Group
	for i, in := range []inventory.Instance{from, to} {
		dialling.Go(func() (err error) { clients[i], err = m.Dial(ctx, in, ""); return err })
	}
	err := dialling.Wait()
	for _, c := range clients {
		if c != nil {
			defer c.Close()
		}
	}
	if err != nil {
		return nil, err
	}
	return prove(ctx, clients[0], clients[1], owners)
}

// prove fails where a copy is not the same.
func (m *move) prove(ctx context.Context, from, to inventory.Instance, owners map[cyrus.Owner]bool) error {
	different, err := m.differences(ctx, from, to, owners)
	if err == nil && len(different) > 0 {
		err = fmt.Errorf("what is on %s is not what is on %s: %s", to.Server, from.Server, strings.Join(different, "; "))
	}
	return err
}

func (m *move) proveReplicas(ctx context.Context) error {
	for _, replica := range m.target.store.Instances[1:] {
		for _, s := range m.sources {
			if err := m.prove(ctx, m.target.master(), replica, s.owners); err != nil {
				return err
			}
		}
	}
	return nil
}

// canary logs in as each user on the new store.
func (m *move) canary(ctx context.Context, _ []monitor.StepRecord) (text, data string, err error) {
	for _, u := range m.users() {
		c, err := m.Dial(ctx, m.target.master(), u)
		if err != nil {
			return "", "", err
		}
		_, err = c.Status(ctx, "INBOX")
		if err = errors.Join(err, c.Close()); err != nil {
			return "", "", err
		}
	}
	return "", "", nil
}

// deleteFrom removes the original, and fails if anything of it is left.
func (m *move) deleteFrom(ctx context.Context, s *source) error {
	for _, u := range s.users {
		if err := s.hosts[0].remove(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// began returns when a step last began, and ended when it was last done.
func began(records []monitor.StepRecord, step monitor.Step) (time.Time, bool) {
	return last(records, step, monitor.StepBegan)
}

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

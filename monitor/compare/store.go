package compare

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// pair is a comparison under way.
type pair struct {
	store           Pair
	options         Options
	master, replica *host
	checksums       bool             // those of the two sides mean the same
	inboxes         map[string]inbox // by user
	users           []string         // who have one
	others          func(user string) []cyrus.InternalName

	mu       sync.Mutex
	out      *monitor.Comparison
	outcomes map[cyrus.Owner]monitor.Outcome
	told     map[inventory.Text]bool // mailboxes of which something was told
	done     int
	all      int
}

// inbox tells on which sides a user has one.
type inbox struct{ master, replica bool }

// Store compares a store's master with one of its replicas. An error says that
// nothing is known of one of them: it does not answer, or lets nobody in.
func Store(ctx context.Context, store Pair, o Options) (*monitor.Comparison, error) {
	o = o.withDefaults()
	p := &pair{
		store: store, options: o, out: &monitor.Comparison{Level: o.Level},
		outcomes: map[cyrus.Owner]monitor.Outcome{}, told: map[inventory.Text]bool{}, inboxes: map[string]inbox{},
		master:  &host{Side: store.Master, throttle: newThrottle(o.Rate)},
		replica: &host{Side: store.Replica, throttle: newThrottle(o.Rate)},
	}
	if err := p.run(ctx); err != nil {
		return nil, fmt.Errorf("compare %s on %s with %s: %w", store.Store, store.Master.Server, store.Replica.Server, err)
	}
	p.finish()
	return p.out, nil
}

func (p *pair) run(ctx context.Context) error {
	l := p.lane()
	defer l.close()
	if err := l.both(func(s *side) error { return s.admin(ctx) }); err != nil {
		return err
	}
	if m, r := p.master.server, p.replica.server; m.Separator != r.Separator {
		return fmt.Errorf("names have %q between their parts on the master and %q on the replica: the two are no pair", m.Separator, r.Separator)
	}
	marks := p.options.Level == monitor.CompareMarks
	master, replica, err := lookAt(l, func(s *side) ([]cyrus.Mailbox, error) { return s.mailboxes(ctx, marks) })
	if err != nil {
		return err
	}
	p.knowInboxes(master, replica)
	p.others = p.visible(master)
	master, replica = p.wanted(master), p.wanted(replica)
	p.checksums = comparable(master, replica)
	for _, side := range [][]cyrus.Mailbox{master, replica} {
		for i := range side {
			p.note(side[i].Internal, monitor.Identical)
		}
	}
	p.out.Mailboxes = len(master)
	settled, err := p.settle(ctx, l, suspects(master, replica, p.same))
	if err != nil {
		return err
	}
	if p.options.at(monitor.CompareAccounts) {
		if err := p.accounts(ctx, l, master, replica); err != nil {
			return err
		}
	}
	l.close()
	return p.closely(ctx, settled, master, replica)
}

// closely looks into mailboxes, and at the server as users see it, one by one.
func (p *pair) closely(ctx context.Context, settled []stood, master, replica []cyrus.Mailbox) error {
	p.all = len(settled)
	others := p.agreeing(settled, master, replica)
	var users []person
	if p.options.at(monitor.CompareAccounts) {
		users = p.people()
	}
	p.all += len(users)
	// Where checksums cannot be compared, nothing but the messages tells.
	messages := p.options.at(monitor.CompareMessages) || !p.checksums
	if messages {
		p.all += len(others)
	}
	if p.options.Level == monitor.CompareSpool {
		p.all += len(master) + len(replica)
	}
	if err := rounds(ctx, p, settled, p.tellSettled); err != nil {
		return err
	}
	if messages {
		if err := rounds(ctx, p, others, p.read); err != nil {
			return err
		}
	}
	// Users come last: by now it is known which mailboxes end their connections.
	if err := rounds(ctx, p, users, p.visit); err != nil {
		return err
	}
	if p.options.Level == monitor.CompareSpool {
		return p.spool(ctx, master, replica)
	}
	return nil
}

// agreeing returns the mailboxes that both sides have and no look has found to
// differ.
func (p *pair) agreeing(settled []stood, master, replica []cyrus.Mailbox) []stood {
	differ := map[cyrus.InternalName]bool{}
	for i := range settled {
		differ[settled[i].name] = true
	}
	var others []stood
	onReplica := map[cyrus.InternalName]*cyrus.Mailbox{}
	for i := range replica {
		onReplica[replica[i].Internal] = &replica[i]
	}
	for i := range master {
		if m, r := &master[i], onReplica[master[i].Internal]; r != nil && !differ[m.Internal] {
			others = append(others, stood{suspect: suspect{name: m.Internal, master: m, replica: r}})
		}
	}
	return others
}

// wanted leaves out what is not to be compared.
func (p *pair) wanted(mailboxes []cyrus.Mailbox) []cyrus.Mailbox {
	return slices.DeleteFunc(slices.Clone(mailboxes), func(m cyrus.Mailbox) bool {
		owner, _, kept := m.Internal.Owner()
		return !kept || !p.options.Only(owner)
	})
}

// same tells whether two copies of a mailbox agree in what the level looks at.
func (p *pair) same(master, replica *cyrus.Mailbox) bool {
	return sameMark(&master.Mark, &replica.Mark, p.checksums) && (p.options.Level == monitor.CompareMarks || sameDetails(master, replica))
}

// sameDetails tells whether two copies have the same rights, place and quota
// root. A right's place in the list matters to nobody, but replication keeps it.
func sameDetails(master, replica *cyrus.Mailbox) bool {
	return master.Partition == replica.Partition && master.QuotaRoot == replica.QuotaRoot && slices.Equal(master.ACL, replica.ACL)
}

// note remembers an outcome of a mailbox for its owner.
func (p *pair) note(name cyrus.InternalName, outcome monitor.Outcome) {
	owner, _, _ := name.Owner()
	p.noteOwner(owner, outcome)
}

// noteOwner remembers an outcome; the worst counts.
func (p *pair) noteOwner(owner cyrus.Owner, outcome monitor.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if had, known := p.outcomes[owner]; !known || outcome.Rank() > had.Rank() {
		p.outcomes[owner] = outcome
	}
}

// finish puts what was found into order.
func (p *pair) finish() {
	for owner, outcome := range p.outcomes {
		p.out.Owners = append(p.out.Owners, monitor.Compared{Owner: owner.Name, Shared: owner.Shared, Outcome: outcome})
	}
	slices.SortFunc(p.out.Owners, func(a, b monitor.Compared) int {
		if a.Shared != b.Shared {
			return map[bool]int{false: -1, true: 1}[a.Shared]
		}
		return cmp.Compare(a.Owner, b.Owner)
	})
	slices.SortStableFunc(p.out.Differences, func(a, b monitor.Difference) int {
		return cmp.Or(
			cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Text, b.Text),
		)
	})
	slices.SortStableFunc(p.out.InFlight, func(a, b monitor.InFlight) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.Text, b.Text))
	})
	slices.SortStableFunc(p.out.Uncompared, func(a, b monitor.Uncompared) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.What, b.What))
	})
}

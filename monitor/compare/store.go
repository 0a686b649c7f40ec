package compare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// pair is a comparison under way.
type pair struct {
	store           Pair
	options         Options
	master, replica side
	checksums       bool // those of the two sides mean the same
	out             *monitor.Comparison
	outcomes        map[cyrus.Owner]monitor.Outcome
}

// Store compares a store's master with one of its replicas. An error says that
// nothing is known of one of them: it does not answer, or lets nobody in.
func Store(ctx context.Context, store Pair, o Options) (*monitor.Comparison, error) {
	p := &pair{
		store: store, options: o.withDefaults(), out: &monitor.Comparison{Level: o.Level}, outcomes: map[cyrus.Owner]monitor.Outcome{},
		master: side{Side: store.Master}, replica: side{Side: store.Replica},
	}
	defer p.master.close()
	defer p.replica.close()
	if err := p.run(ctx); err != nil {
		return nil, fmt.Errorf("compare %s on %s with %s: %w", store.Store, store.Master.Server, store.Replica.Server, err)
	}
	p.finish()
	return p.out, nil
}

func (p *pair) run(ctx context.Context) error {
	if err := p.both(func(s *side) error { return s.dial(ctx) }); err != nil {
		return err
	}
	if m, r := p.master.client.Server(), p.replica.client.Server(); m.Separator != r.Separator {
		return fmt.Errorf("names have %q between their parts on the master and %q on the replica: the two are no pair", m.Separator, r.Separator)
	}
	var master, replica []cyrus.Mailbox
	marks := p.options.Level == monitor.CompareMarks
	err := p.both(func(s *side) (err error) {
		mailboxes, err := s.mailboxes(ctx, marks)
		if s == &p.master {
			master = mailboxes
		} else {
			replica = mailboxes
		}
		return err
	})
	if err != nil {
		return err
	}
	p.checksums = comparable(master, replica)
	for i := range master {
		p.note(master[i].Internal, monitor.Identical)
	}
	p.out.Mailboxes = len(master)
	settled, err := p.settle(ctx, suspects(master, replica, p.same))
	if err != nil {
		return err
	}
	for i := range settled {
		if err := p.name(ctx, &settled[i]); err != nil {
			return err
		}
	}
	return nil
}

// both does something on both sides at once.
func (p *pair) both(do func(*side) error) error {
	var group errgroup.Group
	for _, s := range []*side{&p.master, &p.replica} {
		group.Go(func() error { return do(s) })
	}
	return group.Wait()
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

// note remembers an outcome of a mailbox for its owner; the worst counts.
func (p *pair) note(name cyrus.InternalName, outcome monitor.Outcome) {
	rank := func(o monitor.Outcome) int {
		return slices.Index([]monitor.Outcome{monitor.Identical, monitor.UnknownOutcome, monitor.Different}, o)
	}
	owner, _, _ := name.Owner()
	if had, known := p.outcomes[owner]; !known || rank(outcome) > rank(had) {
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
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.Kind, b.Kind))
	})
}

// name finds out in what a mailbox differs that did not come to agree.
func (p *pair) name(ctx context.Context, s *stood) error {
	if !s.still {
		p.inFlight(s.name, "it is being written to")
		return nil
	}
	if s.master == nil || s.replica == nil {
		return p.one(ctx, s)
	}
	if !s.master.Readable || !s.replica.Readable {
		p.unreadable(s.name)
		return nil
	}
	// The replica first: what it has beyond what the master has given out later
	// came from nowhere else.
	replica, theirs, err := p.replica.records(ctx, s.name)
	if err != nil && !errors.Is(err, cyrus.ErrManyRecords) {
		return err
	}
	master, ours, err2 := p.master.records(ctx, s.name)
	if err2 != nil && !errors.Is(err2, cyrus.ErrManyRecords) {
		return err2
	}
	switch {
	case err != nil || err2 != nil:
		return p.large(ctx, s)
	case master == nil || replica == nil:
		p.unreadable(s.name)
		return nil
	case !unmoved(s.master, master) || !unmoved(s.replica, replica):
		p.inFlight(s.name, "it is being written to")
		return nil
	}
	v, err := compareMessages(each(ours), each(theirs), counters{master: master.Status, replica: replica.Status})
	if err != nil {
		return err
	}
	p.tell(s, master, replica, v)
	return nil
}

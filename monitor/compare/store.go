package compare

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// pair is a comparison under way.
type pair struct {
	store           Pair
	options         Options
	master, replica *host
	checksums       bool // those of the two sides mean the same
	listed          listing
	inboxes         map[string]inbox                // by user
	users           []string                        // who have mailboxes
	chosen          []cyrus.Owner                   // whom to compare, in this order
	proven          map[string][]cyrus.InternalName // mailboxes of users that are the same
	suspected       map[cyrus.InternalName]bool     // mailboxes in which the marks differ
	others          func(user string) []cyrus.InternalName
	lead            cyrus.Lead
	miscounts       map[cyrus.InternalName][2]bool // quota roots of which the master, and the replica, counts wrong

	asking     sync.Mutex
	askedAt    time.Time // when it was last asked until when the replica has everything
	carried    time.Time // what was said
	progressed time.Time // when it was first said

	mu        sync.Mutex
	out       *monitor.Comparison
	owned     map[cyrus.Owner]*owned
	changed   map[cyrus.Owner]bool                  // since it was told what was found of them
	told      map[place]bool                        // where something was told
	skipped   map[monitor.Uncompared]bool           // what was told not to be compared
	wide      map[inMailbox]string                  // in which messages, as a set of UIDs
	inner     map[inventory.Text]cyrus.InternalName // of the mailboxes in which something differs
	drawn     map[inventory.Role]*drawn
	ways      map[cyrus.InternalName]monitor.RepairStep // back of messages that were saved
	flagWays  map[cyrus.InternalName]monitor.RepairStep // and of flags
	strays    map[cyrus.Owner][]stray
	behind    map[inMailbox]bool                        // in which the replica only lacks what the master has since
	remains   map[cyrus.InternalName]cyrus.InternalName // what the replica calls mailboxes of the master that have another name there
	relisted  bool                                      // remains are those of a second look, too
	unwritten map[cyrus.InternalName]error              // why what was to be saved of mailboxes could not be written
	way       *channel
	buried    map[cyrus.Owner][]string     // unique identifiers that the replica has to forget
	had       map[cyrus.InternalName]int64 // messages that only the replica has and whose UIDs the master has given out
	done, all int
}

// Store compares a store's master with one of its replicas. An error says that this came
// to no end, such as since one of them does not answer; what was found until then comes
// with it, and is nil if that is nothing.
func Store(ctx context.Context, store Pair, o Options) (*monitor.Comparison, error) {
	o = o.withDefaults()
	p := &pair{
		store: store, options: o, out: &monitor.Comparison{Level: o.Level},
		owned: map[cyrus.Owner]*owned{}, changed: map[cyrus.Owner]bool{}, suspected: map[cyrus.InternalName]bool{}, told: map[place]bool{}, skipped: map[monitor.Uncompared]bool{}, wide: map[inMailbox]string{}, behind: map[inMailbox]bool{},
		inner: map[inventory.Text]cyrus.InternalName{}, drawn: map[inventory.Role]*drawn{}, had: map[cyrus.InternalName]int64{}, miscounts: map[cyrus.InternalName][2]bool{}, ways: map[cyrus.InternalName]monitor.RepairStep{}, flagWays: map[cyrus.InternalName]monitor.RepairStep{}, inboxes: map[string]inbox{}, unwritten: map[cyrus.InternalName]error{},
		master:  &host{Side: store.Master, throttle: newThrottle(o.Rate), tries: o.Tries, pause: o.Pause},
		replica: &host{Side: store.Replica, throttle: newThrottle(o.Rate), tries: o.Tries, pause: o.Pause},
	}
	err := p.run(ctx)
	p.gather()
	p.sort()
	switch {
	case err == nil:
		return p.out, nil
	case len(p.out.Owners) == 0:
		p.out = nil
	}
	return p.out, fmt.Errorf("compare %s on %s with %s: %w", store.Store, store.Master.Server, store.Replica.Server, err)
}

func (p *pair) run(ctx context.Context) error {
	l := p.lane()
	defer l.close()
	if err := l.both(func(s *side) error { return s.admin(ctx) }); err != nil {
		return err
	}
	if at := l.master.client.Peer(); at == l.replica.client.Peer() {
		return fmt.Errorf("master and replica are both at %s, one instance: the fleet file has a wrong address (imap) for one of them", at)
	}
	if m, r := p.master.server, p.replica.server; m.Separator != r.Separator {
		return fmt.Errorf("names have %q between their parts on the master and %q on the replica: the two are no pair", m.Separator, r.Separator)
	}
	marks := p.options.Level == monitor.CompareMarks
	ours, theirs, err := lookAt(l, func(s *side) (*holding, error) { return s.holding(ctx, marks) })
	if err != nil {
		return err
	}
	master, replica := ours.mailboxes, theirs.mailboxes
	p.lead, p.strays, p.buried, p.remains = leadOf(master, replica), straysOf(ours, theirs), buriedIn(ours, theirs), remainsOf(ours, theirs)
	if len(suspects(master, replica, p.same)) == 0 {
		if err := p.itself(ctx, l, master, replica); err != nil {
			return err
		}
	}
	p.knowInboxes(master, replica)
	p.others = p.visible(master)
	if err := p.choose(master, replica); err != nil {
		return err
	}
	if p.checksums, err = p.comparable(ctx, l, master, replica); err != nil {
		return err
	}
	p.listed = listingOf(p.chosen, master, replica)
	master, replica = p.listed.master, p.listed.replica
	p.out.Mailboxes = len(master)
	found := suspects(master, replica, p.same)
	for i := range found {
		p.suspected[found[i].name] = true
	}
	p.prove(master, replica)
	accounts := &bulk{}
	if p.options.at(monitor.CompareAccounts) {
		accounts = p.accounts(master, replica)
	}
	settled, err := p.settle(ctx, l, found, accounts)
	if err != nil {
		return err
	}
	l.close()
	return p.closely(ctx, settled, accounts, master, replica)
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

// same tells whether two copies of a mailbox agree in what the level looks at.
func (p *pair) same(master, replica *cyrus.Mailbox) bool {
	return sameMark(&master.Mark, &replica.Mark, p.checksums) && (p.options.Level == monitor.CompareMarks || sameDetails(master, replica))
}

// sameDetails tells whether two copies have the same rights, type, place and quota
// root. A right's place in the list matters to nobody, but replication keeps it.
func sameDetails(master, replica *cyrus.Mailbox) bool {
	return master.Type == replica.Type && master.Partition == replica.Partition && master.QuotaRoot == replica.QuotaRoot && slices.Equal(master.ACL, replica.ACL)
}

// sort puts what was not compared into order.
func (p *pair) sort() {
	slices.SortStableFunc(p.out.InFlight, func(a, b monitor.InFlight) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.Text, b.Text))
	})
	slices.SortStableFunc(p.out.Uncompared, func(a, b monitor.Uncompared) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.What, b.What))
	})
}

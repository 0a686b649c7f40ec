package compare

import (
	"context"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// perParty is of how many users and shared trees for each connection everything is
// looked at before the next ones are, but in tests: so many are lost where a
// comparison is broken off.
var perParty = 20

// party is some users and shared trees with all that is to be looked at one by one.
type party struct {
	owners          []cyrus.Owner
	mailboxes       []stood
	users           []person
	master, replica []cyrus.Mailbox      // whose files are read
	open            map[cyrus.Owner]bool // of whom quotas or shared annotations are not settled
}

// closely looks into mailboxes, and at the server as users see it, one by one:
// where something differs first, and then party by party. What is not settled by
// then is looked at again in the end, all of it together.
func (p *pair) closely(ctx context.Context, settled []stood, accounts *bulk, master, replica []cyrus.Mailbox) error {
	parties := p.parties(settled, master, replica)
	p.all = len(settled)
	for i := range parties {
		g := &parties[i]
		p.all += len(g.mailboxes) + len(g.users) + len(g.master) + len(g.replica)
	}
	if err := rounds(ctx, p, settled, p.tellSettled); err != nil {
		return err
	}
	if p.options.Level == monitor.CompareSpool {
		p.beginSpool(master, replica)
	}
	rest := party{open: accounts.owners()}
	for i := range parties {
		if i > 0 && p.options.Enough() {
			break
		}
		if err := p.look(ctx, &parties[i], &rest); err != nil {
			return err
		}
	}
	if err := p.settleRest(ctx, &rest, accounts); err != nil {
		return err
	}
	return p.finished(rest.owners)
}

// settleRest looks at all that has not settled, after each pause, until it has.
func (p *pair) settleRest(ctx context.Context, rest *party, accounts *bulk) (err error) {
	for try := 1; len(rest.mailboxes)+len(rest.users) > 0 || accounts.open; try++ {
		if err := pause(ctx, p.options.Pause); err != nil {
			return err
		}
		last := try >= p.options.Tries
		if rest.mailboxes, err = round(ctx, p, rest.mailboxes, func(ctx context.Context, l *lane, s *stood) (bool, error) { return p.read(ctx, l, s, last) }); err != nil {
			return err
		}
		if rest.users, err = round(ctx, p, rest.users, func(ctx context.Context, l *lane, who *person) (bool, error) { return p.visit(ctx, l, who, last) }); err != nil {
			return err
		}
		if err := p.over(func(l *lane) error { return accounts.further(ctx, l, p) }); err != nil {
			return err
		}
	}
	return nil
}

// over does something over a lane of its own.
func (p *pair) over(do func(*lane) error) error {
	l := p.lane()
	defer l.close()
	return do(l)
}

// look looks at a party once, and adds to the rest what has not settled. Users come
// last: by then it is known which mailboxes end their connections.
func (p *pair) look(ctx context.Context, g, rest *party) error {
	moving, err := round(ctx, p, g.mailboxes, func(ctx context.Context, l *lane, s *stood) (bool, error) { return p.read(ctx, l, s, false) })
	if err != nil {
		return err
	}
	moves := map[cyrus.Owner]bool{}
	for i := range moving {
		owner, _, _ := moving[i].name.Owner()
		moves[owner] = true
	}
	var ready []person
	for _, who := range g.users {
		if moves[cyrus.Owner{Name: who.name}] {
			rest.users = append(rest.users, who)
		} else {
			ready = append(ready, who)
		}
	}
	restless, err := round(ctx, p, ready, func(ctx context.Context, l *lane, who *person) (bool, error) { return p.visit(ctx, l, who, false) })
	if err != nil {
		return err
	}
	late := maps.Clone(rest.open)
	maps.Copy(late, moves)
	for i := range restless {
		late[cyrus.Owner{Name: restless[i].name}] = true
	}
	if err := p.spool(ctx, g.master, g.replica); err != nil {
		return err
	}
	rest.mailboxes, rest.users = append(rest.mailboxes, moving...), append(rest.users, restless...)
	var done []cyrus.Owner
	for _, owner := range g.owners {
		if late[owner] {
			rest.owners = append(rest.owners, owner)
		} else {
			done = append(done, owner)
		}
	}
	return p.finished(done)
}

// parties divides what is to be looked at one by one, in the order of its owners.
func (p *pair) parties(settled []stood, master, replica []cyrus.Mailbox) []party {
	var parties []party
	place := map[cyrus.Owner]int{}
	for owners := range slices.Chunk(p.chosen, p.perParty()) {
		for _, owner := range owners {
			place[owner] = len(parties)
		}
		g := party{owners: owners}
		if p.options.at(monitor.CompareAccounts) {
			g.users = p.people(owners)
		}
		parties = append(parties, g)
	}
	at := func(name cyrus.InternalName) *party {
		owner, _, _ := name.Owner()
		return &parties[place[owner]]
	}
	// Where checksums cannot be compared, nothing but the messages tells.
	if p.options.at(monitor.CompareMessages) || !p.checksums {
		for _, s := range p.agreeing(settled, master, replica) {
			g := at(s.name)
			g.mailboxes = append(g.mailboxes, s)
		}
	}
	if p.options.Level == monitor.CompareSpool {
		p.expectReads(master)
		for i := range master {
			g := at(master[i].Internal)
			g.master = append(g.master, master[i])
		}
		for i := range replica {
			g := at(replica[i].Internal)
			g.replica = append(g.replica, replica[i])
		}
	}
	return parties
}

// perParty returns how many owners make a party: all of them at a level that looks at
// nobody one by one.
func (p *pair) perParty() int {
	if p.options.at(monitor.CompareAccounts) || !p.checksums {
		return perParty * p.options.Connections
	}
	return max(1, len(p.chosen))
}

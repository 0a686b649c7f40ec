package compare

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// sureOfSieve says so where a server keeps Sieve scripts in files, which nobody is
// shown over IMAP.
func (p *pair) sureOfSieve(master, replica []cyrus.Mailbox) {
	for _, mailboxes := range [][]cyrus.Mailbox{master, replica} {
		if slices.ContainsFunc(mailboxes, func(m cyrus.Mailbox) bool { return m.Internal.HoldsScripts() }) {
			return
		}
	}
	if !keepsSieve(p.master.server.Version) || !keepsSieve(p.replica.server.Version) {
		p.skipAll(false, "Sieve scripts", errors.New("a Cyrus before 3.6 does not show them over IMAP"))
	}
}

// keepsSieve tells whether this version keeps Sieve scripts in mailboxes.
func keepsSieve(version string) bool {
	var major, minor int
	_, err := fmt.Sscanf(version, "%d.%d", &major, &minor)
	return err == nil && (major > 3 || major == 3 && minor >= 6)
}

// bulkLook tells in what the two sides differ that an administrator is told of all mailboxes
// at once.
type bulkLook func(context.Context, *lane) ([]apart, error)

// accounts returns what an administrator is told of all mailboxes at once beside their
// marks: quotas and shared annotations.
func (p *pair) accounts(master, replica []cyrus.Mailbox) *bulk {
	p.sureOfSieve(master, replica)
	quotas := p.offered(cyrus.ErrNoQuotas, "quotas", p.quotas(master, replica))
	annotations := p.offered(cyrus.ErrNoAnnotations, "shared annotations of mailboxes", p.annotations(onBoth(master, replica)))
	return &bulk{open: true, find: func(ctx context.Context, l *lane) ([]apart, error) {
		found, err := quotas(ctx, l)
		if err != nil {
			return nil, err
		}
		more, err := annotations(ctx, l)
		if found = append(found, more...); err == nil {
			err = p.noteMoved(ctx, l, found)
		}
		return found, err
	}}
}

// offered makes of a look one that finds nothing where a server does not offer what it asks
// for, and says so.
func (p *pair) offered(missing error, what string, look bulkLook) bulkLook {
	return func(ctx context.Context, l *lane) ([]apart, error) {
		if look == nil {
			return nil, nil
		}
		found, err := look(ctx, l)
		if errors.Is(err, missing) {
			p.skipAll(true, what, err)
			look = nil
			return nil, nil
		}
		return found, err
	}
}

// onBoth returns the mailboxes that both sides have and can read, by their names as an
// administrator says them.
func onBoth(master, replica []cyrus.Mailbox) map[string]cyrus.InternalName {
	onReplica := map[cyrus.InternalName]bool{}
	for i := range replica {
		onReplica[replica[i].Internal] = replica[i].Readable
	}
	both := map[string]cyrus.InternalName{}
	for i := range master {
		if m := &master[i]; m.Readable && onReplica[m.Internal] {
			both[string(m.Name)] = m.Internal
		}
	}
	return both
}

// bulk is what is looked at of all mailboxes at once as often as the options say, or until
// both sides agree. Between two looks a pause has to pass.
type bulk struct {
	still
	find     bulkLook
	now, had []apart // what the last look, and every look, has shown
	tries    int     // looks after the first one
	seen     bool    // there was a first one
	open     bool    // there are more to come
}

// look takes another look, and after the last one tells what every look has shown.
func (b *bulk) look(ctx context.Context, l *lane, p *pair) (err error) {
	if b.seen {
		p.ask(ctx, &b.still)
	}
	if b.now, err = b.find(ctx, l); err != nil {
		return err
	}
	if b.seen {
		b.had = stayed(b.had, b.now)
		b.tries++
		b.stands()
	} else {
		b.had, b.seen = b.now, true
	}
	if b.open = len(b.now) > 0 && (b.tries < p.options.Tries || len(b.had) > 0 && p.waits(&b.still)); !b.open {
		p.tellApart(b.now, b.had, &b.still)
	}
	return nil
}

// further takes another look if there are more to come.
func (b *bulk) further(ctx context.Context, l *lane, p *pair) error {
	if !b.open {
		return nil
	}
	return b.look(ctx, l, p)
}

// owners returns of whom something is not told yet.
func (b *bulk) owners() map[cyrus.Owner]bool {
	of := map[cyrus.Owner]bool{}
	if b.open {
		for i := range b.now {
			of[b.now[i].owner] = true
		}
	}
	return of
}

// annotations returns the look in which shared annotations of these mailboxes the two sides
// differ; nil where there are no mailboxes.
func (p *pair) annotations(mailboxes map[string]cyrus.InternalName) bulkLook {
	if len(mailboxes) == 0 {
		return nil // no names would ask for all, which a server without mailboxes refuses to tell
	}
	names := slices.Sorted(maps.Keys(mailboxes))
	return func(ctx context.Context, l *lane) ([]apart, error) {
		theirs, err := l.replica.shared(ctx, names)
		if err != nil {
			return nil, err
		}
		ours, err := l.master.shared(ctx, names)
		return annotationsApart(ours, theirs, func(name string) (cyrus.Owner, cyrus.InternalName, bool) {
			inner, known := mailboxes[name]
			owner, _, _ := inner.Owner()
			return owner, inner, known
		}), err
	}
}

// shared returns the shared annotations of all mailboxes. A server that cannot
// tell them at once, since a mailbox is damaged, is asked for one after the other
// of those that are not.
func (s *side) shared(ctx context.Context, names []string) (map[string][]cyrus.Annotation, error) {
	if err := s.admin(ctx); err != nil {
		return nil, err
	}
	found, err := s.client.Annotations(ctx, cyrus.SharedScope)
	switch {
	case err == nil || !cyrus.Died(err) && !cyrus.IsRefusal(err):
		return found, err
	case cyrus.Died(err):
		s.close()
	}
	return asAdmin(ctx, s, func() (map[string][]cyrus.Annotation, error) {
		return s.client.Annotations(ctx, cyrus.SharedScope, names...)
	})
}

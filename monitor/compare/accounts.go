package compare

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// sieve is what the name of a mailbox of scripts has behind its owner's.
const sieve = ".#sieve"

// sureOfSieve says so where a server keeps Sieve scripts in files, which nobody is
// shown over IMAP.
func (p *pair) sureOfSieve(master, replica []cyrus.Mailbox) {
	for _, mailboxes := range [][]cyrus.Mailbox{master, replica} {
		if slices.ContainsFunc(mailboxes, func(m cyrus.Mailbox) bool { return strings.HasSuffix(string(m.Internal), sieve) }) {
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

// accounts compares what an administrator is told of all mailboxes at once beside
// their marks: quotas and shared annotations.
func (p *pair) accounts(ctx context.Context, l *lane, master, replica []cyrus.Mailbox) error {
	p.sureOfSieve(master, replica)
	quotas := p.offered(cyrus.ErrNoQuotas, "quotas", p.quotas(ctx, l, master, replica))
	annotations := p.offered(cyrus.ErrNoAnnotations, "shared annotations of mailboxes", p.annotations(ctx, l, onBoth(master, replica)))
	return p.settleApart(ctx, func() ([]apart, error) {
		found, err := quotas()
		if err != nil {
			return nil, err
		}
		more, err := annotations()
		return append(found, more...), err
	})
}

// offered makes of a look one that finds nothing where a server does not offer what it asks
// for, and says so.
func (p *pair) offered(missing error, what string, look func() ([]apart, error)) func() ([]apart, error) {
	return func() ([]apart, error) {
		if look == nil {
			return nil, nil
		}
		found, err := look()
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

// settleApart looks as often as the options say, or until both sides agree, and
// tells what every look has shown.
func (p *pair) settleApart(ctx context.Context, look func() ([]apart, error)) error {
	var t still
	now, err := look()
	had := now
	for try := 0; err == nil && len(now) > 0 && (try < p.options.Tries || len(had) > 0 && p.waits(&t)); try++ {
		if err = pause(ctx, p.options.Pause); err == nil {
			p.ask(ctx, &t)
			now, err = look()
			had = stayed(had, now)
			t.stands()
		}
	}
	if err == nil {
		p.tellApart(now, had, &t)
	}
	return err
}

// annotations returns the look in which shared annotations of these mailboxes the two sides
// differ; nil where there are no mailboxes.
func (p *pair) annotations(ctx context.Context, l *lane, mailboxes map[string]cyrus.InternalName) func() ([]apart, error) {
	if len(mailboxes) == 0 {
		return nil // no names would ask for all, which a server without mailboxes refuses to tell
	}
	names := slices.Sorted(maps.Keys(mailboxes))
	return func() ([]apart, error) {
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

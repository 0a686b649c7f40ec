package compare

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
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
		p.skipAll(false, "Sieve scripts", "a Cyrus before 3.6 does not show them over IMAP")
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
	if err := p.quotas(ctx, l, roots(master, replica)); err != nil {
		return err
	}
	onReplica := map[cyrus.InternalName]bool{}
	for i := range replica {
		onReplica[replica[i].Internal] = replica[i].Readable
	}
	shared := map[string]cyrus.InternalName{}
	for i := range master {
		if m := &master[i]; m.Readable && onReplica[m.Internal] {
			shared[string(m.Name)] = m.Internal
		}
	}
	return p.annotations(ctx, l, shared)
}

// roots returns the quota roots of the mailboxes of both sides, sorted.
func roots(master, replica []cyrus.Mailbox) []cyrus.InternalName {
	found := map[cyrus.InternalName]bool{}
	for _, mailboxes := range [][]cyrus.Mailbox{master, replica} {
		for i := range mailboxes {
			if root := mailboxes[i].QuotaRoot; root != "" {
				found[root] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
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

// quotas compares limits and uses.
func (p *pair) quotas(ctx context.Context, l *lane, roots []cyrus.InternalName) error {
	err := p.settleApart(ctx, func() (found []apart, err error) {
		theirs, err := l.replica.uses(ctx, roots)
		if err != nil {
			return nil, err
		}
		ours, err := l.master.uses(ctx, roots)
		if err != nil {
			return nil, err
		}
		var differ []cyrus.InternalName
		for _, root := range roots {
			if !slices.Equal(ours[root], theirs[root]) {
				owner, _, _ := root.Owner()
				differ = append(differ, root)
				found = append(found, apart{
					owner: owner, kind: monitor.QuotaDiffers, name: root,
					master: quotaText(ours[root]), replica: quotaText(theirs[root]), text: quotaApart(ours[root], theirs[root]),
				})
			}
		}
		roots = differ
		return found, nil
	})
	if errors.Is(err, cyrus.ErrNoQuotas) {
		p.skipAll(true, "quotas", err.Error())
		return nil
	}
	return err
}

func (s *side) uses(ctx context.Context, roots []cyrus.InternalName) (map[cyrus.InternalName][]cyrus.Use, error) {
	if err := s.admin(ctx); err != nil {
		return nil, err
	}
	return s.client.Uses(ctx, roots)
}

// quotaText writes a quota: STORAGE 7 of 10240.
func quotaText(uses []cyrus.Use) string {
	var texts []string
	for _, u := range uses {
		texts = append(texts, fmt.Sprintf("%s %d of %d", u.Resource, u.Used, u.Limit))
	}
	return strings.Join(texts, ", ")
}

// Texts of quotas that differ; what repairs them differs, too.
const (
	limitDiffers = "the limit of the quota differs"
	rootDiffers  = "the quota root differs"
	useDiffers   = "what counts as used differs, and the limit does not"
)

func quotaApart(master, replica []cyrus.Use) string {
	limits := func(a, b cyrus.Use) bool { return a.Resource == b.Resource && a.Limit == b.Limit }
	if slices.EqualFunc(master, replica, limits) {
		return useDiffers
	}
	return limitDiffers
}

// annotations compares the shared annotations of mailboxes that both sides have.
func (p *pair) annotations(ctx context.Context, l *lane, mailboxes map[string]cyrus.InternalName) error {
	if len(mailboxes) == 0 {
		return nil // no names would ask for all, which a server without mailboxes refuses to tell
	}
	names := slices.Sorted(maps.Keys(mailboxes))
	err := p.settleApart(ctx, func() ([]apart, error) {
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
	})
	if errors.Is(err, cyrus.ErrNoAnnotations) {
		p.skipAll(true, "shared annotations of mailboxes", err.Error())
		return nil
	}
	return err
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
		if err := s.admin(ctx); err != nil {
			return nil, err
		}
	}
	return s.client.Annotations(ctx, cyrus.SharedScope, names...)
}

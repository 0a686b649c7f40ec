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

// account is what one side shows a user.
type account struct {
	view    *cyrus.View
	private map[string][]cyrus.Annotation
	untold  error // why there are no annotations
}

func (s *side) account(ctx context.Context, who *person, whole bool) (a account, err error) {
	if err := s.enter(ctx, who.name); err != nil {
		return a, err
	}
	switch {
	case who.others == nil:
		a.view, err = s.client.View(ctx)
	case whole || who.own == nil:
		a.view, err = s.client.ViewOf(ctx, who.others)
	default:
		a.view, err = s.client.ViewBeside(ctx, who.own, who.others)
	}
	if err == nil {
		a.private, err = s.private(ctx, a.view)
	}
	if errors.Is(err, cyrus.ErrNoAnnotations) {
		a.untold, err = err, nil
	}
	if err != nil && cyrus.Died(err) {
		s.close()
		return a, fmt.Errorf("%s: %w (%w)", s.Server, errUserGone, err)
	}
	return a, err
}

// private returns the user's own annotations of the mailboxes in view.
func (s *side) private(ctx context.Context, v *cyrus.View) (map[string][]cyrus.Annotation, error) {
	names := make([]string, len(v.Mailboxes))
	for i := range v.Mailboxes {
		names[i] = v.Mailboxes[i].Name
	}
	return s.client.Annotations(ctx, cyrus.PrivateScope, names...)
}

// visit compares what both sides show a user.
func (p *pair) visit(ctx context.Context, l *lane, who *person, last bool) (again bool, err error) {
	who.others = slices.DeleteFunc(who.others, func(name cyrus.InternalName) bool {
		return p.master.damageOf(name) != nil || p.replica.damageOf(name) != nil
	})
	master, replica, err := lookAt(l, func(s *side) (account, error) { return s.account(ctx, who, p.options.Level == monitor.CompareView) })
	if err != nil {
		if !cannotRead(err) || ctx.Err() != nil {
			return false, err
		}
		p.uncomparedUser(who.name, err.Error())
		return false, nil
	}
	if untold := errors.Join(master.untold, replica.untold); untold != nil && !who.seen {
		p.skip(cyrus.Owner{Name: who.name}, "", "the user's own annotations of mailboxes", untold.Error())
	}
	now := p.compareAccounts(who.name, &master, &replica)
	if p.options.Level == monitor.CompareView {
		more, err := p.walk(ctx, l, who, master.view, replica.view)
		if err != nil {
			return false, err
		}
		now = append(now, more...)
	}
	had := now
	if who.seen {
		had = stayed(who.had, now)
	}
	who.had, who.seen = had, true
	if len(now) == 0 || last {
		p.tellApart(now, had)
		return false, nil
	}
	return true, nil
}

// compareAccounts returns in what two views of a user differ: subscriptions, what
// was seen, and annotations.
func (p *pair) compareAccounts(user string, master, replica *account) (found []apart) {
	owner := cyrus.Owner{Name: user}
	for _, name := range missingFrom(replica.view.Subscriptions, master.view.Subscriptions) {
		found = append(found, apart{owner: owner, kind: monitor.Subscription, master: "subscribed to " + name, replica: "not subscribed", text: "a subscription is missing"})
	}
	for _, name := range missingFrom(master.view.Subscriptions, replica.view.Subscriptions) {
		found = append(found, apart{owner: owner, kind: monitor.Subscription, master: "not subscribed", replica: "subscribed to " + name, text: "only the replica has a subscription"})
	}
	onReplica := map[string]*cyrus.Sight{}
	for i := range replica.view.Mailboxes {
		onReplica[replica.view.Mailboxes[i].Name] = &replica.view.Mailboxes[i]
	}
	for i := range master.view.Mailboxes {
		m := &master.view.Mailboxes[i]
		r := onReplica[m.Name]
		if r != nil && m.Unseen != r.Unseen && m.Unseen != cyrus.UnknownCount && r.Unseen != cyrus.UnknownCount && m.Status.Messages == r.Status.Messages {
			found = append(found, apart{
				owner: owner, name: m.Internal, kind: monitor.SeenDiffers,
				master: fmt.Sprintf("%d unseen", m.Unseen), replica: fmt.Sprintf("%d unseen", r.Unseen), text: "the user has seen other messages",
			})
		}
	}
	onBoth := map[string]cyrus.InternalName{}
	for i := range master.view.Mailboxes {
		if m := &master.view.Mailboxes[i]; onReplica[m.Name] != nil {
			onBoth[m.Name] = m.Internal
		}
	}
	if master.untold == nil && replica.untold == nil {
		found = append(found, annotationsApart(master.private, replica.private, func(name string) (cyrus.Owner, cyrus.InternalName, bool) {
			inner, visible := onBoth[name]
			return owner, inner, visible
		})...)
	}
	return found
}

// missingFrom returns what is in all and not in some; both are sorted.
func missingFrom(some, all []string) (missing []string) {
	for _, name := range all {
		if _, found := slices.BinarySearch(some, name); !found {
			missing = append(missing, name)
		}
	}
	return missing
}

// annotationsApart compares annotations by mailbox and entry. Of mailboxes that
// called does not know they are left out.
func annotationsApart(master, replica map[string][]cyrus.Annotation, called func(string) (cyrus.Owner, cyrus.InternalName, bool)) (found []apart) {
	names := map[string]bool{}
	for name := range master {
		names[name] = true
	}
	for name := range replica {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		owner, inner, known := called(name)
		if !known || slices.Equal(master[name], replica[name]) {
			continue
		}
		ours, theirs := annotationsOf(master[name], replica[name]), annotationsOf(replica[name], master[name])
		found = append(found, apart{owner: owner, name: inner, kind: monitor.Annotated, master: ours, replica: theirs, text: "the mailbox is annotated differently"})
	}
	return found
}

// annotationsOf writes those that the other does not have.
func annotationsOf(list, other []cyrus.Annotation) string {
	var texts []string
	for _, a := range list {
		if !slices.Contains(other, a) {
			texts = append(texts, fmt.Sprintf("%s %q", a.Entry, a.Value))
		}
	}
	return strings.Join(texts, ", ")
}

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
	view       *cyrus.View
	subscribed map[string]cyrus.InternalName // what the user's subscriptions are of
	private    map[string][]cyrus.Annotation
	untold     error // why there are no annotations
}

func (s *side) account(ctx context.Context, who *person, whole bool) (account, error) {
	return asUser(ctx, s, who.name, func() (a account, err error) {
		switch {
		case who.others == nil:
			a.view, err = s.client.View(ctx)
		case whole || who.own == nil:
			a.view, err = s.client.ViewOf(ctx, who.others)
		default:
			a.view, err = s.client.ViewBeside(ctx, who.own, who.others)
		}
		if err == nil {
			a.subscribed = map[string]cyrus.InternalName{}
			for _, name := range a.view.Subscriptions {
				a.subscribed[name] = s.client.Inside(name)
			}
			a.private, err = s.private(ctx, a.view)
		}
		if errors.Is(err, cyrus.ErrNoAnnotations) {
			a.untold, err = err, nil
		}
		return a, err
	})
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
	if !who.inbox.both() {
		if here, again, err := p.await(ctx, l, who, last); !here || err != nil {
			return again, err
		}
	}
	if len(who.had) > 0 {
		if p.ask(ctx, &who.still); last && p.waits(&who.still) {
			return true, nil
		}
	}
	p.leaveDamaged(who)
	now, err := p.shown(ctx, l, who)
	switch {
	case err != nil && (!cannotRead(err) || ctx.Err() != nil):
		return false, err
	case err != nil:
		return p.notShown(ctx, l, who, err, last)
	}
	had := stayed(now, now)
	if who.seen {
		had = stayed(who.had, now)
		who.stands()
	}
	who.had, who.seen = had, true
	if len(now) == 0 || last && (len(had) == 0 || !p.waits(&who.still)) {
		p.tellApart(now, had, &who.still)
		return false, nil
	}
	return true, nil
}

// leaveDamaged leaves out mailboxes of others that a side cannot read, and that end
// the connections of those who look at them.
func (p *pair) leaveDamaged(who *person) {
	who.others = slices.DeleteFunc(who.others, func(name cyrus.InternalName) bool {
		damaged := p.master.damageOf(name) != nil || p.replica.damageOf(name) != nil
		if damaged && !who.owns(name) {
			p.uncomparedIn(who.name, name, "what the user sees there", errUnreadable)
		}
		return damaged
	})
}

// shown returns in what the two sides differ as they are shown to a user.
func (p *pair) shown(ctx context.Context, l *lane, who *person) ([]apart, error) {
	master, replica, err := lookAt(l, func(s *side) (account, error) { return s.account(ctx, who, p.options.Level == monitor.CompareView) })
	if err != nil {
		return nil, err
	}
	if !who.sees(master.view) || !who.sees(replica.view) {
		return nil, errUnseen
	}
	if untold := errors.Join(master.untold, replica.untold); untold != nil && !who.seen {
		p.skip(cyrus.Owner{Name: who.name}, "", "the user's own annotations of mailboxes", untold)
	}
	look := p.seenByOthers
	if p.options.Level == monitor.CompareView {
		look = p.walk
	}
	more, err := look(ctx, l, who, master.view, replica.view)
	if err != nil {
		return nil, err
	}
	found := append(p.compareAccounts(who.name, &master, &replica), more...)
	return found, p.noteMoved(ctx, l, found)
}

// errUnreadable says that a mailbox cannot be shown to anybody.
var errUnreadable = errors.New("a server cannot read the mailbox")

// errUnseen says that a view cannot be that of the user: an owner sees the INBOX
// whatever the access list says.
var errUnseen = errors.New("a login shows no INBOX of the user: the server takes the name for another one")

// sees tells whether a view has the user's INBOX.
func (who *person) sees(v *cyrus.View) bool {
	return slices.ContainsFunc(v.Mailboxes, func(m cyrus.Sight) bool {
		owner, folder, _ := m.Internal.Owner()
		return owner == cyrus.Owner{Name: who.name} && len(folder) == 0
	})
}

// owns tells whether a mailbox is the user's own.
func (who *person) owns(name cyrus.InternalName) bool {
	owner, _, _ := name.Owner()
	return owner == cyrus.Owner{Name: who.name}
}

// seenByOthers compares which messages a user has seen in mailboxes of others, where as
// many are unseen on both sides: the sums over all messages do not have that. Where none
// or all are, there is nothing to compare.
func (p *pair) seenByOthers(ctx context.Context, l *lane, who *person, master, replica *cyrus.View) (found []apart, err error) {
	onReplica := sights(replica)
	for i := range master.Mailboxes {
		m := &master.Mailboxes[i]
		r := onReplica[m.Name]
		if r == nil || who.owns(m.Internal) || m.Unseen <= 0 || m.Unseen >= m.Status.Messages || m.Unseen != r.Unseen || m.Status.Messages != r.Status.Messages {
			continue
		}
		ours, theirs, err := lookAt(l, func(s *side) ([]cyrus.UIDs, error) {
			return asUser(ctx, s, who.name, func() ([]cyrus.UIDs, error) { return s.client.Seen(ctx, m.Name) })
		})
		if err != nil {
			return nil, err
		}
		if !slices.Equal(ours, theirs) {
			differ := onlyIn(ours, theirs)
			found = append(found, apart{
				owner: cyrus.Owner{Name: who.name}, name: m.Internal, kind: monitor.SeenDiffers, uids: differ.String(),
				master: seenText(ours), replica: seenText(theirs), text: "the user has seen other messages",
			})
		}
	}
	return found, nil
}

func seenText(seen []cyrus.UIDs) string {
	u := uids{ranges: seen}
	return "seen UID " + u.String()
}

// sights returns what a user sees by name.
func sights(v *cyrus.View) map[string]*cyrus.Sight {
	byName := map[string]*cyrus.Sight{}
	for i := range v.Mailboxes {
		byName[v.Mailboxes[i].Name] = &v.Mailboxes[i]
	}
	return byName
}

// compareAccounts returns in what two views of a user differ: subscriptions, what
// was seen, and annotations.
func (p *pair) compareAccounts(user string, master, replica *account) (found []apart) {
	owner := cyrus.Owner{Name: user}
	for _, name := range missingFrom(replica.view.Subscriptions, master.view.Subscriptions) {
		found = append(found, apart{owner: owner, kind: monitor.Subscription, subscribed: master.subscribed[name], master: "subscribed to " + name, replica: "not subscribed", text: "a subscription is missing"})
	}
	for _, name := range missingFrom(master.view.Subscriptions, replica.view.Subscriptions) {
		found = append(found, apart{owner: owner, kind: monitor.Subscription, subscribed: replica.subscribed[name], master: "not subscribed", replica: "subscribed to " + name, text: "only the replica has a subscription"})
	}
	onReplica := sights(replica.view)
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

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/prove"
)

// bringLate merges into the copy what came to the original since the proof, and seals that
// again. For a shared tree Cyrus can't do that.
func (m *move) bringLate(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	sealed := sealsOf(records)
	var late []string
	for _, s := range m.sources {
		was := sealed[s.store.Name]
		if was == nil {
			return "", "", errUnsealed
		}
		now, err := m.sealOf(ctx, s.master(), s.owners)
		if err != nil {
			return "", "", err
		}
		var users []inventory.UserID
		for _, name := range was.Differences(now) {
			if _, there := now[name]; !there {
				continue // somebody has removed it there
			}
			owner, _, _ := name.Owner()
			if owner.Shared {
				return "", "", fmt.Errorf("%s on %s was written to after it had been copied: put what is new there into the copy by hand", inventory.Printable(string(name)), s.hosts[0].Server)
			}
			users = appendNew(users, inventory.UserID(owner.Name))
			late = append(late, inventory.Printable(string(name)))
		}
		if len(users) == 0 {
			continue
		}
		if err := m.copyFrom(ctx, &source{place: s.place, users: users}, false); err != nil {
			return "", "", err
		}
		if sealed[s.store.Name], err = m.sealOf(ctx, s.master(), s.owners); err != nil {
			return "", "", err
		}
	}
	if late == nil {
		return "", "", nil
	}
	kept, err := json.Marshal(sealed)
	return "brought along what came late to " + strings.Join(late, ", "), string(kept), errors.Join(err, m.push(ctx))
}

// canary looks whether users find on the new store what they saw before, whether mail for
// them would be taken, and whether they are still kept out of the old ones. What is amiss right
// after they were let in is a failure, but for what they have changed themselves since. Later
// the operator may have changed it too, and it is told and keeps nothing open. A
// delivery to the original that took its time, and has only now ended, is brought along.
func (m *move) canary(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	began := m.Now() // what takes long here proves no less
	amiss, own, err := m.canaryViews(ctx, records)
	if err != nil {
		return "", "", err
	}
	text, refused, err := m.canaryMail(ctx, m.users())
	if err != nil {
		return "", "", err
	}
	amiss = append(amiss, refused...)
	if how := m.overruledLately(ctx, records); how != nil {
		amiss = append(amiss, how)
	}
	allowed, _ := course.Ended(records, monitor.StepAllowTarget)
	if len(amiss) > 0 && began.Sub(allowed) < canaryTime {
		return "", "", errors.Join(amiss...)
	}
	late, data, err := m.bringLate(ctx, records)
	if err != nil {
		return "", "", err
	}
	texts := []string{text}
	if amiss = append(amiss, own...); len(amiss) > 0 {
		texts = append(texts, fmt.Sprintf("it may be their own doing, or the operator's, since they were let in at %s: %s",
			allowed.UTC().Format(time.RFC3339), strings.Join(Mistakes(errors.Join(amiss...)), "; ")))
	}
	if err := m.target.letInReplicas(ctx, m.users(), m.kept()...); err != nil {
		texts = append(texts, err.Error())
	}
	if late != "" {
		texts = append(texts, late)
	}
	return strings.Join(texts, "; "), data, nil
}

// canaryTime is how long after users were let in what they see proves something of the move.
const canaryTime = time.Minute

// canaryViews logs in as each user on the new store, and says what is not there that each
// saw before, and what of that is their own doing.
func (m *move) canaryViews(ctx context.Context, records []monitor.StepRecord) (amiss, own []error, err error) {
	var d denials
	course.Read(records, monitor.StepDenySource, &d)
	d.forgetChanged(sealsOf(records))
	users := m.users()
	views, unseen, err := m.viewsOn(ctx, m.target.master(), users)
	if err != nil {
		return nil, nil, err
	}
	for i, u := range users {
		tell := func(what string) error {
			return fmt.Errorf("user %s on %s: %s", inventory.Printable(string(u)), m.target.hosts[0].Server, what)
		}
		was := d.Views[u]
		lost := was.Lost(&views[i])
		switch {
		case was.Refused: // nobody could log in as the user before
		case unseen[i] != nil: // such as a session that is ended as it begins
			amiss = append(amiss, tell(unseen[i].Error()))
		case views[i].Refused:
			amiss = append(amiss, tell("the login is refused"))
		case len(lost) == 0 && views[i].Mailboxes["INBOX"].UIDValidity == 0:
			amiss = append(amiss, tell("there is no INBOX"))
		case len(lost) > 0:
			changed := m.changedSince(ctx, u)
			if views[i].Mailboxes["INBOX"].UIDValidity == 0 {
				changed = nil // nobody removes his own INBOX
			}
			for _, l := range lost {
				gone := tell("not to be seen any more is " + l.Text)
				if changed[l.Mailbox] || l.Subscription && wereSubscribed(records, u) {
					own = append(own, gone)
				} else {
					amiss = append(amiss, gone)
				}
			}
		}
	}
	return amiss, own, nil
}

// changedSince returns, by the names that a user sees, the mailboxes that somebody has written to
// on the new store, made anew, renamed or removed since the originals were copied, to which nobody
// can write: they were proven to be the same before anybody was let in. What is older than its
// original was lost otherwise. Where that can't be asked there are none.
func (m *move) changedSince(ctx context.Context, u inventory.UserID) map[string]bool {
	there, err := m.holds(ctx, m.target.master(), m.all())
	if err != nil {
		return nil
	}
	c, err := m.Dial(ctx, m.target.master(), u)
	if err != nil {
		return nil
	}
	defer c.Close()
	changed := map[string]bool{}
	for _, s := range m.sources {
		had, err := m.holds(ctx, s.master(), s.owners)
		if err != nil {
			return nil
		}
		for name, was := range had.Mailboxes {
			now, is := there.Mailboxes[name]
			changed[c.UserName(name)] = !is || now.UniqueID != was.UniqueID || now.Status.HighestModSeq > was.Status.HighestModSeq
		}
	}
	return changed
}

// holds asks an instance, as its administrator, for what it has of owners.
func (m *move) holds(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool) (*prove.Holding, error) {
	c, err := m.dialAdmin(ctx, in)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return prove.Hold(ctx, c, owners)
}

// canaryMail asks the new store whether it would take mail for the users, and says for
// whom it would not.
func (m *move) canaryMail(ctx context.Context, users []inventory.UserID) (text string, amiss []error, err error) {
	address := ""
	if m.Live.LMTP != nil {
		address = m.Live.LMTP(m.target.store.Name, m.target.master())
	}
	users = slices.DeleteFunc(slices.Clone(users), func(u inventory.UserID) bool { return !addressable(u) })
	if address == "" || len(users) == 0 {
		return fmt.Sprintf("whether %s takes mail for them was not checked", m.target.hosts[0].Server), nil, nil
	}
	refused, err := recipients(ctx, address, users)
	if errors.Is(err, errNoLMTP) {
		return fmt.Sprintf("whether %s takes mail for them was not checked: %v", m.target.hosts[0].Server, err), nil, nil
	}
	for _, u := range users {
		if why, is := refused[u]; is {
			amiss = append(amiss, fmt.Errorf("%s takes no mail for user %s: %s", address, inventory.Printable(string(u)), inventory.Printable(why)))
		}
	}
	return fmt.Sprintf("%s would take mail for %s", m.target.hosts[0].Server, inventory.Counted(len(users)-len(amiss), "of them", "of them")), amiss, err
}

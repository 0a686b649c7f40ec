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
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
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
// them would be taken, and whether they are still kept out of the old ones. What is amiss right after they were let in is a failure. Later
// they, or the operator, may have changed it, and it is told and keeps nothing open. A
// delivery to the original that took its time, and has only now ended, is brought along.
func (m *move) canary(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	amiss, err := m.canaryViews(ctx, records)
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
	if len(amiss) > 0 && m.Now().Sub(allowed) < canaryTime {
		return "", "", errors.Join(amiss...)
	}
	late, data, err := m.bringLate(ctx, records)
	if err != nil {
		return "", "", err
	}
	texts := []string{text}
	if len(amiss) > 0 {
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
// saw before.
func (m *move) canaryViews(ctx context.Context, records []monitor.StepRecord) (amiss []error, err error) {
	var d denials
	course.Read(records, monitor.StepDenySource, &d)
	d.forgetChanged(sealsOf(records))
	users := m.users()
	views, unseen, err := m.viewsOn(ctx, m.target.master(), users)
	if err != nil {
		return nil, err
	}
	for i, u := range users {
		was := d.Views[u]
		lost, inbox := was.Lost(&views[i]), views[i].Mailboxes["INBOX"]
		switch {
		case was.Refused: // nobody could log in as the user before
		case unseen[i] != nil: // such as a session that is ended as it begins
			lost = unseen[i].Error()
		case views[i].Refused:
			lost = "the login is refused"
		case lost == "" && inbox.UIDValidity == 0:
			lost = "there is no INBOX"
		case lost != "":
			lost = "not to be seen any more is " + lost
		}
		if lost != "" {
			amiss = append(amiss, fmt.Errorf("user %s on %s: %s", inventory.Printable(string(u)), m.target.hosts[0].Server, lost))
		}
	}
	return amiss, nil
}

// canaryMail asks the new store whether it would take mail for the users, and says for
// whom it would not.
func (m *move) canaryMail(ctx context.Context, users []inventory.UserID) (text string, amiss []error, err error) {
	address := ""
	if m.Live.LMTP != nil {
		address = m.Live.LMTP(m.target.master())
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

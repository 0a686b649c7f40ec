package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// allowTarget lets the users in on the new store. What reached the original after it had
// been copied, since its delivery had begun before the denial, is brought along first,
// while nobody works on the copy.
func (m *move) allowTarget(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	if !m.rehearsed {
		if text, data, err = m.bringLate(ctx, records); err != nil {
			return "", "", err
		}
	}
	err = m.target.each(ctx, m.users(), (*host).allow)
	if err == nil && m.Live.Kick != nil && !m.rehearsed {
		if failed := m.Live.Kick(ctx); failed != nil {
			text = strings.TrimPrefix(text+"; mail that was put off comes when the mail server tries again by itself: "+failed.Error(), "; ")
		}
	}
	return text, data, err
}

// bringLate merges into the copy what came to the original since the proof, and seals that
// again. For a shared tree Cyrus can't do that.
func (m *move) bringLate(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	sealed := sealsOf(records)
	var late []string
	for _, s := range m.sources {
		changed, err := m.unsealed(ctx, s, sealed[s.store.Name])
		if err != nil {
			return "", "", err
		}
		for _, name := range changed {
			if owner, _, _ := name.Owner(); owner.Shared {
				return "", "", fmt.Errorf("%s on %s was written to after it had been copied: put what is new there into the copy by hand", inventory.Printable(string(name)), s.hosts[0].server)
			}
			late = append(late, inventory.Printable(string(name)))
		}
		if len(changed) == 0 {
			continue
		}
		if err := m.copyFrom(ctx, &source{place: s.place, users: s.users}, false); err != nil {
			return "", "", err
		}
		if sealed[s.store.Name], err = m.sealOf(ctx, s); err != nil {
			return "", "", err
		}
	}
	if late == nil {
		return "", "", nil
	}
	kept, err := json.Marshal(sealed)
	return "brought along what came late to " + strings.Join(late, ", "), string(kept), errors.Join(err, m.push(ctx))
}

// canary logs in as each user on the new store, sees whether all is there that each saw
// before, and asks whether mail for them would be taken. A delivery to the original that
// took its time, and has only now ended, is brought along, too.
func (m *move) canary(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	var d denials
	read(records, monitor.StepDenySource, &d)
	d.forgetChanged(sealsOf(records))
	users := m.users()
	views, err := m.viewsOn(ctx, m.target.master(), users)
	if err != nil {
		return "", "", err
	}
	var wrong error
	for i, u := range users {
		was := d.Views[u]
		lost, inbox := was.lost(&views[i]), views[i].Mailboxes["INBOX"]
		switch {
		case was.Refused: // nobody could log in as the user before
		case views[i].Refused:
			lost = "the login is refused"
		case lost == "" && inbox.UIDValidity == 0:
			lost = "there is no INBOX"
		case lost != "":
			lost = "not to be seen any more is " + lost
		}
		if lost != "" {
			wrong = errors.Join(wrong, fmt.Errorf("user %s on %s: %s", inventory.Printable(string(u)), m.target.hosts[0].server, lost))
		}
	}
	if wrong != nil {
		return "", "", wrong
	}
	late, data, err := m.bringLate(ctx, records)
	if err != nil {
		return "", "", err
	}
	text, err = m.canaryMail(ctx, users)
	if late != "" {
		text += "; " + late
	}
	return text, data, err
}

// canaryMail asks the new store whether it would take mail for the users.
func (m *move) canaryMail(ctx context.Context, users []inventory.UserID) (string, error) {
	address := ""
	if m.Live.LMTP != nil {
		address = m.Live.LMTP(m.target.master())
	}
	users = slices.DeleteFunc(slices.Clone(users), func(u inventory.UserID) bool { return !addressable(u) })
	if address == "" || len(users) == 0 {
		return fmt.Sprintf("whether %s takes mail for them was not checked", m.target.hosts[0].server), nil
	}
	refused, err := recipients(ctx, address, users)
	if errors.Is(err, errNoLMTP) {
		return fmt.Sprintf("whether %s takes mail for them was not checked: %v", m.target.hosts[0].server, err), nil
	}
	for _, u := range users {
		if why, is := refused[u]; is {
			err = errors.Join(err, fmt.Errorf("%s takes no mail for user %s: %s", address, inventory.Printable(string(u)), inventory.Printable(why)))
		}
	}
	return fmt.Sprintf("%s would take mail for %s", m.target.hosts[0].server, inventory.Counted(len(users), "of them", "of them")), err
}

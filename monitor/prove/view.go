package prove

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// View is what a user saw of what is moved, and to what the user is subscribed.
type View struct {
	Refused       bool             // nobody can log in as the user
	Mailboxes     map[string]Sight // by the name that the user sees
	Subscriptions []string
}

// Sight is a mailbox as a user saw it.
type Sight struct {
	UIDValidity, UIDNext uint32
	ModSeq               uint64
	Messages, Unseen     int64
}

// ViewOf asks what the user of a connection sees of these mailboxes.
func ViewOf(ctx context.Context, c *cyrus.Client, names []cyrus.InternalName) (View, error) {
	saw, err := c.ViewOf(ctx, names)
	if err != nil {
		return View{}, err
	}
	v := View{Mailboxes: map[string]Sight{}, Subscriptions: saw.Subscriptions}
	for _, b := range saw.Mailboxes {
		v.Mailboxes[b.Name] = Sight{
			UIDValidity: b.Status.UIDValidity, UIDNext: b.Status.UIDNext, ModSeq: b.Status.HighestModSeq, Messages: b.Status.Messages, Unseen: b.Unseen,
		}
	}
	return v, nil
}

// Loss is something that a user does not see any more.
type Loss struct {
	Mailbox      string // by the name that the user sees
	Text         string
	Subscription bool // to the mailbox, and not what is in it
}

// Lost tells what a user does not see any more. Mail may have come meanwhile, and what
// was done until the denial counts.
func (v *View) Lost(now *View) (lost []Loss) {
	tell := func(name, format string, values ...any) {
		lost = append(lost, Loss{Mailbox: name, Text: fmt.Sprintf(format, append([]any{inventory.Printable(name)}, values...)...)})
	}
	for _, name := range slices.Sorted(maps.Keys(v.Mailboxes)) {
		was := v.Mailboxes[name]
		is, there := now.Mailboxes[name]
		switch {
		case !there:
			tell(name, "mailbox %s")
		case is.UIDValidity != was.UIDValidity || is.UIDNext < was.UIDNext || is.ModSeq < was.ModSeq:
			tell(name, "the messages of %s: UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ were %d, %d and %d, and are %d, %d and %d",
				was.UIDValidity, was.UIDNext, was.ModSeq, is.UIDValidity, is.UIDNext, is.ModSeq)
		case is.ModSeq == was.ModSeq && (is.Messages != was.Messages || is.Unseen > was.Unseen):
			tell(name, "what was read of %s: %d of %d messages were unseen, now %d of %d", was.Unseen, was.Messages, is.Unseen, is.Messages)
		}
	}
	for _, name := range v.Subscriptions {
		if !slices.Contains(now.Subscriptions, name) {
			lost = append(lost, Loss{Mailbox: name, Text: "the subscription to " + inventory.Printable(name), Subscription: true})
		}
	}
	return lost
}

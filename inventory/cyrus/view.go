package cyrus

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// View is what a user sees of the server, sorted by name.
type View struct {
	Mailboxes []Sight
	// Subscriptions are the names that the user's clients show.
	Subscriptions []string
}

// Sight is a mailbox as a user sees it: the user's own, or one of others that was
// shared.
type Sight struct {
	Name     string // as the user sees it
	Internal InternalName
	// Unseen counts the messages that this user has not seen; UnknownCount where
	// the server does not tell.
	Unseen int64
	Status Status // without Size
}

// sightItems are what View asks of each mailbox.
const sightItems = "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)"

// View returns what the user sees that the connection acts as. In the mailboxes
// nothing is touched, and none is opened.
func (c *Client) View(ctx context.Context) (*View, error) { return c.view(ctx, "*", nil) }

// ViewOf is like [Client.View] for a server with many mailboxes, all of which Cyrus
// walks through to find those that one user sees: it shows the user's own mailboxes
// and, of these others, those that the user sees.
func (c *Client) ViewOf(ctx context.Context, others []InternalName) (*View, error) {
	pattern := "INBOX*"
	if c.server.AltNamespace == Yes {
		pattern = "INBOX" // own folders have names like all others
	}
	return c.view(ctx, pattern, others)
}

func (c *Client) view(ctx context.Context, pattern string, others []InternalName) (*View, error) {
	v := &View{}
	byName := map[string]int{}
	add := func(name string) {
		byName[name] = len(v.Mailboxes)
		v.Mailboxes = append(v.Mailboxes, Sight{
			Name: name, Internal: c.Inside(name), Unseen: UnknownCount, Status: Status{Messages: UnknownCount, Size: UnknownCount},
		})
	}
	command := `LIST "" ` + quote(pattern)
	bulk := c.can(imap.CapListStatus)
	if bulk {
		command += " RETURN (STATUS " + sightItems + ")"
	}
	list := newMailboxList(c.server.Separator, c.options.most())
	err := c.do(ctx, "list what the user sees", c.options.room(listBytes), func() error {
		return c.command(command, func(answer []byte) error {
			if bytes.HasPrefix(answer, []byte("STATUS ")) && !list.made(answer) {
				return v.status(answer, byName)
			}
			err := list.answer(answer)
			for _, m := range list.mailboxes[len(v.Mailboxes):] {
				add(string(m.Name))
			}
			return err
		})
	})
	first := len(v.Mailboxes)
	if !bulk {
		first = 0
	}
	for _, name := range others {
		if name := c.UserName(name); err == nil {
			if _, seen := byName[name]; !seen {
				add(name)
			}
		}
	}
	if err == nil {
		err = c.statusEach(ctx, v, first, byName)
	}
	if err == nil {
		err = c.subscriptions(ctx, v)
	}
	if len(others) > 0 {
		v.Mailboxes = slices.DeleteFunc(v.Mailboxes, func(s Sight) bool { return s.Status.Messages == UnknownCount })
	}
	slices.SortFunc(v.Mailboxes, func(a, b Sight) int { return strings.Compare(a.Name, b.Name) })
	return v, c.named(err)
}

// statusEach asks for one mailbox after the other, from the first. One that cannot be read stays
// unknown.
func (c *Client) statusEach(ctx context.Context, v *View, first int, byName map[string]int) error {
	if err := c.leave(ctx); err != nil {
		return err
	}
	for i := first; i < len(v.Mailboxes); i++ {
		err := c.do(ctx, "read the status", smallAnswer, func() error {
			return c.command("STATUS "+quote(v.Mailboxes[i].Name)+" "+sightItems, func(answer []byte) error {
				if !bytes.HasPrefix(answer, []byte("STATUS ")) {
					return nil
				}
				return v.status(answer, byName)
			})
		})
		if err != nil && !IsRefusal(err) {
			return err
		}
	}
	return nil
}

// Status returns the counters of one mailbox that the user may read; the name is as
// the user sees it.
func (c *Client) Status(ctx context.Context, name string) (Status, error) {
	v := &View{Mailboxes: []Sight{{Name: name, Status: Status{Messages: UnknownCount}}}}
	err := c.statusEach(ctx, v, 0, map[string]int{name: 0})
	if err == nil && v.Mailboxes[0].Status.Messages == UnknownCount {
		err = fmt.Errorf("%w: %s", ErrNoMailbox, quote(name))
	}
	return v.Mailboxes[0].Status, c.named(err)
}

// status reads: STATUS INBOX (MESSAGES 3 UNSEEN 1 …).
func (v *View) status(answer []byte, byName map[string]int) error {
	s := scan(answer)
	s.expect("STATUS ")
	i, known := byName[string(s.text())]
	if s.err == nil && !known {
		s.fail("the status of a mailbox that was listed")
		return s.err
	}
	s.expect(" ")
	status, unseen, _ := s.status()
	if s.err == nil {
		status.Size = UnknownCount
		v.Mailboxes[i].Status, v.Mailboxes[i].Unseen = status, unseen
	}
	return s.err
}

// ViewBeside is like [Client.ViewOf] where the user's own mailboxes are known, and
// nothing is asked of them.
func (c *Client) ViewBeside(ctx context.Context, own, others []InternalName) (*View, error) {
	v := &View{}
	byName := map[string]int{}
	for _, name := range slices.Concat(own, others) {
		shown := c.UserName(name)
		if _, seen := byName[shown]; seen {
			continue
		}
		byName[shown] = len(v.Mailboxes)
		v.Mailboxes = append(v.Mailboxes, Sight{
			Name: shown, Internal: name, Unseen: UnknownCount, Status: Status{Messages: UnknownCount, Size: UnknownCount},
		})
	}
	err := c.statusEach(ctx, v, len(own), byName)
	if err == nil {
		err = c.subscriptions(ctx, v)
	}
	foreign := v.Mailboxes[len(own):]
	foreign = slices.DeleteFunc(foreign, func(s Sight) bool { return s.Status.Messages == UnknownCount })
	v.Mailboxes = v.Mailboxes[:len(own)+len(foreign)]
	slices.SortFunc(v.Mailboxes, func(a, b Sight) int { return strings.Compare(a.Name, b.Name) })
	return v, c.named(err)
}

func (c *Client) subscriptions(ctx context.Context, v *View) error {
	err := c.do(ctx, "list the subscriptions", c.options.room(listBytes), func() error {
		return c.command(`LSUB "" "*"`, func(answer []byte) error {
			s := scan(answer)
			if !bytes.EqualFold(s.word(), []byte("LSUB")) {
				return nil
			}
			s.expect(" ")
			s.skip()
			s.expect(" ")
			s.text()
			s.expect(" ")
			v.Subscriptions = append(v.Subscriptions, string(s.text()))
			s.end()
			if len(v.Subscriptions) > c.options.most() {
				return ErrFlood
			}
			return s.err
		})
	})
	slices.Sort(v.Subscriptions)
	return err
}

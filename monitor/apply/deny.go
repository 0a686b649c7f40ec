package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/prove"
)

// denials is what was done to keep everybody out on the old stores.
type denials struct {
	Since time.Time
	Stay  map[inventory.StoreID][]inventory.UserID // who is kept out there though not moved
	Views map[inventory.UserID]prove.View          // what those who move saw right before
	Seals map[inventory.StoreID]prove.Seal         // of what moves, before they saw that
}

// forgetChanged forgets what users saw where mailboxes were made, renamed or deleted between
// that and the denial, after which these are the seals: it says nothing of the copy then.
func (d *denials) forgetChanged(sealed map[inventory.StoreID]prove.Seal) {
	for store, before := range d.Seals {
		now := sealed[store]
		changed := len(before) != len(now)
		for name, modseq := range before {
			changed = changed || now[name] < modseq
		}
		if !changed {
			continue
		}
		for u, v := range d.Views {
			d.Views[u] = prove.View{Refused: v.Refused}
		}
	}
}

// denySource keeps out everybody who may write to what is moved, and tells who of them
// stays, and what those who move saw last.
func (m *move) denySource(ctx context.Context) (text, data string, err error) {
	d := denials{Stay: map[inventory.StoreID][]inventory.UserID{}, Seals: map[inventory.StoreID]prove.Seal{}}
	for _, s := range m.sources {
		users, crowds, sealed, err := m.writersOf(ctx, s)
		if err != nil {
			return "", "", err
		}
		if len(crowds) > 0 {
			return "", "", errors.New(strings.Join(crowds, "; "))
		}
		d.Stay[s.store.Name], d.Seals[s.store.Name] = users, sealed
		settle := func(h *host.Host) error { return h.Settle(ctx) } // not while users are kept out
		if err := s.each(settle); err != nil {
			return "", "", err
		}
	}
	var unseen int
	if !m.rehearsed {
		if d.Views, unseen, err = m.views(ctx); err != nil {
			return "", "", err
		}
	}
	d.Since = m.Now()
	for _, s := range m.sources {
		stay := d.Stay[s.store.Name]
		if err := s.each(func(h *host.Host) error { return h.KeepOut(ctx, s.users, stay) }); err != nil {
			return "", "", err
		}
	}
	if unseen > 0 {
		text = fmt.Sprintf("%s denied before: what they see will not be compared", inventory.Counted(unseen, "user was", "users were"))
	}
	kept, err := json.Marshal(d)
	return text, string(kept), err
}

// deniedSince returns since when users are kept out, if they are.
func deniedSince(records []monitor.StepRecord) (time.Time, bool) {
	var d denials
	if course.Read(records, monitor.StepDenySource, &d) {
		return d.Since, true
	}
	return course.Last(records, monitor.StepDenySource, monitor.StepBegan)
}

// wasLetIn says who is not denied any more on an old store before anybody was routed to the
// new one.
func (m *move) wasLetIn(ctx context.Context, records []monitor.StepRecord) (string, error) {
	attempt := course.OfMove.Attempt(records)
	var d denials
	if !course.Read(attempt, monitor.StepDenySource, &d) || course.OfMove.Switches(records) {
		return "", nil
	}
	for _, s := range m.sources {
		denied, err := s.hosts[0].Denied(ctx)
		if err != nil { // it may be taken back all the same
			return fmt.Sprintf("whether users were let in again on %s is not known (%v), and may be so", s.hosts[0].Server, err), nil
		}
		for _, u := range slices.Concat(s.users, d.Stay[s.store.Name]) {
			if !denied[u] {
				return fmt.Sprintf("user %s was let in again on %s", inventory.Printable(string(u)), s.hosts[0].Server), nil
			}
		}
	}
	return "", nil
}

// writersOf returns who else may write to what moves, what can't be kept from being written
// to, and a seal of what moves.
func (m *move) writersOf(ctx context.Context, s *source) (users []inventory.UserID, crowds []string, sealed prove.Seal, err error) {
	c, err := m.dialAdmin(ctx, s.master())
	if err != nil {
		return nil, nil, nil, err
	}
	defer c.Close()
	has, err := prove.Hold(ctx, c, s.owners)
	if err != nil {
		return nil, nil, nil, err
	}
	users, crowds = prove.Writers(has.Mailboxes, s.owners, strings.Fields(s.hosts[0].Settings["admins"]), m.members())
	return users, crowds, has.Seal(), nil
}

// members returns who belongs to the groups that the inventory knows.
func (m *move) members() map[string][]inventory.UserID {
	members := map[string][]inventory.UserID{}
	for _, g := range m.Inventory.Groups {
		members[g.Group] = append(members[g.Group], g.Member)
	}
	return members
}

// allowWriters lets those in again who may write to what was moved, and stay: not those
// whom somebody else keeps out. When nobody is kept out any more the mail server is to try
// again what it has put off; that it does not is told.
func (m *move) allowWriters(ctx context.Context, records []monitor.StepRecord) (text string, err error) {
	var d denials
	course.Read(records, monitor.StepDenySource, &d)
	err = m.letIn(ctx, func(s *source) []inventory.UserID { return append([]inventory.UserID{}, d.Stay[s.store.Name]...) })
	if err != nil || m.Live.Kick == nil || m.rehearsed {
		return "", err
	}
	if failed := m.kick(ctx); failed != nil {
		text = "mail that was put off comes when the mail server tries again by itself: " + failed.Error()
	}
	return text, nil
}

// kick has the mail server try again what it has put off. Where that hangs it is ended soon, and
// those that follow at once do not wait for it again.
func (o *Options) kick(ctx context.Context) error {
	const what = "kick"
	if hangs := o.silent.About(what); hangs != nil {
		return hangs
	}
	soon, cancel := context.WithTimeoutCause(ctx, kickTime, fmt.Errorf("it has not ended within %v, and was ended", kickTime))
	defer cancel()
	err := o.Live.Kick(soon)
	if err != nil && soon.Err() != nil && ctx.Err() == nil {
		o.silent.Note(what, err)
	}
	return err
}

// kickTime is how long the run waits for a mail server that is to try again.
const kickTime = 5 * time.Second

// letBack lets everybody in again on the old stores whom the unit keeps out there.
func (m *move) letBack(ctx context.Context) error {
	if err := m.unused(ctx, false); err != nil {
		return err
	}
	return m.letIn(ctx, func(*source) []inventory.UserID { return nil })
}

// letIn lets users in on the old stores whom the unit keeps out there: of nil, all. The
// masters come first. The error says where they are in, and where not.
func (m *move) letIn(ctx context.Context, users func(*source) []inventory.UserID) error {
	masters, replicas := make([]error, len(m.sources)), make([]error, len(m.sources))
	each := func(wrong []error, do func(s *source, users []inventory.UserID) error) {
		var doing sync.WaitGroup
		for i, s := range m.sources {
			if list := users(s); list == nil || len(list) > 0 {
				doing.Go(func() { wrong[i] = do(s, list) })
			}
		}
		doing.Wait()
	}
	each(masters, func(s *source, users []inventory.UserID) error {
		err := s.hosts[0].LetIn(ctx, users)
		if err == nil && users == nil {
			err = s.hosts[0].StillUnnamed(ctx, s.users)
		}
		return err
	})
	each(replicas, func(s *source, users []inventory.UserID) error { return s.letInReplicas(ctx, users) })
	var wrong error
	in := errors.Join(masters...) == nil
	for i, s := range m.sources {
		who := "users " + inventory.Printable(course.Few(s.users))
		if len(s.users) == 0 {
			who = "shared trees " + inventory.Printable(course.Few(s.trees))
		}
		switch {
		case masters[i] != nil:
			wrong = errors.Join(wrong, fmt.Errorf("%s, and who may write to what they have, are still kept out of the master of %s, on %s: %w; %s", who, s.store.Name, s.hosts[0].Server, masters[i], string(errLeft)))
		case replicas[i] != nil:
			wrong = errors.Join(wrong, fmt.Errorf("%s, and who may write to what they have, are let in on the master of %s, on %s; %w; %w", who, s.store.Name, s.hosts[0].Server, replicas[i], errLeft))
		}
	}
	if wrong != nil && in {
		wrong = usersIn{wrong}
	}
	return wrong
}

// usersIn says what is left to be done though all users are let in where they work.
type usersIn struct{ error }

func (u usersIn) Unwrap() error { return u.error }

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// denials is what was done to keep everybody out on the old stores.
type denials struct {
	Since time.Time
	Stay  map[inventory.StoreID][]inventory.UserID // who is kept out there though not moved
	Views map[inventory.UserID]view                // what those who move saw right before
}

// denySource keeps out everybody who may write to what is moved, and tells who of them
// stays, and what those who move saw last.
func (m *move) denySource(ctx context.Context) (text, data string, err error) {
	d := denials{Stay: map[inventory.StoreID][]inventory.UserID{}}
	for _, s := range m.sources {
		users, crowds, err := m.writersOf(ctx, s)
		if err != nil {
			return "", "", err
		}
		if len(crowds) > 0 {
			return "", "", errors.New(strings.Join(crowds, "; "))
		}
		d.Stay[s.store.Name] = users
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
		if err := s.each(func(h *host) error { return h.keepOut(ctx, s.users, stay) }); err != nil {
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
	if read(records, monitor.StepDenySource, &d) {
		return d.Since, true
	}
	return last(records, monitor.StepDenySource, monitor.StepBegan)
}

// writersOf returns who else may write to what moves, and what can't be kept from being
// written to.
func (m *move) writersOf(ctx context.Context, s *source) (users []inventory.UserID, crowds []string, err error) {
	c, err := m.dialAdmin(ctx, s.master())
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	has, err := hold(ctx, c, s.owners)
	if err != nil {
		return nil, nil, err
	}
	users, crowds = writers(has.mailboxes, s.owners, strings.Fields(s.hosts[0].settings["admins"]), m.members())
	return users, crowds, nil
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
// whom somebody else keeps out.
func (m *move) allowWriters(ctx context.Context, records []monitor.StepRecord) error {
	var d denials
	read(records, monitor.StepDenySource, &d)
	return m.letIn(ctx, func(s *source) []inventory.UserID { return append([]inventory.UserID{}, d.Stay[s.store.Name]...) })
}

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
	each(masters, func(s *source, users []inventory.UserID) error { return s.hosts[0].letIn(ctx, users) })
	each(replicas, func(s *source, users []inventory.UserID) error { return s.letInReplicas(ctx, users) })
	var wrong error
	for i, s := range m.sources {
		who := inventory.Printable(namesOf(s.users))
		switch {
		case masters[i] != nil:
			wrong = errors.Join(wrong, fmt.Errorf("users %s, and who may write to what they have, are still kept out of the master of %s, on %s: %w; %s", who, s.store.Name, s.hosts[0].server, masters[i], string(errLeft)))
		case replicas[i] != nil:
			wrong = errors.Join(wrong, fmt.Errorf("users %s, and who may write to what they have, are let in on the master of %s, on %s; %w; %w", who, s.store.Name, s.hosts[0].server, replicas[i], errLeft))
		}
	}
	return wrong
}

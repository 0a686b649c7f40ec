package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// Live tells what the servers and their surroundings know now. What is nil can't be asked,
// and what is not checked for that is told.
type Live struct {
	// Roles fails where an instance of the store is not what the inventory has and, with
	// [ErrUnreached], where all that is known of the others is as it should be.
	Roles func(ctx context.Context, store *inventory.Store) error
	// Served returns where users are routed, in a fleet as it stands.
	Served func(ctx context.Context, fleet *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]Destination, error)
	// Named returns the words in which whoever routes names where users are routed. Nil: that
	// can't be asked.
	Named func(ctx context.Context, users []inventory.UserID) (map[inventory.UserID]string, error)
	// Kick has the mail server try again what it has put off. It need not succeed.
	Kick func(ctx context.Context) error
	// LMTP returns where an instance of a store takes mail, or nothing.
	LMTP func(store inventory.StoreID, in inventory.Instance) string
	// Quiet looks whether nobody was delivered to or logged in for a day on an instance, in a fleet as
	// it stands, as far as that is known, and otherwise when somebody last was.
	Quiet func(ctx context.Context, fleet *inventory.Inventory, in inventory.Instance, users []inventory.UserID) (quiet, known bool, last time.Time, err error)
	// Confirmed fails where what the plan promised of the unit is not so in a fleet as it stands, or
	// a message of it can't be read on a copy, and tells what was read. It says meanwhile how far that
	// is. Without it no original is removed.
	Confirmed func(ctx context.Context, fleet *inventory.Inventory, u *course.Unit, say func(text string)) (read string, err error)
}

// ErrUnreached says that what an instance is can't be found out now.
var ErrUnreached = errors.New("it does not answer as it should")

// errRests says that a unit has to wait for a later day.
var errRests = errors.New("the original is kept")

// blocked says why nothing may be done about the unit now: an instance is not what the
// inventory has, or a master has changed since the unit began and what the steps before
// did there does not hold for the new one. Where an instance can't be reached it says so
// before a step that may lead on to the new store, with [ErrUnreached]. For the way back,
// and when there is none any more, that is no reason to keep anybody out.
func (m *move) blocked(ctx context.Context, a course.Action, records []monitor.StepRecord) error {
	if a.Step == monitor.StepCheck {
		return nil // it says so itself, with all else
	}
	if a.Verb == course.Undo && time.Since(m.looked) < 3*host.Greeting {
		return nil // who waits to be let in does not wait for a server that does not answer
	}
	err := m.roles(ctx)
	if err == nil || errors.Is(err, ErrUnreached) {
		m.looked = time.Now()
	}
	switch {
	case err != nil && !errors.Is(err, ErrUnreached):
		return fmt.Errorf("%w. Nothing is done until the inventory has the instances as they are (interlace import)%s", err, m.mustHold(ctx, records))
	case a.Verb == course.Undo || course.OfMove.Past(a):
	case a.Step == course.OfMove.Pivot: // of what is proven to be on the new store its master is enough
		if err := m.answers(ctx, m.target.master()); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreached, err)
		}
	case err != nil:
		return err
	default:
		if err := cmp.Or(m.known(ctx), m.lead(ctx)); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreached, err)
		}
	}
	if begun := course.BegunWith(records).Masters; begun == nil || maps.Equal(begun, m.masters()) {
		return nil
	}
	astray := m.astray
	if course.OfMove.Rested(a) {
		astray = m.inUse
	}
	if wrong := astray(ctx, records); wrong != nil {
		return fmt.Errorf("a master has changed since the unit began: %w", wrong)
	}
	return nil
}

// roles looks whether all instances are what the inventory has. That one is not is said
// before that one can't be reached.
func (m *move) roles(ctx context.Context) error {
	if m.Live.Roles == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, host.Greeting)
	defer cancel()
	places := m.places()
	wrong := make([]error, len(places))
	var asking sync.WaitGroup
	for i, p := range places {
		asking.Go(func() { wrong[i] = m.Live.Roles(ctx, p.store) })
	}
	asking.Wait()
	other := func(err error) bool { return err != nil && !errors.Is(err, ErrUnreached) }
	if slices.ContainsFunc(wrong, other) {
		wrong = slices.DeleteFunc(wrong, func(err error) bool { return !other(err) })
	}
	return errors.Join(wrong...)
}

// known reads the settings of all instances that are not known yet, and says which do not
// answer.
func (m *move) known(ctx context.Context) error {
	var wrong error
	for _, p := range m.places() {
		wrong = errors.Join(wrong, p.known(ctx))
	}
	return wrong
}

// lead says which masters do not let their administrator in: a step that needs one would
// wait for it as long as users may be kept out.
func (m *move) lead(ctx context.Context) error {
	places := m.places()
	wrong := make([]error, len(places))
	var asking sync.WaitGroup
	for i, p := range places {
		asking.Go(func() { wrong[i] = m.answers(ctx, p.master()) })
	}
	asking.Wait()
	return errors.Join(wrong...)
}

// masters returns the servers of the masters.
func (m *move) masters() map[inventory.StoreID]inventory.ServerID {
	servers := map[inventory.StoreID]inventory.ServerID{}
	for _, p := range m.places() {
		servers[p.store.Name] = p.master().Server
	}
	return servers
}

// instances are all of the stores, by their imapd.conf.
func (m *move) instances() map[inventory.StoreID]map[inventory.ServerID]string {
	all := map[inventory.StoreID]map[inventory.ServerID]string{}
	for _, p := range m.places() {
		all[p.store.Name] = map[inventory.ServerID]string{}
		for _, in := range p.store.Instances {
			all[p.store.Name][in.Server] = in.IMAPDConf
		}
	}
	return all
}

// mustHold says what else has to be so for the unit to go on. Of who was moved back nothing has.
func (m *move) mustHold(ctx context.Context, records []monitor.StepRecord) string {
	held, err := m.stillHeld(ctx)
	if err != nil || len(held) == 0 {
		return ""
	}
	var users []inventory.UserID
	for _, s := range held {
		users = append(users, s.users...)
	}
	e := course.EffectsOf(records)
	text := " and " + course.Who(users) + " routed to "
	switch {
	case e.Unrouted:
		text += "where they were, or to the master of " + string(m.target.store.Name)
	case e.Routed:
		text += "the master of " + string(m.target.store.Name)
	default:
		text += "the masters of where they were"
	}
	if e.Target {
		text += fmt.Sprintf("; denied on all instances of %s", m.target.store.Name)
	}
	if e.Source {
		for _, s := range held {
			text += fmt.Sprintf("; denied on all instances of %s", s.store.Name)
		}
	}
	return text
}

// stillHeld are the old stores but for those back to which all was moved, or is being moved:
// who has left these is kept out, or let in, by the unit that moves them back.
func (m *move) stillHeld(ctx context.Context) ([]*source, error) {
	var held []*source
	for _, s := range m.sources {
		back, err := m.movedBack(ctx, s)
		if err != nil {
			return nil, err
		}
		if back == notBack {
			held = append(held, s)
		}
	}
	return held, nil
}

// astray says which denials and routes are not what they have to be for the unit to go on.
func (m *move) astray(ctx context.Context, records []monitor.StepRecord) error {
	e := course.EffectsOf(records)
	var wrong error
	if e.Target {
		wrong = errors.Join(wrong, notDenied(ctx, m.target, m.users()))
	}
	for _, s := range m.sources {
		if e.Source {
			wrong = errors.Join(wrong, notDenied(ctx, &s.place, s.users))
		}
	}
	if m.Live.Served == nil || len(m.users()) == 0 || e.Unrouted {
		return wrong
	}
	served, err := m.Live.Served(ctx, m.Inventory, m.users())
	if err != nil {
		return errors.Join(wrong, err)
	}
	for _, s := range m.sources {
		want := &s.place
		if e.Routed {
			want = m.target
		}
		for _, u := range s.users {
			if !served[u].leadsTo(want.master(), want.store) {
				wrong = errors.Join(wrong, fmt.Errorf("user %s has to be routed to %s, not to %s", inventory.Printable(string(u)), want.master().Server, inventory.Quoted(served[u].String())))
			}
		}
	}
	return wrong
}

// inUse says who of those whose originals are kept is let in there, and may be at home. Where
// else they are routed by now is the matter of who has moved them on. Nobody is to be denied
// where he lives, so no command is named for who is routed there.
func (m *move) inUse(ctx context.Context, records []monitor.StepRecord) error {
	held, err := m.stillHeld(ctx)
	if err != nil || !course.EffectsOf(records).Source {
		return err
	}
	var wrong error
	for _, s := range held {
		home, err := m.home(ctx, s)
		wrong = errors.Join(wrong, err)
		for _, u := range home {
			wrong = errors.Join(wrong, fmt.Errorf("user %s is routed to %s and let in there: what is on %s is in use, and not deleted", inventory.Printable(string(u)), s.master().Server, s.store.Name))
		}
		away := slices.DeleteFunc(slices.Clone(s.users), func(u inventory.UserID) bool { return slices.Contains(home, u) })
		wrong = errors.Join(wrong, notDenied(ctx, &s.place, away))
	}
	return wrong
}

// home returns who of those who have left a source is let in on its master, and routed there.
func (m *move) home(ctx context.Context, s *source) ([]inventory.UserID, error) {
	denied, err := s.hosts[0].Denied(ctx)
	if err != nil || m.Live.Served == nil {
		return nil, err
	}
	in := slices.DeleteFunc(slices.Clone(s.users), func(u inventory.UserID) bool { return denied[u] })
	if len(in) == 0 {
		return nil, nil
	}
	served, err := m.Live.Served(ctx, m.Inventory, in)
	return slices.DeleteFunc(in, func(u inventory.UserID) bool { return !served[u].leadsTo(s.master(), s.store) }), err
}

// notDenied fails where users are not denied on an instance, and says how to deny them.
func notDenied(ctx context.Context, p *place, users []inventory.UserID) error {
	var wrong error
	for _, h := range p.hosts {
		denied, err := h.Denied(ctx)
		if err == nil {
			err = h.KeepsOut(denied, users)
		}
		wrong = errors.Join(wrong, err)
	}
	return wrong
}

// places are the stores concerned, the target first.
func (m *move) places() []*place {
	places := []*place{m.target}
	for _, s := range m.sources {
		places = append(places, &s.place)
	}
	return places
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/planner"
)

// standing are facts as they stand by now: those of the inventory with what the journal says that
// plans have changed since.
type standing struct {
	*facts
	// overruled are stores of which changes up to a time are not believed: somebody has changed
	// these by hand since, as the inventory and the processes show.
	overruled map[inventory.StoreID]time.Time
	// doubts say of which stores it is not known which instances they have, and why.
	doubts map[inventory.StoreID]string
}

// standing returns the facts as they stand by now. Where the inventory shows other instances of a
// store than what plans have changed, and none does now, the processes decide.
func (a *app) standing(ctx context.Context, h *history.History, f *facts) (*standing, error) {
	units, lasting, err := lastingOf(ctx, h)
	if err != nil {
		return nil, err
	}
	s := &standing{overruled: map[inventory.StoreID]time.Time{}, doubts: map[inventory.StoreID]string{}}
	disputed, err := disputed(ctx, h, f.Inventory, units, lasting)
	if err != nil {
		return nil, err
	}
	units = s.leaveOut(f.Inventory, lasting, units, disputed)
	a.decideLayouts(ctx, f, disputed, s)
	inv, err := course.Standing(ctx, f.Inventory, f.found, s.believed(lasting), units, h)
	if err != nil {
		return nil, err
	}
	now := *f
	now.Inventory, s.facts = inv, &now
	return s, ctx.Err()
}

// leaveOut has no changes be believed of stores that plans have brought to servers which the
// inventory does not have any more, and returns the units without those that are about to.
func (s *standing) leaveOut(inv *inventory.Inventory, lasting []course.Lasting, units []course.Unit, disputed map[inventory.StoreID][]course.Lasting) []course.Unit {
	nowhere := func(u *course.Unit) bool {
		return u.Do != nil && u.Do.Do != planner.Drop && inv.Server(u.Do.Server) < 0
	}
	for i := range lasting {
		if store := lasting[i].Do.Store; nowhere(lasting[i].Unit) {
			s.overruled[store] = lasting[len(lasting)-1].At
			delete(disputed, store)
		}
	}
	return slices.DeleteFunc(slices.Clone(units), func(u course.Unit) bool { return nowhere(&u) })
}

// believed are the changes that nobody has changed by hand since.
func (s *standing) believed(lasting []course.Lasting) []course.Lasting {
	return slices.DeleteFunc(slices.Clone(lasting), func(l course.Lasting) bool { return !l.At.After(s.overruled[l.Do.Store]) })
}

// disputed are the changes that last of stores of which the inventory shows something else, and
// no unit is in the middle: what that has found its steps look at themselves.
func disputed(ctx context.Context, journal course.Written, inv *inventory.Inventory, units []course.Unit, lasting []course.Lasting) (map[inventory.StoreID][]course.Lasting, error) {
	of := map[inventory.StoreID][]course.Lasting{}
	for _, store := range untold(inv, lasting) {
		of[store] = slices.DeleteFunc(slices.Clone(lasting), func(l course.Lasting) bool { return l.Do.Store != store })
	}
	for i := range units {
		u := &units[i]
		if u.Do == nil || of[u.Do.Store] == nil {
			continue
		}
		records, err := journal.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return nil, err
		}
		if u.Midway(records) {
			delete(of, u.Do.Store)
		}
	}
	return of, nil
}

// askedAtOnce is how many stores are looked at at once.
const askedAtOnce = 16

// decideLayouts notes of which stores the changes are not believed, and of which nothing is.
func (a *app) decideLayouts(ctx context.Context, f *facts, disputed map[inventory.StoreID][]course.Lasting, s *standing) {
	var asking errgroup.Group
	var one sync.Mutex
	asking.SetLimit(askedAtOnce)
	for store, changes := range disputed {
		asking.Go(func() error {
			upTo, doubt := a.decideLayout(ctx, f, store, changes)
			one.Lock()
			defer one.Unlock()
			if s.overruled[store] = upTo; doubt != "" {
				s.doubts[store] = doubt
			}
			return nil
		})
	}
	_ = asking.Wait() // what can't be asked is a doubt
}

// decideLayout returns up to when changes of a store are not believed, as the processes show it:
// none, those that the inventory is later than, or all. A doubt says that they show nothing of
// that, or that it is not known though the inventory is the later one.
func (a *app) decideLayout(ctx context.Context, f *facts, store inventory.StoreID, changes []course.Lasting) (upTo time.Time, doubt string) {
	var best likeness
	var why []string
	tied := true
	for i, cut := range []time.Time{{}, f.made, changes[len(changes)-1].At} {
		believed := slices.DeleteFunc(slices.Clone(changes), func(l course.Lasting) bool { return !l.At.After(cut) })
		after := course.FollowAll(&inventory.Inventory{Stores: f.Stores}, believed)
		l := a.config.shows(ctx, &after.Stores[after.Store(store)])
		if l.why != nil && !slices.Contains(why, l.why.Error()) {
			why = append(why, l.why.Error())
		}
		switch {
		case i == 0, l.better(best):
			best, upTo, tied = l, cut, false
		case !slices.EqualFunc(l.store.Instances, best.store.Instances, sameRole):
			tied = tied || !best.better(l)
		}
	}
	known := best.how == asItIs && !tied
	if guess := best.how == notKnown && (!tied || changes[0].At.After(f.made)); known || guess {
		return upTo, ""
	}
	return time.Time{}, fmt.Sprintf("which instances store %s has is not known: the inventory, %s, %s; and the processes do not tell: %s; let the fleet file say which there are, and interlace import it",
		store, f.source, strings.Join(otherLayouts(f.Inventory, changes), ", and "), strings.Join(why, "; "))
}

// sameRole reports whether two instances are on one server, in one role.
func sameRole(a, b inventory.Instance) bool { return a.Server == b.Server && a.Role == b.Role }

// likeness is whether the processes show a store as somebody has it.
type likeness struct {
	store *inventory.Store
	how   showing
	why   error
}

// better reports whether the processes rather show this one: where they show both, that which has
// more instances.
func (l likeness) better(than likeness) bool {
	return l.how > than.how || l.how == asItIs && than.how == asItIs && len(l.store.Instances) > len(than.store.Instances)
}

type showing int

const (
	otherwise showing = iota // they show something else
	notKnown                 // of all instances
	asItIs
)

// shows looks whether the processes show a store as it is here.
func (c *config) shows(ctx context.Context, s *inventory.Store) likeness {
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	err := c.roles(ctx, s)
	if len(s.Instances) == 1 { // of which roles asks nothing
		if _, unknown := c.roleOf(ctx, s.Instances[0].Server, s.Instances[0].IMAPDConf); unknown != nil {
			err = fmt.Errorf("%w: %w", apply.ErrUnreached, unknown)
		}
	}
	switch {
	case err == nil:
		return likeness{s, asItIs, nil}
	case errors.Is(err, apply.ErrUnreached):
		return likeness{s, notKnown, err}
	}
	return likeness{s, otherwise, err}
}

// stands returns the facts as they stand, which it asks for once.
func (c *applying) stands(ctx context.Context) (*standing, error) {
	var err error
	if c.now == nil {
		c.now, err = c.app.standing(ctx, c.history, c.facts)
	}
	return c.now, err
}

// equip makes the options anew, with the facts as they stand by now.
func (c *applying) equip(ctx context.Context) error {
	s, err := c.stands(ctx)
	if err != nil {
		return err
	}
	o, err := c.app.applyOptions(ctx, c.history, s, c.flags)
	if err != nil {
		return err
	}
	if c.names == nil {
		c.names = &naming{config: c.app.config, history: c.history}
	}
	c.names.inv, o.Name = o.Inventory, c.names.name
	if c.options != nil {
		o.Tally = c.options.Tally
	}
	c.options = o
	return nil
}

// was is the inventory as it was before a job was begun.
func (c *applying) was(j *job) *inventory.Inventory {
	return course.Before(c.now.Inventory, j.executed)
}

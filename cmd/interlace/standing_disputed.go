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
	"github.com/interlacemail/interlace/monitor/host"
)

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
	var asked []likeness
	tied := false
	of := &inventory.Inventory{Stores: []inventory.Store{f.Stores[f.Store(store)]}}
	for _, cut := range []time.Time{{}, f.made, changes[len(changes)-1].At} {
		believed := slices.DeleteFunc(slices.Clone(changes), func(l course.Lasting) bool { return !l.At.After(cut) })
		as := &course.FollowAll(of, believed).Stores[0]
		if slices.ContainsFunc(asked, func(l likeness) bool { return slices.EqualFunc(l.store.Instances, as.Instances, sameRole) }) {
			continue
		}
		l := a.config.shows(ctx, as)
		if len(asked) == 0 || l.better(best) {
			best, upTo, tied = l, cut, false
		} else {
			tied = tied || !best.better(l)
		}
		asked = append(asked, l)
	}
	known := best.how == asItIs && !tied
	if guess := best.how == notKnown && (!tied || changes[0].At.After(f.made)); known || guess {
		return upTo, ""
	}
	var why []string
	for _, l := range asked {
		if l.why != nil && !slices.Contains(why, l.why.Error()) {
			why = append(why, l.why.Error())
		}
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
	for i := range s.Instances {
		if err := c.reaches(s.Instances[i]); err != nil {
			return likeness{s, notKnown, err}
		}
	}
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

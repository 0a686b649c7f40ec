package main

import (
	"context"
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
			if s.overruled[store] = later(s.overruled[store], upTo); doubt != "" {
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
	layouts, cuts := layoutsBy(&f.Stores[f.Store(store)], changes, time.Time{}, f.made, changes[len(changes)-1].At)
	for i := range layouts {
		l := a.config.shows(ctx, &layouts[i], layouts)
		if i == 0 || l.better(best) {
			best, upTo, tied = l, cuts[i], false
		} else {
			tied = tied || !best.better(l)
		}
		asked = append(asked, l)
	}
	known := best.how == asItIs && !tied
	if guess := best.how == notKnown && (!tied || changes[0].At.After(f.made)); known || guess {
		return upTo, ""
	}
	return time.Time{}, fmt.Sprintf("which instances store %s has is not known: the inventory, %s, %s; and the processes do not tell: %s; let the fleet file say which there are, and interlace import it",
		store, f.source, strings.Join(otherLayouts(f.Inventory, changes), ", and "), strings.Join(mistakes(asked), "; "))
}

// mistakes are in what the processes show a store otherwise, each once, in one line: what says less
// than another one is left out.
func mistakes(asked []likeness) (texts []string) {
	for _, l := range asked {
		for _, err := range l.why {
			text := inShort(err)
			if slices.ContainsFunc(texts, func(t string) bool { return strings.HasPrefix(t, text) }) {
				continue
			}
			texts = append(slices.DeleteFunc(texts, func(t string) bool { return strings.HasPrefix(text, t) }), text)
		}
	}
	return texts
}

// layoutsBy returns in how many ways a store may stand where changes up to some time are not
// believed, and these times.
func layoutsBy(s *inventory.Store, changes []course.Lasting, cuts ...time.Time) (layouts []inventory.Store, upTo []time.Time) {
	of := &inventory.Inventory{Stores: []inventory.Store{*s}}
	for _, cut := range cuts {
		believed := slices.DeleteFunc(slices.Clone(changes), func(l course.Lasting) bool { return !l.At.After(cut) })
		as := course.FollowAll(of, believed).Stores[0]
		if !slices.ContainsFunc(layouts, func(l inventory.Store) bool { return slices.EqualFunc(l.Instances, as.Instances, sameRole) }) {
			layouts, upTo = append(layouts, as), append(upTo, cut)
		}
	}
	return layouts, upTo
}

// sameRole reports whether two instances are on one server, in one role.
func sameRole(a, b inventory.Instance) bool { return a.Server == b.Server && a.Role == b.Role }

// likeness is whether the processes show a store as somebody has it.
type likeness struct {
	store *inventory.Store
	how   showing
	why   []error
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

// shows looks whether the processes show a store as it is here, and no instance as the master that
// only others of its layouts have.
func (c *config) shows(ctx context.Context, s *inventory.Store, layouts []inventory.Store) likeness {
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	for i := range s.Instances {
		if err := c.reaches(s.Instances[i]); err != nil {
			return likeness{s, notKnown, []error{err}}
		}
	}
	other, unknown := c.otherRoles(ctx, s)
	if len(s.Instances) == 1 { // of which otherRoles asks nothing
		if _, err := c.roleOf(ctx, s.Instances[0].Server, s.Instances[0].IMAPDConf); err != nil {
			unknown = []error{fmt.Errorf("%w: %w", apply.ErrUnreached, err)}
		}
	}
	if len(other)+len(unknown) == 0 {
		return likeness{s, asItIs, nil}
	}
	if beside := c.leadsBeside(ctx, s, layouts); beside != nil {
		return likeness{s, otherwise, []error{beside}}
	}
	if len(other) > 0 {
		return likeness{s, otherwise, other}
	}
	return likeness{s, notKnown, unknown}
}

// leadsBeside fails where an instance that the store does not have, and others of its layouts do,
// is the master, as the processes show.
func (c *config) leadsBeside(ctx context.Context, s *inventory.Store, layouts []inventory.Store) error {
	for i := range layouts {
		for _, in := range layouts[i].Instances {
			if s.On(in.Server) != nil || c.reaches(in) != nil {
				continue
			}
			if role, err := c.roleOf(ctx, in.Server, in.IMAPDConf); err == nil && role == inventory.Master {
				return fmt.Errorf("store %s has its master on %s, as the processes there show", s.Name, in.Server)
			}
		}
	}
	return nil
}

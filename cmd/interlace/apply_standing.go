package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/host"
)

// standing are facts as they stand by now: those of the inventory with what the journal says that
// plans have changed since.
type standing struct {
	*facts
	// overruled are the stores whose instances the inventory has, which is of later than what plans
	// have changed of them, and as the processes show.
	overruled map[inventory.StoreID]bool
	// doubts say of which stores it is not known which instances they have, and why.
	doubts map[inventory.StoreID]string
}

// standing returns the facts as they stand by now. Where the inventory is of later than what plans
// have changed of a store, and shows something else, the processes decide.
func (a *app) standing(ctx context.Context, h *history.History, f *facts) (*standing, error) {
	units, err := journalled(ctx, h, true)
	if err != nil {
		return nil, err
	}
	lasting, err := course.LastingOf(ctx, units, h)
	if err != nil {
		return nil, err
	}
	s := &standing{overruled: map[inventory.StoreID]bool{}, doubts: map[inventory.StoreID]string{}}
	a.decideLayouts(ctx, f, lasting, s)
	inv, err := course.Standing(ctx, f.Inventory, f.found, s.believed(lasting, f), units, h)
	if err != nil {
		return nil, err
	}
	now := *f
	now.Inventory, s.facts = inv, &now
	return s, ctx.Err()
}

// believed are the changes that the inventory does not overrule.
func (s *standing) believed(lasting []course.Lasting, f *facts) []course.Lasting {
	return slices.DeleteFunc(slices.Clone(lasting), func(l course.Lasting) bool { return s.overruled[l.Do.Store] && !l.At.After(f.made) })
}

// decideLayouts notes of which stores the inventory overrules the journal, and of which neither
// is believed.
func (a *app) decideLayouts(ctx context.Context, f *facts, lasting []course.Lasting, s *standing) {
	disputed := map[inventory.StoreID][]course.Lasting{}
	for i := range lasting {
		if l := &lasting[i]; !l.At.After(f.made) && contradicted(f.Inventory, l) != "" {
			disputed[l.Do.Store] = append(disputed[l.Do.Store], *l)
		}
	}
	var asking sync.WaitGroup
	var one sync.Mutex
	free := make(chan struct{}, askedAtOnce)
	for store, changes := range disputed {
		asking.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			overrules, doubt := a.decideLayout(ctx, f, store, lasting, changes)
			one.Lock()
			defer one.Unlock()
			if s.overruled[store] = overrules; doubt != "" {
				s.doubts[store] = doubt
			}
		})
	}
	asking.Wait()
}

// askedAtOnce is how many stores are looked at at once.
const askedAtOnce = 16

// decideLayout reports whether the processes show a store as the inventory has it, and not as the
// disputed changes have left it. A doubt says that they show neither, or that it is not known.
func (a *app) decideLayout(ctx context.Context, f *facts, store inventory.StoreID, lasting, disputed []course.Lasting) (overrules bool, doubt string) {
	own := func(since bool) *inventory.Store {
		list := slices.DeleteFunc(slices.Clone(lasting), func(l course.Lasting) bool { return l.Do.Store != store || since && !l.At.After(f.made) })
		inv := course.FollowAll(&inventory.Inventory{Stores: f.Stores}, list)
		return &inv.Stores[inv.Store(store)]
	}
	kept, changed := own(true), own(false)
	here, there := a.config.shows(ctx, kept), a.config.shows(ctx, changed)
	switch {
	case here.how > there.how, here.how == asItIs && len(kept.Instances) > len(changed.Instances):
		return true, ""
	case there.how > here.how, here.how == asItIs && len(kept.Instances) < len(changed.Instances):
		return false, ""
	}
	var did []string
	for i := range disputed {
		did = append(did, contradicted(f.Inventory, &disputed[i])+"; "+madeBy(&disputed[i]))
	}
	return false, fmt.Sprintf("which instances store %s has is not known: the inventory, %s, %s; as the inventory has it: %s; as the journal has it: %s; let the fleet file say which there are, and interlace import it",
		store, f.source, strings.Join(did, ", and "), here, there)
}

// likeness is whether the processes show a store as somebody has it.
type likeness struct {
	how showing
	why error
}

type showing int

const (
	otherwise showing = iota // they show something else
	notKnown                 // of all instances
	asItIs
)

// String says how they do.
func (l likeness) String() string {
	if l.why == nil {
		return "so the processes show it"
	}
	return l.why.Error()
}

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
		return likeness{asItIs, nil}
	case errors.Is(err, apply.ErrUnreached):
		return likeness{notKnown, err}
	}
	return likeness{otherwise, err}
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

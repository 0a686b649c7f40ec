package confirm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// instance names an instance of a store.
type instance struct {
	store  inventory.StoreID
	server inventory.ServerID
}

func (i instance) String() string { return fmt.Sprintf("%s on %s", i.store, i.server) }

// seen is who has mailboxes on an instance, or why that is not known.
type seen struct {
	owners map[cyrus.Owner]bool
	err    error
}

// survey is who has mailboxes where, on all instances of a fleet.
type survey map[instance]seen

// atOnce is how many instances are asked at a time.
const atOnce = 16

// Names is who had mailboxes on which instance when it was last asked. The zero value knows
// nothing. It may be used by several goroutines; one asks, and the others wait.
type Names struct {
	mu    sync.Mutex
	found survey
	at    map[instance]time.Time
}

// forget has all instances asked again.
func (n *Names) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.found, n.at = nil, nil
}

// survey returns who has mailboxes on all instances, as they tell now or, where nothing is
// checked that has changed since, as they told before.
func (c *checking) survey(ctx context.Context, inv *inventory.Inventory) (survey, error) {
	changed, open := c.carried(c.units)
	if c.Names == nil || c.accounts == nil || open != "" {
		return c.surveyAll(ctx, inv, nil)
	}
	c.Names.mu.Lock()
	defer c.Names.mu.Unlock()
	known := survey{}
	for at, s := range c.Names.found {
		if s.err == nil && c.Names.at[at].After(changed) {
			known[at] = s
		}
	}
	now := c.Now()
	c.recalled = len(known) > 0
	found, err := c.surveyAll(ctx, inv, known)
	if err != nil {
		return nil, err
	}
	if c.Names.found == nil {
		c.Names.found, c.Names.at = survey{}, map[instance]time.Time{}
	}
	for at, s := range found {
		if _, was := known[at]; !was {
			c.Names.found[at], c.Names.at[at] = s, now
		}
	}
	return found, nil
}

// surveyAll asks all instances for the names of their mailboxes, but for those of which
// that is known.
func (o *Options) surveyAll(ctx context.Context, inv *inventory.Inventory, known survey) (survey, error) {
	found := survey{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range inv.Stores {
		for _, in := range inv.Stores[i].Instances {
			at := instance{inv.Stores[i].Name, in.Server}
			if s, is := known[at]; is {
				mu.Lock()
				found[at] = s
				mu.Unlock()
				continue
			}
			group.Go(func() error {
				owners, err := o.owners(ctx, inv, in)
				mu.Lock()
				defer mu.Unlock()
				found[at] = seen{owners, err}
				return ctx.Err()
			})
		}
	}
	return found, group.Wait()
}

// owners returns who has mailboxes on an instance.
func (o *Options) owners(ctx context.Context, inv *inventory.Inventory, in inventory.Instance) (map[cyrus.Owner]bool, error) {
	if s := inv.Server(in.Server); s >= 0 && inv.Servers[s].State == inventory.Down {
		return nil, errors.New("the server is down")
	}
	if in.IMAP == "" {
		return nil, errors.New("the inventory has no IMAP address of it")
	}
	c, err := o.dial(ctx, in, "")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	mailboxes, err := c.Owners(ctx)
	owners := make(map[cyrus.Owner]bool, len(mailboxes))
	for owner := range mailboxes {
		owners[owner] = true
	}
	return owners, err
}

// on returns the instances on which an owner has mailboxes, sorted.
func (s survey) on(owner cyrus.Owner) []instance {
	var list []instance
	for at, seen := range s {
		if seen.owners[owner] {
			list = append(list, at)
		}
	}
	sortInstances(list)
	return list
}

// silent returns the instances of which nothing is known, sorted.
func (s survey) silent() []instance {
	var list []instance
	for at, seen := range s {
		if seen.err != nil {
			list = append(list, at)
		}
	}
	sortInstances(list)
	return list
}

func sortInstances(list []instance) {
	slices.SortFunc(list, func(a, b instance) int {
		return cmp.Or(cmp.Compare(a.store, b.store), cmp.Compare(a.server, b.server))
	})
}

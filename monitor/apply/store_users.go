package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/course"
)

// storeUsers are those of whom an instance that leads a store has mailboxes.
type storeUsers struct {
	here []inventory.UserID // it serves them
	out  []inventory.UserID // it does not: they are denied there, or elsewhere
	away []string           // who of these is elsewhere only as the routes say
	// denied are those of out who are here by the facts and the journal, and denied by somebody else
	// than a move.
	denied []inventory.UserID
	// among are those of whom it is not known which, and unsure says so; nil: there are none.
	among  []inventory.UserID
	unsure error
}

// users returns whom an instance that leads the store serves: neither who is denied there, since
// what is there of them may be an original that was moved away, nor who is elsewhere.
func (c *change) users(ctx context.Context, leader inventory.Instance) (*storeUsers, error) {
	has, denied, err := c.boxes(ctx, leader)
	if err != nil {
		return nil, err
	}
	moved, err := c.moved(ctx)
	if err != nil {
		return nil, err
	}
	found, away := &storeUsers{}, map[inventory.StoreID][]inventory.UserID{}
	for _, u := range has {
		switch other := c.other(u, moved); {
		case denied[u]:
			found.out = append(found.out, u)
			if other == "" {
				found.denied = append(found.denied, u)
			}
		case other == "":
			found.here = append(found.here, u)
		default:
			away[other] = append(away[other], u)
		}
	}
	c.askOthers(ctx, away, moved, found)
	slices.Sort(found.here)
	return found, ctx.Err()
}

// moved returns where those are whom plans have moved, as far as that stands.
func (c *change) moved(ctx context.Context) (map[inventory.UserID]course.Whereabouts, error) {
	if c.Whereabouts == nil {
		return nil, nil
	}
	all, err := c.Whereabouts(ctx)
	if err != nil {
		return nil, fmt.Errorf("who was moved is not known: %w", err)
	}
	moved := map[inventory.UserID]course.Whereabouts{}
	for u, w := range all {
		if w.Stands(c.Inventory, c.Found) {
			moved[u] = w
		}
	}
	return moved, nil
}

// boxes returns who has an INBOX on an instance, and who is denied there.
func (c *change) boxes(ctx context.Context, in inventory.Instance) (has []inventory.UserID, denied map[inventory.UserID]bool, err error) {
	h, err := c.open(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	if denied, err = h.Denied(ctx); err != nil {
		return nil, nil, err
	}
	g, err := c.greet(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	return withInbox(g.names), denied, nil
}

// withInbox are the users who have an INBOX among mailboxes, sorted.
func withInbox(names []cyrus.InternalName) []inventory.UserID {
	var users []inventory.UserID
	for _, name := range names {
		if owner, folder, kept := name.Owner(); kept && !owner.Shared && len(folder) == 0 {
			users = append(users, inventory.UserID(owner.Name))
		}
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// other is the store on which somebody is by the facts or, where these have them here, by the
// journal; empty: here.
func (c *change) other(u inventory.UserID, moved map[inventory.UserID]course.Whereabouts) inventory.StoreID {
	if at := c.factOf(u); at != "" && at != c.store.Name {
		return at
	}
	if at := moved[u].Store; at != c.store.Name {
		return at
	}
	return ""
}

// factOf is the store on which the facts have somebody; empty: they do not know them.
func (o *Options) factOf(u inventory.UserID) inventory.StoreID {
	if at := o.Inventory.User(u); at >= 0 {
		return o.Inventory.Users[at].Store
	}
	return ""
}

// askOthers looks on which store those are who are let in here, and by the facts or the journal are
// on other stores: who is not let in there is here.
func (c *change) askOthers(ctx context.Context, away map[inventory.StoreID][]inventory.UserID, moved map[inventory.UserID]course.Whereabouts, found *storeUsers) {
	for _, name := range slices.Sorted(maps.Keys(away)) {
		other, in, err := c.letInOn(ctx, name)
		if err != nil {
			found.doubt(away[name], fmt.Errorf("%s let in on %s, and by what is known on %s, of which it is not known whether it lets them in: %w; let interlace discover find out where they are when its master answers, or deny them (cyr_deny) on %s if they are not here", course.Who(away[name]), c.store.Name, name, err, c.store.Name))
			continue
		}
		var both []inventory.UserID
		for _, u := range away[name] {
			if in[u] {
				both = append(both, u)
			} else {
				found.here = append(found.here, u)
			}
		}
		c.askRoutes(ctx, other, both, moved, found)
	}
}

// letInOn returns another store, and who has mailboxes there and is let in.
func (c *change) letInOn(ctx context.Context, name inventory.StoreID) (*inventory.Store, map[inventory.UserID]bool, error) {
	at := c.Inventory.Store(name)
	if at < 0 || len(c.Inventory.Stores[at].Instances) == 0 {
		return nil, nil, fmt.Errorf("the inventory has no instance of store %s", name)
	}
	other := *c
	other.store = &c.Inventory.Stores[at]
	has, denied, err := other.boxes(ctx, other.store.Instances[0])
	in := map[inventory.UserID]bool{}
	for _, u := range has {
		in[u] = !denied[u]
	}
	return other.store, in, err
}

// askRoutes looks where those are routed who are let in on two stores. Where that says nothing, who
// is on the other one by the facts and the journal alike is there.
func (c *change) askRoutes(ctx context.Context, other *inventory.Store, both []inventory.UserID, moved map[inventory.UserID]course.Whereabouts, found *storeUsers) {
	if len(both) == 0 {
		return
	}
	var served map[inventory.UserID]Destination
	var err error
	if c.Live.Served != nil {
		served, err = c.Live.Served(ctx, c.Inventory, both)
	}
	var unsure []inventory.UserID
	for _, u := range both {
		at, w := served[u], moved[u]
		here, there := at.isOn(c.store), at.isOn(other)
		switch {
		case err == nil && here && !there:
			found.here = append(found.here, u)
		case err == nil && there && !here:
			found.out = append(found.out, u)
		case at == Destination{} && c.factOf(u) == other.Name && (w.Since.IsZero() || w.Store == other.Name):
			found.out = append(found.out, u)
		default:
			unsure = append(unsure, u)
		}
	}
	if len(unsure) > 0 {
		text := fmt.Errorf("%s let in on %s and on %s, and it is not known which one they use: let interlace discover --routed find out, or deny them (cyr_deny) where they are not", course.Who(unsure), c.store.Name, other.Name)
		found.doubt(unsure, errors.Join(text, err))
	}
}

// doubt notes of whom it is not known where they are.
func (f *storeUsers) doubt(users []inventory.UserID, why error) {
	f.among, f.unsure = append(f.among, users...), errors.Join(f.unsure, why)
}

// misrouted returns who of some users is routed to where they must not be, as far as that can be asked.
func (o *Options) misrouted(ctx context.Context, users []inventory.UserID, wrong func(inventory.UserID, Destination) bool) ([]inventory.UserID, error) {
	if o.Live.Served == nil || len(users) == 0 {
		return nil, nil
	}
	served, err := o.Live.Served(ctx, o.Inventory, users)
	if err != nil {
		return nil, fmt.Errorf("where users are routed can't be asked: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(users), func(u inventory.UserID) bool { return !wrong(u, served[u]) }), nil
}

package moves

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// chain is what a layout does to one store, in order. Seeds run side by side;
// everything else follows all that stands before it.
type chain struct {
	bundle int32
	fixed  []int32 // the last task that is not a seed, if there is one
	seeds  []int32 // those after it
}

func (r *reader) layout(plan int32, p *planner.Layout) {
	chains := map[int32]*chain{}
	for i := range p.Changes {
		c := &p.Changes[i]
		store := int32(r.fleet.Inventory.Store(c.Store))
		next, reason := r.follow(store, c)
		if reason != "" {
			r.refuse(p.ID, c.ID, planner.StoreSubject(c.Store), "%s", reason)
			continue
		}
		ch := chains[store]
		if ch == nil {
			ch = &chain{bundle: int32(len(r.bundles))}
			chains[store] = ch
			r.bundles = append(r.bundles, bundle{plan: plan, effects: []effect{{store: store, before: r.sites[store]}}})
		}
		r.link(ch, store, task{plan: plan, change: int32(i), bundle: ch.bundle, bytes: c.Bytes}, c)
		r.sites[store] = next
		r.bundles[ch.bundle].effects[0].after = next
	}
}

// link appends the change to its store's chain.
func (r *reader) link(ch *chain, store int32, t task, c *planner.LayoutChange) {
	t.Places = nowhere
	if c.Do == planner.Seed {
		from, to := int32(r.fleet.Inventory.Server(inventory.ServerID(c.From))), int32(r.fleet.Inventory.Server(c.Server))
		t.Places = r.ends(from, to)
		t.Seconds = float64(c.Bytes) / r.rate(from, to)
		ch.seeds = append(ch.seeds, r.enter(t, slices.Clone(ch.fixed), store))
		return
	}
	n := r.enter(t, slices.Concat(ch.fixed, ch.seeds), store)
	ch.fixed, ch.seeds = []int32{n}, nil
}

// follow returns the sites of the store after the change, or why it does not
// apply to the state that the changes before it have led to.
func (r *reader) follow(store int32, c *planner.LayoutChange) (next []int32, reason string) {
	if store < 0 {
		return nil, "the fleet has no such store"
	}
	server := int32(r.fleet.Inventory.Server(c.Server))
	if server < 0 {
		return nil, fmt.Sprintf("the fleet has no server %q", c.Server)
	}
	if c.Bytes < 0 {
		return nil, fmt.Sprintf("it copies %d bytes", c.Bytes)
	}
	sites := r.sites[store]
	at := slices.Index(sites, server)
	switch c.Do {
	case planner.Seed:
		return r.seeded(sites, at, server, c)
	case planner.Promote:
		if at < 1 || string(c.From) != string(r.fleet.Inventory.Servers[sites[0]].Name) {
			return nil, fmt.Sprintf("server %s has no replica whose master is on %s", c.Server, c.From)
		}
		next = slices.Clone(sites)
		next[0], next[at] = next[at], next[0]
		return next, r.mustBeUp(server)
	case planner.Drop:
		if at < 1 {
			return nil, fmt.Sprintf("server %s has no replica of it", c.Server)
		}
		return slices.Delete(slices.Clone(sites), at, at+1), ""
	case planner.Create:
		if len(sites) > 0 {
			return nil, "it has a master already"
		}
		return []int32{server}, r.mustBeUp(server)
	}
	return nil, fmt.Sprintf("%q is no change of a layout", c.Do)
}

func (r *reader) seeded(sites []int32, at int, server int32, c *planner.LayoutChange) (next []int32, reason string) {
	switch {
	case at >= 0:
		return nil, fmt.Sprintf("server %s has an instance of it already", c.Server)
	case len(sites) == 0:
		return nil, "it has no master to copy from"
	}
	from := inventory.ServerID(c.From)
	if master, acting := sites[0], load.Master(sites, r.fleet.Down); from != r.name(master) && (acting < 0 || from != r.name(acting)) {
		return nil, fmt.Sprintf("server %s does not have its master", c.From)
	}
	if reason := r.mustBeUp(int32(r.fleet.Inventory.Server(from))); reason != "" {
		return nil, reason
	}
	return append(slices.Clone(sites), server), r.mustBeUp(server)
}

func (r *reader) name(server int32) inventory.ServerID { return r.fleet.Inventory.Servers[server].Name }

func (r *reader) mustBeUp(server int32) (reason string) {
	if r.fleet.Down[server] {
		return fmt.Sprintf("server %s is down", r.name(server))
	}
	return ""
}

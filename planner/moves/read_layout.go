package moves

import (
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// chain is what a layout does to one store, in order. Seeds run side by side and
// end as they are listed, since each new replica is the last in promotion order;
// everything else follows all that stands before it.
type chain struct {
	bundle int32   // its latest part
	fixed  []int32 // the last task of the part that is not a seed, if there is one
	seeds  []int32 // those after it

	whole  int // instances that the store has between two parts, at most
	before int // instances that it had
	fewest int // and has had on its way

	alive  int // instances on servers that are up that it had
	living int // the fewest that it has had on its way
}

func (r *reader) layout(plan int32, p *planner.Layout) {
	chains := map[int32]*chain{}
	stages, last := r.stages, int32(-1)
	for i := range p.Changes {
		c := &p.Changes[i]
		store := r.store(c.Store)
		next, reason := r.follow(store, c)
		if reason != "" {
			r.refuse(plan, int32(i), planner.StoreSubject(c.Store), "%s", reason)
			continue
		}
		ch := chains[store]
		switch {
		case ch == nil:
			ch = r.newChain(store)
			chains[store] = ch
			r.part(ch, plan, r.stages, store)
		case store != last && len(r.sites[store]) <= ch.whole:
			r.part(ch, plan, r.bundles[ch.bundle].stage+1, store)
		}
		stages, last = max(stages, r.bundles[ch.bundle].stage+1), store
		server := int32(r.fleet.Inventory.Server(c.Server))
		r.link(ch, task{plan: plan, change: int32(i), bundle: ch.bundle, bytes: c.Bytes, do: c.Do, store: store, server: server})
		r.sites[store], ch.fewest = next, min(ch.fewest, len(next))
		ch.living = min(ch.living, r.fleet.Living(next))
		e := &r.bundles[ch.bundle].effects[0]
		e.after, e.via = next, append(e.via, next)
	}
	r.stages = stages
	for i := range r.bundles {
		if b := &r.bundles[i]; b.plan == plan {
			r.layOver(b)
		}
	}
	for _, store := range slices.Sorted(maps.Keys(chains)) {
		r.countCopies(store, chains[store])
	}
}

func (r *reader) newChain(store int32) *chain {
	inv, n, alive := r.fleet.Inventory, len(r.sites[store]), r.fleet.Living(r.sites[store])
	return &chain{whole: max(n, inv.PromisedCopies(&inv.Stores[store])), before: n, fewest: n, alive: alive, living: alive}
}

// part begins a part of the chain. Where the plan turns to other stores and comes
// back, they may need the room that the store has left, or make the room that it
// needs. So what comes then is a bundle of its own, unless the store has a copy too
// many in between: then it is in the middle of something.
func (r *reader) part(ch *chain, plan, stage, store int32) {
	ch.bundle, ch.fixed, ch.seeds = int32(len(r.bundles)), nil, nil
	r.bundles = append(r.bundles, bundle{plan: plan, stage: stage, effects: []effect{{store: store, before: r.sites[store]}}})
}

// layOver finds the layouts that the store has for a while. In a wave those are
// all, since what is dropped counts until its end. Without waves what follows the
// last seed takes no time.
func (r *reader) layOver(b *bundle) {
	e := &b.effects[0]
	e.under = e.via
	if !r.opts.Continuous {
		return
	}
	lasting := 0
	for n, t := range b.tasks {
		if r.tasks[t].do == planner.Seed {
			lasting = n + 1
		}
	}
	e.under = append(slices.Clone(e.via[:lasting]), e.after)
}

// countCopies notes a store that has fewer instances on its way than before and
// after, because a drop is listed before the seed that makes up for it, or fewer
// living ones, because one on a server that is down is kept instead.
func (r *reader) countCopies(store int32, ch *chain) {
	n := len(r.sites[store])
	if need := min(ch.before, n); ch.fewest < need {
		r.thin = append(r.thin, r.tooFew(store, ch.fewest, need, []string{}))
	} else if need := min(ch.alive, n); ch.living < need {
		down := []string{}
		for _, s := range r.start[store] {
			if r.fleet.Down[s] {
				down = append(down, string(planner.ServerSubject(r.name(s))))
			}
		}
		r.thin = append(r.thin, r.tooFew(store, ch.living, need, down))
	}
}

func (r *reader) tooFew(store int32, n, need int, down []string) planner.Violation {
	name := r.fleet.Inventory.Stores[store].Name
	return planner.Violation{
		Rule: planner.Copies, Subject: planner.StoreSubject(name), Store: planner.Text(name), Failed: down,
		Value: planner.Known(float64(n)), Limit: planner.Known(float64(need)),
	}
}

// link appends the change to its store's chain. A master that is down is copied
// from the replica that serves in its place.
func (r *reader) link(ch *chain, t task) {
	t.Places = nowhere
	if t.do == planner.Seed {
		from := load.Master(r.sites[t.store], r.fleet.Down)
		t.Places = r.ends(from, t.server)
		t.Seconds = float64(t.bytes) / r.rate(from, t.server)
		t.Follows = ch.seeds[max(0, len(ch.seeds)-1):]
		ch.seeds = append(ch.seeds, r.enter(t, slices.Clone(ch.fixed), t.store))
		return
	}
	n := r.enter(t, slices.Concat(ch.fixed, ch.seeds), t.store)
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
	at := last(sites, server)
	switch c.Do {
	case planner.Seed:
		return r.seeded(sites, server, c)
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
		next = slices.Delete(slices.Clone(sites), at, at+1)
		if r.fleet.Dead(next) && !r.fleet.Dead(sites) {
			return nil, fmt.Sprintf("server %s has its only instance on a server that is up", c.Server)
		}
		return next, ""
	case planner.Create:
		if len(sites) > 0 {
			return nil, "it has a master already"
		}
		return []int32{server}, r.mustBeUp(server)
	}
	return nil, fmt.Sprintf("%q is no change of a layout", c.Do)
}

func (r *reader) seeded(sites []int32, server int32, c *planner.LayoutChange) (next []int32, reason string) {
	serving := load.Master(sites, r.fleet.Down)
	from := inventory.ServerID(c.From)
	switch {
	case slices.Contains(sites, server):
		return nil, fmt.Sprintf("server %s has an instance of it already", c.Server)
	case serving < 0:
		return nil, "it has no instance to copy from on a server that is up"
	case from != r.name(sites[0]) && from != r.name(serving):
		return nil, fmt.Sprintf("server %s does not have its master", c.From)
	}
	return append(slices.Clone(sites), server), r.mustBeUp(server)
}

// last returns the place of the last instance on the server, or -1. Where a
// store has several instances on one server, changes mean the last.
func last(sites []int32, server int32) int {
	for at := len(sites) - 1; at >= 0; at-- {
		if sites[at] == server {
			return at
		}
	}
	return -1
}

func (r *reader) name(server int32) inventory.ServerID { return r.fleet.Inventory.Servers[server].Name }

func (r *reader) mustBeUp(server int32) (reason string) {
	if r.fleet.Down[server] {
		return fmt.Sprintf("server %s is down", r.name(server))
	}
	return ""
}

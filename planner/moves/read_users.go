package moves

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

func (r *reader) assignment(plan int32, p *planner.Assignment) {
	inv := r.fleet.Inventory
	ofGroup := map[int32]int32{}
	for i := range p.Changes {
		c := &p.Changes[i]
		user, from, to := inv.User(c.User), r.store(c.From), r.store(c.To)
		if reason := r.movable(c, user, from, to); reason != "" {
			r.refuse(plan, int32(i), planner.UserSubject(c.User), "%s", reason)
			continue
		}
		group := r.groups.Of[user]
		b, ok := ofGroup[group]
		if !ok {
			b = int32(len(r.bundles))
			ofGroup[group] = b
			r.bundles = append(r.bundles, bundle{plan: plan, stage: r.stages, effects: make([]effect, 0, 2)})
		}
		r.move(task{plan: plan, change: int32(i), bundle: b, bytes: c.Bytes, do: planner.Move, user: int32(user), from: from, store: to})
		r.bundles[b].bring(r, &inv.Users[user], from, -1)
		r.bundles[b].bring(r, &inv.Users[user], to, 1)
		r.homes[user] = to
	}
	r.stages++
}

// movable says why the user cannot move in the state that the changes so far
// have led to.
func (r *reader) movable(c *planner.UserChange, user int, from, to int32) (reason string) {
	switch {
	case user < 0:
		return "the fleet has no such user"
	case from < 0:
		return fmt.Sprintf("the fleet has no store %q", c.From)
	case to < 0:
		return fmt.Sprintf("the fleet has no store %q", c.To)
	case from == to:
		return fmt.Sprintf("it moves from store %s to itself", c.From)
	case c.Bytes < 0:
		return fmt.Sprintf("it copies %d bytes", c.Bytes)
	}
	if r.home(user) != from {
		return fmt.Sprintf("the user is not on store %s", c.From)
	}
	for _, s := range []int32{from, to} {
		if load.Master(r.sites[s], r.fleet.Down) < 0 {
			return fmt.Sprintf("store %s has no instance on a server that is up", r.fleet.Inventory.Stores[s].Name)
		}
	}
	return ""
}

func (r *reader) home(user int) int32 {
	if s, ok := r.homes[user]; ok {
		return s
	}
	return r.store(r.fleet.Inventory.Users[user].Store)
}

// move appends the task of one user. It runs at the servers of the two masters;
// where that of a store is down, the replica that serves in its place counts.
func (r *reader) move(t task) {
	a, b := load.Master(r.sites[t.from], r.fleet.Down), load.Master(r.sites[t.store], r.fleet.Down)
	rate := r.rate(a, b)
	t.Places = r.ends(a, b)
	if r.opts.SyncRate > 0 && len(r.sites[t.store]) > 1 {
		rate = min(rate, r.opts.SyncRate)
		t.Places[2] = r.stream(t.store)
	}
	t.Seconds = float64(t.bytes) / rate
	r.enter(t, nil, t.from, t.store)
}

// stream returns the place of the stream that copies what the store receives to
// its replicas.
func (r *reader) stream(store int32) int32 {
	place, ok := r.streams[store]
	if !ok {
		place = int32(len(r.units))
		r.streams[store] = place
		r.units = append(r.units, 1)
	}
	return place
}

// bring adds to the bundle that the user arrives at the store or leaves it.
func (b *bundle) bring(r *reader, u *inventory.User, store int32, sign int8) {
	at := -1
	for i := range b.effects {
		if b.effects[i].store == store && b.effects[i].sign == sign {
			at = i
		}
	}
	if at < 0 {
		at = len(b.effects)
		b.effects = append(b.effects, effect{store: store, sign: sign, before: r.sites[store], after: r.sites[store]})
	}
	amounts := r.fleet.Scale.Amounts(&u.Load)
	b.effects[at].load.Add(&amounts)
	if u.Kind == inventory.Person {
		b.effects[at].persons++
	}
}

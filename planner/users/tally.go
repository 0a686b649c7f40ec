package users

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// Where something is that could move, other than on a store.
const (
	inHand = -1 - iota // taken from its store and not yet placed
	apart              // a torn group whose pieces are where they were
)

// tally is an assignment in the making, and what stores and servers then carry.
type tally struct {
	*problem
	at    []int32             // by number
	load  []inventory.Amounts // of each store
	carry []inventory.Amounts // of each server in the normal state
	after []promoted          // for each level to survive
	crowd crowd               // disk in use if nobody leaves
	rooms rooms               // and the most that may be

	receive []inventory.Amounts   // most that each store may carry to receive
	today   []inventory.Amounts   // what each server carries today
	servers []inventory.Amounts   // most that each server may carry
	failed  [][]inventory.Amounts // and after a failure, for each level to survive
	worst   [][]inventory.Amounts // what it carries then today
	stuck   []bool                // found no place, by number
	forced  bool                  // room on the way does not matter
	barred  bool                  // something has been kept from a store for lack of room on the way
}

// promoted is what servers carry beside the normal state when domains fail.
type promoted struct {
	gain []inventory.Amounts // of each pair of domain and server
	most []inventory.Amounts // largest gain of each server, per resource
}

// newTally returns today's assignment.
func newTally(p *problem) *tally {
	f := p.Fleet
	t := &tally{
		problem: p,
		at:      make([]int32, p.size()),
		load:    slices.Clone(f.Active),
		carry:   f.Normal(p.Sites).Amounts,
		stuck:   make([]bool, p.size()),
	}
	for i := range p.Pieces {
		t.at[i] = p.Pieces[i].Store
	}
	for i := range p.gathered {
		t.at[len(p.Pieces)+i] = apart
	}
	for l := range p.Survive {
		level := &p.Survive[l]
		a := promoted{make([]inventory.Amounts, len(level.Server)), make([]inventory.Amounts, len(f.Capacity))}
		for s, pair := range level.PairOf {
			if pair < 0 {
				continue
			}
			for _, r := range f.Failover {
				a.gain[pair][r] += f.Active[s][r] - f.Passive[s][r]
			}
		}
		for pair, server := range level.Server {
			for _, r := range f.Failover {
				a.most[server][r] = max(a.most[server][r], a.gain[pair][r])
			}
		}
		t.after = append(t.after, a)
	}
	t.crowd, t.rooms = newCrowd(p, t.carry), newRooms(p, t.carry)
	t.limitStores(p.HighestCeiling())
	t.limitToday()
	return t
}

// clone returns a copy that shares nothing that moves change.
func (t *tally) clone() *tally {
	c := *t
	c.at, c.load, c.carry = slices.Clone(t.at), slices.Clone(t.load), slices.Clone(t.carry)
	c.crowd = t.crowd.clone()
	c.after = nil
	for _, a := range t.after {
		c.after = append(c.after, promoted{slices.Clone(a.gain), slices.Clone(a.most)})
	}
	return &c
}

// take takes what has the number from where it is.
func (t *tally) take(i int32) {
	if t.at[i] == apart {
		for _, part := range t.parts(i) {
			piece := &t.Pieces[part]
			t.add(piece.Store, &piece.Load, -1)
		}
	} else {
		t.add(t.at[i], &t.piece(i).Load, -1)
		t.arrive(i, t.at[i], -1)
	}
	t.at[i] = inHand
}

// put places what is in hand on the store.
func (t *tally) put(i, store int32) {
	t.add(store, &t.piece(i).Load, 1)
	t.arrive(i, store, 1)
	t.at[i] = store
}

// restore puts what is in hand where it is today.
func (t *tally) restore(i int32) {
	if parts := t.parts(i); parts != nil {
		for _, part := range parts {
			piece := &t.Pieces[part]
			t.add(piece.Store, &piece.Load, 1)
		}
		t.at[i] = apart
		return
	}
	t.put(i, t.piece(i).Store)
}

// add changes what the store carries, and with it what its servers do.
func (t *tally) add(store int32, load *inventory.Amounts, sign int64) {
	var active, passive inventory.Amounts
	for r, res := range t.Fleet.Inventory.Resources {
		before := t.load[store][r]
		active[r] = sign * load[r]
		t.load[store][r] = before + active[r]
		passive[r] = inventory.Times(before+active[r], res.Replica) - inventory.Times(before, res.Replica)
	}
	for k, server := range t.Sites[store] {
		if k == 0 {
			t.carry[server].Add(&active)
		} else {
			t.carry[server].Add(&passive)
		}
	}
	active.Sub(&passive)
	for l := range t.Survive {
		if pair := t.Survive[l].PairOf[store]; pair >= 0 {
			t.addPromoted(l, pair, &active, sign)
		}
	}
}

func (t *tally) addPromoted(l int, pair int32, gain *inventory.Amounts, sign int64) {
	level, a := &t.Survive[l], &t.after[l]
	server := level.Server[pair]
	for _, r := range t.Fleet.Failover {
		before := a.gain[pair][r]
		a.gain[pair][r] += gain[r]
		switch {
		case sign > 0:
			a.most[server][r] = max(a.most[server][r], a.gain[pair][r])
		case before == a.most[server][r]:
			most := int64(0)
			for _, other := range level.Pairs[server] {
				most = max(most, a.gain[other][r])
			}
			a.most[server][r] = most
		}
	}
}

// fits reports whether the store may receive what has the number.
func (t *tally) fits(i, store int32) bool {
	return t.agree(i, store) && t.roomFor(store, &t.piece(i).Load) && (t.forced || t.holdsBoth(i, store))
}

// roomFor reports whether the store and its servers have room for the load.
func (t *tally) roomFor(store int32, load *inventory.Amounts) bool {
	for r := range t.Fleet.Resources {
		if t.load[store][r]+load[r] > t.receive[store][r] {
			return false
		}
	}
	return t.serversFit(store, load)
}

// serversFit reports whether the store's servers have room for the load, in the
// normal state and when a domain fails.
func (t *tally) serversFit(store int32, load *inventory.Amounts) bool {
	var passive inventory.Amounts
	for r, res := range t.Fleet.Inventory.Resources {
		before := t.load[store][r]
		passive[r] = inventory.Times(before+load[r], res.Replica) - inventory.Times(before, res.Replica)
	}
	for _, server := range t.Sites[store] {
		more := t.onServer(store, server, load, &passive)
		for r := range t.Fleet.Resources {
			if t.carry[server][r]+more[r] > t.servers[server][r] {
				return false
			}
		}
		for l := range t.Survive {
			pair := t.Survive[l].PairOf[store]
			if pair >= 0 && t.Survive[l].Server[pair] != server {
				pair = nowhere
			}
			for _, r := range t.Fleet.Failover {
				gain := t.after[l].most[server][r]
				if pair >= 0 {
					gain = max(gain, t.after[l].gain[pair][r]+load[r]-passive[r])
				}
				if t.carry[server][r]+more[r]+gain > t.failed[l][server][r] {
					return false
				}
			}
		}
	}
	return true
}

// roomOf returns at least what the store could receive in each resource, for
// itself and for its servers.
func (t *tally) roomOf(store int32) inventory.Amounts {
	var room inventory.Amounts
	for r, res := range t.Fleet.Inventory.Resources {
		least := t.receive[store][r] - t.load[store][r]
		lower := func(free int64, weight float64) {
			if weight > 0 {
				least = min(least, int64(math.Ceil(float64(max(0, free+1))/min(weight, 1))))
			}
		}
		for k, server := range t.Sites[store] {
			weight := res.Replica
			if k == 0 {
				weight = 1
			}
			lower(t.servers[server][r]-t.carry[server][r], weight)
			for l := range t.failed {
				free := t.failed[l][server][r] - t.carry[server][r]
				lower(free-t.after[l].most[server][r], weight)
				if pair := t.Survive[l].PairOf[store]; pair >= 0 && t.Survive[l].Server[pair] == server {
					lower(free-t.after[l].gain[pair][r], 1)
				}
			}
		}
		room[r] = least
	}
	return room
}

// onServer returns what the server gets of a load that the store receives, where
// a replica gets passive: usually one of the two.
func (t *tally) onServer(store, server int32, load, passive *inventory.Amounts) inventory.Amounts {
	var more inventory.Amounts
	for k, site := range t.Sites[store] {
		switch {
		case site != server:
		case k == 0:
			more.Add(load)
		default:
			more.Add(passive)
		}
	}
	return more
}

// excess returns by how much the store would carry too much with the load, for
// itself or for its servers, in terms of its own load.
func (t *tally) excess(store int32, load *inventory.Amounts) inventory.Amounts {
	var excess inventory.Amounts
	raise := func(r int, amount int64, weight float64) {
		if weight > 0 {
			excess[r] = max(excess[r], int64(math.Ceil(float64(amount)/min(weight, 1))))
		}
	}
	for r, res := range t.Fleet.Inventory.Resources {
		before := t.load[store][r]
		raise(r, before+load[r]-t.receive[store][r], 1)
		passive := inventory.Times(before+load[r], res.Replica) - inventory.Times(before, res.Replica)
		for k, server := range t.Sites[store] {
			more, weight := passive, res.Replica
			if k == 0 {
				more, weight = load[r], 1
			}
			carried := t.carry[server][r] + more
			raise(r, carried-t.servers[server][r], weight)
			for l := range t.Survive {
				limit := t.failed[l][server][r]
				raise(r, carried+t.after[l].most[server][r]-limit, weight)
				if pair := t.Survive[l].PairOf[store]; pair >= 0 && t.Survive[l].Server[pair] == server {
					raise(r, carried+t.after[l].gain[pair][r]+load[r]-passive-limit, 1)
				}
			}
		}
	}
	return excess
}

// limitToday lets servers carry, in the normal state and after failures, what
// their ceilings allow or what they carry now.
func (t *tally) limitToday() {
	t.today = slices.Clone(t.carry)
	t.servers = slices.Clone(t.ceilings)
	for server := range t.servers {
		for r := range t.Fleet.Resources {
			t.servers[server][r] = max(t.servers[server][r], t.carry[server][r])
		}
	}
	for l := range t.Survive {
		limits, worst := slices.Clone(t.Survive[l].Limits), slices.Clone(t.carry)
		for server := range limits {
			for _, r := range t.Fleet.Failover {
				worst[server][r] += t.after[l].most[server][r]
				limits[server][r] = max(limits[server][r], worst[server][r])
			}
		}
		t.failed, t.worst = append(t.failed, limits), append(t.worst, worst)
	}
}

// holdToCeilings lets servers that are now below their ceilings, or their failure
// ceilings, no longer pass them.
func (t *tally) holdToCeilings() {
	for server := range t.carry {
		for r := range t.Fleet.Resources {
			if t.carry[server][r] <= t.ceilings[server][r] {
				t.servers[server][r] = t.ceilings[server][r]
			}
			for l := range t.Survive {
				if limit := t.Survive[l].Limits[server][r]; t.carry[server][r]+t.after[l].most[server][r] <= limit {
					t.failed[l][server][r] = limit
				}
			}
		}
	}
}

// limitStores sets what stores may carry to receive, for the target peak: never
// more than the plan allows, also where a higher peak is all that can be reached.
func (t *tally) limitStores(peak float64) {
	t.receive = make([]inventory.Amounts, len(t.load))
	for s := range t.receive {
		for r, res := range t.Fleet.Inventory.Resources {
			t.receive[s][r] = bounds.Most(t.Capacity[s][r], min(peak, t.opts.allowed(res)))
		}
	}
}

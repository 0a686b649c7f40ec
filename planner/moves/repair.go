package moves

import "github.com/interlacemail/interlace/planner/transit"

// repair gives back the bundles to drop and then others of those taken, the
// least urgent first, until the state after them breaks no rule. Giving back can
// only lead towards the state before the wave, which breaks none, so it ends.
func (c *chooser) repair(taken, drop []int32) {
	if len(drop) == 0 && c.after.Sound() {
		return
	}
	r := newRepairer(c, taken)
	for _, i := range drop {
		r.undo(i)
	}
	for len(r.suspects) > 0 {
		at := r.suspects[0]
		r.suspects = r.suspects[1:]
		for r.broken(at) {
			i, ok := r.lastBringer(at)
			if !ok {
				break
			}
			r.undo(i)
		}
	}
}

// repairer knows which bundles add to what. Servers are known by their index,
// stores by theirs after that of the last server.
type repairer struct {
	*chooser
	bringers map[int32][]int32 // chosen bundles that may add to a server or store, most urgent first
	touching map[int32][]int32 // chosen bundles that touch a store, for several stages
	suspects []int32           // servers and stores to look at
}

func newRepairer(c *chooser, taken []int32) *repairer {
	r := &repairer{chooser: c, bringers: map[int32][]int32{}, touching: map[int32][]int32{}}
	for _, i := range taken {
		for j := range c.bundles[i].effects {
			e := &c.bundles[i].effects[j]
			if c.pending != nil {
				r.touching[e.store] = append(r.touching[e.store], i)
			}
			if e.sign < 0 {
				continue
			}
			for _, at := range r.places(e.store, e.after) {
				if r.bringers[at] == nil {
					r.suspects = append(r.suspects, at)
				}
				r.bringers[at] = append(r.bringers[at], i)
			}
		}
	}
	return r
}

func (r *repairer) places(store int32, sites []int32) []int32 {
	return append([]int32{int32(len(r.after.Carried)) + store}, sites...)
}

func (r *repairer) broken(at int32) bool {
	var bad bool
	if servers := int32(len(r.after.Carried)); at < servers {
		_, bad = r.after.ServerBreach(at, transit.Whole)
	} else {
		_, bad = r.after.StoreBreach(at-servers, transit.Whole)
	}
	return bad
}

// lastBringer returns the least urgent bundle that is still chosen and may add there.
func (r *repairer) lastBringer(at int32) (int32, bool) {
	for all := r.bringers[at]; len(all) > 0; all = r.bringers[at] {
		last := all[len(all)-1]
		r.bringers[at] = all[:len(all)-1]
		if r.status[last] == chosen {
			return last, true
		}
	}
	return 0, false
}

// undo gives the bundle back, after those of later stages that build on it. What
// it would have relieved becomes suspect.
func (r *repairer) undo(i int32) {
	if r.status[i] != chosen {
		return
	}
	b := &r.bundles[i]
	for j := range b.effects {
		for _, later := range r.touching[b.effects[j].store] {
			if r.bundles[later].stage > b.stage {
				r.undo(later)
			}
		}
	}
	r.giveBack(i)
	for j := range b.effects {
		if e := &b.effects[j]; e.sign <= 0 {
			r.suspects = append(r.suspects, r.places(e.store, e.before)...)
		}
	}
}

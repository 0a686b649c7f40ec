package users

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// retreat takes moves back, since what found no place has returned to where it
// was: until no store and no server carries more than it may and more than it
// does today. Without any move none does.
func (t *tally) retreat() {
	arrived := make([][]int32, len(t.load))
	for n := range t.size() {
		if i := int32(n); t.moved(i) {
			arrived[t.at[i]] = append(arrived[t.at[i]], i)
		}
	}
	on := t.storesByServer()
	for again := true; again; {
		again = false
		for store := range t.load {
			only := []int32{int32(store)}
			for e := t.overStore(store); e != (inventory.Amounts{}) && t.takeBack(arrived, only, e); e = t.overStore(store) {
				again = true
			}
		}
		for server := range t.carry {
			for e := t.overServer(server); e != (inventory.Amounts{}) && t.takeBack(arrived, on[server], e); e = t.overServer(server) {
				again = true
			}
		}
	}
}

// storesByServer returns the stores with an instance on each server.
func (t *tally) storesByServer() [][]int32 {
	on := make([][]int32, len(t.carry))
	for store, sites := range t.Sites {
		for k, server := range sites {
			if !slices.Contains(sites[:k], server) {
				on[server] = append(on[server], int32(store))
			}
		}
	}
	return on
}

// overStore returns by how much the store carries more than it may and than it
// does today.
func (t *tally) overStore(store int) inventory.Amounts {
	var over inventory.Amounts
	for r := range t.Fleet.Resources {
		over[r] = max(0, t.load[store][r]-max(t.receive[store][r], t.Fleet.Active[store][r]))
	}
	return over
}

// overServer returns by how much the server carries more than it may and than it
// does today, in the normal state or after a failure.
func (t *tally) overServer(server int) inventory.Amounts {
	var over inventory.Amounts
	for r := range t.Fleet.Resources {
		over[r] = max(0, t.carry[server][r]-max(t.ceilings[server][r], t.today[server][r]))
		for l := range t.Survive {
			most := max(t.Survive[l].Limits[server][r], t.worst[l][server][r])
			over[r] = max(over[r], t.carry[server][r]+t.after[l].most[server][r]-most)
		}
	}
	return over
}

// takeBack restores one of those who arrived on the stores: the one that costs
// least of those that weigh at least what is over, or else the largest. It
// reports whether there was one.
func (t *tally) takeBack(arrived [][]int32, stores []int32, over inventory.Amounts) bool {
	best, enough := int32(nowhere), false
	for _, store := range stores {
		arrived[store] = slices.DeleteFunc(arrived[store], func(i int32) bool { return t.at[i] != store })
		for _, i := range arrived[store] {
			load := &t.piece(i).Load
			covers := true
			for r, e := range over {
				covers = covers && load[r] >= e
			}
			switch {
			case best != nowhere && enough && !covers:
			case best == nowhere, covers && !enough,
				covers && t.cost(t.piece(i)) < t.cost(t.piece(best)),
				!covers && t.need(i) > t.need(best):
				best, enough = i, covers
			}
		}
	}
	if best == nowhere {
		return false
	}
	t.take(best)
	t.restore(best)
	return true
}

package simulate

import (
	"cmp"
	"slices"
)

// pair is the failure of a domain and a server outside it.
type pair struct {
	figures
	domain, server int32
}

// podium holds the worst pairs found so far, the worst first; of equals, those
// that came first.
type podium struct {
	compare func(a, b figures) int // below 0 where a is worse
	room    int
	pairs   []pair
	rank    []int32 // servers by what each does alone, the worst first
}

func newPodium(room int, servers []int32, alone []figures, compare func(a, b figures) int) *podium {
	p := &podium{compare: compare, room: room, rank: slices.Clone(servers)}
	slices.SortStableFunc(p.rank, func(a, b int32) int { return compare(alone[a], alone[b]) })
	return p
}

// takes reports whether there is room for a pair of these figures.
func (p *podium) takes(f figures) bool {
	return len(p.pairs) < p.room || p.room > 0 && p.compare(f, p.pairs[p.room-1].figures) < 0
}

// enter puts the pair in its place, if there is room for it.
func (p *podium) enter(q pair) {
	if !p.takes(q.figures) {
		return
	}
	at := len(p.pairs)
	for at > 0 && p.compare(q.figures, p.pairs[at-1].figures) < 0 {
		at--
	}
	p.pairs = slices.Insert(p.pairs, at, q)
	p.pairs = p.pairs[:min(len(p.pairs), p.room)]
}

// byUsers orders failures as operators fear them, and as [compareImpacts] does.
func byUsers(a, b figures) int {
	return cmp.Or(cmp.Compare(b.users, a.users), cmp.Compare(b.stores, a.stores), cmp.Compare(b.utilisation, a.utilisation))
}

func byStores(a, b figures) int { return cmp.Compare(b.stores, a.stores) }

func byUtilisation(a, b figures) int { return cmp.Compare(b.utilisation, a.utilisation) }

// apart are the figures of two failures that have nothing to do with one another.
// The worse either of the two, the worse the pair, in each of the orders above.
func apart(a, b figures) figures {
	return figures{a.users + b.users, a.stores + b.stores, max(a.utilisation, b.utilisation)}
}

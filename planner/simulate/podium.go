package simulate

import (
	"cmp"
	"math"
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
	bar     figures // a pair must be worse than that to get in
	rank    []int32 // servers by what each does alone, the worst first
}

func newPodium(room int, servers []int32, alone []single, compare func(a, b figures) int) *podium {
	p := &podium{compare: compare, room: room, rank: slices.Clone(servers), bar: figures{-1, -1, -2}}
	if room == 0 {
		p.bar = figures{math.MaxInt, math.MaxInt, math.Inf(1)}
	}
	slices.SortStableFunc(p.rank, func(a, b int32) int { return compare(alone[a].figures, alone[b].figures) })
	return p
}

// takes reports whether a pair of these figures gets in.
func (p *podium) takes(f figures) bool { return p.compare(f, p.bar) < 0 }

// enter puts the pair in its place, if it gets in.
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
	if len(p.pairs) == p.room {
		p.bar = p.pairs[p.room-1].figures
	}
}

// byUsers orders failures as operators fear them, and as [compareImpacts] does.
func byUsers(a, b figures) int {
	return cmp.Or(cmp.Compare(b.users, a.users), cmp.Compare(b.stores, a.stores), cmp.Compare(b.utilisation, a.utilisation))
}

func byStores(a, b figures) int { return cmp.Compare(b.stores, a.stores) }

func byUtilisation(a, b figures) int { return cmp.Compare(b.utilisation, a.utilisation) }

// worse reports whether a comes before b in byUsers, sooner than that says it: it
// is asked for every pair that meets.
func worse(a, b figures) bool {
	return a.users > b.users || a.users == b.users && (a.stores > b.stores || a.stores == b.stores && a.utilisation > b.utilisation)
}

// apart are the figures of two failures that have nothing to do with one another.
// The worse either of the two, the worse the pair, in each of the orders above.
func apart(a, b figures) figures {
	return figures{a.users + b.users, a.stores + b.stores, max(a.utilisation, b.utilisation)}
}

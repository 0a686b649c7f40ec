package bounds

import "slices"

// leaving computes what must at least leave the stores: how many bytes, or how
// many users, move in every assignment that brings each store below its limits,
// empties the stores that drain and, where whole is set, gathers torn groups.
//
// Proof. Let a store carry e more than its limit in some resources. Whatever
// moves in, pieces that weigh e together must move out: a [Cover]. Pieces move
// whole and those on different stores are different, so the costs of all covers
// add up. All that can leave a draining store does. A torn group ends on one
// store; at best on that of its largest piece among stores that may receive, so
// all its other pieces move, and if that piece moves as well, at best to the
// store of the second largest, the difference is paid besides. Each group must
// be counted once, so either its pieces are items at their full cost, or the
// cost of gathering is added up and the largest piece is an item at the
// difference, the others at no cost. Both are bounds; the larger one is taken.
//
// A server above its ceiling is a cover as well, of pieces on all its stores at
// 1 or ρ times their weight; and so is one above its failure ceiling, where what
// it promotes then weighs like a master. A piece that counts for several such servers gives
// each of them an equal part of its cost, and stores on such servers are not
// counted on their own.
type leaving struct {
	*Assignments
	cost  func(*Piece) int64
	limit func(r int) float64 // of a store's utilisation
	whole bool
	fails bool // failure ceilings may be passed
	steps int  // for each cover, to find whole choices
	cover Cover
}

// bytesOf and usersOf are what moving a piece may cost.
func bytesOf(p *Piece) int64 { return p.Bytes }
func usersOf(p *Piece) int64 { return int64(p.Users) }

// least returns the bound.
func (l *leaving) least() int64 {
	full := make([]int64, len(l.Pieces))
	for i := range l.Pieces {
		full[i] = l.cost(&l.Pieces[i])
	}
	stores := l.stores(full)
	best := max(total(stores), l.servers(full, stores, false))
	if !l.fails {
		best = max(best, l.servers(full, stores, true))
	}
	if l.whole && len(l.Torn) > 0 {
		rest := slices.Clone(full)
		gathering := int64(0)
		for _, torn := range l.Torn {
			gathering += l.gather(torn, rest)
		}
		best = max(best, gathering+total(l.stores(rest)))
	}
	return best
}

func total(costs []int64) int64 {
	sum := int64(0)
	for _, c := range costs {
		sum += c
	}
	return sum
}

// gather returns what gathering the torn group costs at least, and lowers the
// costs of its pieces to what their leaving costs beside that.
func (l *leaving) gather(torn []int32, costs []int64) int64 {
	sum, home, fixed := int64(0), int64(0), 0
	best, second := int32(-1), int64(0)
	for _, i := range torn {
		p := &l.Pieces[i]
		sum += costs[i]
		if p.Fixed {
			fixed++
			home = costs[i]
		}
		if l.Receives[p.Store] {
			switch {
			case best < 0 || costs[i] > costs[best]:
				if best >= 0 {
					second = costs[best]
				}
				best = i
			default:
				second = max(second, costs[i])
			}
		}
	}
	difference := int64(0)
	switch {
	case fixed > 1:
		sum, best = 0, -1
	case fixed == 1:
		sum, best = sum-home, -1
	case best >= 0:
		sum, difference = sum-costs[best], costs[best]-second
	}
	for _, i := range torn {
		costs[i] = 0
	}
	if best >= 0 {
		costs[best] = difference
	}
	return sum
}

// stores returns the least cost at each store.
func (l *leaving) stores(costs []int64) []int64 {
	least := make([]int64, len(l.Drains))
	for s := range least {
		least[s] = l.store(s, costs)
	}
	return least
}

func (l *leaving) store(s int, costs []int64) int64 {
	from, to := l.On(s)
	if l.Drains[s] {
		sum := int64(0)
		for i := from; i < to; i++ {
			if !l.Pieces[i].Fixed {
				sum += costs[i]
			}
		}
		return sum
	}
	var need []int64
	var over []int
	for r := range l.Fleet.Resources {
		if e := l.Fleet.Active[s][r] - Most(l.Capacity[s][r], l.limit(r)); e > 0 {
			need, over = append(need, e), append(over, r)
		}
	}
	if len(over) == 0 {
		return 0
	}
	l.cover.Reset(need)
	weights := make([]int64, len(over))
	for i := from; i < to; i++ {
		if l.Pieces[i].Fixed {
			continue
		}
		for k, r := range over {
			weights[k] = l.Pieces[i].Load[r]
		}
		l.cover.Add(costs[i], weights...)
	}
	return l.solve()
}

func (l *leaving) solve() int64 {
	least := l.cover.Relax()
	if l.steps > 0 {
		_, _, least = l.cover.Choose(l.steps)
	}
	return least
}

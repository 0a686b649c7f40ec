package users

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// problem is what every assignment has to work with. What moves is numbered: the
// pieces of groups that lie on one store as in Pieces, then torn groups as in Torn.
type problem struct {
	*bounds.Assignments
	groups *inventory.ShareGroups
	opts   Options

	gathered []bounds.Piece // each torn group as a whole, of no store
	only     []int32        // the store to which a torn group must go; -1: any
	average  inventory.Amounts
	class    []int32 // of each store: settings of its master
	mix      [][]agreement
	barred   []map[int32]bool    // of each piece: the stores to which somebody of it must not move; nil: none
	ceilings []inventory.Amounts // most that each server may carry
}

func newProblem(a *bounds.Assignments, groups *inventory.ShareGroups, opts Options) *problem {
	p := &problem{Assignments: a, groups: groups, opts: opts}
	p.gather()
	p.classify()
	p.bar()
	p.ceilings = p.Ceilings(func(r inventory.Resource) float64 { return r.Ceiling })
	p.average = p.averageCapacity()
	return p
}

// nowhere stands for no store.
const nowhere = -1

// gather adds up the torn groups.
func (p *problem) gather() {
	for _, torn := range p.Torn {
		whole := bounds.Piece{Group: p.Pieces[torn[0]].Group, Store: nowhere}
		only, stay := int32(nowhere), true
		for _, i := range torn {
			piece := &p.Pieces[i]
			whole.Load.Add(&piece.Load)
			whole.Bytes += piece.Bytes
			whole.Users += piece.Users
			if piece.Fixed {
				only = piece.Store
			}
			stay = stay && piece.Fixed
		}
		whole.Fixed = stay || p.leaves(torn)
		p.gathered = append(p.gathered, whole)
		p.only = append(p.only, only)
	}
}

// leaves reports whether the plan is to leave the torn group as it is: a light one
// does, unless a store that drains must be emptied of it.
func (p *problem) leaves(torn []int32) bool { return p.opts.Light && !p.onDraining(torn) }

func (p *problem) onDraining(pieces []int32) bool {
	for _, i := range pieces {
		if p.Drains[p.Pieces[i].Store] {
			return true
		}
	}
	return false
}

// size returns how many things there are that could move.
func (p *problem) size() int { return len(p.Pieces) + len(p.gathered) }

// piece returns what has the number.
func (p *problem) piece(i int32) *bounds.Piece {
	if n := int32(len(p.Pieces)); i >= n {
		return &p.gathered[i-n]
	}
	return &p.Pieces[i]
}

// parts returns the pieces of the torn group with the number; nil for others.
func (p *problem) parts(i int32) []int32 {
	if n := int32(len(p.Pieces)); i >= n {
		return p.Torn[i-n]
	}
	return nil
}

// sources returns the pieces that what has the number consists of.
func (p *problem) sources(i int32) []int32 {
	if parts := p.parts(i); parts != nil {
		return parts
	}
	return []int32{i}
}

// onlyStore returns the store to which what has the number must go, or nowhere if it
// may go to any.
func (p *problem) onlyStore(i int32) int32 {
	if n := int32(len(p.Pieces)); i >= n {
		return p.only[i-n]
	}
	return nowhere
}

// movable reports whether the piece or torn group may move.
func (p *problem) movable(i int32) bool {
	piece := p.piece(i)
	return !piece.Fixed && !piece.Torn
}

// cost is what is to be as small as possible: bytes, and of equal ones users; in
// a light plan and where only users are limited users, and of equal ones bytes.
func (p *problem) cost(piece *bounds.Piece) int64 {
	const user = 1 << 40 // in bytes, where users come first
	if p.opts.Light || p.opts.MaxUsers != nil && p.opts.MaxBytes == nil {
		return int64(piece.Users)*user + piece.Bytes
	}
	return piece.Bytes + int64(piece.Users)
}

// classify finds the stores between which users may move: those whose masters
// agree as a master and its replica must.
func (p *problem) classify() {
	inv := p.Fleet.Inventory
	p.class = make([]int32, len(inv.Stores))
	number := map[inventory.Settings]int32{}
	var settings []inventory.Settings
	for s := range inv.Stores {
		var of inventory.Settings
		if m := inv.Stores[s].Master(); m != nil {
			of = m.Settings
		}
		n, ok := number[of]
		if !ok {
			n = int32(len(settings))
			number[of] = n
			settings = append(settings, of)
		}
		p.class[s] = n
	}
	p.mix = make([][]agreement, len(settings))
	for from := range settings {
		for _, to := range settings {
			differ, known := settings[from].Differences(to)
			p.mix[from] = append(p.mix[from], agreement{differ == 0, known})
		}
	}
}

// bar finds the stores to which pieces must not move.
func (p *problem) bar() {
	p.barred = make([]map[int32]bool, len(p.Pieces))
	if len(p.opts.Barred) == 0 {
		return
	}
	inv := p.Fleet.Inventory
	type place struct{ group, store int32 }
	at := map[place]int{}
	for i := range p.Pieces {
		at[place{p.Pieces[i].Group, p.Pieces[i].Store}] = i
	}
	for user, stores := range p.opts.Barred {
		u := inv.User(user)
		if u < 0 {
			continue
		}
		i, known := at[place{p.groups.Of[u], int32(inv.Store(inv.Users[u].Store))}]
		if !known {
			continue
		}
		if p.barred[i] == nil {
			p.barred[i] = map[int32]bool{}
		}
		for _, store := range stores {
			if store != inv.Users[u].Store {
				p.barred[i][int32(inv.Store(store))] = true
			}
		}
	}
}

// agreement says whether users may move from stores of one class to those of
// another, and whether all that this depends on is known.
type agreement struct{ agree, known bool }

// between returns the agreement of two stores.
func (p *problem) between(from, to int32) agreement { return p.mix[p.class[from]][p.class[to]] }

// agree reports whether what has the number may move to the store.
func (p *problem) agree(i, store int32) bool {
	for _, part := range p.parts(i) {
		if p.Pieces[part].Store != store && !p.mayGo(part, store) {
			return false
		}
	}
	return p.piece(i).Store == nowhere || p.mayGo(i, store)
}

// mayGo reports whether a piece may move to the store.
func (p *problem) mayGo(piece, store int32) bool {
	return p.between(p.Pieces[piece].Store, store).agree && !p.barred[piece][store]
}

// averageCapacity returns what the stores that receive hold in the mean, or, in
// resources in which they have no capacity, the servers.
func (p *problem) averageCapacity() inventory.Amounts {
	var mean inventory.Amounts
	for r := range p.Fleet.Resources {
		sum, n := 0.0, 0.0
		for s, receives := range p.Receives {
			if c := p.Capacity[s][r]; receives && c > 0 {
				sum, n = sum+c, n+1
			}
		}
		if n == 0 {
			for server := range p.Fleet.Capacity {
				sum, n = sum+p.Fleet.Capacity[server][r], n+1
			}
		}
		mean[r] = int64(max(1, min(sum/max(n, 1), bounds.Unlimited)))
	}
	return mean
}

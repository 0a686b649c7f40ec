package bounds

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Piece is what the members of one share group who live on one store weigh
// together. A group that lives on one store has one piece.
type Piece struct {
	Load  inventory.Amounts
	Bytes int64 // of disk: what is copied if the piece moves
	Group int32
	Store int32
	Users int32 // users and shared trees
	Fixed bool  // a member is pinned or kept, or its store is offline, so the piece stays
	Torn  bool  // the group has other pieces
}

// Assignments are all that a users plan may choose from: pieces of share groups,
// which move whole, and the stores that may take them.
type Assignments struct {
	Fleet    *load.Fleet
	Drains   []bool        // by store: it is to end empty
	Receives []bool        // by store: users may move there
	Offline  []bool        // by store: no instance is up, so users can neither leave nor come
	Capacity []load.Quanta // by store; 0 in a resource without limit
	Pieces   []Piece       // by store, then group
	First    []int32       // Pieces[First[s]:First[s+1]] are those on store s
	Torn     [][]int32     // the pieces of each group that has several
	Sites    load.Layout   // servers of each store that are up, the one that serves it first
	Survive  []Survival    // one for each level to survive
}

// AssignmentsOptions say what a users plan must do and must leave.
type AssignmentsOptions struct {
	Drains []inventory.StoreID // stores that drain beside those in state drain
	Keeps  func(u int) bool    // by index in Users: the user stays; nil: only the pinned ones do
}

// NewAssignments reads the inventory of the fleet. Users may move to active
// stores that have a master on a server that is up, and from stores that have
// any instance on one: what cannot be read cannot be copied.
func NewAssignments(f *load.Fleet, groups *inventory.ShareGroups, opts AssignmentsOptions) *Assignments {
	inv := f.Inventory
	a := &Assignments{
		Fleet:    f,
		Drains:   make([]bool, len(inv.Stores)),
		Receives: make([]bool, len(inv.Stores)),
		Offline:  make([]bool, len(inv.Stores)),
		Capacity: make([]load.Quanta, len(inv.Stores)),
	}
	layout := f.Current()
	for s := range inv.Stores {
		st := &inv.Stores[s]
		a.Drains[s] = st.State == inventory.Drain || slices.Contains(opts.Drains, st.Name)
		a.Receives[s] = !a.Drains[s] && len(layout[s]) > 0 && !f.Down[layout[s][0]]
		a.Offline[s] = load.Master(layout[s], f.Down) < 0
		for r := range inv.Resources {
			a.Capacity[s][r] = f.Scale.Quanta(r, st.Capacity[r])
		}
	}
	a.collect(groups, opts.Keeps)
	for s := range layout {
		layout[s] = slices.DeleteFunc(layout[s], func(server int32) bool { return f.Down[server] })
	}
	a.Sites = layout
	for _, level := range inv.Survive {
		a.Survive = append(a.Survive, a.survival(level))
	}
	return a
}

// collect adds up the pieces and sorts them by store.
func (a *Assignments) collect(groups *inventory.ShareGroups, keeps func(int) bool) {
	inv := a.Fleet.Inventory
	stores := make(map[inventory.StoreID]int32, len(inv.Stores))
	for s := range inv.Stores {
		stores[inv.Stores[s].Name] = int32(s)
	}
	disk := inv.Disk()
	pieces := make([]Piece, 0, groups.Len())
	last := make([]int, len(inv.Stores)) // the latest piece on each store
	for s := range last {
		last[s] = -1
	}
	for g := range groups.Len() {
		from := len(pieces)
		for _, u := range groups.Members(g) {
			user := &inv.Users[u]
			s, ok := stores[user.Store]
			if !ok {
				continue
			}
			if last[s] < from {
				last[s] = len(pieces)
				pieces = append(pieces, Piece{Group: int32(g), Store: s})
			}
			p := &pieces[last[s]]
			amounts := a.Fleet.Scale.Amounts(&user.Load)
			p.Load.Add(&amounts)
			p.Users++
			if disk >= 0 {
				p.Bytes += int64(user.Load[disk])
			}
			p.Fixed = p.Fixed || a.Offline[s] || user.Pinned || keeps != nil && keeps(int(u))
		}
		a.tear(pieces[from:])
	}
	a.sortByStore(pieces)
}

// tear marks the pieces of one group if there are several. Where those that stay
// lie on several stores, or on one to which nobody may move, the group cannot
// come together, and all of it stays.
func (a *Assignments) tear(pieces []Piece) {
	if len(pieces) < 2 {
		return
	}
	fixed, closed := 0, false
	for i := range pieces {
		pieces[i].Torn = true
		if pieces[i].Fixed {
			fixed++
			closed = closed || !a.Receives[pieces[i].Store]
		}
	}
	for i := range pieces {
		pieces[i].Fixed = pieces[i].Fixed || fixed > 1 || closed
	}
}

// sortByStore fills Pieces, First and Torn from pieces in the order of groups.
func (a *Assignments) sortByStore(pieces []Piece) {
	a.First = make([]int32, len(a.Drains)+1)
	for i := range pieces {
		a.First[pieces[i].Store+1]++
	}
	for s := range a.Drains {
		a.First[s+1] += a.First[s]
	}
	next := slices.Clone(a.First)
	a.Pieces = make([]Piece, len(pieces))
	for i := range pieces {
		at := next[pieces[i].Store]
		next[pieces[i].Store]++
		a.Pieces[at] = pieces[i]
		if !pieces[i].Torn {
			continue
		}
		if i == 0 || pieces[i-1].Group != pieces[i].Group {
			a.Torn = append(a.Torn, nil)
		}
		last := len(a.Torn) - 1
		a.Torn[last] = append(a.Torn[last], at)
	}
	for _, torn := range a.Torn {
		slices.Sort(torn)
	}
}

// On returns the indices of the pieces on the store: from, up to but without to.
func (a *Assignments) On(store int) (from, to int32) { return a.First[store], a.First[store+1] }

// Fixed returns what a store carries whatever is moved: its own load and that
// of pieces that stay.
func (a *Assignments) Fixed(store int) inventory.Amounts {
	fixed := a.Fleet.Active[store]
	from, to := a.On(store)
	for i := from; i < to; i++ {
		if !a.Pieces[i].Fixed {
			fixed.Sub(&a.Pieces[i].Load)
		}
	}
	return fixed
}

// Unlimited is the amount that no load reaches.
const Unlimited = math.MaxInt64 / 4

// Most returns the largest amount whose utilisation of the capacity, in quanta,
// is not above u ([planner.Above]); a capacity of 0 is without limit.
func Most(capacity, u float64) int64 {
	if capacity == 0 || capacity*u >= Unlimited {
		return Unlimited
	}
	a := int64(capacity * u)
	for step := int64(1) << 9; step > 0; step >>= 1 {
		for planner.Above(float64(a)/capacity, u) {
			a -= step
		}
		for !planner.Above(float64(a+step)/capacity, u) {
			a += step
		}
	}
	return a
}

// Limit returns the utilisation that a store is to keep in a resource when the
// target peak is given: min(peak, ceiling), and where the peak is above all
// ceilings, as much above the ceiling as it is above the highest one.
func (a *Assignments) Limit(r int, peak float64) float64 {
	return min(peak, a.Fleet.Inventory.Resources[r].Ceiling) + max(0, peak-a.HighestCeiling())
}

// HighestCeiling returns the highest ceiling of the declared resources.
func (a *Assignments) HighestCeiling() float64 {
	highest := 0.0
	for _, r := range a.Fleet.Inventory.Resources {
		highest = max(highest, r.Ceiling)
	}
	return highest
}

// Utilisation returns the largest part of a capacity that the amounts are on
// the store, and in which resource; -1 if it has no capacity.
func (a *Assignments) Utilisation(store int, amounts *inventory.Amounts) (value float64, resource int) {
	resource = -1
	for r := range a.Fleet.Resources {
		if capacity := a.Capacity[store][r]; capacity > 0 {
			if u := float64(amounts[r]) / capacity; resource < 0 || u > value {
				value, resource = u, r
			}
		}
	}
	return value, resource
}

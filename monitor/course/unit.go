package course

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Unit is what of a plan has to go together: the users of a share group that move to one
// store, or one change of a layout.
type Unit struct {
	Plan string // id of the plan
	Name string // in the plan, for the journal and for people
	Wave int    // from 1; 0 without a schedule

	Moves []planner.UserChange  // of users and shared trees, to one store
	Do    *planner.LayoutChange // or this
	// Copies is how many instances the plan leaves the store whose layout changes.
	Copies int

	// Barred says why the unit must not be begun, as by facts that have changed since its plan
	// was made; empty: nothing does. What is begun goes on all the same.
	Barred string
	// GivenUp tells that it is barred since somebody has given it up: nobody waits for it.
	GivenUp bool

	// Of is the unit that this one takes back, whose originals are kept where this one
	// moves to; empty for one of the plan itself, and where they are kept no more.
	Of string
	// Back tells that it takes another one back, whether originals are kept or not.
	Back bool
}

// Units returns the units of plans, in the order in which they are to be carried out: that
// of the schedule, or else that of the plans.
func Units(plans []planner.Plan, schedule *planner.Schedule) []Unit {
	var units []Unit
	for _, p := range plans {
		switch p := p.(type) {
		case *planner.Layout:
			copies := map[inventory.StoreID]int{}
			for i := range p.Stores {
				copies[p.Stores[i].Store] = 1 + len(p.Stores[i].Replicas)
			}
			for i := range p.Changes {
				c := &p.Changes[i]
				units = append(units, Unit{Plan: p.ID, Name: fmt.Sprintf("%s %s %s on %s", c.ID, c.Do, c.Store, c.Server), Do: c, Copies: copies[c.Store]})
			}
		case *planner.Assignment:
			units = append(units, movesOf(p)...)
		}
	}
	if schedule != nil {
		inOrder(units, schedule)
	}
	return units
}

// movesOf returns the users that move together to one store, by where the first of them
// stands in the plan.
func movesOf(p *planner.Assignment) []Unit {
	type way struct {
		group inventory.GroupID
		to    inventory.StoreID
	}
	at := map[way]int{}
	var units []Unit
	for _, c := range p.Changes {
		w := way{c.Group, c.To}
		i, known := at[w]
		if !known {
			i = len(units)
			at[w] = i
			units = append(units, Unit{Plan: p.ID, Name: fmt.Sprintf("%s to %s", inventory.Printable(string(c.Group)), c.To)})
		}
		units[i].Moves = append(units[i].Moves, c)
	}
	return units
}

// inOrder sorts units by their wave and by the time at which the first of their changes
// starts.
func inOrder(units []Unit, schedule *planner.Schedule) {
	type key struct{ plan, id string }
	changes := map[key]*planner.ScheduledChange{}
	for i := range schedule.Changes {
		c := &schedule.Changes[i]
		changes[key{c.Plan, c.ID}] = c
	}
	start := make(map[string]float64, len(units))
	for i := range units {
		u := &units[i]
		for j, id := range u.changes() {
			c := changes[key{u.Plan, id}]
			if c == nil {
				continue
			}
			if c.Wave != nil {
				u.Wave = *c.Wave
			}
			if name := u.Plan + u.Name; j == 0 || c.StartSeconds < start[name] {
				start[name] = c.StartSeconds
			}
		}
	}
	slices.SortStableFunc(units, func(a, b Unit) int {
		return cmp.Or(cmp.Compare(a.Wave, b.Wave), cmp.Compare(start[a.Plan+a.Name], start[b.Plan+b.Name]))
	})
}

// changes returns the ids of the unit's changes.
func (u *Unit) changes() []string {
	if u.Do != nil {
		return []string{u.Do.ID}
	}
	ids := make([]string, len(u.Moves))
	for i := range u.Moves {
		ids[i] = u.Moves[i].ID
	}
	return ids
}

// Stores are those that a unit changes, in the order in which it names them.
func (u *Unit) Stores() []inventory.StoreID {
	if u.Do != nil {
		return []inventory.StoreID{u.Do.Store}
	}
	stores := []inventory.StoreID{u.Moves[0].To}
	for i := range u.Moves {
		if from := u.Moves[i].From; !slices.Contains(stores, from) {
			stores = append(stores, from)
		}
	}
	return stores
}

// Users returns how many move, or are kept out while their store is promoted: those who are on it
// by the facts or, where these do not have it, were when the plan was made.
func (u *Unit) Users(facts *inventory.Inventory) int {
	if u.Do == nil {
		return len(u.Moves)
	}
	if facts.Store(u.Do.Store) < 0 {
		return u.Do.Users
	}
	users := 0
	for i := range facts.Users {
		if u.Do.Do == planner.Promote && facts.Users[i].Store == u.Do.Store && facts.Users[i].Kind == inventory.Person {
			users++
		}
	}
	return users
}

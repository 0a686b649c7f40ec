package moves

import (
	"fmt"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// verifyAssignment holds the plan's changes against the share groups, what users
// weigh, and what the plan says its stores then carry.
func (v *verifier) verifyAssignment(p *planner.Assignment, applies bool) {
	inv := v.fleet.Inventory
	persons := 0
	for i := range p.Changes {
		c := &p.Changes[i]
		u := inv.User(c.User)
		if u < 0 {
			continue
		}
		if group := inv.GroupID(v.groups, int(v.groups.Of[u])); c.Group != group {
			v.m.Add(fmt.Sprintf("changes[%d].group", i), "user %s belongs to share group %s, not %s", c.User, group, c.Group)
		}
		if bytes := v.bytesOf(u); v.sameLoads(p.Inventory) && c.Bytes != bytes {
			v.m.Add(fmt.Sprintf("changes[%d].bytes", i), "%d are not the %d bytes of user %s", c.Bytes, bytes, c.User)
		}
		if inv.Users[u].Kind == inventory.Person {
			persons++
		}
	}
	if !applies || !v.sameStructure(p.Inventory) {
		return
	}
	if p.UsersInterrupted != persons {
		v.m.Add("users_interrupted", "%d are not the %d users of the changes", p.UsersInterrupted, persons)
	}
	if v.sameLoads(p.Inventory) {
		v.verifyStores(p)
	}
}

func (v *verifier) bytesOf(user int) int64 {
	if v.disk < 0 {
		return 0
	}
	return int64(v.fleet.Inventory.Users[user].Load[v.disk])
}

// verifyStores compares what the plan says of its stores with what they carry
// when its changes have been carried out. Layouts do not change that.
func (v *verifier) verifyStores(p *planner.Assignment) {
	loads, users := slices.Clone(v.fleet.Active), slices.Clone(v.fleet.Users)
	for i := range p.Changes {
		c := &p.Changes[i]
		u := &v.fleet.Inventory.Users[v.fleet.Inventory.User(c.User)]
		from, to := v.store(c.From), v.store(c.To)
		amounts := v.fleet.Scale.Amounts(&u.Load)
		loads[from].Sub(&amounts)
		loads[to].Add(&amounts)
		if u.Kind == inventory.Person {
			users[from]--
			users[to]++
		}
	}
	told := map[int32]bool{}
	for i := range p.Stores {
		s := v.store(p.Stores[i].Store)
		if s < 0 {
			v.m.Add(fmt.Sprintf("stores[%d].store", i), "the fleet has no such store")
			continue
		}
		told[s] = true
		v.verifyStore(fmt.Sprintf("stores[%d]", i), &p.Stores[i], s, &loads[s], users[s])
	}
	if len(told) < len(loads) {
		v.m.Add("stores", "%d of the %d stores are missing", len(loads)-len(told), len(loads))
	}
}

// verifyStore compares the figures of one store.
func (v *verifier) verifyStore(place string, told *planner.StoreLoad, store int32, amounts *inventory.Amounts, users int) {
	if told.Users != users {
		v.m.Add(place+".users", "%d are not the %d that the changes lead to", told.Users, users)
	}
	var utilisation planner.Number
	for r, res := range v.fleet.Inventory.Resources {
		if value := v.fleet.Scale.Value(r, amounts[r]); !near(told.Load[res.Name], value) {
			v.m.Add(fmt.Sprintf("%s.load.%s", place, res.Name), "%v is not the %v that the changes lead to", told.Load[res.Name], value)
		}
		if capacity := v.fleet.Inventory.Stores[store].Capacity[r]; capacity > 0 {
			utilisation = planner.Known(max(utilisation.Value, float64(amounts[r])/v.fleet.Scale.Quanta(r, capacity)))
		}
	}
	if told.Utilisation.Known != utilisation.Known || !near(told.Utilisation.Value, utilisation.Value) {
		v.m.Add(place+".utilisation", "it is not that of the loads that the changes lead to")
	}
}

// near reports whether two figures differ by no more than processors do.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }

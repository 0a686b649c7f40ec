package moves_test

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// room adds what is under way to the state before: a store with every server
// that it has before or on the way, and with all who arrive.
func (a *audit) room(when string, allowed []planner.Violation, before *inventory.Inventory, moving func(step) bool) {
	scale := inventory.NewScale(a.inv)
	loads := before.StoreLoads(&scale)
	disk := a.inv.Disk()
	lists := make([][]*inventory.Store, len(before.Stores)) // each store in all its layouts
	state := before.Clone()
	for i := range state.Stores {
		st := state.Stores[i]
		lists[i] = append(lists[i], &st)
	}
	for _, s := range a.steps {
		switch {
		case !moving(s):
		case s.layout != nil:
			change(state, s.layout)
			st := state.Stores[state.Store(s.layout.Store)]
			lists[state.Store(st.Name)] = append(lists[state.Store(st.Name)], &st)
		default:
			amounts := scale.Amounts(&a.inv.Users[a.inv.User(s.user.User)].Load)
			loads[a.inv.Store(s.user.To)].Add(&amounts)
		}
	}
	var found []planner.Violation
	carried, slots := map[inventory.ServerID]int64{}, map[inventory.ServerID]int{}
	for i := range lists {
		for name, w := range a.most(lists[i], loads[i], disk) {
			carried[name] += w.amount
			slots[name] += w.slots
		}
		if c := a.inv.Stores[i]; disk >= 0 && c.Capacity[disk] > 0 {
			u := float64(loads[i][disk]) / scale.Quanta(disk, c.Capacity[disk])
			found = appendPast(found, planner.Violation{Rule: planner.StoreCapacity, Subject: planner.StoreSubject(c.Name), Resource: planner.Text(a.inv.Resources[disk].Name)}, u, a.inv.Resources[disk].Ceiling)
		}
	}
	for i := range a.inv.Servers {
		s := &a.inv.Servers[i]
		subject := planner.ServerSubject(s.Name)
		if s.Slots != inventory.Unlimited {
			found = appendPast(found, planner.Violation{Rule: planner.Slots, Subject: subject}, float64(slots[s.Name]), float64(s.Slots))
		}
		if disk >= 0 && s.State != inventory.Down {
			u := float64(carried[s.Name]) / scale.Quanta(disk, s.Capacity[disk])
			found = appendPast(found, planner.Violation{Rule: planner.Ceiling, Subject: subject, Resource: planner.Text(a.inv.Resources[disk].Name)}, u, a.inv.Resources[disk].Ceiling)
		}
	}
	a.noteWorse(when, allowed, found)
}

type weight struct {
	amount int64
	slots  int
}

// most returns the most that the layouts of a store put on each server. A master that
// the last of them lacks takes no more disk on its way out than it did.
func (a *audit) most(layouts []*inventory.Store, l inventory.Amounts, disk int) map[inventory.ServerID]weight {
	most := map[inventory.ServerID]weight{}
	for _, st := range layouts {
		here := map[inventory.ServerID]weight{}
		master := false
		for _, in := range st.Instances {
			w := here[in.Server]
			w.slots++
			if disk >= 0 && a.inv.Servers[a.inv.Server(in.Server)].State != inventory.Down {
				if !master {
					w.amount += l[disk]
				} else {
					w.amount += inventory.Times(l[disk], a.inv.Resources[disk].Replica)
				}
				master = true
			}
			here[in.Server] = w
		}
		for name, w := range here {
			most[name] = weight{max(most[name].amount, w.amount), max(most[name].slots, w.slots)}
		}
	}
	up := func(in inventory.Instance) bool {
		return a.inv.Servers[a.inv.Server(in.Server)].State != inventory.Down
	}
	at := slices.IndexFunc(layouts[0].Instances, up)
	if at < 0 || disk < 0 {
		return most
	}
	name := layouts[0].Instances[at].Server
	if w := most[name]; w.slots == 1 && layouts[len(layouts)-1].On(name) == nil {
		most[name] = weight{min(w.amount, l[disk]), 1}
	}
	return most
}

func appendPast(all []planner.Violation, v planner.Violation, value, limit float64) []planner.Violation {
	if value > limit {
		v.Value, v.Limit = planner.Known(value), planner.Known(limit)
		all = append(all, v)
	}
	return all
}

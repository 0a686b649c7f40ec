package users

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// changes lists the moves of the tally, by group and user.
func (t *tally) changes() []planner.UserChange {
	inv := t.Fleet.Inventory
	disk := inv.Disk()
	var moved []int32
	for n := range t.size() {
		i := int32(n)
		if t.at[i] >= 0 && t.at[i] != t.piece(i).Store {
			moved = append(moved, i)
		}
	}
	slices.SortFunc(moved, func(a, b int32) int { return cmp.Compare(t.piece(a).Group, t.piece(b).Group) })
	changes := []planner.UserChange{}
	for _, i := range moved {
		group := int(t.piece(i).Group)
		to := inv.Stores[t.at[i]].Name
		for _, u := range t.groups.Members(group) {
			user := &inv.Users[u]
			if user.Store == to {
				continue
			}
			c := planner.UserChange{
				ID: "c" + strconv.Itoa(len(changes)+1), Do: planner.Move, User: user.Name,
				Group: inv.GroupID(t.groups, group), From: user.Store, To: to,
			}
			if disk >= 0 {
				c.Bytes = int64(user.Load[disk])
			}
			changes = append(changes, c)
		}
	}
	return changes
}

// stores returns what the stores carry.
func (t *tally) stores(users []int) []planner.StoreLoad {
	inv := t.Fleet.Inventory
	list := make([]planner.StoreLoad, 0, len(inv.Stores))
	for s := range inv.Stores {
		l := planner.StoreLoad{
			Store: inv.Stores[s].Name, Users: users[s],
			Load: make(map[inventory.ResourceID]float64, len(inv.Resources)),
		}
		for r, res := range inv.Resources {
			l.Load[res.Name] = t.Fleet.Scale.Value(r, t.load[s][r])
		}
		if u, r := t.Utilisation(s, &t.load[s]); r >= 0 {
			l.Utilisation = planner.Known(u)
		}
		list = append(list, l)
	}
	return list
}

// promises returns the figures that the tally stands for.
func (t *tally) promises() planner.AssignmentPromises {
	inv, servers := t.Fleet.Inventory, t.onServers()
	p := planner.AssignmentPromises{
		WorstSingle: servers.WorstSingle, WorstDomain: servers.WorstDomain, Normal: servers.Normal, Fullest: servers.Fullest,
	}
	if peak, store, resource := t.fullest(); store != nowhere {
		p.PeakUtilisation = planner.Known(peak)
		p.Store, p.Resource = planner.Text(inv.Stores[store].Name), planner.Text(inv.Resources[resource].Name)
	}
	for k := range t.gathered {
		if t.at[len(t.Pieces)+k] == apart {
			p.GroupsTorn++
		}
	}
	return p
}

// fullest returns the largest part of a capacity that a store carries, and which
// store that is in which resource; nowhere if no store has a capacity.
func (t *tally) fullest() (peak float64, store, resource int) {
	store = nowhere
	for s := range t.load {
		if u, r := t.Utilisation(s, &t.load[s]); r >= 0 && (store == nowhere || u > peak) {
			peak, store, resource = u, s, r
		}
	}
	return peak, store, resource
}

package moves_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// randomLayout returns a plan that gives each store, with the chance given, other
// servers, and often one more than it has: seeds first, then the promotion, then
// drops.
func randomLayout(rng *rand.Rand, inv *inventory.Inventory, chance float64) *planner.Layout {
	p := &planner.Layout{Format: planner.Format, Kind: planner.KindLayout}
	scale := inventory.NewScale(inv)
	loads := inv.StoreLoads(&scale)
	disk := inv.Disk()
	state := inv.Clone()
	add := func(c planner.LayoutChange) {
		c.ID = fmt.Sprintf("c%d", len(p.Changes)+1)
		p.Changes = append(p.Changes, c)
		change(state, &c)
	}
	for i := range inv.Stores {
		st := &inv.Stores[i]
		if rng.Float64() > chance || twice(st) {
			continue
		}
		var up []inventory.ServerID
		for _, s := range inv.Servers {
			if s.State == inventory.Active {
				up = append(up, s.Name)
			}
		}
		n := min(max(len(st.Instances), 1)+rng.IntN(2), len(up))
		if n == 0 || len(st.Instances) > 0 && serving(inv, st.Name) == "" {
			continue
		}
		rng.Shuffle(len(up), func(i, j int) { up[i], up[j] = up[j], up[i] })
		target := up[:n]
		if len(st.Instances) > 1 && rng.IntN(2) == 0 && inv.Servers[inv.Server(st.Instances[1].Server)].State == inventory.Active {
			target = []inventory.ServerID{st.Instances[1].Server} // the first replica takes over
			for _, in := range st.Instances[2:] {
				target = append(target, in.Server)
			}
			if s := up[rng.IntN(len(up))]; !slices.Contains(target, s) {
				target = append(target, s)
			} else {
				target = append(target, st.Instances[0].Server)
			}
		}
		if len(st.Instances) == 0 {
			add(planner.LayoutChange{Do: planner.Create, Store: st.Name, Server: target[0]})
		}
		now := func() []inventory.Instance { return state.Stores[i].Instances }
		for _, s := range target {
			if state.Stores[i].On(s) == nil {
				c := planner.LayoutChange{Do: planner.Seed, Store: st.Name, Server: s, From: planner.Text(now()[0].Server)}
				if disk >= 0 {
					c.Bytes = int64(scale.Value(disk, loads[i][disk]))
				}
				add(c)
			}
		}
		if m := now()[0].Server; m != target[0] {
			add(planner.LayoutChange{Do: planner.Promote, Store: st.Name, Server: target[0], From: planner.Text(m)})
		}
		for _, in := range slices.Clone(now()) {
			if !slices.Contains(target, in.Server) {
				add(planner.LayoutChange{Do: planner.Drop, Store: st.Name, Server: in.Server})
			}
		}
	}
	p.Stores = placements(inv, p.Changes)
	seal(p)
	return p
}

func twice(st *inventory.Store) bool {
	for i, in := range st.Instances {
		if slices.ContainsFunc(st.Instances[:i], func(o inventory.Instance) bool { return o.Server == in.Server }) {
			return true
		}
	}
	return false
}

// randomAssignment returns a plan that moves each share group, with the chance
// given, to another store.
func randomAssignment(rng *rand.Rand, inv *inventory.Inventory, groups *inventory.ShareGroups, chance float64) *planner.Assignment {
	p := &planner.Assignment{Format: planner.Format, Kind: planner.KindUsers}
	disk := inv.Disk()
	var open []inventory.StoreID
	for i := range inv.Stores {
		if serving(inv, inv.Stores[i].Name) != "" && inv.Stores[i].State == inventory.Active {
			open = append(open, inv.Stores[i].Name)
		}
	}
	for g := range groups.Len() {
		if rng.Float64() > chance || len(open) == 0 {
			continue
		}
		to := open[rng.IntN(len(open))]
		for _, m := range groups.Members(g) {
			u := &inv.Users[m]
			if u.Store == to || serving(inv, u.Store) == "" {
				continue
			}
			c := planner.UserChange{
				ID: fmt.Sprintf("m%d", len(p.Changes)+1), Do: planner.Move,
				User: u.Name, Group: inv.GroupID(groups, g), From: u.Store, To: to,
			}
			if disk >= 0 {
				c.Bytes = int64(u.Load[disk])
			}
			p.Changes = append(p.Changes, c)
		}
	}
	seal(p)
	return p
}

func seal(p planner.Plan) {
	if err := planner.Seal(p); err != nil {
		panic(err)
	}
}

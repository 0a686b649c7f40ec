package moves

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// verifyLayout holds the plan's changes, which have been followed, against its
// figures and its target. Stores of which a change was refused have no target to
// compare.
func (v *verifier) verifyLayout(p *planner.Layout, wrong map[planner.Subject]bool) {
	touched := map[int32]bool{}
	for i := range p.Changes {
		c := &p.Changes[i]
		s := v.store(c.Store)
		if s < 0 {
			continue
		}
		touched[s] = true
		if v.sameStructure(p.Inventory) {
			v.verifyFigures(p.Inventory, c, s, i)
		}
	}
	placed := map[int32]bool{}
	for i, target := range p.Stores {
		s := v.store(target.Store)
		placed[s] = true
		switch {
		case s < 0:
			if v.sameStructure(p.Inventory) {
				v.m.Add(fmt.Sprintf("stores[%d].store", i), "the fleet has no such store")
			}
		case wrong[planner.StoreSubject(target.Store)]:
		case touched[s]:
			v.verifyPlace(i, target, v.sites[s], "the changes lead to %s, not to %s")
		case v.sameStructure(p.Inventory):
			v.verifyPlace(i, target, v.start[s], "no change moves the store: it stays on %s, not on %s")
		}
	}
	v.verifyWhole(p, touched, placed, wrong)
}

// verifyFigures compares what a change costs with what its store weighs.
func (v *verifier) verifyFigures(made planner.Reference, c *planner.LayoutChange, s int32, i int) {
	switch c.Do {
	case planner.Seed:
		if bytes := v.fleet.DiskBytes(int(s)); v.sameLoads(made) && c.Bytes != bytes {
			v.m.Add(fmt.Sprintf("changes[%d].bytes", i), "%d are not the %d bytes of store %s", c.Bytes, bytes, c.Store)
		}
	case planner.Promote:
		if users := v.fleet.Users[s]; c.Users != users {
			v.m.Add(fmt.Sprintf("changes[%d].users", i), "%d are not the %d users of store %s", c.Users, users, c.Store)
		}
	}
}

// verifyPlace compares where the target has a store with where it is.
func (v *verifier) verifyPlace(i int, target planner.Placement, sites []int32, format string) {
	var names []inventory.ServerID
	for _, s := range sites {
		names = append(names, v.name(s))
	}
	if wanted := append([]inventory.ServerID{target.Master}, target.Replicas...); !slices.Equal(names, wanted) {
		v.m.Add(fmt.Sprintf("stores[%d]", i), format, list(names), list(wanted))
	}
}

func list(servers []inventory.ServerID) string {
	words := make([]string, len(servers))
	for i, s := range servers {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

// verifyWhole looks for stores that the target leaves out.
func (v *verifier) verifyWhole(p *planner.Layout, touched, placed map[int32]bool, wrong map[planner.Subject]bool) {
	var missing []inventory.StoreID
	for s, sites := range v.sites {
		name := v.fleet.Inventory.Stores[s].Name
		due := len(sites) > 0 && touched[int32(s)] && !wrong[planner.StoreSubject(name)] || len(v.start[s]) > 0 && v.sameStructure(p.Inventory)
		if due && !placed[int32(s)] {
			missing = append(missing, name)
		}
	}
	switch len(missing) {
	case 0:
	case 1:
		v.m.Add("stores", "store %s is missing", missing[0])
	default:
		v.m.Add("stores", "%d stores are missing, such as %s", len(missing), missing[0])
	}
}

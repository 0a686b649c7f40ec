package layout_test

import (
	"fmt"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/layout"
)

// Four servers whose disks are so full that no order leads straight to the best
// layout, which a solver of integer programs found: without stores that step aside
// the worst failure stays at 90 % and more. Failures need not be survived on the way:
// an order that survives them too exists, but is not found.
func TestDetoursLeadToTheBestLayoutOfFullDisks(t *testing.T) {
	inv := inventory.New()
	inv.Survive = nil
	inv.Resources = []inventory.Resource{inventory.NewResource("disk", inventory.UnitBytes, 1), inventory.NewResource("io", "ops/s", 0.3)}
	for i, c := range [][2]float64{{1000e9, 100}, {2000e9, 150}, {1000e9, 200}, {1000e9, 200}} {
		s := inventory.Server{Name: inventory.ServerID(fmt.Sprintf("m%d", i)), State: inventory.Active, Slots: inventory.Unlimited}
		s.Capacity[0], s.Capacity[1] = c[0], c[1]
		inv.Servers = append(inv.Servers, s)
	}
	for i, base := range [][2]float64{{366, 50.8}, {148, 27.7}, {266, 39.4}, {155, 28.2}, {257, 39.3}, {143, 23.8}, {256, 34.8}, {72, 16.1}} {
		st := inventory.Store{Name: inventory.StoreID(fmt.Sprintf("s%d", i)), State: inventory.Active}
		st.Base[0], st.Base[1] = base[0]*1e9, base[1]
		st.Instances = []inventory.Instance{
			{Server: inv.Servers[i%4].Name, Role: inventory.Master}, {Server: inv.Servers[(i+1)%4].Name, Role: inventory.Replica},
		}
		inv.Stores = append(inv.Stores, st)
	}
	inv.Sort()
	plan := optimize(t, inv, layout.Options{Seed: 1})
	if len(plan.Violations) > 0 {
		t.Errorf("violations: %v", plan.Violations)
	}
	if got := plan.Promises.WorstSingle.Utilisation.Value; got > 0.6770 {
		t.Errorf("worst failure %v, the best is 0.67693", got)
	}
}

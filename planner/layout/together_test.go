package layout_test

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/layout"
)

// Two replicas, of masters that cannot go elsewhere, are each on the server where the
// other one belongs, and neither server's ceiling leaves room for both.
func TestReplicasChangePlacesWhereThereIsRoomForOne(t *testing.T) {
	inv := inventory.New()
	io := inventory.NewResource("io", "ops/s", 0.5)
	io.FailureCeiling.Default = 1.25
	inv.Resources = []inventory.Resource{io}
	for _, s := range []struct {
		name     inventory.ServerID
		slots    int
		capacity float64
	}{{"m1", 1, 1000}, {"m2", 1, 1000}, {"m3", 2, 1000}, {"small", 3, 100}, {"large", 3, 200}} {
		server := inventory.Server{Name: s.name, State: inventory.Active, Slots: s.slots}
		server.Capacity[0] = s.capacity
		inv.Servers = append(inv.Servers, server)
	}
	for _, s := range []struct {
		name            inventory.StoreID
		load            float64
		master, replica inventory.ServerID
		pinned          bool
	}{{"s", 100, "m1", "small", false}, {"t", 60, "m2", "large", false}, {"p", 20, "small", "m3", true}, {"q", 100, "large", "m3", true}} {
		store := inventory.Store{Name: s.name, State: inventory.Active, Pinned: s.pinned, Instances: []inventory.Instance{
			{Server: s.master, Role: inventory.Master}, {Server: s.replica, Role: inventory.Replica},
		}}
		store.Base[0] = s.load
		store.Only = map[inventory.Level][]inventory.DomainID{inventory.LevelServer: {inventory.DomainID(s.master), "small", "large", "m3"}}
		inv.Stores = append(inv.Stores, store)
	}
	inv.Sort()
	plan := optimize(t, inv, layout.Options{})
	if got := plan.Promises.WorstSingle.Utilisation.Value; got > 1+1e-9 || len(plan.Changes) != 4 || len(plan.Violations) > 0 {
		t.Errorf("worst failure at %v, want 1: %+v, violations %v", got, plan.Changes, plan.Violations)
	}
}

package course_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// What was carried out is undone in the inventory, whether that shows it or not.
func TestBefore(t *testing.T) {
	on := func(servers ...inventory.ServerID) (list []inventory.Instance) {
		for i, s := range servers {
			role := inventory.Replica
			if i == 0 {
				role = inventory.Master
			}
			list = append(list, inventory.Instance{Server: s, Role: role})
		}
		return list
	}
	before := &inventory.Inventory{
		Stores: []inventory.Store{{Name: "s1", Instances: on("a", "b")}, {Name: "s2"}},
		Users:  []inventory.User{{Name: "anna", Store: "s1"}},
	}
	units := []*course.Unit{
		{Moves: []planner.UserChange{{User: "anna", From: "s1", To: "s2"}}},
		{Do: &planner.LayoutChange{Do: planner.Create, Store: "s2", Server: "c"}},
		{Do: &planner.LayoutChange{Do: planner.Seed, Store: "s1", Server: "c", From: "a"}},
		{Do: &planner.LayoutChange{Do: planner.Promote, Store: "s1", Server: "c", From: "a"}},
		{Do: &planner.LayoutChange{Do: planner.Drop, Store: "s1", Server: "b"}},
	}
	after := course.Carried(before, units)
	if got := fmt.Sprint(after.Stores, after.Users[0].Store); got != fmt.Sprint([]inventory.Store{{Name: "s1", Instances: on("c", "a")}, {Name: "s2", Instances: on("c")}}, "s2") {
		t.Errorf("carried out it is %s", got)
	}
	for name, shown := range map[string]*inventory.Inventory{"shown": after, "not shown": before, "shown in part": course.Carried(before, units[:2])} {
		got := course.Before(shown, units)
		slices.SortFunc(got.Stores[0].Instances[1:], func(a, b inventory.Instance) int { return strings.Compare(string(a.Server), string(b.Server)) })
		if fmt.Sprint(got.Stores, got.Users) != fmt.Sprint(before.Stores, before.Users) {
			t.Errorf("%s: before it was %+v", name, got.Stores)
		}
	}
}

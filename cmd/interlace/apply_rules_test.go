package main

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// What is broken on the way counts, by the schedule if there is one; a server that a plan does
// not drain to the end, and a wish of the operator's, do not.
func TestJobBreaks(t *testing.T) {
	inv := inventory.New()
	inv.Servers = []inventory.Server{{Name: "a", Slots: 9}, {Name: "b", Slots: 9}}
	for _, name := range []inventory.StoreID{"s1", "s2"} {
		inv.Stores = append(inv.Stores, inventory.Store{Name: name, Instances: []inventory.Instance{{Server: "a", Role: inventory.Master}, {Server: "b", Role: inventory.Replica}}})
	}
	inv.Users = []inventory.User{{Name: "anna", Store: "s1"}, {Name: "ben", Store: "s1"}}
	full := planner.Violation{Rule: planner.Transient, Subject: "server:a", Value: planner.Known(2), Limit: planner.Known(1)}
	wish := planner.Violation{Rule: planner.StoreCapacity, Subject: "store:s2", Value: planner.Known(0.6), Limit: planner.Known(0.5)}
	users := &planFile{Plan: &planner.Assignment{
		Options: planner.AssignmentOptions{Drain: []planner.Subject{"server:a"}}, Violations: []planner.Violation{wish, full},
		Changes: []planner.UserChange{{User: "anna", From: "s1", To: "s2"}},
	}}
	j, groups := &job{files: []*planFile{users}}, sharing.Groups(inv)
	worse, left, err := j.breaks(t.Context(), inv, groups)
	if err != nil || len(worse) != 1 || worse[0].Rule != planner.Transient || len(left) != 1 || left[0].Rule != planner.DrainEmpty {
		t.Errorf("alone: broken %v, left %v, %v", worse, left, err)
	}
	j.files = append(j.files, &planFile{Plan: &planner.Schedule{}})
	if worse, _, err := j.breaks(t.Context(), inv, groups); err != nil || len(worse) > 0 {
		t.Errorf("in another order: broken %v, %v", worse, err)
	}
	j.files[1] = &planFile{Plan: &planner.Schedule{Violations: []planner.Violation{full}}}
	if worse, _, err := j.breaks(t.Context(), inv, groups); err != nil || len(worse) != 1 {
		t.Errorf("in an order that can't be kept: broken %v, %v", worse, err)
	}
}

// Where a server on which a plan leaves instances has left the inventory, or has another name there,
// no rule can be looked at: what is not begun is held back.
func TestJobOnServersThatAreGone(t *testing.T) {
	inv := inventory.New()
	inv.Servers = []inventory.Server{{Name: "a", Slots: 9}, {Name: "b", Slots: 9}}
	for _, name := range []inventory.StoreID{"s1", "s2"} {
		inv.Stores = append(inv.Stores, inventory.Store{Name: name, Instances: []inventory.Instance{{Server: "a", Role: inventory.Master}, {Server: "b", Role: inventory.Replica}}})
	}
	layout := &planner.Layout{
		Stores: []planner.Placement{{Store: "s1", Master: "a", Replicas: []inventory.ServerID{"gone"}}, {Store: "s2", Master: "b", Replicas: []inventory.ServerID{"a"}}},
		Changes: []planner.LayoutChange{
			{ID: "c1", Do: planner.Seed, Store: "s1", From: "a", Server: "gone"},
			{ID: "c2", Do: planner.Drop, Store: "s1", Server: "b"},
			{ID: "c3", Do: planner.Promote, Store: "s2", From: "a", Server: "b"},
		},
	}
	j := &job{files: []*planFile{{Plan: layout}}, begun: true}
	j.sort()
	c := &applying{app: &app{}, jobs: []*job{j}, history: &history.History{}, now: &standing{facts: &facts{Inventory: inv, groups: sharing.Groups(inv)}}}
	if err := c.keepRules(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range j.units {
		if u := &j.units[i]; !strings.Contains(u.Barred, "its plan leaves instances on gone, which the inventory does not have any more") {
			t.Errorf("%s: %q", u.Name, u.Barred)
		}
	}
}

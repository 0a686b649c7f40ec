package main

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// What a damaged database or an edited plan can lead to is refused before
// anything looks up a server that is not there.
func TestFactsThatCannotBeAreRefused(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 4, StoresPerServer: 2, Users: 20, Legal: true})
	if err := sound(inv); err != nil {
		t.Fatalf("a sound fleet is refused: %v", err)
	}
	plan := planner.Layout{Stores: []planner.Placement{{Store: inv.Stores[0].Name, Master: "zzz"}}}
	if err := sound(plan.Target(inv)); err == nil || !strings.Contains(err.Error(), "zzz") {
		t.Errorf("a plan onto a server that is not there: %v", err)
	}
	inv.Servers = append([]inventory.Server{}, inv.Servers[1:]...)
	if err := sound(inv); err == nil {
		t.Error("a server is gone from under its stores, and nobody says so")
	}
}

package simulate_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
	"github.com/interlacemail/interlace/planner/simulate"
)

// Passed is the fast version of two rules and finds what they find, also where
// servers pass their failure ceilings in the normal state already.
func TestPassedAsRules(t *testing.T) {
	found := 0
	compare := func(name string, inv *inventory.Inventory) {
		inv.Survive = append([]inventory.Level{inventory.LevelServer, "unlabelled"}, inv.Levels()...)
		inv.Servers[len(inv.Servers)-1].State = inventory.Down
		broken, _, _ := rules.Check(context.Background(), inv, sharing.Groups(inv), rules.Options{})
		want := bySubject(slices.DeleteFunc(broken, func(v planner.Violation) bool {
			return v.Rule != planner.Ceiling && v.Rule != planner.FailureCeiling
		}))
		fleet := load.New(inv)
		got := bySubject(simulate.New(fleet, fleet.Current()).Passed())
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %.2000v, want %.2000v", name, got, want)
		}
		found += len(want)
	}
	for seed := range uint64(6) {
		for _, kind := range fixtures.Kinds() {
			compare(fmt.Sprint(kind, seed), fixtures.Fleet(seed, kind, fixtures.Size{Servers: 12, StoresPerServer: 4, Users: 300}))
		}
	}
	for seed := range uint64(300) {
		inv := fixtures.Tiny(seed)
		for r := range inv.Resources {
			inv.Resources[r].FailureCeiling = inventory.FailureCeiling{Default: float64(seed%10) / 20}
		}
		compare(fmt.Sprint("tiny ", seed), inv)
	}
	if found < 1000 {
		t.Errorf("only %d ceilings are passed in all fleets", found)
	}
}

func bySubject(list []planner.Violation) []string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprint(v.Rule, v.Subject, v.Resource, v.Failed, v.Value, v.Limit))
	}
	slices.Sort(out)
	return out
}

// A set of failures is judged by the highest ceiling of its levels, and not at
// all where one of them need not be survived.
func TestPassedBySet(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 12, StoresPerServer: 4, Users: 300})
	for r := range inv.Resources {
		inv.Resources[r].FailureCeiling = inventory.FailureCeiling{Default: 0.01}
	}
	inv.Survive = []inventory.Level{inventory.LevelServer}
	fleet := load.New(inv)
	s := simulate.New(fleet, fleet.Current())
	servers := fleet.Levels[0].Domains
	if got := s.PassedBy(servers[0], servers[1]); len(got) == 0 || len(got[0].Failed) != 2 {
		t.Errorf("two servers: got %v", got)
	}
	rack := fleet.Levels[1].Domains[0]
	if got := s.PassedBy(servers[0], rack); got != nil {
		t.Errorf("a rack that need not be survived: got %v", got)
	}
}

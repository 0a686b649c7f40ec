package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// written is a journal in memory, by unit.
type written map[string][]monitor.StepRecord

func (w written) Steps(_ context.Context, plan, unit string) ([]monitor.StepRecord, error) {
	return w[plan+unit], nil
}

// An inventory is to show what the last change of each thing has left, and nothing else; one
// that was taken back, or overtaken by a later one, contradicts nothing.
func TestContradictions(t *testing.T) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	last := map[planner.Verb]monitor.Step{planner.Seed: monitor.StepServe, planner.Promote: monitor.StepProveSends, planner.Drop: monitor.StepProveGone}
	journal := written{}
	var units []course.Unit
	for i, s := range []string{"p seed c", "p promote c", "q promote b", "q drop a", "r seed a", "s drop d back"} {
		w := strings.Fields(s)
		u := course.Unit{Plan: w[0], Name: s, Do: &planner.LayoutChange{Do: planner.Verb(w[1]), Store: "s1", Server: inventory.ServerID(w[2])}}
		units = append(units, u)
		r := monitor.StepRecord{Step: last[u.Do.Do], State: monitor.StepDone, At: begin.Add(time.Duration(i) * time.Hour)}
		if len(w) > 3 {
			r.Step, r.State = monitor.StepCheck, monitor.StepUndone
		}
		journal[u.Plan+u.Name] = []monitor.StepRecord{r}
	}
	slices.Reverse(units) // whatever their order
	lasting, err := course.LastingOf(t.Context(), units, journal)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		instances string // of s1, the master first
		want      []string
	}{
		{"b c a d", nil},
		{"a b c", []string{"has the master of store s1 on a; by the journal plan q has made b the master on 2026-11-01 02:00 UTC"}},
		{"b a", []string{"has no instance of store s1 on c; by the journal plan p has made it on 2026-11-01 00:00 UTC"}},
		{"b c", []string{"has no instance of store s1 on a; by the journal plan r has made it on 2026-11-01 04:00 UTC"}},
	} {
		s := inventory.Store{Name: "s1"}
		for i, server := range strings.Fields(c.instances) {
			role := inventory.Replica
			if i == 0 {
				role = inventory.Master
			}
			s.Instances = append(s.Instances, inventory.Instance{Server: inventory.ServerID(server), Role: role})
		}
		if got := otherLayouts(&inventory.Inventory{Stores: []inventory.Store{s}}, lasting); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.instances, got, c.want)
		}
	}

	inv := &inventory.Inventory{Users: []inventory.User{{Name: "anna", Store: "s1"}, {Name: "ben", Store: "s1"}, {Name: "carl", Store: "s2"}, {Name: "dora", Store: "s1"}}}
	at := course.Whereabouts{Store: "s2", Since: begin, Plan: "p"}
	got := otherStores(inv, map[inventory.UserID]course.Whereabouts{"anna": at, "ben": at, "carl": at, "dora": {Store: "s1"}})
	if want := "has anna, ben on store s1; by the journal plan p has moved them to s2, the last on 2026-11-01 00:00 UTC (interlace discover finds who is where)"; !slices.Equal(got, []string{want}) {
		t.Errorf("%q", got)
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/planner"
)

// Wherever JSON has a list it has one for every fleet, [] if nothing is in it,
// and no object is null that need not be.
func TestListsAreLists(t *testing.T) {
	t.Chdir(t.TempDir())
	recordLooks(t, "interlace.db")
	for name, fleet := range oddFleets {
		write(t, "fleet.yaml", fleet)
		for _, c := range []struct {
			args string
			into any
		}{
			{"check", checked{}},
			{"simulate", planner.Simulation{}},
			{"simulate --fail server:imap1", planner.Simulation{}},
			{"simulate --pairs", planner.Simulation{}},
			{"simulate --random 1 --samples 10", planner.Simulation{}},
			{"simulate --years 1", planner.Simulation{}},
			{"layout --plan plan.json", planner.Layout{}},
			{"layout --max-changes 0", planner.Layout{}},
			{"users --plan users.json --place 3", planner.Assignment{}},
			{"moves plan.json", planner.Schedule{}},
			{"moves plan.json --continuous", planner.Schedule{}},
			{"moves users.json", planner.Schedule{}},
			{"check --after plan.json", checked{}},
			{"simulate --after plan.json", planner.Simulation{}},
			{"show plan plan.json", planner.Layout{}},
			{"show plan users.json", planner.Assignment{}},
			{"lag", lags{}},
			{"lag --since 3h", report.LagHistory{}},
			{"show loads", report.Loads{}},
			{"show servers", map[string][]map[string]any{}},
			{"show stores", map[string][]map[string]any{}},
			{"show users", map[string][]map[string]any{}},
			{"show groups", map[string][]map[string]any{}},
		} {
			args := append(strings.Fields(c.args), "--fleet", "fleet.yaml", "-o", "json")
			status, stdout, stderr := interlace(t.Context(), args...)
			if status == exitFailed {
				noneLeft := strings.Contains(c.args, "--random") && strings.Contains(stderr, "0 servers are up")
				if (!strings.Contains(c.args, "imap1") || strings.Contains(fleet, "imap1")) && !noneLeft {
					t.Errorf("%s, %s: %s", name, c.args, stderr)
				}
				continue
			}
			var answer any
			if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
				t.Fatalf("%s, %s: %v", name, c.args, err)
			}
			for _, place := range nulls("", answer, reflect.TypeOf(c.into)) {
				t.Errorf("%s, %s: %s is null", name, c.args, place)
			}
		}
	}
}

// nulls returns where an answer is null though its type has a list or an object.
func nulls(place string, v any, t reflect.Type) []string {
	var found []string
	switch t.Kind() {
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok {
			return []string{place}
		}
		for i := range list {
			found = append(found, nulls(fmt.Sprintf("%s[%d]", place, i), list[i], t.Elem())...)
		}
	case reflect.Map:
		members, ok := v.(map[string]any)
		if !ok {
			return []string{place}
		}
		for key, member := range members {
			found = append(found, nulls(place+"."+key, member, t.Elem())...)
		}
	case reflect.Pointer:
		if v != nil {
			return nulls(place, v, t.Elem())
		}
	case reflect.Struct:
		members, ok := v.(map[string]any)
		if !ok { // numbers that may be unknown are structs, too
			return nil
		}
		for i := range t.NumField() {
			key, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			member, there := members[key]
			if key != "-" && (there || options != "omitempty") { // what may be left out is not null
				found = append(found, nulls(place+"."+key, member, t.Field(i).Type)...)
			}
		}
	}
	return found
}

// oddFleets leave most commands little or nothing to say.
var oddFleets = map[string]string{
	"nothing":           "format: 1\nservers: []\nstores: []\n",
	"no store":          "format: 1\nservers: [{name: imap1, capacity: {disk: 1TB, io: 1}}]\nstores: []\n",
	"one server":        fleetOf(1, 100, 1, 50),
	"all down":          strings.ReplaceAll(fleetOf(2, 100, 1, 10), "capacity", "state: down, capacity"),
	"one down":          strings.Replace(fleetOf(3, 100, 3, 10), "capacity", "state: down, capacity", 1),
	"all drained":       strings.ReplaceAll(fleetOf(2, 100, 1, 10), "capacity", "state: drain, capacity"),
	"all full":          "spread: [rack]\n" + fleetOf(3, 100, 3, 90),
	"no instance":       "format: 1\nservers: [{name: imap1, capacity: {disk: 1TB, io: 1}}]\nstores: [{name: s1}]\n",
	"no failover":       "resources: {disk: {unit: bytes}}\n" + strings.ReplaceAll(strings.ReplaceAll(fleetOf(2, 100, 2, 10), ", io: 100", ""), ", io: 10", ""),
	"racks":             strings.ReplaceAll("survive: [server, rack]\n"+fleetOf(2, 100, 2, 10), "capacity: {disk: 100", "domains: {rack: a1}, capacity: {disk: 100"),
	"users and no load": strings.Replace(withUser("0", ""), "io: 1}\n", "io: 0}\n", 1),
	"users":             withUser("1GB", "capacity: {disk: 100GB}, "),
	"twice on a server": "format: 1\nservers: [{name: imap1, capacity: {disk: 1TB, io: 1}}]\nstores: [{name: s1, instances: [{server: imap1, role: master}, {server: imap1, role: replica}]}]\n",
}

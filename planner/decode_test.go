package planner_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Plans of each kind, as small as they can be.
const (
	layoutPlan = `{"format": 1, "kind": "layout", "id": "x", "stopped": "steps", "bytes_copied": 5, "users_interrupted": 3, "options": {"seed": 1, "gap": 0.02},
		"stores": [{"store": "s1", "master": "imap2", "replicas": ["imap1"]}, {"store": "s2", "master": "imap1", "replicas": ["imap2"]}],
		"changes": [{"id": "c1", "do": "promote", "store": "s1", "server": "imap2", "from": "imap1", "bytes": 0, "users": 3},
			{"id": "c2", "do": "seed", "store": "s2", "server": "imap2", "from": "imap1", "bytes": 5, "users": 0},
			{"id": "c3", "do": "drop", "store": "s2", "server": "imap3", "from": null, "bytes": 0, "users": 0}]}`
	usersPlan = `{"format": 1, "kind": "users", "id": "x", "stopped": "gap", "bytes_copied": 7,
		"changes": [{"id": "c1", "do": "move", "user": "anna", "group": "anna", "from": "s1", "to": "s2", "bytes": 7}],
		"stores": [{"store": "s1", "users": 1, "load": {"disk": 5}, "utilisation": null}, {"store": "s2", "users": 1}]}`
	movesPlan = `{"format": 1, "kind": "moves", "id": "x", "stopped": "at_bound", "of": ["a", "b"],
		"changes": [{"plan": "a", "id": "c1", "wave": 1, "start_seconds": 0, "end_seconds": 1.5}, {"plan": "b", "id": "c1", "wave": 2, "start_seconds": 2, "end_seconds": 2}],
		"waves": [{"wave": 1, "start_seconds": 0, "end_seconds": 1.5}, {"wave": 2, "start_seconds": 1.5, "end_seconds": 2}]}`
)

// Every value that cannot be is told with its place, whoever sealed the plan.
func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, plan, old, new string
		want                 []string
	}{
		{"layout", layoutPlan, "", "", nil},
		{"users", usersPlan, "", "", nil},
		{"moves", movesPlan, "", "", nil},

		{"negative bytes", layoutPlan, `"bytes": 5`, `"bytes": -5`, []string{"changes[1].bytes: -5 is negative", "bytes_copied: 5 are not the 0 bytes of the changes"}},
		{"negative users", layoutPlan, `"users": 3`, `"users": -1`, []string{"changes[0].users: -1 is negative", "users_interrupted: 3 are not the 0 users of the changes"}},
		{"negative seed", layoutPlan, `"seed": 1`, `"seed": -1`, []string{"options.seed: -1 is negative"}},
		{"half a byte", layoutPlan, `"bytes": 5`, `"bytes": 5.5`, []string{"changes[1].bytes: 5.5 is not a whole number", "bytes_copied: 5 are not the 0 bytes of the changes"}},
		{"too many bytes", layoutPlan, `"bytes": 5`, `"bytes": 99999999999999999999`, []string{"changes[1].bytes: 99999999999999999999 is too large", "bytes_copied: 5 are not the 0 bytes of the changes"}},
		{"infinite ratio", layoutPlan, `0.02`, `1e999`, []string{"options.gap: 1e999 is too large"}},
		{"unknown verb", layoutPlan, `"drop"`, `"explode"`, []string{`changes[2].do: "explode" is none of promote, seed, drop, create`}},
		{"a user's verb", layoutPlan, `"drop"`, `"move"`, []string{`changes[2].do: "move" is none of promote, seed, drop, create`}},
		{"change twice", layoutPlan, `"c2"`, `"c1"`, []string{"changes[1].id: c1 is named twice"}},
		{"store twice", layoutPlan, `{"store": "s2", "master"`, `{"store": "s1", "master"`, []string{"stores[1].store: s1 is named twice"}},
		{"server twice", layoutPlan, `["imap1"]`, `["imap2"]`, []string{"stores[0].replicas[0]: server imap2 is named twice"}},
		{"replica twice", layoutPlan, `["imap1"]`, `["imap1", "imap3", "imap1"]`, []string{"stores[0].replicas[2]: server imap1 is named twice"}},
		{"empty server", layoutPlan, `"server": "imap3"`, `"server": ""`, []string{"changes[2].server: it is empty"}},
		{"no server", layoutPlan, `"server": "imap3", `, ``, []string{"changes[2].server: it is missing"}},
		{"no master", layoutPlan, `"master": "imap1"`, `"master": null`, []string{"stores[1].master: null where a text is expected"}},
		{"no origin", layoutPlan, `"from": "imap1", "bytes": 5`, `"from": null, "bytes": 5`, []string{"changes[1].from: it is missing"}},
		{"to where it is", layoutPlan, `"from": "imap1", "bytes": 5`, `"from": "imap2", "bytes": 5`, []string{"changes[1].from: imap2 is where it goes, too"}},
		{"odd name", layoutPlan, `"server": "imap3"`, `"server": "-rf /"`, []string{`changes[2].server: "-rf /" can be no name`}},
		{"key twice", layoutPlan, `"users": 3`, `"users": 3, "bytes": 0`, []string{"changes[0].bytes: the key is there twice"}},
		{"top key twice", layoutPlan, `"format": 1`, `"format": 2, "format": 1`, []string{"format: the key is there twice"}},
		{"key in capitals", layoutPlan, `"users": 3`, `"Users": 3`, []string{"changes[0].Users: the key is not known"}},
		{"unknown key", layoutPlan, `"users": 3`, `"users": 3, "note": {"a": [1], "a": []}`, []string{"changes[0].note: the key is not known", "changes[0].note.a: the key is there twice"}},
		{"no list", layoutPlan, `["imap1"]`, `null`, []string{"stores[0].replicas: null where a list is expected"}},
		{"text for a list", layoutPlan, `["imap1"]`, `"imap1"`, []string{"stores[0].replicas: a list is expected here"}},
		{"list for an object", layoutPlan, `{"seed": 1, "gap": 0.02}`, `[]`, []string{"options: an object is expected here"}},
		{"text for a number", layoutPlan, `"users": 3`, `"users": "3"`, []string{"changes[0].users: a whole number is expected here", "users_interrupted: 3 are not the 0 users of the changes"}},
		{"copied by a promotion", layoutPlan, `"bytes": 0, "users": 3`, `"bytes": 4, "users": 3`, []string{"changes[0].bytes: a promote copies nothing", "bytes_copied: 5 are not the 9 bytes of the changes"}},
		{"unknown reason", layoutPlan, `"steps"`, `"tired"`, []string{`stopped: "tired" is no reason to stop`}},

		{"other interruptions", layoutPlan, `"users": 3`, `"users": 4`, []string{"users_interrupted: 3 are not the 4 users of the changes"}},
		{"unknown rule", layoutPlan, `"stopped": "steps"`, `"stopped": "steps", "violations": [{"rule": "drain", "subject": "server:imap1"}, {"rule": "beauty", "subject": "store:s1"}]`, []string{`violations[1].rule: "beauty" is no rule`}},

		{"bound by kinds", layoutPlan, `"stopped": "steps"`, `"stopped": "steps", "bounds": {"worst_single": 0.5, "by_kind": {"worst_single": {"spread": 0.4, "price": 0.5, "item": null}}}`, nil},
		{"bound below its kinds", layoutPlan, `"stopped": "steps"`, `"stopped": "steps", "bounds": {"worst_single": 0.5, "worst_domain": {"rack": null}, "by_kind": {"worst_single": {"spread": 0.6}, "worst_domain": {"rack": {"price": 0.3}}}}`, []string{"bounds.worst_single: it is not the largest of its kinds", "bounds.worst_domain.rack: it is not the largest of its kinds"}},
		{"bound of two", layoutPlan, `"stopped": "steps"`, `"stopped": "steps", "bounds": {"worst_single": 0.5, "worst_pair": 0.5}, "gap": {"worst_pair": 0.1}`, nil},
		{"bound of two below that of one", layoutPlan, `"stopped": "steps"`, `"stopped": "steps", "bounds": {"worst_single": 0.5, "worst_pair": 0.4}`, []string{"bounds.worst_pair: it is below that of one failure, which holds for two as well"}},
		{"unknown kind", layoutPlan, `"stopped": "steps"`, `"stopped": "steps", "bounds": {"by_kind": {"worst_single": {"luck": 0.6}}}`, []string{"bounds.by_kind.worst_single.luck: the key is not known"}},
		{"negative kind", layoutPlan, `"stopped": "steps"`, `"stopped": "steps", "bounds": {"by_kind": {"worst_domain": {"rack": {"price": -0.3}}}}`, []string{"bounds.by_kind.worst_domain.rack.price: -0.3 is negative", "bounds.worst_domain.rack: it is not the largest of its kinds"}},

		{"another peak", usersPlan, `"stopped": "gap"`, `"stopped": "gap", "promises": {"peak_utilisation": 0.5}`, []string{"promises.peak_utilisation: it is not the largest utilisation of the stores"}},
		{"user twice", usersPlan, `"changes": [`, `"changes": [{"id": "c0", "do": "move", "user": "anna", "group": "anna", "from": "s1", "to": "s2", "bytes": 0},`, []string{"changes[1].user: anna is named twice"}},
		{"user stays", usersPlan, `"to": "s2"`, `"to": "s1"`, []string{"changes[0].to: s1 is where the user comes from, too"}},
		{"promoted user", usersPlan, `"move"`, `"promote"`, []string{`changes[0].do: "promote" is not move`}},
		{"negative load", usersPlan, `{"disk": 5}`, `{"disk": -5}`, []string{"stores[0].load.disk: -5 is negative"}},
		{"load twice", usersPlan, `{"disk": 5}`, `{"disk": 5, "disk": 5}`, []string{"stores[0].load.disk: the key is there twice"}},
		{"loaded store twice", usersPlan, `{"store": "s2"`, `{"store": "s1"`, []string{"stores[1].store: s1 is named twice"}},

		{"negative wave", movesPlan, `"wave": 2, "start_seconds": 2`, `"wave": -2, "start_seconds": 2`, []string{"changes[1].wave: -2 is negative"}},
		{"wave that is not there", movesPlan, `"wave": 2, "start_seconds": 2`, `"wave": 3, "start_seconds": 2`, []string{"changes[1].wave: 3 is none of the 2 waves"}},
		{"negative seconds", movesPlan, `"start_seconds": 2`, `"start_seconds": -0.5`, []string{"changes[1].start_seconds: -0.5 is negative"}},
		{"ends before", movesPlan, `"end_seconds": 2}]`, `"end_seconds": 1}]`, []string{"changes[1].end_seconds: it ends before it starts", "waves[1].end_seconds: it ends before it starts"}},
		{"waves out of order", movesPlan, `{"wave": 2, "start_seconds": 1.5`, `{"wave": 1, "start_seconds": 1.5`, []string{"waves[1].wave: it is 1, not 2"}},
		{"plan twice", movesPlan, `["a", "b"]`, `["a", "b", "a"]`, []string{"of[2]: a is named twice"}},
		{"plan that is not there", movesPlan, `["a", "b"]`, `["a"]`, []string{`changes[1].plan: "b" is none of the plans in of`}},
		{"scheduled twice", movesPlan, `"plan": "b"`, `"plan": "a"`, []string{"changes[1].id: change c1 of plan a is named twice"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.old != "" && !strings.Contains(c.plan, c.old) {
				t.Fatalf("%s is not in the plan", c.old)
			}
			text := c.plan
			if c.old != "" {
				at := strings.LastIndex(text, c.old)
				if c.name == "ends before" {
					text = strings.ReplaceAll(text, c.old, c.new)
				} else {
					text = text[:at] + c.new + text[at+len(c.old):]
				}
			}
			if got := told(t, text); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// told returns the mistakes that Decode finds in the text of a plan.
func told(t *testing.T, text string) []string {
	t.Helper()
	if !json.Valid([]byte(text)) {
		t.Fatalf("not JSON: %s", text)
	}
	kinds := map[bool]planner.Plan{
		strings.Contains(text, `"kind": "layout"`): &planner.Layout{},
		strings.Contains(text, `"kind": "users"`):  &planner.Assignment{},
		strings.Contains(text, `"kind": "moves"`):  &planner.Schedule{},
	}
	err := planner.Decode([]byte(text), kinds[true])
	var mistakes *planner.Mistakes
	if !errors.As(err, &mistakes) {
		return nil
	}
	if mistakes.Count != len(mistakes.First) {
		t.Errorf("%d mistakes, %d told", mistakes.Count, len(mistakes.First))
	}
	return strings.Split(err.Error(), "\n")
}

// A store may be on a server twice where the plan says that it leaves it so.
func TestDecodeLeftApart(t *testing.T) {
	text := strings.Replace(layoutPlan, `["imap1"]`, `["imap2"]`, 1)
	text = strings.Replace(text, `"stores":`, `"violations": [{"rule": "apart", "subject": "store:s1"}], "stores":`, 1)
	if got := told(t, text); got != nil {
		t.Errorf("got %q", got)
	}
}

// Of many mistakes a hundred are told and all are counted.
func TestDecodeManyMistakes(t *testing.T) {
	text := strings.Replace(usersPlan, `"changes": [`, `"changes": [`+strings.Repeat(`{},`, 1000), 1)
	var mistakes *planner.Mistakes
	if err := planner.Decode([]byte(text), &planner.Assignment{}); !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	if len(mistakes.First) != 100 || mistakes.Count < 6000 {
		t.Errorf("%d of %d mistakes told", len(mistakes.First), mistakes.Count)
	}
}

// Whatever a planner leaves nil is a list or an object in the file.
func TestEncodeListsAreLists(t *testing.T) {
	for _, p := range []planner.Plan{
		&planner.Layout{
			Stores: []planner.Placement{{Store: "s1"}}, Violations: []planner.Violation{{}}, Warnings: []planner.Warning{{Violation: &planner.Violation{}}},
			Promises: planner.Promises{WorstPair: &planner.Worst{}, WorstDomain: map[inventory.Level]planner.Worst{"rack": {}}},
		},
		&planner.Assignment{Stores: []planner.StoreLoad{{}}},
		&planner.Schedule{Waves: []planner.Wave{{}}},
	} {
		text, err := planner.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		var mistakes *planner.Mistakes
		if err := planner.Decode(text, p); errors.As(err, &mistakes) && strings.Contains(err.Error(), "is expected") {
			t.Errorf("%T: %v", p, err)
		}
	}
}

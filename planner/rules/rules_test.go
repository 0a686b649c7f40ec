package rules_test

import (
	"context"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
)

// sound returns a fleet that breaks no rule: four servers in two racks, two
// stores with a master and a replica each, two users who share a folder.
func sound() *inventory.Inventory {
	inv := inventory.New()
	inv.Spread = []inventory.Spread{{Level: "rack"}}
	for i, name := range []inventory.ServerID{"a", "b", "c", "d"} {
		rack := []inventory.DomainID{"r1", "r2"}[i/2]
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: name, State: inventory.Active, Slots: 2, Capacity: inventory.Load{1000, 100},
			Domains: map[inventory.Level]inventory.DomainID{"rack": rack},
		})
	}
	for i, name := range []inventory.StoreID{"s1", "s2"} {
		settings := inventory.Settings{Version: "3.6.1", Separator: ".", VirtDomains: "off", Conversations: "yes", Partitions: "default"}
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: name, State: inventory.Active, Capacity: inventory.Load{400, 0},
			Instances: []inventory.Instance{
				{Server: inv.Servers[i].Name, Role: inventory.Master, Settings: settings},
				{Server: inv.Servers[2+i].Name, Role: inventory.Replica, Settings: settings},
			},
		})
	}
	for _, u := range []inventory.UserID{"anna", "bob", "cleo"} {
		inv.Users = append(inv.Users, inventory.User{Name: u, Store: "s1", Load: inventory.Load{100, 10}})
	}
	inv.Users[2].Store = "s2"
	inv.Shares = []inventory.Share{{Owner: "anna", Grantee: "bob", Rights: "lrs"}}
	return inv
}

func check(inv, from *inventory.Inventory) []planner.Violation {
	violations, _, _ := rules.Check(context.Background(), inv, sharing.Groups(inv), rules.Options{From: from})
	return violations
}

func TestASoundFleetBreaksNothing(t *testing.T) {
	inv := sound()
	if v := check(inv, inv); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
}

func TestEachRuleSaysWhatBreaksIt(t *testing.T) {
	num := planner.Known
	cases := []struct {
		name  string
		spoil func(inv *inventory.Inventory)
		want  planner.Violation
	}{
		{"two instances on one server", func(inv *inventory.Inventory) {
			inv.Spread = nil
			inv.Stores[0].Instances[1].Server = "a"
		}, planner.Violation{Rule: planner.Apart, Subject: "store:s1", Store: "s1", Server: "a", Value: num(2), Limit: num(1)}},
		{"two instances in one rack", func(inv *inventory.Inventory) {
			inv.Stores[0].Instances[1].Server = "b"
		}, planner.Violation{Rule: planner.Spread, Subject: "store:s1", Store: "s1", Failed: []string{"rack:r1"}, Value: num(1), Limit: num(2)}},
		{"a replica is missing", func(inv *inventory.Inventory) {
			inv.Copies = 2
			inv.Stores[1].Instances = inv.Stores[1].Instances[:1]
		}, planner.Violation{Rule: planner.Copies, Subject: "store:s2", Store: "s2", Value: num(1), Limit: num(2)}},
		{"a disk above its ceiling", func(inv *inventory.Inventory) {
			inv.Servers[3].Capacity[0] = 100
		}, planner.Violation{Rule: planner.Ceiling, Subject: "server:d", Server: "d", Resource: "disk", Value: num(1), Limit: num(0.85)}},
		{"io above its failure ceiling", func(inv *inventory.Inventory) {
			inv.Resources[1].FailureCeiling.Default = 0.19
			inv.Resources[1].Ceiling = 1
		}, planner.Violation{Rule: planner.FailureCeiling, Subject: "server:a", Server: "a", Resource: "io", Failed: []string{"server:b"}, Value: num(0.2), Limit: num(0.19)}},
		{"more instances than slots", func(inv *inventory.Inventory) {
			inv.Servers[0].Slots = 0
		}, planner.Violation{Rule: planner.Slots, Subject: "server:a", Server: "a", Value: num(1), Limit: num(0)}},
		{"a store above its capacity", func(inv *inventory.Inventory) {
			inv.Stores[0].Capacity[0] = 200
		}, planner.Violation{Rule: planner.StoreCapacity, Subject: "store:s1", Store: "s1", Resource: "disk", Value: num(1), Limit: num(0.85)}},
		{"a share group on two stores", func(inv *inventory.Inventory) {
			inv.Users[1].Store = "s2"
		}, planner.Violation{Rule: planner.GroupWhole, Subject: "group:anna", Group: "anna", Value: num(2), Limit: num(1)}},
		{"a drained server with an instance", func(inv *inventory.Inventory) {
			inv.Servers[2].State = inventory.Drain
		}, planner.Violation{Rule: planner.DrainEmpty, Subject: "server:c", Server: "c", Value: num(1), Limit: num(0)}},
		{"a drained store with users", func(inv *inventory.Inventory) {
			inv.Stores[0].State = inventory.Drain
		}, planner.Violation{Rule: planner.DrainEmpty, Subject: "store:s1", Store: "s1", Value: num(2), Limit: num(0)}},
		{"a store outside its site", func(inv *inventory.Inventory) {
			inv.Stores[0].Only = map[inventory.Level][]inventory.DomainID{"rack": {"r1"}}
		}, planner.Violation{Rule: planner.Allowed, Subject: "store:s1", Store: "s1", Server: "c", Value: num(1), Limit: num(0)}},
		{"a replica older than its master", func(inv *inventory.Inventory) {
			inv.Stores[0].Instances[1].Settings.Version = "3.4.12"
		}, planner.Violation{Rule: planner.Alike, Subject: "store:s1", Store: "s1", Server: "c", Value: num(1), Limit: num(0)}},
		{"another separator", func(inv *inventory.Inventory) {
			inv.Stores[0].Instances[1].Settings.Separator = "/"
		}, planner.Violation{Rule: planner.Alike, Subject: "store:s1", Store: "s1", Server: "c", Value: num(1), Limit: num(0)}},
	}
	for _, c := range cases {
		inv := sound()
		c.spoil(inv)
		violations := check(inv, nil)
		if c.want.Failed == nil {
			c.want.Failed = []string{}
		}
		same := func(v planner.Violation) bool {
			return slices.Equal(v.Failed, c.want.Failed) && v.Rule == c.want.Rule && v.Subject == c.want.Subject && v.Server == c.want.Server &&
				v.Store == c.want.Store && v.Group == c.want.Group && v.Resource == c.want.Resource && v.Value == c.want.Value && v.Limit == c.want.Limit
		}
		if len(violations) == 0 || !same(violations[0]) {
			t.Errorf("%s: got %+v, want %+v", c.name, violations, c.want)
		}
		for _, v := range violations {
			if v.Rule != c.want.Rule {
				t.Errorf("%s: also breaks %s: %s", c.name, v.Rule, v)
			}
			if v.Excess() <= 0 {
				t.Errorf("%s: excess %v", c.name, v.Excess())
			}
		}
	}
}

func TestRulesAboutChanges(t *testing.T) {
	from := sound()
	from.Stores[0].Pinned, from.Users[2].Pinned = true, true
	from.Servers[3].State = inventory.Down
	to := from.Clone()
	to.Stores[0].Instances[0], to.Stores[0].Instances[1] = to.Stores[0].Instances[1], to.Stores[0].Instances[0]
	to.Users[2].Store = "s1"
	to.Stores[0].Instances[0].Server = "d"
	got := map[planner.Rule][]planner.Subject{}
	for _, v := range check(to, from) {
		got[v.Rule] = append(got[v.Rule], v.Subject)
	}
	if !slices.Equal(got[planner.Pinned], []planner.Subject{"store:s1", "user:cleo"}) {
		t.Errorf("pinned: %v", got[planner.Pinned])
	}
	if !slices.Equal(got[planner.DownEmpty], []planner.Subject{"server:d"}) {
		t.Errorf("down: %v", got[planner.DownEmpty])
	}
	for _, v := range check(from, from) {
		if v.Rule == planner.Pinned || v.Rule == planner.DownEmpty {
			t.Errorf("nothing changed, and yet: %s", v)
		}
	}
}

// Which servers are partners says nothing of a state where no limit is asked for.
func TestScatterCountsPartnersOnce(t *testing.T) {
	inv := sound()
	for i, replica := range []inventory.ServerID{"c", "d"} {
		st := inv.Stores[0]
		st.Name = []inventory.StoreID{"s3", "s4"}[i]
		st.Instances = slices.Clone(st.Instances)
		st.Instances[1].Server = replica
		inv.Stores = append(inv.Stores, st)
	}
	for most, want := range map[int][]planner.Subject{0: nil, 1: {"server:a", "server:d"}, 2: nil} {
		broken, _, _ := rules.Check(context.Background(), inv, sharing.Groups(inv), rules.Options{Scatter: most})
		var got []planner.Subject
		for _, v := range broken {
			if v.Rule == planner.Scatter {
				got = append(got, v.Subject)
				if v.Value.Value != 2 || v.Limit.Value != float64(most) || v.Excess() != 1 {
					t.Errorf("%d partners: %+v", most, v)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d partners: passed by %v, want %v", most, got, want)
		}
	}
}

func TestUnknownSettingsAreAWarning(t *testing.T) {
	inv := sound()
	inv.Stores[0].Instances[1].Settings.Version = ""
	violations, warnings, _ := rules.Check(context.Background(), inv, sharing.Groups(inv), rules.Options{})
	if len(violations) > 0 || len(warnings) != 1 || warnings[0].Rule != planner.Text(planner.Alike) {
		t.Errorf("violations %v, warnings %v", violations, warnings)
	}
}

func TestWorseComparesExcess(t *testing.T) {
	v := func(rule planner.Rule, subject planner.Subject, value, limit float64) planner.Violation {
		return planner.Violation{Rule: rule, Subject: subject, Value: planner.Known(value), Limit: planner.Known(limit)}
	}
	before := []planner.Violation{v(planner.Ceiling, "server:a", 0.95, 0.85), v(planner.Copies, "store:s", 1, 2)}
	after := []planner.Violation{
		v(planner.Ceiling, "server:a", 0.9, 0.85), v(planner.Ceiling, "server:b", 0.86, 0.85),
		v(planner.Copies, "store:s", 0, 2),
	}
	worse := rules.Worse(before, after)
	if len(worse) != 2 || worse[0].Subject != "server:b" || worse[1].Subject != "store:s" {
		t.Errorf("worse: %v", worse)
	}
}

func TestSplitKeepsWhatThePlanCanRepair(t *testing.T) {
	cases := []struct {
		rule          planner.Rule
		subject       planner.Subject
		layout, users bool
	}{
		{planner.Apart, "store:s", true, false},
		{planner.Spread, "store:s", true, false},
		{planner.Copies, "store:s", true, false},
		{planner.Slots, "server:a", true, false},
		{planner.Allowed, "store:s", true, false},
		{planner.Ceiling, "server:a", true, true},
		{planner.FailureCeiling, "server:a", true, true},
		{planner.StoreCapacity, "store:s", false, true},
		{planner.GroupWhole, "group:g", false, true},
		{planner.DrainEmpty, "server:a", true, false},
		{planner.DrainEmpty, "store:s", false, true},
		{planner.Pinned, "store:s", true, true},
		{planner.Alike, "store:s", true, false},
		{planner.Scatter, "server:a", true, false},
	}
	for _, c := range cases {
		v := []planner.Violation{{Rule: c.rule, Subject: c.subject}}
		for kind, want := range map[string]bool{planner.KindLayout: c.layout, planner.KindUsers: c.users} {
			broken, warnings := rules.Split(kind, v)
			if (len(broken) == 1) != want || len(broken)+len(warnings) != 1 {
				t.Errorf("%s of %s in a %s plan: %d broken, %d warnings", c.rule, c.subject, kind, len(broken), len(warnings))
			}
		}
	}
}

// A plan breaks copies that gives up a living instance for one on a server that is
// down, whatever is promised. Where nothing lived there is nothing to give up.
func TestPlansKeepLivingInstances(t *testing.T) {
	from := sound()
	from.Spread, from.Copies = nil, 1
	from.Servers[2].State = inventory.Down
	for name, test := range map[string]struct {
		kept []int // instances of s1, of which the replica is down
		want []planner.Violation
	}{
		"the living one": {kept: []int{0}},
		"the other one": {[]int{1}, []planner.Violation{{
			Rule: planner.Copies, Subject: "store:s1", Store: "s1", Failed: []string{"server:c"}, Value: planner.Known(0), Limit: planner.Known(1),
		}}},
		"both": {kept: []int{0, 1}},
	} {
		to := from.Clone()
		to.Stores[0].Instances = nil
		for _, i := range test.kept {
			to.Stores[0].Instances = append(to.Stores[0].Instances, from.Stores[0].Instances[i])
		}
		var got []planner.Violation
		for _, v := range check(to, from) {
			if v.Rule == planner.Copies {
				got = append(got, v)
			}
		}
		if !slices.EqualFunc(got, test.want, func(a, b planner.Violation) bool { return a.String() == b.String() && a.Excess() == b.Excess() }) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

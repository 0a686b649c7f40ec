package inventory_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// before returns a small fleet to change.
func before() *inventory.Inventory {
	inv := inventory.New()
	for _, name := range []inventory.ServerID{"imap1", "imap2", "imap3"} {
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: name, Domains: map[inventory.Level]inventory.DomainID{"rack": "a1"},
			Slots: 4, Capacity: inventory.Load{1000, 10}, State: inventory.Active,
		})
	}
	for _, name := range []inventory.StoreID{"s1", "s2"} {
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: name, State: inventory.Active,
			Instances: []inventory.Instance{
				{Server: "imap1", Role: inventory.Master, IMAP: "imap1:143"},
				{Server: "imap2", Role: inventory.Replica, IMAP: "imap2:143"},
			},
		})
	}
	for _, name := range []inventory.UserID{"anna", "bob", "carol"} {
		inv.Users = append(inv.Users, inventory.User{Name: name, Store: "s1", Load: inventory.Load{10, 1}, Messages: 5, Mailboxes: 2})
	}
	inv.Stores = append(inv.Stores, inventory.Store{Name: "s3", State: inventory.Active, Instances: []inventory.Instance{
		{Server: "imap3", Role: inventory.Master, IMAP: "imap3:143"}, {Server: "imap3", Role: inventory.Replica, IMAP: "imap3:2143"},
	}})
	inv.Shares = []inventory.Share{{Owner: "anna", Folder: "Work", Grantee: "bob", Rights: "lrs"}}
	inv.Groups = []inventory.Membership{{Group: "staff", Member: "anna"}}
	return inv
}

func TestCompare(t *testing.T) {
	one := func(subject, what, name, from, to string) inventory.Change {
		return inventory.Change{Subject: subject, What: what, Count: 1, First: []inventory.Example{{Name: name, From: from, To: to}}}
	}
	changed := func(subject, name, in string) inventory.Changes {
		return inventory.Changes{{Subject: subject, What: "changed", Count: 1, First: []inventory.Example{{Name: name, In: in}}}}
	}
	tests := []struct {
		name   string
		change func(inv *inventory.Inventory)
		want   inventory.Changes
	}{
		{"nothing", func(*inventory.Inventory) {}, nil},
		{"resource added", func(inv *inventory.Inventory) {
			inv.Resources = append(inv.Resources, inventory.NewResource("cpu", "cores", 0.2))
		}, inventory.Changes{one("resource", "added", "cpu", "", "")}},
		{
			"resource removed", func(inv *inventory.Inventory) { inv.Resources = inv.Resources[:1] },
			inventory.Changes{one("resource", "removed", "io", "", "")},
		},
		{"resource changed", func(inv *inventory.Inventory) {
			inv.Resources[1].FailureCeiling.ByLevel = map[inventory.Level]float64{"rack": 0.9}
		}, changed("resource", "io", "failure_ceiling")},
		{"resources in another order", func(inv *inventory.Inventory) {
			slices.Reverse(inv.Resources)
			for i := range inv.Servers {
				c := &inv.Servers[i].Capacity
				c[0], c[1] = c[1], c[0]
			}
			for i := range inv.Users {
				l := &inv.Users[i].Load
				l[0], l[1] = l[1], l[0]
			}
		}, nil},
		{
			"spread", func(inv *inventory.Inventory) {
				inv.Spread = []inventory.Spread{{Level: "rack"}, {Level: "site", Min: 2}}
			},
			inventory.Changes{one("rule", "changed", "spread", "", "rack site:2")},
		},
		{
			"survive", func(inv *inventory.Inventory) { inv.Survive = append(inv.Survive, "rack") },
			inventory.Changes{one("rule", "changed", "survive", "server", "server rack")},
		},
		{
			"copies", func(inv *inventory.Inventory) { inv.Copies = 3 },
			inventory.Changes{one("rule", "changed", "copies", "0", "3")},
		},
		{
			"sharing", func(inv *inventory.Inventory) { inv.Sharing.Ignore = []inventory.UserID{"archive"} },
			changed("rule", "sharing", "ignore"),
		},
		{"server added", func(inv *inventory.Inventory) {
			inv.Servers = append(inv.Servers, inventory.Server{Name: "imap4"})
		}, inventory.Changes{one("server", "added", "imap4", "", "")}},
		{
			"server removed", func(inv *inventory.Inventory) { inv.Servers = inv.Servers[1:] },
			inventory.Changes{one("server", "removed", "imap1", "", "")},
		},
		{
			"server state", func(inv *inventory.Inventory) { inv.Servers[2].State = inventory.Drain },
			inventory.Changes{one("server", "state", "imap3", "active", "drain")},
		},
		{
			"server capacity", func(inv *inventory.Inventory) { inv.Servers[2].Capacity[1] = 20 },
			changed("server", "imap3", "capacity"),
		},
		{
			"server domain", func(inv *inventory.Inventory) { inv.Servers[0].Domains = nil },
			changed("server", "imap1", "domains"),
		},
		{
			"store added", func(inv *inventory.Inventory) { inv.Stores = append(inv.Stores, inventory.Store{Name: "s4"}) },
			inventory.Changes{one("store", "added", "s4", "", "")},
		},
		{
			"store removed", func(inv *inventory.Inventory) { inv.Stores = inv.Stores[:2] },
			inventory.Changes{one("store", "removed", "s3", "", "")},
		},
		{
			"store state", func(inv *inventory.Inventory) { inv.Stores[0].State = inventory.Drain },
			inventory.Changes{one("store", "state", "s1", "active", "drain")},
		},
		{"roles swapped", func(inv *inventory.Inventory) {
			in := inv.Stores[1].Instances
			in[0], in[1] = in[1], in[0]
			in[0].Role, in[1].Role = inventory.Master, inventory.Replica
		}, inventory.Changes{one("store", "master", "s2", "imap1", "imap2"), one("store", "replicas", "s2", "imap2", "imap1")}},
		{"replica added", func(inv *inventory.Inventory) {
			s := &inv.Stores[1]
			s.Instances = append(s.Instances, inventory.Instance{Server: "imap3", Role: inventory.Replica})
		}, inventory.Changes{one("store", "replicas", "s2", "imap2", "imap2 imap3")}},
		{
			"store without instances", func(inv *inventory.Inventory) { inv.Stores[1].Instances = nil },
			inventory.Changes{one("store", "master", "s2", "imap1", ""), one("store", "replicas", "s2", "imap2", "")},
		},
		{
			"address", func(inv *inventory.Inventory) { inv.Stores[0].Instances[1].IMAP = "imap2:2143" },
			changed("store", "s1", "instances"),
		},
		{
			"address of two instances on one server", func(inv *inventory.Inventory) { inv.Stores[2].Instances[1].IMAP = "imap3:3143" },
			changed("store", "s3", "instances"),
		},
		{"allowed domains", func(inv *inventory.Inventory) {
			inv.Stores[0].Only = map[inventory.Level][]inventory.DomainID{"rack": {"a1"}}
		}, changed("store", "s1", "only")},
		{"user added", func(inv *inventory.Inventory) {
			inv.Users = append(inv.Users, inventory.User{Name: "dave", Store: "s2"})
		}, inventory.Changes{one("user", "added", "dave", "", "")}},
		{
			"user removed", func(inv *inventory.Inventory) { inv.Users = slices.Delete(inv.Users, 1, 2) },
			inventory.Changes{one("user", "removed", "bob", "", "")},
		},
		{"user moved and grown", func(inv *inventory.Inventory) {
			inv.Users[0].Store = "s2"
			inv.Users[0].Load[0]++
			inv.Users[0].Messages++
		}, inventory.Changes{
			one("user", "moved", "anna", "s1", "s2"), one("user", "load", "anna", "", ""), one("user", "counts", "anna", "", ""),
		}},
		{
			"load measured", func(inv *inventory.Inventory) { inv.Users[2].Estimated = 2 },
			inventory.Changes{one("user", "load", "carol", "", "")},
		},
		{
			"user pinned", func(inv *inventory.Inventory) { inv.Users[2].Pinned = true },
			changed("user", "carol", "pinned"),
		},
		{"share added", func(inv *inventory.Inventory) {
			inv.Shares = append(inv.Shares, inventory.Share{Owner: "bob", Folder: "Old", Grantee: "carol", Rights: "l"})
		}, inventory.Changes{one("share", "added", "bob Old carol", "", "")}},
		{
			"share removed", func(inv *inventory.Inventory) { inv.Shares = nil },
			inventory.Changes{one("share", "removed", "anna Work bob", "", "")},
		},
		{
			"rights", func(inv *inventory.Inventory) { inv.Shares[0].Rights = "l" },
			inventory.Changes{one("share", "rights", "anna Work bob", "lrs", "l")},
		},
		{
			"membership", func(inv *inventory.Inventory) { inv.Groups[0].Member = "bob" },
			inventory.Changes{one("membership", "added", "staff bob", "", ""), one("membership", "removed", "staff anna", "", "")},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			now := before()
			test.change(now)
			got := inventory.Compare(before(), now)
			if len(got) != len(test.want) || len(got) > 0 && !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// TestCompareCounts checks that only the first subjects are named and all are
// counted.
func TestCompareCounts(t *testing.T) {
	now := before()
	for i := range 12 {
		now.Users = append(now.Users, inventory.User{Name: inventory.UserID(fmt.Sprintf("x%02d", i))})
	}
	changes := inventory.Compare(before(), now)
	if got := changes.Of("user", "added"); got != 12 {
		t.Errorf("got %d users added, want 12", got)
	}
	if got := changes.Of("user", "removed"); got != 0 {
		t.Errorf("got %d users removed, want 0", got)
	}
	first := changes[0].First
	if len(first) != inventory.MaxExamples || first[0].Name != "x00" {
		t.Errorf("got first %v", first)
	}
}

// TestMerge compares the walk with what sets say, over random lists.
func TestMerge(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		draw := func() []int {
			set := map[int]bool{}
			for range rng.IntN(8) {
				set[rng.IntN(10)] = true
			}
			var list []int
			for x := range 10 {
				if set[x] {
					list = append(list, x)
				}
			}
			return list
		}
		old, now := draw(), draw()
		var walked []int
		for a, b := range inventory.Merge(old, now, func(a, b *int) int { return cmp.Compare(*a, *b) }) {
			key := 0
			switch {
			case a == nil:
				key = *b
			case b == nil:
				key = *a
			default:
				key = *a
				if *a != *b {
					t.Fatalf("seed %d: %d met %d", seed, *a, *b)
				}
			}
			if (a != nil) != slices.Contains(old, key) || (b != nil) != slices.Contains(now, key) {
				t.Fatalf("seed %d: %d is on the wrong side of %v and %v", seed, key, old, now)
			}
			walked = append(walked, key)
		}
		all := slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(old), now...))))
		if !slices.Equal(walked, all) {
			t.Fatalf("seed %d: walked %v, want %v", seed, walked, all)
		}
	}
}

func BenchmarkCompareMillion(b *testing.B) {
	old := before()
	old.Users = make([]inventory.User, 1_000_000)
	for i := range old.Users {
		old.Users[i] = inventory.User{Name: inventory.UserID(fmt.Sprintf("user%07d@example.org", i)), Store: "s1"}
	}
	now := old.Clone()
	for i := range now.Users {
		now.Users[i].Load[0]++
	}
	for b.Loop() {
		if inventory.Compare(old, now).Of("user", "load") != len(now.Users) {
			b.Fatal("not all loads differ")
		}
	}
}

package inventory

import (
	"fmt"
	"slices"
	"testing"
)

// tied returns the groups in which anna and carol belong together.
func tied() *ShareGroups { return NewShareGroups([]int32{0, 1, 0, 3}) }

// The sums name plans that have been written: they must never change for an
// inventory that does not.
func TestFingerprintStays(t *testing.T) {
	inv := small()
	inv.Spread = []Spread{{"rack", 0}}
	inv.Stores[0].Only = map[Level][]DomainID{"rack": {"a1", "a2"}}
	inv.Resources[1].FailureCeiling.ByLevel = map[Level]float64{"rack": 0.95}
	structure, loads := Fingerprint(inv, tied())
	got := []string{structure, loads, ServerFingerprint(inv, 0), StoreFingerprint(inv, 0), GroupFingerprint(inv, tied(), 0)}
	want := []string{
		"325578854fdbeb719131123c118848bc7156bcd469e6d94fef91d2eb3f0f0dcd",
		"be43061b65ae8bf42e2df613147c27260440ca9c1408c2139808c1d217b1bcb0",
		"62606e479b8b4ace", "1ab76cf39edfdca2", "12741aaa8bee51f7",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestFingerprintForgetsOrder(t *testing.T) {
	inv, other := small(), small()
	other.Resources[0], other.Resources[1] = other.Resources[1], other.Resources[0]
	swap := func(l *Load) { l[0], l[1] = l[1], l[0] }
	for i := range other.Servers {
		swap(&other.Servers[i].Capacity)
	}
	for i := range other.Stores {
		swap(&other.Stores[i].Capacity)
		swap(&other.Stores[i].Base)
	}
	for i := range other.Users {
		swap(&other.Users[i].Load)
	}
	inv.Spread, other.Spread = []Spread{{"rack", 0}, {"site", 2}}, []Spread{{"site", 2}, {"rack", 0}}
	inv.Survive, other.Survive = []Level{"rack", "server"}, []Level{"server", "rack"}
	inv.Stores[0].Only = map[Level][]DomainID{"rack": {"a1", "a2"}}
	other.Stores[0].Only = map[Level][]DomainID{"rack": {"a2", "a1"}}
	slices.Reverse(other.Servers)
	slices.Reverse(other.Stores)
	slices.Reverse(other.Users)
	other.Sort()
	if got, want := prints(other), prints(inv); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func prints(inv *Inventory) string {
	structure, loads := Fingerprint(inv, tied())
	return structure + " " + loads
}

func TestFingerprintSeesWhatMatters(t *testing.T) {
	type change func(inv *Inventory)
	names := map[string]change{
		"resource": func(i *Inventory) { i.Resources[0].Name = "space" },
		"store":    func(i *Inventory) { i.Stores[0].Name = "s000" },
		"user":     func(i *Inventory) { i.Users[0].Name = "adam" },
	}
	structure := map[string]change{
		"unit":         func(i *Inventory) { i.Resources[1].Unit = "reads/s" },
		"replica":      func(i *Inventory) { i.Resources[1].Replica = 0.6 },
		"cold":         func(i *Inventory) { i.Resources[1].Cold = 2 },
		"ceiling":      func(i *Inventory) { i.Resources[1].Ceiling = 0.8 },
		"fail ceiling": func(i *Inventory) { i.Resources[1].FailureCeiling.Default = 0.8 },
		"by level":     func(i *Inventory) { i.Resources[1].FailureCeiling.ByLevel = map[Level]float64{"rack": 1} },
		"spread":       func(i *Inventory) { i.Spread = []Spread{{"rack", 0}} },
		"spread over":  func(i *Inventory) { i.Spread = []Spread{{"rack", 2}} },
		"survive":      func(i *Inventory) { i.Survive = nil },
		"copies":       func(i *Inventory) { i.Copies = 2 },
		"server":       func(i *Inventory) { i.Servers = i.Servers[:2] },
		"domain":       func(i *Inventory) { i.Servers[0].Domains = map[Level]DomainID{"rack": "a9"} },
		"slots":        func(i *Inventory) { i.Servers[0].Slots = 11 },
		"capacity":     func(i *Inventory) { i.Servers[0].Capacity[1]++ },
		"server state": func(i *Inventory) { i.Servers[0].State = Drain },
		"bandwidth":    func(i *Inventory) { i.Servers[0].Bandwidth = 1 },
		"transfers":    func(i *Inventory) { i.Servers[0].Transfers = 3 },
		"store limit":  func(i *Inventory) { i.Stores[0].Capacity[1] = 7 },
		"store state":  func(i *Inventory) { i.Stores[0].State = Drain },
		"store pin":    func(i *Inventory) { i.Stores[0].Pinned = true },
		"store copies": func(i *Inventory) { i.Stores[0].Copies = 3 },
		"only":         func(i *Inventory) { i.Stores[0].Only = map[Level][]DomainID{"rack": {"a1"}} },
		"instance":     func(i *Inventory) { i.Stores[0].Instances[1].Server = "imap3" },
		"role":         func(i *Inventory) { i.Stores[0].Instances[1].Role = Master },
		"no replica":   func(i *Inventory) { i.Stores[0].Instances = i.Stores[0].Instances[:1] },
		"user's store": func(i *Inventory) { i.Users[0].Store = "s002" },
		"user's pin":   func(i *Inventory) { i.Users[0].Pinned = true },
		"user's kind":  func(i *Inventory) { i.Users[0].Kind = Shared },
	}
	loads := map[string]change{
		"user's load": func(i *Inventory) { i.Users[0].Load[1]++ },
		"base":        func(i *Inventory) { i.Stores[0].Base[1]++ },
	}
	neither := map[string]change{
		"address":   func(i *Inventory) { i.Stores[0].Instances[0].IMAP = "elsewhere:143" },
		"settings":  func(i *Inventory) { i.Stores[0].Instances[0].Settings.Version = "3.8.1" },
		"share":     func(i *Inventory) { i.Shares[0].Rights = "l" },
		"policy":    func(i *Inventory) { i.Sharing.Ignore = []UserID{"archive"} },
		"messages":  func(i *Inventory) { i.Users[0].Messages = 5 },
		"moved":     func(i *Inventory) { i.Users[0].Moved = "2026-01-31" },
		"estimated": func(i *Inventory) { i.Users[0].Estimated = 1 },
		"default": func(i *Inventory) {
			i.Servers[0].Bandwidth, i.Servers[0].Transfers = DefaultBandwidth, DefaultTransfers
		},
	}
	check := func(changes map[string]change, wantStructure, wantLoads bool) {
		for name, change := range changes {
			inv := small()
			change(inv)
			s0, l0 := Fingerprint(small(), tied())
			s1, l1 := Fingerprint(inv, tied())
			if (s0 != s1) != wantStructure || (l0 != l1) != wantLoads {
				t.Errorf("%s: structure changed %v, loads changed %v", name, s0 != s1, l0 != l1)
			}
		}
	}
	check(names, true, true)
	check(structure, true, false)
	check(loads, false, true)
	check(neither, false, false)
}

func TestFingerprintSeesGroups(t *testing.T) {
	inv := small()
	alone, _ := Fingerprint(inv, nil)
	if same, _ := Fingerprint(inv, NewShareGroups([]int32{0, 1, 2, 3})); same != alone {
		t.Error("groups of one change the structure")
	}
	seen := map[string]bool{alone: true}
	for _, of := range [][]int32{{0, 0, 2, 3}, {0, 1, 0, 3}, {0, 0, 0, 3}, {0, 0, 2, 2}} {
		s, _ := Fingerprint(inv, NewShareGroups(of))
		if seen[s] {
			t.Errorf("groups %v have the structure of others", of)
		}
		seen[s] = true
	}
}

func TestSubjectFingerprints(t *testing.T) {
	inv, other := small(), small()
	other.Users[1].Store = "s001"
	other.Servers[2].Slots = 3
	if ServerFingerprint(inv, 0) != ServerFingerprint(other, 0) || ServerFingerprint(inv, 2) == ServerFingerprint(other, 2) {
		t.Error("a server's structure is its own")
	}
	if StoreFingerprint(inv, 0) != StoreFingerprint(other, 0) {
		t.Error("a store's structure does not hold its users")
	}
	if GroupFingerprint(inv, tied(), 0) != GroupFingerprint(other, tied(), 0) || GroupFingerprint(inv, tied(), 1) == GroupFingerprint(other, tied(), 1) {
		t.Error("a group's structure is where its members live")
	}
	if n := len(StoreFingerprint(inv, 1)); n != 16 {
		t.Errorf("%d digits, want 16", n)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	inv := small()
	inv.Users = nil
	of := make([]int32, 1_000_000)
	for i := range of {
		inv.Users = append(inv.Users, User{Name: UserID(fmt.Sprintf("user%07d", i)), Store: inv.Stores[i%2].Name, Load: Load{1e9, 0.25}})
		of[i] = int32(i / 3)
	}
	groups := NewShareGroups(of)
	b.ReportAllocs()
	for b.Loop() {
		Fingerprint(inv, groups)
	}
}

package load_test

import (
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// fleet returns servers a, b, c with 100 of io each, and one store of load 10 on
// a with replicas on b and c, in that order. ρ is 0.5.
func fleet(states ...inventory.State) *load.Fleet {
	inv := inventory.New()
	inv.Resources = []inventory.Resource{inventory.NewResource("io", "ops/s", 0.5)}
	inv.Resources[0].Cold = 2
	st := inventory.Store{Name: "s", State: inventory.Active, Base: inventory.Load{4}}
	for i, name := range []inventory.ServerID{"a", "b", "c"} {
		state := inventory.Active
		if i < len(states) {
			state = states[i]
		}
		inv.Servers = append(inv.Servers, inventory.Server{Name: name, State: state, Capacity: inventory.Load{100}, Domains: map[inventory.Level]inventory.DomainID{"rack": "r1"}})
		st.Instances = append(st.Instances, inventory.Instance{Server: name})
	}
	delete(inv.Servers[2].Domains, "rack")
	inv.Stores = []inventory.Store{st, {Name: "t", State: inventory.Active}}
	inv.Users = []inventory.User{
		{Name: "anna", Store: "s", Load: inventory.Load{5}},
		{Name: "team", Store: "s", Load: inventory.Load{1}, Kind: inventory.Shared},
	}
	return load.New(inv)
}

func carried(f *load.Fleet, c load.Carried) []float64 {
	var out []float64
	for s := range c.Amounts {
		out = append(out, 100*f.Utilisation(s, 0, c.Amounts[s][0]))
	}
	return out
}

func TestMasterWeighsLAndReplicasRhoL(t *testing.T) {
	f := fleet()
	if got, want := carried(f, f.Normal(f.Current())), []float64{10, 5, 5}; !slices.Equal(got, want) {
		t.Errorf("carried %v, want %v", got, want)
	}
	if f.Users[0] != 1 {
		t.Errorf("%d persons on the store, want 1: a shared tree is none", f.Users[0])
	}
}

// What a store weighs is the resource of which it takes most of the fleet.
func TestHeaviestFirst(t *testing.T) {
	inv := inventory.New()
	inv.Servers = []inventory.Server{{Name: "a", Capacity: inventory.Load{600, 50}}, {Name: "b", Capacity: inventory.Load{400, 50}}}
	for _, base := range []inventory.Load{{100, 0}, {50, 20}, {}, {300, 1}, {1, 20}} { // 10, 20, 0, 30 and 20 percent
		inv.Stores = append(inv.Stores, inventory.Store{Base: base})
	}
	if got, want := load.New(inv).HeaviestFirst(), []int{3, 1, 4, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("stores in the order %v, want %v", got, want)
	}
}

func TestTheFirstReplicaThatIsUpIsPromoted(t *testing.T) {
	cases := []struct {
		name    string
		states  []inventory.State
		want    []float64
		offline int
	}{
		{"master down", []inventory.State{inventory.Down}, []float64{0, 10, 5}, 0},
		{"master and first replica down", []inventory.State{inventory.Down, inventory.Down}, []float64{0, 0, 10}, 0},
		{"all down", []inventory.State{inventory.Down, inventory.Down, inventory.Down}, []float64{0, 0, 0}, 1},
		{"a drained master still serves", []inventory.State{inventory.Drain}, []float64{10, 5, 5}, 0},
	}
	for _, c := range cases {
		f := fleet(c.states...)
		got := f.Normal(f.Current())
		if !slices.Equal(carried(f, got), c.want) || len(got.Offline) != c.offline {
			t.Errorf("%s: carried %v, %d offline, want %v and %d", c.name, carried(f, got), len(got.Offline), c.want, c.offline)
		}
		if !slices.Equal(got.Instances, []int{1, 1, 1}) {
			t.Errorf("%s: instances %v: a server that is down still holds them", c.name, got.Instances)
		}
	}
}

func TestAServerWithoutALabelIsItsOwnDomain(t *testing.T) {
	f := fleet()
	rack := f.Levels[f.Level("rack")]
	if len(rack.Domains) != 2 || rack.Domains[0].String() != "rack:r1" || rack.Domains[1].String() != "server:c" {
		t.Errorf("domains %v", rack.Domains)
	}
}

func TestLivingInstancesAreNotGivenUpForOthers(t *testing.T) {
	f := fleet(inventory.Down, inventory.Down)
	const a, b, c = 0, 1, 2 // only c is up
	for _, test := range []struct {
		from, to  []int32
		reachable bool
	}{
		{[]int32{a, c}, []int32{a}, false},
		{[]int32{a, c}, []int32{c}, true},
		{[]int32{a, b, c}, []int32{a, b}, false},
		{[]int32{a, b, c}, []int32{a, c}, true},
		{[]int32{c, a}, []int32{c}, true},
		{[]int32{a, b}, []int32{a, b}, true},
		{[]int32{a, b}, []int32{a}, false}, // nothing to lose, but nothing to gain either
	} {
		if got := f.Reachable(test.from, test.to); got != test.reachable {
			t.Errorf("from %v to %v: reachable %v", test.from, test.to, got)
		}
	}
}

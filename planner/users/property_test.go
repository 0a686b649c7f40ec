package users_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
	"github.com/interlacemail/interlace/planner/simulate"
	"github.com/interlacemail/interlace/planner/users"
)

// fleets calls f with tiny fleets and with fleets as people make them, each
// with options that belong to its seed.
func fleets(t *testing.T, f func(t *testing.T, inv *inventory.Inventory, opts users.Options)) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprintf("tiny %d", seed), func(t *testing.T) {
			inv := fixtures.Tiny(seed)
			f(t, inv, randomOptions(seed, inv))
		})
	}
	starts := []fixtures.Start{fixtures.GrownUnevenly, fixtures.MirroredByHand}
	for seed := range uint64(30) {
		t.Run(fmt.Sprintf("fleet %d", seed), func(t *testing.T) {
			kinds := fixtures.Kinds()
			inv := fixtures.Fleet(seed, kinds[seed%uint64(len(kinds))], fixtures.Size{
				Servers: 6 + int(seed%7), StoresPerServer: 4, Users: 300 + 100*int(seed),
				Start: starts[seed%2], Legal: seed%3 == 0,
			})
			f(t, inv, randomOptions(seed, inv))
		})
	}
	variedFleets(t, f)
}

// variedFleets calls f with fleets in which servers are down or drain, stores
// have several replicas, racks and sites are to be survived, and users are pinned.
func variedFleets(t *testing.T, f func(t *testing.T, inv *inventory.Inventory, opts users.Options)) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("varied %d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 4))
			kinds := fixtures.Kinds()
			inv := fixtures.Fleet(seed, kinds[seed%uint64(len(kinds))], fixtures.Size{
				Servers: 8 + int(seed%5), StoresPerServer: 3, Users: 400, Legal: seed%2 == 0,
			})
			vary(rng, inv)
			f(t, inv, randomOptions(seed+1000, inv))
		})
	}
}

func vary(rng *rand.Rand, inv *inventory.Inventory) {
	for i := range inv.Servers {
		inv.Servers[i].Domains["site"] = inventory.DomainID(fmt.Sprintf("site%d", i%3))
	}
	inv.Servers[rng.IntN(len(inv.Servers))].State = inventory.Down
	inv.Servers[rng.IntN(len(inv.Servers))].State = inventory.Drain
	if rng.IntN(2) == 0 {
		inv.Servers[rng.IntN(len(inv.Servers))].State = inventory.Down
	}
	inv.Survive = append(inv.Survive, "rack")
	inv.Spread = []inventory.Spread{{Level: "rack"}, {Level: "site", Min: 2}}
	for s := range inv.Stores {
		st := &inv.Stores[s]
		server := &inv.Servers[rng.IntN(len(inv.Servers))]
		if rng.IntN(4) == 0 && st.On(server.Name) == nil {
			st.Instances = append(st.Instances, inventory.Instance{Server: server.Name, Role: inventory.Replica})
		}
	}
	for u := range inv.Users {
		inv.Users[u].Pinned = inv.Users[u].Pinned || rng.IntN(40) == 0
	}
	for r := range inv.Resources {
		if rng.IntN(3) == 0 && inv.Resources[r].Failover() {
			inv.Resources[r].FailureCeiling.Default = 1
			inv.Resources[r].FailureCeiling.ByLevel = map[inventory.Level]float64{"rack": 1.1, "server": 0.8 + 0.2*rng.Float64()}
		}
	}
}

// randomOptions returns options that ask for something the fleet has.
func randomOptions(seed uint64, inv *inventory.Inventory) users.Options {
	rng := rand.New(rand.NewPCG(seed, 3))
	opts := users.Options{Seed: seed, Light: rng.IntN(5) == 0}
	if rng.IntN(3) == 0 {
		opts.Peak = 0.5 + 0.4*rng.Float64()
	}
	if len(inv.Stores) > 1 && rng.IntN(3) == 0 {
		opts.Drain = append(opts.Drain, planner.StoreSubject(inv.Stores[rng.IntN(len(inv.Stores))].Name))
	}
	if rng.IntN(3) == 0 {
		opts.Keep = append(opts.Keep, planner.StoreSubject(inv.Stores[rng.IntN(len(inv.Stores))].Name))
	}
	if len(inv.Users) > 0 && rng.IntN(3) == 0 {
		name := inv.Users[rng.IntN(len(inv.Users))].Name
		opts.Keep = append(opts.Keep, planner.UserSubject(name), planner.GroupSubject(name))
	}
	if rng.IntN(6) == 0 {
		opts.Keep = append(opts.Keep, planner.ServerSubject(inv.Servers[rng.IntN(len(inv.Servers))].Name))
	}
	disk := 0.0
	for u := range inv.Users {
		disk += inv.Users[u].Load[0]
	}
	if rng.IntN(4) == 0 {
		n := int64(disk * 0.1 * rng.Float64())
		opts.MaxBytes = &n
	}
	if rng.IntN(4) == 0 {
		n := rng.IntN(1 + len(inv.Users)/10)
		opts.MaxUsers = &n
	}
	if rng.IntN(4) == 0 {
		opts.Place = rng.IntN(50)
	}
	return opts
}

func assign(t *testing.T, inv *inventory.Inventory, opts users.Options) *planner.Assignment {
	t.Helper()
	plan, err := users.Assign(context.Background(), inv, sharing.Groups(inv), opts)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// draining returns the inventory with the stores in that state that the options drain.
func draining(inv *inventory.Inventory, opts users.Options) *inventory.Inventory {
	c := inv.Clone()
	for _, subject := range opts.Drain {
		_, name := subject.Split()
		c.Stores[c.Store(inventory.StoreID(name))].State = inventory.Drain
	}
	return c
}

func TestNoRuleIsMadeWorse(t *testing.T) {
	fleets(t, func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		groups := sharing.Groups(inv)
		plan := assign(t, inv, opts)
		from := draining(inv, opts)
		before, _, _ := rules.Check(context.Background(), from, groups, rules.Options{From: from})
		after, _, _ := rules.Check(context.Background(), plan.Target(from), groups, rules.Options{From: from})
		for _, v := range rules.Worse(before, after) {
			t.Errorf("made worse: %v", v)
		}
		broken, _ := rules.Split(planner.KindUsers, after)
		if opts.Light {
			broken = slices.DeleteFunc(broken, func(v planner.Violation) bool { return v.Rule == planner.GroupWhole })
		}
		if len(plan.Violations) < len(broken) || !reflect.DeepEqual(plan.Violations[:len(broken)], broken) {
			t.Errorf("the plan says %v, the rules %v", plan.Violations, broken)
		}
		for _, v := range plan.Violations[len(broken):] {
			if v.Rule == planner.Transient && v.Value.Value > v.Limit.Value {
				continue
			}
			if v.Rule != planner.StoreCapacity || opts.Peak == 0 || v.Value.Value <= v.Limit.Value || v.Limit.Value > opts.Peak {
				t.Errorf("%v is not broken", v)
			}
		}
	})
}

// aboveWish returns by how much each store is above the peak that the options
// wish, or above its ceilings where they are lower.
func aboveWish(inv *inventory.Inventory, peak float64) []float64 {
	scale := inventory.NewScale(inv)
	above := make([]float64, len(inv.Stores))
	for s, loads := range inv.StoreLoads(&scale) {
		for r, res := range inv.Resources {
			if c := inv.Stores[s].Capacity[r]; c > 0 {
				above[s] = max(above[s], float64(loads[r])/scale.Quanta(r, c)-min(peak, res.Ceiling))
			}
		}
	}
	return above
}

func TestNoStoreIsPushedAboveTheWishedPeak(t *testing.T) {
	missed := 0
	test := func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		opts.MaxBytes, opts.MaxUsers = nil, nil
		opts.Peak = 0.3 + 0.1*float64(opts.Seed%6)
		plan := assign(t, inv, opts)
		before, after := aboveWish(inv, opts.Peak), aboveWish(plan.Target(inv), opts.Peak)
		for s := range after {
			if after[s] > before[s] {
				t.Errorf("peak %v: store %s is above it by %v, today by %v", opts.Peak, inv.Stores[s].Name, after[s], before[s])
			}
		}
		if plan.Promises.PeakUtilisation.Value > opts.Peak && len(plan.Changes) > 0 {
			missed++
		}
	}
	for seed := range uint64(2000) {
		inv := fixtures.Tiny(seed)
		test(t, inv, randomOptions(seed, inv))
	}
	fleets(t, test)
	t.Logf("%d plans that move users miss the peak", missed)
	if missed < 200 {
		t.Error("the fleets show too little")
	}
}

func TestInterruptedPlansMakeNothingWorse(t *testing.T) {
	moving := 0
	fleets(t, func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		groups, from := sharing.Groups(inv), draining(inv, opts)
		before, _, _ := rules.Check(context.Background(), from, groups, rules.Options{From: from})
		for asked := range 8 {
			left := asked * asked * asked
			plan, err := users.Assign(countdown{context.Background(), &left}, inv, groups, opts)
			if err != nil {
				t.Fatal(err)
			}
			if plan.Stopped == planner.Cancelled && len(plan.Changes) > 0 {
				moving++
			}
			after, _, _ := rules.Check(context.Background(), plan.Target(from), groups, rules.Options{From: from})
			for _, v := range rules.Worse(before, after) {
				t.Errorf("asked %d times: made worse: %v", asked*asked*asked, v)
			}
			if opts.Peak == 0 || opts.MaxBytes != nil || opts.MaxUsers != nil {
				continue
			}
			today, then := aboveWish(inv, opts.Peak), aboveWish(plan.Target(inv), opts.Peak)
			for s := range then {
				if then[s] > today[s] {
					t.Errorf("asked %d times: store %s is pushed above the peak", asked*asked*asked, inv.Stores[s].Name)
				}
			}
		}
	})
	if moving < 100 {
		t.Errorf("only %d interrupted plans move users", moving)
	}
}

func TestPlansKeepWhatTheyMust(t *testing.T) {
	fleets(t, func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		plan := assign(t, inv, opts)
		from := draining(inv, opts)
		keeps := map[inventory.StoreID]bool{}
		for _, subject := range opts.Keep {
			switch kind, name := subject.Split(); kind {
			case "store":
				keeps[inventory.StoreID(name)] = true
			case "server":
				for s := range inv.Stores {
					if m := inv.Stores[s].Master(); m != nil && m.Server == inventory.ServerID(name) {
						keeps[inv.Stores[s].Name] = true
					}
				}
			}
		}
		groups := sharing.Groups(inv)
		to := map[inventory.GroupID]inventory.StoreID{}
		sum := int64(0)
		for i, c := range plan.Changes {
			user := &inv.Users[inv.User(c.User)]
			store := &from.Stores[from.Store(c.To)]
			switch {
			case user.Store != c.From || c.From == c.To || c.Do != planner.Move || c.ID != fmt.Sprintf("c%d", i+1):
				t.Errorf("%+v: the user is on %s", c, user.Store)
			case user.Pinned || keeps[c.From]:
				t.Errorf("%+v: the user must stay", c)
			case store.State != inventory.Active || store.Master() == nil || inv.Servers[inv.Server(store.Master().Server)].State == inventory.Down:
				t.Errorf("%+v: the store must not receive", c)
			case offline(inv, c.From):
				t.Errorf("%+v: the user cannot be copied from there", c)
			case c.Group != inv.GroupID(groups, int(groups.Of[inv.User(c.User)])):
				t.Errorf("%+v: wrong group", c)
			case to[c.Group] != "" && to[c.Group] != c.To:
				t.Errorf("%+v: others of the group go to %s", c, to[c.Group])
			case i > 0 && (plan.Changes[i-1].Group > c.Group || plan.Changes[i-1].Group == c.Group && plan.Changes[i-1].User >= c.User):
				t.Errorf("%+v: not sorted", c)
			}
			to[c.Group] = c.To
			sum += c.Bytes
		}
		target := plan.Target(inv)
		for _, c := range plan.Changes {
			for _, u := range groups.Members(int(groups.Of[inv.User(c.User)])) {
				if target.Users[u].Store != c.To {
					t.Fatalf("group %s is torn: %s is on %s", c.Group, target.Users[u].Name, target.Users[u].Store)
				}
			}
		}
		if sum != plan.BytesCopied || opts.MaxBytes != nil && sum > *opts.MaxBytes {
			t.Errorf("%d bytes, the plan says %d", sum, plan.BytesCopied)
		}
		if opts.MaxUsers != nil && len(plan.Changes) > *opts.MaxUsers {
			t.Errorf("%d users move, more than %d", len(plan.Changes), *opts.MaxUsers)
		}
		checkStores(t, target, plan)
		checkNewUsers(t, from, plan, opts)
	})
}

// checkStores holds the stores of the plan against its target.
func checkStores(t *testing.T, target *inventory.Inventory, plan *planner.Assignment) {
	t.Helper()
	scale := inventory.NewScale(target)
	loads, people := target.StoreLoads(&scale), target.StoreUsers()
	peak := 0.0
	for s, got := range plan.Stores {
		if got.Store != target.Stores[s].Name || got.Users != people[s] {
			t.Errorf("store %s with %d users, want %s with %d", got.Store, got.Users, target.Stores[s].Name, people[s])
		}
		for r, res := range target.Resources {
			if want := scale.Value(r, loads[s][r]); got.Load[res.Name] != want {
				t.Errorf("%s of %s is %v, want %v", res.Name, got.Store, got.Load[res.Name], want)
			}
		}
		peak = max(peak, got.Utilisation.Value)
	}
	if peak != plan.Promises.PeakUtilisation.Value {
		t.Errorf("promised peak %v, it is %v", plan.Promises.PeakUtilisation, peak)
	}
}

// checkNewUsers holds what is said of new users against what was asked for.
func checkNewUsers(t *testing.T, inv *inventory.Inventory, plan *planner.Assignment, opts users.Options) {
	t.Helper()
	n := 0
	for _, p := range plan.NewUsers {
		n += p.Users
		if st := &inv.Stores[inv.Store(p.Store)]; st.State != inventory.Active || st.Master() == nil || p.Users == 0 {
			t.Errorf("new users on %v", p)
		}
		if p.Utilisation.Value > 1 {
			t.Errorf("too many new users: %v", p)
		}
	}
	if n > opts.Place {
		t.Errorf("%d new users, not %d", n, opts.Place)
	}
}

func TestServersCarryWhatIsPromised(t *testing.T) {
	fleets(t, func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		plan := assign(t, inv, opts)
		for _, c := range []struct {
			name     string
			promised planner.AssignmentPromises
			of       *inventory.Inventory
		}{{"before", plan.Before, inv}, {"after", plan.Promises, plan.Target(inv)}} {
			fleet := load.New(c.of)
			want := simulate.New(fleet, fleet.Current()).Promises()
			got := planner.Promises{
				WorstSingle: c.promised.WorstSingle, WorstDomain: c.promised.WorstDomain, Normal: c.promised.Normal, Fullest: c.promised.Fullest,
				WorstPair: want.WorstPair, StoresOfflineWorstPair: want.StoresOfflineWorstPair, PartnersMedian: want.PartnersMedian, PartnersMax: want.PartnersMax,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: promised %+v, simulated %+v", c.name, got, want)
			}
		}
	})
}

func TestNoPlanBeatsItsBounds(t *testing.T) {
	compared := 0
	fleets(t, func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		plan := assign(t, inv, opts)
		if b := plan.Bounds.BytesCopied; b.Known {
			compared++
			if float64(plan.BytesCopied) < b.Value {
				t.Errorf("%d bytes, bound %.0f", plan.BytesCopied, b.Value)
			}
		}
		if b := plan.Bounds.PeakUtilisation; b.Known != plan.Promises.PeakUtilisation.Known || plan.Promises.PeakUtilisation.Value < b.Value {
			t.Errorf("peak %v, bound %v", plan.Promises.PeakUtilisation, b)
		}
	})
	if compared < 100 {
		t.Errorf("only %d plans have a bound on bytes", compared)
	}
}

func encode(t *testing.T, plan *planner.Assignment) []byte {
	t.Helper()
	text, err := planner.Encode(plan)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSameInputSamePlan(t *testing.T) {
	fleets(t, func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		untouched := inv.Clone()
		first := encode(t, assign(t, inv, opts))
		if !reflect.DeepEqual(inv.Users, untouched.Users) || !reflect.DeepEqual(inv.Stores, untouched.Stores) {
			t.Fatal("the inventory was changed")
		}
		if second := encode(t, assign(t, inv, opts)); !bytes.Equal(first, second) {
			t.Errorf("two plans of one inventory differ:\n%s\n%s", first, second)
		}
	})
}

func TestRenamingInOrderPermutesThePlan(t *testing.T) {
	fleets(t, func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		renamed, names := fixtures.Rename(inv, fixtures.KeepOrder, 7)
		want, got := assign(t, inv, opts), assign(t, renamed, renameOptions(opts, names))
		for i := range want.Changes {
			c := &want.Changes[i]
			c.User, c.Group, c.From, c.To = names.Users[c.User], names.Users[c.Group], names.Stores[c.From], names.Stores[c.To]
		}
		for i := range want.Stores {
			want.Stores[i].Store = names.Stores[want.Stores[i].Store]
		}
		for i := range want.NewUsers {
			want.NewUsers[i].Store = names.Stores[want.NewUsers[i].Store]
		}
		renamePromises(&want.Promises, names)
		renamePromises(&want.Before, names)
		if len(want.Violations) != len(got.Violations) || len(want.Warnings) != len(got.Warnings) {
			t.Errorf("%d violations and %d warnings, not %d and %d", len(got.Violations), len(got.Warnings), len(want.Violations), len(want.Warnings))
		}
		for _, plan := range []*planner.Assignment{want, got} {
			plan.Violations, plan.Warnings, plan.Options = nil, nil, planner.AssignmentOptions{}
		}
		if a, b := encode(t, want), encode(t, got); !bytes.Equal(a, b) {
			t.Errorf("the plan is not that of the other names:\n%s\n%s", a, b)
		}
	})
}

func renamePromises(p *planner.AssignmentPromises, names fixtures.Names) {
	server := func(name *planner.Text) { *name = planner.Text(names.Servers[inventory.ServerID(*name)]) }
	subjects := func(list []string) []string {
		list = slices.Clone(list) // the first hour may have the same one
		for i, failed := range list {
			level, name := planner.Subject(failed).Split()
			other := string(names.Servers[inventory.ServerID(name)])
			if level != string(inventory.LevelServer) {
				other = string(names.Domains[inventory.Level(level)][inventory.DomainID(name)])
			}
			list[i] = level + ":" + other
		}
		return list
	}
	worst := func(w planner.Worst) planner.Worst {
		server(&w.Server)
		server(&w.FirstHourServer)
		w.Failed, w.FirstHourFailed = subjects(w.Failed), subjects(w.FirstHourFailed)
		return w
	}
	p.Store = planner.Text(names.Stores[inventory.StoreID(p.Store)])
	p.WorstSingle = worst(p.WorstSingle)
	for level, w := range p.WorstDomain {
		p.WorstDomain[level] = worst(w)
	}
	server(&p.Normal.Server)
	server(&p.Fullest.Server)
}

func renameOptions(opts users.Options, names fixtures.Names) users.Options {
	rename := func(list []planner.Subject) []planner.Subject {
		var out []planner.Subject
		for _, subject := range list {
			switch kind, name := subject.Split(); kind {
			case "store":
				out = append(out, planner.StoreSubject(names.Stores[inventory.StoreID(name)]))
			case "user":
				out = append(out, planner.UserSubject(names.Users[inventory.UserID(name)]))
			case "server":
				out = append(out, planner.ServerSubject(names.Servers[inventory.ServerID(name)]))
			case "group":
				out = append(out, planner.GroupSubject(names.Users[inventory.UserID(name)]))
			}
		}
		return out
	}
	opts.Drain, opts.Keep = rename(opts.Drain), rename(opts.Keep)
	return opts
}

func TestAnyRenamingLeavesWhatIsBroken(t *testing.T) {
	fleets(t, func(t *testing.T, inv *inventory.Inventory, _ users.Options) {
		renamed, _ := fixtures.Rename(inv, fixtures.AnyOrder, 7)
		count := func(inv *inventory.Inventory) map[string]int {
			n := map[string]int{}
			broken, _, _ := rules.Check(context.Background(), inv, sharing.Groups(inv), rules.Options{From: inv})
			for _, v := range broken {
				n[fmt.Sprintf("%s by %v", v.Rule, v.Excess())]++
			}
			return n
		}
		if before, after := count(inv), count(renamed); !reflect.DeepEqual(before, after) {
			t.Errorf("%v, renamed %v", before, after)
		}
	})
}

func TestAnyRenamingLeavesTheBounds(t *testing.T) {
	fleets(t, func(t *testing.T, inv *inventory.Inventory, opts users.Options) {
		renamed, _ := fixtures.Rename(inv, fixtures.AnyOrder, 7)
		a := bounds.NewAssignments(load.New(inv), sharing.Groups(inv), bounds.AssignmentsOptions{})
		b := bounds.NewAssignments(load.New(renamed), sharing.Groups(renamed), bounds.AssignmentsOptions{})
		for _, q := range []bounds.UsersOptions{
			{}, {Peak: 0.6}, {Failing: true}, {MaxBytes: opts.MaxBytes}, {MaxUsers: opts.MaxUsers}, {Torn: true}, {Undone: true, Above: true, MaxBytes: opts.MaxBytes},
		} {
			if before, after := bounds.UsersPeak(a, q), bounds.UsersPeak(b, q); before != after {
				t.Errorf("%+v: bound on the peak %v, renamed %v", q, before, after)
			}
			if before, after := bounds.UsersBytes(a, q), bounds.UsersBytes(b, q); before != after {
				t.Errorf("%+v: bound on bytes %v, renamed %v", q, before, after)
			}
		}
	})
}

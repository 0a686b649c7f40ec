package users_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
	"github.com/interlacemail/interlace/planner/users"
)

// outcome is one assignment of all that there are.
type outcome struct {
	bytes  int64
	users  int
	peak   float64
	grown  float64               // the largest utilisation of a store in a resource in which it carries more than today
	broken map[planner.Rule]bool // of the rules that a users plan repairs
	// way is whether there is an order in which every group that moves has room
	// on the disks, those before it having been removed from their sources.
	way func() bool
}

// within reports whether a bound with the options is about the outcome, budgets
// apart.
func (o outcome) within(opts bounds.UsersOptions) bool {
	above := o.broken[planner.StoreCapacity] || o.broken[planner.Ceiling]
	return (opts.Above || !above) && (opts.Above || opts.Failing || !o.broken[planner.FailureCeiling]) && (opts.Undone || !o.broken[planner.DrainEmpty]) &&
		(opts.Undone || opts.Torn || !o.broken[planner.GroupWhole]) && (opts.Peak == 0 || o.peak <= opts.Peak)
}

// mostAssignments is how many assignments of a fleet are tried at most.
const mostAssignments = 400

// enumerate returns every assignment of the fleet in which users who must stay
// do and the parts of share groups that lie on one store stay together, or nil
// if there are too many. Each goes to a store that may receive, or stays.
func enumerate(inv *inventory.Inventory, groups *inventory.ShareGroups) []outcome {
	type part struct {
		users  []int32
		choice []inventory.StoreID
	}
	var parts []part
	count := 1
	for g := range groups.Len() {
		byStore := map[inventory.StoreID][]int32{}
		var order []inventory.StoreID
		heldApart := cannotMeet(inv, groups.Members(g))
		for _, u := range groups.Members(g) {
			store := inv.Users[u].Store
			if byStore[store] == nil {
				order = append(order, store)
			}
			byStore[store] = append(byStore[store], u)
		}
		for _, store := range order {
			p := part{byStore[store], []inventory.StoreID{store}}
			if len(stayingOn(inv, p.users)) == 0 && !heldApart {
				p.choice = append(p.choice, others(inv, store)...)
			}
			if count *= len(p.choice); count > mostAssignments {
				return nil
			}
			parts = append(parts, p)
		}
	}
	target := inv.Clone()
	var all []outcome
	var descend func(at int)
	descend = func(at int) {
		if at == len(parts) {
			all = append(all, judge(inv, target, groups))
			return
		}
		for _, store := range parts[at].choice {
			for _, u := range parts[at].users {
				target.Users[u].Store = store
			}
			descend(at + 1)
		}
	}
	descend(0)
	return all
}

// cannotMeet reports whether members on several stores cannot come together,
// since some must stay on several of them or on one that does not receive.
func cannotMeet(inv *inventory.Inventory, members []int32) bool {
	torn := false
	for _, u := range members {
		torn = torn || inv.Users[u].Store != inv.Users[members[0]].Store
	}
	staying := stayingOn(inv, members)
	for store := range staying {
		if !slices.Contains(others(inv, ""), store) {
			return torn
		}
	}
	return torn && len(staying) > 1
}

// stayingOn returns the stores on which members must stay: they are pinned, or
// no instance of the store is up.
func stayingOn(inv *inventory.Inventory, members []int32) map[inventory.StoreID]bool {
	stores := map[inventory.StoreID]bool{}
	for _, u := range members {
		if inv.Users[u].Pinned || offline(inv, inv.Users[u].Store) {
			stores[inv.Users[u].Store] = true
		}
	}
	return stores
}

// offline reports whether no instance of the store is on a server that is up.
func offline(inv *inventory.Inventory, store inventory.StoreID) bool {
	return !slices.ContainsFunc(inv.Stores[inv.Store(store)].Instances, func(in inventory.Instance) bool {
		return inv.Servers[inv.Server(in.Server)].State != inventory.Down
	})
}

// others returns the stores that may receive users of the given one.
func others(inv *inventory.Inventory, but inventory.StoreID) []inventory.StoreID {
	var stores []inventory.StoreID
	for i := range inv.Stores {
		st := &inv.Stores[i]
		if st.Name == but || st.State != inventory.Active || st.Master() == nil {
			continue
		}
		if from := inv.Store(but); from >= 0 {
			if differ, _ := inv.Stores[from].Master().Settings.Differences(st.Master().Settings); differ > 0 {
				continue
			}
		}
		if inv.Servers[inv.Server(st.Master().Server)].State != inventory.Down {
			stores = append(stores, st.Name)
		}
	}
	return stores
}

func judge(inv, target *inventory.Inventory, groups *inventory.ShareGroups) outcome {
	o := outcome{broken: map[planner.Rule]bool{}}
	for u := range inv.Users {
		if inv.Users[u].Store != target.Users[u].Store {
			o.users++
			if disk := inv.Disk(); disk >= 0 {
				o.bytes += int64(inv.Users[u].Load[disk])
			}
		}
	}
	broken, _, _ := rules.Check(context.Background(), target, groups, rules.Options{From: inv})
	broken, _ = rules.Split(planner.KindUsers, broken)
	for _, v := range broken {
		o.broken[v.Rule] = true
	}
	scale := inventory.NewScale(target)
	loads, today := target.StoreLoads(&scale), inv.StoreLoads(&scale)
	for s := range target.Stores {
		for r := range target.Resources {
			if c := target.Stores[s].Capacity[r]; c > 0 {
				u := float64(loads[s][r]) / scale.Quanta(r, c)
				o.peak = math.Max(o.peak, u)
				if loads[s][r] > today[s][r] {
					o.grown = math.Max(o.grown, u)
				}
			}
		}
	}
	homes := make([]inventory.StoreID, len(inv.Users))
	for u := range homes {
		homes[u] = target.Users[u].Store
	}
	o.way = sync.OnceValue(func() bool { return hasWay(inv, groups, homes) })
	return o
}

// hasWay tries all orders of the groups that move to where the users' homes are.
func hasWay(inv *inventory.Inventory, groups *inventory.ShareGroups, homes []inventory.StoreID) bool {
	var moving [][]int
	for g := range groups.Len() {
		var users []int
		for _, u := range groups.Members(g) {
			if homes[u] != inv.Users[u].Store {
				users = append(users, int(u))
			}
		}
		if users != nil {
			moving = append(moving, users)
		}
	}
	most := disks(inv, inv, nil, homes)
	dead := map[int]bool{} // sets of groups after which no order goes on
	var goOn func(done int) bool
	goOn = func(done int) bool {
		if done == 1<<len(moving)-1 {
			return true
		}
		if dead[done] {
			return false
		}
		state := inv.Clone()
		for g, users := range moving {
			for _, u := range users {
				if done&(1<<g) != 0 {
					state.Users[u].Store = homes[u]
				}
			}
		}
		for g, users := range moving {
			if done&(1<<g) == 0 && within(inv, disks(inv, state, users, homes), most) && goOn(done|1<<g) {
				return true
			}
		}
		dead[done] = true
		return false
	}
	return goOn(0)
}

// disks returns what disk is in use on stores and servers while the users are
// both at home and where the state has them.
func disks(inv, state *inventory.Inventory, both []int, homes []inventory.StoreID) map[planner.Subject]float64 {
	used := map[planner.Subject]float64{}
	disk := inv.Disk()
	if disk < 0 {
		return used
	}
	scale := inventory.NewScale(inv)
	loads := state.StoreLoads(&scale)
	for _, u := range both {
		amounts := scale.Amounts(&inv.Users[u].Load)
		loads[inv.Store(homes[u])][disk] += amounts[disk]
	}
	for s := range inv.Stores {
		st := &inv.Stores[s]
		used[planner.StoreSubject(st.Name)] = float64(loads[s][disk])
		serving := false
		for _, in := range st.Instances {
			if inv.Servers[inv.Server(in.Server)].State == inventory.Down {
				continue
			}
			amount := loads[s][disk]
			if serving {
				amount = inventory.Times(amount, inv.Resources[disk].Replica)
			}
			serving = true
			used[planner.ServerSubject(in.Server)] += float64(amount)
		}
	}
	return used
}

// within reports whether nothing that grew is above its ceiling and above what
// it was.
func within(inv *inventory.Inventory, used, before map[planner.Subject]float64) bool {
	disk := inv.Disk()
	scale := inventory.NewScale(inv)
	for subject, amount := range used {
		kind, name := subject.Split()
		capacity := 0.0
		if kind == "store" {
			capacity = inv.Stores[inv.Store(inventory.StoreID(name))].Capacity[disk]
		} else {
			capacity = inv.Servers[inv.Server(inventory.ServerID(name))].Capacity[disk]
		}
		if capacity > 0 && amount/scale.Quanta(disk, capacity) > inv.Resources[disk].Ceiling && amount > before[subject] {
			return false
		}
	}
	return true
}

// tinyFleets calls f with the tiny fleets that can be enumerated.
func tinyFleets(t *testing.T, n uint64, f func(seed uint64, inv *inventory.Inventory, groups *inventory.ShareGroups, all []outcome)) {
	count := 0
	for seed := range n {
		inv := fixtures.Tiny(seed)
		groups := sharing.Groups(inv)
		if len(inv.Users) == 0 {
			continue
		}
		if all := enumerate(inv, groups); all != nil {
			count++
			f(seed, inv, groups, all)
		}
	}
	t.Logf("%d fleets", count)
}

func TestNoAssignmentBeatsTheBounds(t *testing.T) {
	var tight, strict, known int
	tinyFleets(t, 8000, func(seed uint64, inv *inventory.Inventory, groups *inventory.ShareGroups, all []outcome) {
		a := bounds.NewAssignments(load.New(inv), groups, bounds.AssignmentsOptions{})
		some := all[int(seed)%len(all)]
		for _, opts := range []bounds.UsersOptions{
			{},
			{Peak: 0.6},
			{Failing: true},
			{MaxBytes: &some.bytes},
			{MaxUsers: &some.users},
			{Torn: true},
			{Undone: true, Above: true},
			{Undone: true, Above: true, MaxBytes: &some.bytes},
			{Undone: true, Above: true, MaxUsers: &some.users},
			{Above: true},
			{Above: true, MaxBytes: &some.bytes},
			{Above: true, MaxUsers: &some.users},
			{Undone: true, MaxBytes: &some.bytes},
		} {
			peak, bytes := bounds.UsersPeak(a, opts), bounds.UsersBytes(a, opts)
			least, lowest := int64(math.MaxInt64), math.Inf(1)
			for _, o := range all {
				if !o.within(opts) || opts.MaxBytes != nil && o.bytes > *opts.MaxBytes || opts.MaxUsers != nil && o.users > *opts.MaxUsers {
					continue
				}
				least, lowest = min(least, o.bytes), min(lowest, o.peak)
			}
			if peak.Value > lowest {
				t.Fatalf("seed %d, %+v: peak %v is below the bound %v", seed, opts, lowest, peak.Value)
			}
			if bytes.Known && int64(bytes.Value) > least {
				t.Fatalf("seed %d, %+v: %d bytes are below the bound %.0f", seed, opts, least, bytes.Value)
			}
			if opts == (bounds.UsersOptions{}) && least > 0 && least < math.MaxInt64 {
				strict++
				if int64(bytes.Value) == least {
					tight++
				}
			}
			if peak.Known {
				known++
			}
		}
	})
	t.Logf("of %d fleets in which something must move the bound on bytes is exact in %d", strict, tight)
	if strict < 50 || tight < strict/2 || known == 0 {
		t.Error("the fleets show too little")
	}
}

func TestTinyPlansAreOptimal(t *testing.T) {
	feasible, failing := 0, 0
	tinyFleets(t, 3000, func(seed uint64, inv *inventory.Inventory, groups *inventory.ShareGroups, all []outcome) {
		if judge(inv, inv, groups).broken[planner.FailureCeiling] {
			failing++
		}
		some := all[int(seed)%len(all)]
		for _, opts := range []users.Options{{}, {Peak: 0.5}, {MaxBytes: &some.bytes}, {MaxUsers: &some.users}} {
			least, lowest, way := int64(math.MaxInt64), math.Inf(1), false
			for _, o := range all {
				allowed := opts.MaxBytes == nil || o.bytes <= *opts.MaxBytes
				allowed = allowed && (opts.MaxUsers == nil || o.users <= *opts.MaxUsers)
				if allowed && o.within(bounds.UsersOptions{Peak: opts.Peak}) && !o.broken[planner.FailureCeiling] && (!way || (o.bytes < least || o.peak < lowest) && o.way()) {
					if !way && o.way() {
						least, lowest, way = int64(math.MaxInt64), math.Inf(1), true
					}
					least, lowest = min(least, o.bytes), min(lowest, o.peak)
				}
			}
			if least == math.MaxInt64 {
				continue
			}
			feasible++
			plan, err := users.Assign(context.Background(), inv, groups, opts)
			budget := opts.MaxBytes != nil || opts.MaxUsers != nil
			switch {
			case err != nil:
				t.Fatal(err)
			case slices.ContainsFunc(plan.Violations, func(v planner.Violation) bool { return way || !allowedWithoutWay(v, opts) }):
				t.Errorf("seed %d, %+v: %v though it can be kept", seed, opts, plan.Violations)
			case !way && len(plan.Violations) == 0:
				t.Errorf("seed %d, %+v: no violation though there is no room on the way", seed, opts)
			case !way: // what must move by the rules does, and nothing else
			case budget && plan.Promises.PeakUtilisation.Value != lowest && lowest > 0:
				t.Errorf("seed %d, %+v: peak %v where %v would do", seed, opts, plan.Promises.PeakUtilisation.Value, lowest)
			case !budget && plan.BytesCopied != least:
				t.Errorf("seed %d, %+v: %d bytes where %d would do", seed, opts, plan.BytesCopied, least)
			}
		}
	})
	t.Logf("%d plans, %d fleets above failure ceilings", feasible, failing)
	if feasible < 500 || failing < 50 {
		t.Error("too few fleets can be planned")
	}
}

// allowedWithoutWay reports whether the plan may say so where no assignment that
// keeps the rules and the wish can be carried out: a rule is kept nevertheless, a
// wish is not.
func allowedWithoutWay(v planner.Violation, opts users.Options) bool {
	return v.Rule == planner.Transient || opts.Peak > 0 && v.Rule == planner.StoreCapacity && v.Limit.Value <= opts.Peak
}

func TestPeaksOutOfReachAreApproachedAsFarAsNobodyIsPushedAboveThem(t *testing.T) {
	approached, lowerByPushing := 0, 0
	tinyFleets(t, 3000, func(seed uint64, inv *inventory.Inventory, groups *inventory.ShareGroups, all []outcome) {
		if len(judge(inv, inv, groups).broken) > 0 {
			return
		}
		for _, peak := range []float64{0.3, 0.5, 0.7} {
			lowest, least, pushing := math.Inf(1), int64(0), math.Inf(1)
			for _, o := range all {
				if len(o.broken) > 0 || o.peak > pushing && o.peak > lowest || !o.way() {
					continue
				}
				pushing = min(pushing, o.peak)
				if o.grown <= peak && (o.peak < lowest || o.peak == lowest && o.bytes < least) {
					lowest, least = o.peak, o.bytes
				}
			}
			if pushing <= peak {
				continue
			}
			approached++
			if pushing < lowest {
				lowerByPushing++
			}
			plan, err := users.Assign(context.Background(), inv, groups, users.Options{Peak: peak})
			if err != nil {
				t.Fatal(err)
			}
			if got := plan.Promises.PeakUtilisation.Value; got != lowest || plan.BytesCopied != least {
				t.Errorf("seed %d: peak %v with %d bytes, not %v with %d, where %v is out of reach", seed, got, plan.BytesCopied, lowest, least, peak)
			}
		}
	})
	t.Logf("%d peaks out of reach, of which %d would be approached further by pushing others above them", approached, lowerByPushing)
	if approached < 200 || lowerByPushing < 20 {
		t.Error("the fleets show too little")
	}
}

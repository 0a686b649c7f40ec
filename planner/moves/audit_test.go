package moves_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/moves"
	"github.com/interlacemail/interlace/planner/rules"
)

// audit replays a schedule in plain code, change by change, and says what is
// wrong with it. It shares nothing with the scheduler but the vocabulary and the
// rules.
type audit struct {
	inv    *inventory.Inventory
	groups *inventory.ShareGroups
	opts   moves.Options
	sched  planner.Schedule
	steps  []step // in the order of the plans
	ended  []step // in the order in which they end
	wrong  []string
	broken []broken
}

// broken is a rule that a state on the way breaks by more than it may.
type broken struct {
	when string
	planner.Violation
}

// step is a change as the plans give it, and when it is scheduled.
type step struct {
	plan, at int
	layout   *planner.LayoutChange
	user     *planner.UserChange
	ends     []inventory.ServerID // servers at which it takes a transfer
	stream   bool                 // it feeds the replicas of its store
	seconds  float64
	stores   []inventory.StoreID
	planner.ScheduledChange
}

func newAudit(inv *inventory.Inventory, groups *inventory.ShareGroups, plans []planner.Plan, opts moves.Options, sched planner.Schedule) *audit {
	a := &audit{inv: inv, groups: groups, opts: opts, sched: sched}
	state := inv.Clone()
	for i, p := range plans {
		switch p := p.(type) {
		case *planner.Layout:
			for j := range p.Changes {
				c := &p.Changes[j]
				s := step{plan: i, at: j, layout: c, stores: []inventory.StoreID{c.Store}}
				if c.Do == planner.Seed {
					s.ends = []inventory.ServerID{serving(state, c.Store), c.Server}
					s.seconds = float64(c.Bytes) / a.rate(s.ends...)
				}
				a.add(s, p.ID, c.ID)
				change(state, c)
			}
		case *planner.Assignment:
			for j := range p.Changes {
				c := &p.Changes[j]
				s := step{plan: i, at: j, user: c, stores: []inventory.StoreID{c.From, c.To}}
				s.ends = []inventory.ServerID{serving(state, c.From), serving(state, c.To)}
				rate := a.rate(s.ends...)
				if s.stream = opts.SyncRate > 0 && len(state.Stores[state.Store(c.To)].Instances) > 1; s.stream {
					rate = min(rate, opts.SyncRate)
				}
				s.seconds = float64(c.Bytes) / rate
				a.add(s, p.ID, c.ID)
				state.Users[state.User(c.User)].Store = c.To
			}
		}
	}
	a.ended = slices.Clone(a.steps)
	slices.SortStableFunc(a.ended, func(x, y step) int { return cmp.Compare(x.EndSeconds, y.EndSeconds) })
	return a
}

func (a *audit) errorf(format string, args ...any) {
	a.wrong = append(a.wrong, fmt.Sprintf(format, args...))
}

func (a *audit) add(s step, plan, id string) {
	n := 0
	for _, c := range a.sched.Changes {
		if c.Plan == plan && c.ID == id {
			s.ScheduledChange = c
			n++
		}
	}
	if n != 1 {
		a.errorf("change %s of plan %s is scheduled %d times", id, plan, n)
	}
	a.steps = append(a.steps, s)
}

func (a *audit) rate(servers ...inventory.ServerID) float64 {
	rate := math.Inf(1)
	for _, name := range servers {
		s := &a.inv.Servers[a.inv.Server(name)]
		rate = min(rate, float64(s.BytesPerSecond())/float64(s.TransferLimit()))
	}
	return rate
}

// serving returns the server of the first instance that is up.
func serving(inv *inventory.Inventory, store inventory.StoreID) inventory.ServerID {
	for _, in := range inv.Stores[inv.Store(store)].Instances {
		if inv.Servers[inv.Server(in.Server)].State != inventory.Down {
			return in.Server
		}
	}
	return ""
}

// change carries out one change of a layout.
func change(inv *inventory.Inventory, c *planner.LayoutChange) {
	st := &inv.Stores[inv.Store(c.Store)]
	at := -1
	for i, in := range st.Instances {
		if in.Server == c.Server {
			at = i
		}
	}
	st.Instances = slices.Clone(st.Instances)
	switch c.Do {
	case planner.Create, planner.Seed:
		st.Instances = append(st.Instances, inventory.Instance{Server: c.Server})
	case planner.Drop:
		st.Instances = slices.Delete(st.Instances, at, at+1)
	case planner.Promote:
		st.Instances[0], st.Instances[at] = st.Instances[at], st.Instances[0]
	}
	for i := range st.Instances {
		st.Instances[i].Role = inventory.Replica
	}
	if len(st.Instances) > 0 {
		st.Instances[0].Role = inventory.Master
	}
}

// run returns what is wrong with the schedule: with its times and its order, and
// where what it lists as broken on the way is not what a state on the way breaks.
func (a *audit) run() (wrong []string) {
	if len(a.sched.Changes) != len(a.steps) {
		a.errorf("%d changes scheduled of %d", len(a.sched.Changes), len(a.steps))
	}
	a.durations()
	a.transfers()
	a.precedence()
	a.listed()
	if a.opts.Continuous {
		a.flow()
	} else {
		a.waves()
	}
	a.reached()
	a.told()
	return a.wrong
}

// reached checks that the changes, as they end, lead where the plans lead, the
// replicas in the same order.
func (a *audit) reached() {
	all := func(step) bool { return true }
	end, target := a.state(a.ended, math.Inf(1), all, nil), a.state(a.steps, math.Inf(1), all, nil)
	for i := range target.Stores {
		st := &target.Stores[i]
		if !slices.EqualFunc(end.Stores[i].Instances, st.Instances, func(x, y inventory.Instance) bool { return x.Server == y.Server }) {
			a.errorf("store %s ends on %v, not on %v", st.Name, end.Stores[i].Instances, st.Instances)
		}
	}
}

// told compares what states on the way break with what the schedule lists.
func (a *audit) told() {
	for _, b := range a.broken {
		if !slices.ContainsFunc(a.sched.Violations, func(v planner.Violation) bool { return same(v, b.Violation) && v.Excess() >= b.Excess()-1e-9 }) {
			a.errorf("not listed, %s: %s", b.when, b.Violation)
		}
	}
	for _, v := range a.transient() {
		if !slices.ContainsFunc(a.broken, func(b broken) bool { return same(v, b.Violation) && b.Excess() >= v.Excess()-1e-9 }) {
			a.errorf("listed, and no state is like that: %s", v)
		}
	}
}

// transient returns the violations of states on the way that the schedule lists.
func (a *audit) transient() []planner.Violation {
	return slices.DeleteFunc(slices.Clone(a.sched.Violations), func(v planner.Violation) bool {
		return v.Rule != planner.Transient || !v.Value.Known
	})
}

// same reports whether the violation of a schedule is about the rule that a state
// breaks. One of rule transient is about what its fields say.
func same(v, state planner.Violation) bool {
	rule := v.Rule
	if rule == planner.Transient {
		switch {
		case v.Resource == "":
			rule = planner.Slots
		case v.Store != "":
			rule = planner.StoreCapacity
		case len(v.Failed) > 0:
			rule = planner.FailureCeiling
		default:
			rule = planner.Ceiling
		}
	}
	return rule == state.Rule && v.Subject == state.Subject && v.Resource == state.Resource
}

func (a *audit) durations() {
	end := 0.0
	for _, s := range a.steps {
		if math.Abs(s.EndSeconds-s.StartSeconds-s.seconds) > 1e-9*(1+s.EndSeconds) {
			a.errorf("change %s lasts %v s, not %v", s.ID, s.EndSeconds-s.StartSeconds, s.seconds)
		}
		end = max(end, s.EndSeconds)
	}
	if end != a.sched.MakespanSeconds {
		a.errorf("makespan is %v, not %v", end, a.sched.MakespanSeconds)
	}
	if a.sched.BoundSeconds > a.sched.MakespanSeconds {
		a.errorf("makespan %v beats the bound %v", a.sched.MakespanSeconds, a.sched.BoundSeconds)
	}
}

// transfers counts, whenever a change starts, what runs at each server.
func (a *audit) transfers() {
	for _, at := range a.steps {
		running := map[inventory.ServerID]int{}
		streams := map[inventory.StoreID]int{}
		for _, s := range a.steps {
			if s.StartSeconds > at.StartSeconds || s.EndSeconds <= at.StartSeconds || len(s.ends) == 0 {
				continue
			}
			running[s.ends[0]]++
			if s.ends[0] != s.ends[1] || a.limit(s.ends[0]) > 1 {
				running[s.ends[1]]++
			}
			if s.stream {
				streams[s.user.To]++
			}
		}
		for server, n := range running {
			if n > a.limit(server) {
				a.errorf("%d transfers at %s at %v s, limit %d", n, server, at.StartSeconds, a.limit(server))
			}
		}
		for store, n := range streams {
			if n > 1 {
				a.errorf("%d users move to %s at once at %v s", n, store, at.StartSeconds)
			}
		}
	}
}

func (a *audit) limit(server inventory.ServerID) int {
	return a.inv.Servers[a.inv.Server(server)].TransferLimit()
}

// needs reports whether the step must follow the earlier one.
func needs(s, earlier step) bool {
	if !slices.ContainsFunc(s.stores, func(st inventory.StoreID) bool { return slices.Contains(earlier.stores, st) }) {
		return false
	}
	if earlier.plan != s.plan {
		return earlier.plan < s.plan
	}
	return earlier.at < s.at && s.layout != nil && !(s.layout.Do == planner.Seed && earlier.layout.Do == planner.Seed)
}

func (a *audit) precedence() {
	for _, s := range a.steps {
		ready := 0.0
		if s.Wave != nil {
			ready = a.sched.Waves[*s.Wave-1].StartSeconds
		}
		for _, e := range a.steps {
			if needs(s, e) {
				ready = max(ready, e.EndSeconds)
				if e.Wave != nil && *e.Wave > *s.Wave {
					a.errorf("%s needs %s of a later wave", s.ID, e.ID)
				}
			}
		}
		if s.StartSeconds < ready {
			a.errorf("%s starts at %v s, before what it needs has ended at %v", s.ID, s.StartSeconds, ready)
		}
		if len(s.ends) == 0 && s.StartSeconds > ready && !a.opts.Continuous {
			a.errorf("%s copies nothing and starts at %v s, not at %v", s.ID, s.StartSeconds, ready)
		}
	}
}

// listed checks the order of the changes and the figures of the waves.
func (a *audit) listed() {
	last := planner.ScheduledChange{}
	for _, c := range a.sched.Changes {
		if c.StartSeconds < last.StartSeconds || c.Wave != nil && last.Wave != nil && *c.Wave < *last.Wave {
			a.errorf("changes are not sorted at %s", c.ID)
		}
		last = c
	}
	groupWave := map[string]int{}
	for _, s := range a.steps {
		if s.user == nil || s.Wave == nil {
			continue
		}
		id := fmt.Sprint(s.plan, " ", a.groups.Of[a.inv.User(s.user.User)])
		if w, ok := groupWave[id]; ok && w != *s.Wave {
			a.errorf("the group of %s moves in waves %d and %d", s.user.User, w, *s.Wave)
		}
		groupWave[id] = *s.Wave
	}
}

func (a *audit) keep() float64 {
	switch {
	case a.opts.KeepSource < 0:
		return 0
	case a.opts.KeepSource == 0:
		return moves.DefaultKeepSource.Seconds()
	}
	return a.opts.KeepSource.Seconds()
}

// state returns the inventory after those of the steps for which done is true,
// with what sources hold at the given time as load of their stores. gone tells
// when a step's user counts as gone; without it sources hold nothing.
func (a *audit) state(steps []step, at float64, done func(step) bool, gone func(step) float64) *inventory.Inventory {
	state := a.inv.Clone()
	disk := a.inv.Disk()
	for _, s := range steps {
		switch {
		case !done(s):
		case s.layout != nil:
			change(state, s.layout)
		default:
			u := &state.Users[state.User(s.user.User)]
			u.Store = s.user.To
			if gone != nil && disk >= 0 && a.keep() > 0 && gone(s)+a.keep() > at {
				state.Stores[state.Store(s.user.From)].Base[disk] += u.Load[disk]
			}
		}
	}
	return state
}

// allowed returns the violations of today and of the targets: no state may break
// a rule by more than any of them.
func (a *audit) allowed() []planner.Violation {
	allowed := a.violations(a.inv)
	for plan := range a.sched.Of {
		target := a.state(a.steps, math.Inf(1), func(s step) bool { return s.plan <= plan }, nil)
		for _, v := range a.violations(target) {
			if plan == len(a.sched.Of)-1 || v.Rule == planner.DrainEmpty || v.Rule == planner.Allowed || v.Rule == planner.Spread || v.Rule == planner.DownEmpty {
				allowed = append(allowed, v)
			}
		}
	}
	return allowed
}

// violations returns what the state breaks, but for settings, which no schedule
// changes, and pins, which are the plan's own matter.
func (a *audit) violations(state *inventory.Inventory) []planner.Violation {
	all, _, _ := rules.Check(context.Background(), state, a.groups, rules.Options{From: a.inv})
	return slices.DeleteFunc(all, func(v planner.Violation) bool { return v.Rule == planner.Alike || v.Rule == planner.Pinned })
}

// noteWorse notes what is broken by more than allowed, each resource for itself.
func (a *audit) noteWorse(when string, allowed, now []planner.Violation, but ...planner.Rule) {
	for _, v := range now {
		most := 0.0
		for _, o := range allowed {
			if o.Rule == v.Rule && o.Subject == v.Subject && o.Resource == v.Resource {
				most = max(most, o.Excess())
			}
		}
		if v.Excess() > most+1e-9 && !slices.Contains(but, v.Rule) {
			a.broken = append(a.broken, broken{when, v})
		}
	}
}

// waves checks the state after each wave with the rules, and the room during it.
func (a *audit) waves() {
	allowed := a.allowed()
	from := 0.0
	for n, w := range a.sched.Waves {
		if w.Wave != n+1 || w.StartSeconds < from || w.EndSeconds < w.StartSeconds {
			a.errorf("wave %d from %v to %v s overlaps its neighbours", w.Wave, w.StartSeconds, w.EndSeconds)
		}
		from = w.EndSeconds
		count := 0
		for _, s := range a.steps {
			if s.Wave == nil || *s.Wave != w.Wave {
				continue
			}
			count++
			if s.StartSeconds < w.StartSeconds || s.EndSeconds > w.EndSeconds {
				a.errorf("%s runs outside its wave", s.ID)
			}
		}
		if count != w.Changes || count == 0 {
			a.errorf("wave %d has %d changes, not %d", w.Wave, count, w.Changes)
		}
		endOf := func(s step) float64 { return a.sched.Waves[*s.Wave-1].EndSeconds }
		before := a.state(a.ended, w.StartSeconds, func(s step) bool { return *s.Wave < w.Wave }, endOf)
		after := a.state(a.ended, w.EndSeconds, func(s step) bool { return *s.Wave <= w.Wave }, endOf)
		a.room(fmt.Sprintf("during wave %d", w.Wave), allowed, before, func(s step) bool { return *s.Wave == w.Wave })
		a.noteWorse(fmt.Sprintf("after wave %d", w.Wave), allowed, a.violations(after))
	}
}

// flow checks a continuous schedule at the end of each change, and the room
// whenever one starts.
func (a *audit) flow() {
	allowed := a.allowed()
	endOf := func(s step) float64 { return s.EndSeconds }
	for _, at := range a.steps {
		t := at.StartSeconds
		before := a.state(a.ended, t, func(s step) bool { return s.EndSeconds <= t }, endOf)
		a.room(fmt.Sprintf("at %v s", t), allowed, before, func(s step) bool { return s.StartSeconds <= t && s.EndSeconds > t })
		t = at.EndSeconds
		after := a.state(a.ended, t, func(s step) bool { return s.EndSeconds <= t }, endOf)
		a.noteWorse(fmt.Sprintf("at %v s", t), allowed, a.violations(after), planner.GroupWhole, planner.Spread, planner.Allowed)
	}
}

func lines(all []string) string { return "\n\t" + strings.Join(all[:min(len(all), 8)], "\n\t") }

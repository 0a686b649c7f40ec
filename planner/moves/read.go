package moves

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// reader follows the plans, change by change, through the states that they lead to.
type reader struct {
	*problem
	groups  *inventory.ShareGroups
	stores  map[inventory.StoreID]int32
	sites   load.Layout     // so far
	homes   map[int]int32   // stores of the users who have moved so far
	streams map[int32]int32 // places of the stores that receive users
	phases  []phase         // by store
}

// phase is the latest stage that touches a store, and its tasks there.
type phase struct {
	stage int32
	tasks []int32
	gate  int32 // what they need; below 0 for the first stage
}

// read turns the plans into tasks and bundles. Changes that do not apply to the
// state that they meet are refused and left out.
func read(f *load.Fleet, groups *inventory.ShareGroups, plans []planner.Plan, opts Options) *problem {
	r := newReader(f, groups, plans, opts)
	for i := range plans {
		r.read(int32(i))
	}
	r.target = r.sites
	return r.problem
}

func newReader(f *load.Fleet, groups *inventory.ShareGroups, plans []planner.Plan, opts Options) *reader {
	p := &problem{fleet: f, disk: f.Inventory.Disk(), plans: plans, opts: opts, start: f.Current()}
	r := &reader{
		problem: p, groups: groups, sites: p.start.Clone(),
		homes: map[int]int32{}, streams: map[int32]int32{}, phases: make([]phase, len(p.start)),
		stores: make(map[inventory.StoreID]int32, len(p.start)),
	}
	for i := range f.Inventory.Stores {
		r.stores[f.Inventory.Stores[i].Name] = int32(i)
	}
	for i := range f.Inventory.Servers {
		p.units = append(p.units, f.Inventory.Servers[i].TransferLimit())
	}
	for i := range r.phases {
		r.phases[i] = phase{stage: -1, gate: -1}
	}
	most := 0
	for _, plan := range plans {
		most += changesOf(plan)
	}
	r.tasks, r.bundles = make([]task, 0, most), make([]bundle, 0, most)
	return r
}

// read goes on with the plan.
func (r *reader) read(plan int32) {
	switch p := r.plans[plan].(type) {
	case *planner.Layout:
		r.layout(plan, p)
	case *planner.Assignment:
		r.assignment(plan, p)
	default:
		r.refuse(plan, noChange, "", "only layouts and users plans have changes to order")
	}
}

func changesOf(p planner.Plan) int {
	switch p := p.(type) {
	case *planner.Layout:
		return len(p.Changes)
	case *planner.Assignment:
		return len(p.Changes)
	}
	return 0
}

// store returns the index of the store, or -1.
func (r *reader) store(id inventory.StoreID) int32 {
	if i, ok := r.stores[id]; ok {
		return i
	}
	return -1
}

func (r *reader) refuse(plan, change int32, subject planner.Subject, format string, args ...any) {
	r.refused = append(r.refused, refusal{plan, change, subject, fmt.Sprintf(format, args...)})
}

// gates returns what a task of the bundle needs because earlier stages touch the
// stores: nothing, or their gates.
func (r *reader) gates(b *bundle, stores ...int32) []int32 {
	var needs []int32
	for _, s := range stores {
		ph := &r.phases[s]
		if ph.stage != b.stage {
			if ph.stage >= 0 {
				ph.gate = r.add(task{plan: b.plan, change: noChange, bundle: -1}, ph.tasks)
			}
			ph.stage, ph.tasks = b.stage, nil
		}
		if ph.gate >= 0 {
			needs = append(needs, ph.gate)
		}
	}
	return needs
}

// add appends a task and returns its number.
func (r *reader) add(t task, needs []int32) int32 {
	if t.isGate() {
		t.Places = nowhere
	}
	t.Needs = needs
	r.tasks = append(r.tasks, t)
	return int32(len(r.tasks) - 1)
}

// enter appends a task of a bundle that touches the stores.
func (r *reader) enter(t task, needs []int32, stores ...int32) int32 {
	b := &r.bundles[t.bundle]
	n := r.add(t, append(r.gates(b, stores...), needs...))
	r.changeCount++
	b.tasks = append(b.tasks, n)
	b.copies = b.copies || t.Places != nowhere
	for _, s := range stores {
		r.phases[s].tasks = append(r.phases[s].tasks, n)
	}
	return n
}

package moves

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// problem is the changes of all plans, ready to be ordered.
type problem struct {
	fleet *load.Fleet
	disk  int // the resource that counts at both ends, or -1
	plans []planner.Plan
	opts  Options

	start  load.Layout // as the inventory has it
	target load.Layout // after all plans

	units   []int // of each place: transfers of the servers, then one for each stream
	tasks   []task
	bundles []bundle
	stages  int32 // how many there are
	// changeCount is the number of tasks that are not gates.
	changeCount int

	refused []refusal
	thin    []planner.Violation // stores that lose a copy before they get another
}

// task is one change, or a gate: a point that all changes of earlier stages to a
// store come before, and those of later stages after.
type task struct {
	bounds.Step
	plan   int32 // position among the plans
	change int32 // position in the plan, or noChange for a gate
	bundle int32 // below 0 for a gate
	bytes  int64

	do     planner.Verb
	store  int32 // whose instances change, or that the user goes to
	from   int32 // store that the user leaves
	user   int32 // in the inventory
	server int32 // that the instance is on
}

// noChange stands where there is no change of a plan.
const noChange int32 = -1

func (t *task) isGate() bool { return t.change == noChange }

// bundle is what belongs into one wave: all that a layout does to one store, or a
// part of it, or all that an assignment does to one share group.
type bundle struct {
	plan    int32
	stage   int32 // what comes before it at the same stores has a lower one: earlier plans, and earlier parts of this one
	tasks   []int32
	effects []effect
	copies  bool // some task takes a transfer; else all of it is done in an instant
}

// effect is what a bundle does to one store: it changes its instances, or brings
// or takes users.
type effect struct {
	store         int32
	sign          int8              // 1: users arrive, -1: users leave, 0: instances change
	persons       int32             // who arrive or leave
	load          inventory.Amounts // of all who arrive or leave
	before, after []int32           // servers of the store
	via           [][]int32         // its layout after each task, the last being after; nil where no instance changes
	under         [][]int32         // those of them that it has for a while as long as the bundle is under way, and after
}

// refusal says why a change cannot be carried out, wherever it stands in the order.
type refusal struct {
	plan, change int32 // as of a task
	subject      planner.Subject
	reason       string
}

// rate returns the bytes per second of a copy between two servers.
func (p *problem) rate(a, b int32) float64 { return min(p.share(a), p.share(b)) }

// share returns what one of the server's transfers gets of its bandwidth.
func (p *problem) share(s int32) float64 {
	server := &p.fleet.Inventory.Servers[s]
	return float64(server.BytesPerSecond()) / float64(server.TransferLimit())
}

// ends returns the places of a copy between two servers: one transfer at each,
// two where both are the same, if it has two.
func (p *problem) ends(a, b int32) [3]int32 {
	if a == b && p.units[a] == 1 {
		return [3]int32{a, bounds.None, bounds.None}
	}
	return [3]int32{a, b, bounds.None}
}

// nowhere are the places of a change that takes no transfer.
var nowhere = [3]int32{bounds.None, bounds.None, bounds.None}

// allSteps returns all tasks as steps.
func (p *problem) allSteps() []bounds.Step {
	steps := make([]bounds.Step, len(p.tasks))
	for i := range p.tasks {
		steps[i] = p.tasks[i].Step
	}
	return steps
}

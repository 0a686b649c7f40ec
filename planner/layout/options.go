package layout

import (
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
)

// Options say what to plan.
type Options struct {
	Seed uint64
	// Gap is where the search stops: at a worst single-failure utilisation
	// within this part of the bound. 0 searches to the end of its steps. Where it is
	// out of reach, a layout is good enough within this part of the best one found.
	Gap float64
	// Drain lists servers and failure domains to empty, beside those that the
	// inventory drains: server:imap3, rack:a4.
	Drain []planner.Subject
	// Keep lists stores, and servers with all stores on them, that must stay as they are.
	Keep []planner.Subject
	// Budgets; nil means none.
	MaxBytes       *int64 // copied
	MaxChanges     *int   // steps of the plan
	MaxInterrupted *int   // users interrupted by promotions
	// Scatter is how many partners a server may have, servers with which it shares
	// a store; nil means any number.
	Scatter *int

	// Objectives are what to lower, the first above all, and each next one as far as
	// those before stay within the gap of their bounds, or as low as they came.
	// None stands for the worst failure of one server.
	Objectives []planner.Objective

	// Steps is how many changes the search may look at per store and rung of
	// the ladder; 0 means DefaultSteps.
	Steps int
	// Progress, if not nil, is told now and then how far the search is.
	Progress func(Progress)
}

// DefaultSteps is the default of Options.Steps.
const DefaultSteps = 250

// Progress says how far a search is.
type Progress struct {
	Rung        string  // what it is doing
	Done, Total int     // steps looked at, and the most there will be on this rung
	Worst       float64 // worst single-failure utilisation of the best layout so far
	Bound       float64 // what no layout can beat
}

// record returns the options as the plan remembers them.
func (o Options) record() planner.LayoutOptions {
	return planner.LayoutOptions{
		Seed: o.Seed, Gap: o.Gap, Drain: append([]planner.Subject{}, o.Drain...), Keep: append([]planner.Subject{}, o.Keep...),
		MaxBytes: o.MaxBytes, MaxChanges: o.MaxChanges, MaxInterrupted: o.MaxInterrupted, Scatter: o.Scatter,
		Objectives: append([]planner.Objective{}, o.Objectives...),
	}
}

// scatter returns how many partners a server may have, 0 for any number.
func (o Options) scatter() int {
	if o.Scatter == nil {
		return 0
	}
	return *o.Scatter
}

// question says over which layouts bounds are to hold.
func (o Options) question() bounds.LayoutOptions {
	return bounds.LayoutOptions{Drain: o.Drain, Scatter: o.scatter()}
}

// budgeted reports whether a budget limits the plan.
func (o Options) budgeted() bool {
	return o.MaxBytes != nil || o.MaxChanges != nil || o.MaxInterrupted != nil
}

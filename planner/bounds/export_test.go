package bounds

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Slack is what bounds are lowered by against rounding.
const Slack = slack

// WorstByFormula bounds the worst single failure without enumeration.
func WorstByFormula(f *load.Fleet) planner.Number { return newProblem(f, LayoutOptions{}).worst(0) }

// WorstWithin does the same where a server may have so many partners.
func WorstWithin(f *load.Fleet, scatter int) planner.Number {
	return newProblem(f, LayoutOptions{Scatter: scatter}).worst(0)
}

// SpreadOut is the spread and granularity bound of level "server".
func SpreadOut(f *load.Fleet, r int) float64 { return newProblem(f, LayoutOptions{}).spreadOut(0, r) }

// Item is the single-item bound.
func Item(f *load.Fleet) float64 { return newProblem(f, LayoutOptions{}).item() }

// Priced is the price bound of level "server".
func Priced(f *load.Fleet) float64 { return newProblem(f, LayoutOptions{}).priced(0) }

// LeastDomain returns the least worst utilisation over the failures of one domain
// of the level that any layout has that keeps every rule but failure ceilings, and
// a layout that has it. The answer is unknown where there are too many layouts.
func LeastDomain(f *load.Fleet, level int) (planner.Number, load.Layout) {
	opts := EnumerateOptions{WithoutFailureCeilings: true, Nodes: DefaultNodes}
	e := newEnumerator(newProblem(f, LayoutOptions{}), opts)
	if e == nil {
		return planner.Number{}, nil
	}
	e.levels = []int{level}
	e.slices = [][]inventory.Amounts{make([]inventory.Amounts, len(f.Levels[level].Domains)*len(f.Capacity))}
	e.descend(0)
	if e.nodes > opts.Nodes || e.bestLayout == nil {
		return planner.Number{}, nil
	}
	return planner.Known(e.best.worst), e.bestLayout
}

// KeptApart reports whether all instances of every store differ at the level.
func KeptApart(f *load.Fleet, level int) bool { return newProblem(f, LayoutOptions{}).keptApart(level) }

// Configured is the configuration bound of level "server".
func Configured(f *load.Fleet) float64 { return newProblem(f, LayoutOptions{}).configured(0) }

// Filler returns a solver of: max Σ value·u over Σ takes·u ≤ room, u ≥ 0, for the
// sorts that are allowed, which returns the best value and prices of the rows.
func Filler(rows int, takes []float64) func(room, value []float64, allowed []bool) (float64, []float64) {
	k := newFiller(rows, takes)
	return func(room, value []float64, allowed []bool) (float64, []float64) {
		return k.solve(room, value, allowed), k.prices
	}
}

// Patterns is the program over patterns, to which more can be added between
// solutions.
type Patterns struct{ x *patterns }

// NewPatterns has no patterns.
func NewPatterns(demand, servers []float64) Patterns { return Patterns{newPatterns(demand, servers)} }

// Add adds a way to fill a server of the class with parts of sorts.
func (p Patterns) Add(class int, parts []float64) {
	q := pattern{class: int32(class)}
	for s, part := range parts {
		if part > 0 {
			q.sorts, q.parts = append(q.sorts, int32(s)), append(q.parts, part)
		}
	}
	p.x.list = append(p.x.list, q)
}

// Solve returns the objective with prices of the sorts within a box, and the
// right sides of the rows.
func (p Patterns) Solve(low, high []float64) (objective float64, rooms []float64) {
	copy(p.x.low, low)
	copy(p.x.high, high)
	p.x.solve()
	for row := range p.x.basis {
		rooms = append(rooms, p.x.room(row))
	}
	return p.x.objective(), rooms
}

package bounds

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Slack is what bounds are lowered by against rounding.
const Slack = slack

// WorstByFormula bounds the worst single failure without enumeration.
func WorstByFormula(f *load.Fleet) planner.Number { return newProblem(f, LayoutOptions{}).byFormula() }

// WorstWithin does the same where a server may have so many partners.
func WorstWithin(f *load.Fleet, scatter int) planner.Number {
	return newProblem(f, LayoutOptions{Scatter: scatter}).byFormula()
}

func (p *problem) byFormula() planner.Number {
	worst := p.worst(0)
	return worst.Largest()
}

// SpreadOut is the spread bound of level "server".
func SpreadOut(f *load.Fleet, r int) float64 { return newProblem(f, LayoutOptions{}).spreadOut(0, r) }

// Item is the single-item bound.
func Item(f *load.Fleet) float64 { return newProblem(f, LayoutOptions{}).item(0) }

// Priced is the price bound of level "server".
func Priced(f *load.Fleet) float64 { return newProblem(f, LayoutOptions{}).priced(0) }

// A Cheapest is a worst single-failure utilisation and the fewest bytes of all
// layouts that are no worse.
type Cheapest struct {
	Worst float64
	Bytes int64
}

// CheapestLayouts goes through all layouts that keep the rules, failure ceilings
// apart, and returns those that none beats in both respects, the worst first; none
// if there are too many.
func CheapestLayouts(f *load.Fleet, most float64) []Cheapest {
	e := newEnumerator(newProblem(f, LayoutOptions{}), EnumerateOptions{WithoutFailureCeilings: true})
	if e == nil {
		return nil
	}
	size := 1.0
	for _, lists := range e.options {
		size *= float64(len(lists))
	}
	if size > most {
		return nil
	}
	var all []Cheapest
	var place func(at int)
	place = func(at int) {
		if at == len(e.order) {
			v := e.value()
			all = append(all, Cheapest{v.worst, v.bytes})
			return
		}
		for _, list := range e.options[e.order[at]] {
			e.put(e.order[at], list, 1)
			if e.allowed() {
				place(at + 1)
			}
			e.put(e.order[at], list, -1)
		}
	}
	place(0)
	slices.SortFunc(all, func(a, b Cheapest) int { return cmp.Or(cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Worst, b.Worst)) })
	var out []Cheapest
	for _, c := range all {
		if len(out) == 0 || c.Worst < out[len(out)-1].Worst {
			out = append(out, c)
		}
	}
	return out
}

// LeastDomain returns the least worst utilisation over the failures of one domain
// of the level that any layout has that keeps every rule but failure ceilings, and
// a layout that has it. The answer is unknown where there are too many layouts.
func LeastDomain(f *load.Fleet, level int) (planner.Number, load.Layout) {
	e := newEnumerator(newProblem(f, LayoutOptions{}), EnumerateOptions{WithoutFailureCeilings: true})
	if e == nil {
		return planner.Number{}, nil
	}
	e.levels = []int{level}
	e.slices = [][]inventory.Amounts{make([]inventory.Amounts, len(f.Levels[level].Domains)*len(f.Capacity))}
	e.descend(0)
	if e.nodes > mostNodes || e.bestLayout == nil {
		return planner.Number{}, nil
	}
	return planner.Known(e.best.worst), e.bestLayout
}

// KeptApart reports whether all instances of every store differ at the level.
func KeptApart(f *load.Fleet, level int) bool {
	return slices.Contains(newProblem(f, LayoutOptions{}).apart, level)
}

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

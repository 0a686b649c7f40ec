package bounds

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Slack is what bounds are lowered by against rounding.
const Slack = slack

// WorstByFormula bounds the worst single failure without enumeration.
func WorstByFormula(f *load.Fleet) planner.Number { return newProblem(f, true, nil).worst(0) }

// SpreadOut is the spread and granularity bound of level "server".
func SpreadOut(f *load.Fleet, r int) float64 { return newProblem(f, true, nil).spreadOut(0, r) }

// Item is the single-item bound.
func Item(f *load.Fleet) float64 { return newProblem(f, true, nil).item() }

// Priced is the price bound of level "server".
func Priced(f *load.Fleet) float64 { return newProblem(f, true, nil).priced(0) }

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
	e := newEnumerator(newProblem(f, true, nil), EnumerateOptions{WithoutFailureCeilings: true, Nodes: 1000})
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

package bounds

import (
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

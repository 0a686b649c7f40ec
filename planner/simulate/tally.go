package simulate

import (
	"math"

	"github.com/interlacemail/interlace/planner"
)

// tally counts the utilisations of worst survivors in steps of a thousandth, each
// up to and with its upper end, so that a ceiling that is reached is not passed.
// Steps end at lastStep; what is beyond is counted together, and failures without
// a survivor are not counted.
type tally struct{ steps []int64 }

const (
	stepsPerOne = 1000
	lastStep    = 10 * stepsPerOne
	binSteps    = 10 // steps in one bin of the histogram that is told
)

func newTally() *tally { return &tally{steps: make([]int64, lastStep+1)} }

// stepOf returns the step of the utilisation, -1 for that without a survivor.
func stepOf(utilisation float64) int32 {
	switch {
	case utilisation < 0:
		return -1
	case utilisation > lastStep/stepsPerOne:
		return lastStep
	}
	scaled := utilisation * stepsPerOne
	step := int32(scaled)
	if step > 0 && float64(step) == scaled {
		step-- // which it ends
	}
	return step
}

// add counts n failures more, or less.
func (t *tally) add(step int32, n int64) {
	if step >= 0 {
		t.steps[step] += n
	}
}

// above returns the failures above so many steps.
func (t *tally) above(step int) int64 {
	sum := int64(0)
	for _, n := range t.steps[step:] {
		sum += n
	}
	return sum
}

// quantiles are rounded up to the end of their step, but for the largest, which
// is given.
func (t *tally) quantiles(largest planner.Number) planner.Quantiles {
	total := t.above(0)
	if total == 0 {
		return planner.Quantiles{}
	}
	at := func(part float64) planner.Number {
		need, sum := int64(math.Ceil(part*float64(total))), int64(0)
		for step, n := range t.steps {
			if sum += n; sum >= need && step < lastStep {
				return planner.Known(min(float64(step+1)/stepsPerOne, largest.Value))
			}
		}
		return largest
	}
	return planner.Quantiles{P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: largest}
}

// histogram returns the bins that hold anything.
func (t *tally) histogram() []planner.Bin {
	var bins []planner.Bin
	for from := 0; from < lastStep; from += binSteps {
		n := int64(0)
		for _, count := range t.steps[from : from+binSteps] {
			n += count
		}
		if n > 0 {
			end := planner.Known(float64(from+binSteps) / stepsPerOne)
			bins = append(bins, planner.Bin{From: float64(from) / stepsPerOne, To: end, Count: n})
		}
	}
	if n := t.steps[lastStep]; n > 0 {
		bins = append(bins, planner.Bin{From: lastStep / stepsPerOne, Count: n})
	}
	return bins
}

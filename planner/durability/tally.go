package durability

import (
	"math"

	"github.com/interlacemail/interlace/planner"
)

// Figures that are added up. All but the first two are per year.
const (
	storesOffline = iota // in the mean
	usersOffline
	offlineOccasions
	storesGoing // offline
	usersGoing
	lossOccasions
	storesLost
	usersLost
	bytesLost
	failoverStores
	failoverUsers
	failoverBytes
	figures
)

// tally holds one value for each figure.
type tally [figures]float64

// addGoing counts a store that goes offline.
func (t *tally) addGoing(m *model, store int32, weight float64) {
	t[storesGoing] += weight
	t[usersGoing] += weight * float64(m.users[store])
}

// addLost counts a store whose last copy goes.
func (t *tally) addLost(m *model, store int32, weight float64) {
	t[storesLost] += weight
	t[usersLost] += weight * float64(m.users[store])
	t[bytesLost] += weight * m.bytes[store]
}

// addFailover counts a store whose master goes while a replica remains.
func (t *tally) addFailover(m *model, store int32, weight float64) {
	t[failoverStores] += weight
	t[failoverUsers] += weight * float64(m.users[store])
	t[failoverBytes] += weight * m.bytes[store] * m.unsynced
}

// add adds another tally.
func (t *tally) add(o *tally) {
	for i := range t {
		t[i] += o[i]
	}
}

// scale multiplies all values.
func (t *tally) scale(by float64) {
	for i := range t {
		t[i] *= by
	}
}

// batches is how many batches a simulation is drawn in. The spread of fewer says
// too little of the standard error.
const batches = 64

// student is how many standard errors the 95 % interval reaches on either side:
// Student's t for one degree of freedom less than there are batches.
const student = 1.9983

// rounding is how far equal values may differ, relative to them, because they
// were added up in another order.
const rounding = 1e-12

// batch is what independent and equally large parts of a simulation found.
type batch struct {
	tally
	squares  tally // of the contributions of each sample, for the effective samples
	failures int64
}

// sample is what a simulation found.
type sample struct {
	batches  []batch
	sampling planner.Sampling
}

// figure estimates a figure. Seen is the one whose samples had a part in it.
func (s *sample) figure(analytic tally, figure, seen int) planner.Estimate {
	mean := s.mean()
	at := mean[figure]
	return s.estimate(analytic[figure], at, seen, func(t *tally) float64 { return t[figure] - at })
}

// ratio estimates one figure over another. Its standard error is that of the
// numerator less the ratio times the denominator, over the denominator.
func (s *sample) ratio(analytic tally, numerator, denominator int) planner.Estimate {
	mean := s.mean()
	if mean[denominator] == 0 || analytic[denominator] == 0 {
		return planner.Estimate{Sampling: s.sampling}
	}
	at := mean[numerator] / mean[denominator]
	return s.estimate(analytic[numerator]/analytic[denominator], at, denominator, func(t *tally) float64 {
		return (t[numerator] - at*t[denominator]) / mean[denominator]
	})
}

// fewest is how many samples must have had a part in a figure for their spread to
// say how good it is.
const fewest = 10

// estimate makes an estimate from a value and how much each batch differs from
// it. Where no sample had a part in the figure seen, nothing is known but that
// what cannot happen did not. How good the value is remains unknown where few had,
// and where the batches agree on another value than the analysis: what makes the
// difference was never met.
func (s *sample) estimate(analytic, value float64, seen int, differs func(*tally) float64) planner.Estimate {
	e := planner.Estimate{Analytic: planner.Known(analytic), EffectiveSamples: s.effective(seen), Sampling: s.sampling}
	if e.EffectiveSamples == 0 && analytic != 0 {
		return e
	}
	e.Simulated = planner.Known(value)
	squares := 0.0
	for i := range s.batches {
		d := differs(&s.batches[i].tally)
		squares += d * d
	}
	n := float64(len(s.batches))
	spread, alike := math.Sqrt(squares/(n-1)/n), rounding*math.Abs(value)
	few := e.EffectiveSamples > 0 && e.EffectiveSamples < fewest
	if few || spread <= alike && math.Abs(analytic-value) > student*(spread+alike) {
		return e
	}
	deviation := spread + alike
	e.StandardError = planner.Known(deviation)
	e.Low, e.High = planner.Known(max(0, value-student*deviation)), planner.Known(value+student*deviation)
	return e
}

func (s *sample) mean() tally {
	var sum tally
	for i := range s.batches {
		sum.add(&s.batches[i].tally)
	}
	sum.scale(1 / float64(len(s.batches)))
	return sum
}

// effective returns how many equally weighed samples say as much as the ones
// that had a part in the figure: the square of their sum over the sum of their
// squares (Kish 1965).
func (s *sample) effective(figure int) float64 {
	sum, squares := 0.0, 0.0
	for i := range s.batches {
		sum += s.batches[i].tally[figure]
		squares += s.batches[i].squares[figure]
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / squares
}

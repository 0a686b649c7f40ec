package synclag

import (
	"maps"
	"math"
	"slices"

	"github.com/interlacemail/interlace/monitor"
)

// filling is how logs filled: in so many seconds after their first entry came so
// many further mailboxes, to all of them together.
type filling struct{ seconds, further, logs float64 }

// alike puts logs together that took about as long to fill: there are few kinds,
// and what is likely is computed for each.
func alike(list []filling) []filling {
	const kinds = 16 // within a doubling of the time
	sums := map[int]filling{}
	for _, f := range list {
		kind := int(math.Floor(kinds * math.Log2(f.seconds)))
		sum := sums[kind]
		sums[kind] = filling{sum.seconds + f.seconds, sum.further + f.further, sum.logs + f.logs}
	}
	var kept []filling
	for _, kind := range slices.Sorted(maps.Keys(sums)) {
		f := sums[kind]
		f.seconds /= f.logs
		kept = append(kept, f)
	}
	return kept
}

// bytesBefore is what the client is believed to send for an entry as long as
// nobody has seen it.
const bytesBefore = 3000

// arrivals learns from batches what arrives on a channel. The time from the first
// entry of a log to its renaming is as good as any other: what comes after the
// first entry does not depend on when that came.
func arrivals(batches []monitor.Batch) Arrivals {
	var list []filling
	a := Arrivals{Bytes: bytesBefore}
	var seconds, entries, sent, of float64
	most := 1.0 // mailboxes at once
	for i := range batches {
		b := &batches[i]
		window := b.Begun.Sub(b.First).Seconds()
		if b.First.IsZero() || window <= 0 || b.Mailboxes == 0 {
			continue
		}
		further := float64(b.Mailboxes - 1)
		list = append(list, filling{window, further, 1})
		seconds += window
		most = max(most, further)
		entries += float64(b.Entries) * further / float64(b.Mailboxes)
		if b.Sent.Known {
			sent, of = sent+b.Sent.Value, of+float64(b.Entries)
		}
	}
	if seconds == 0 {
		return a
	}
	a.Entries = entries / seconds
	if of > 0 {
		a.Bytes, a.measured = sent/of, true
	}
	a.Mailboxes, a.Rate = likeliest(alike(list), most)
	return a
}

// likeliest returns how many mailboxes are active, and how often one of them is
// touched, such that what was seen is likely if the numbers were Poisson's. Logs
// that are short do not tell how many are active: it is the largest number that
// is not unlikely beside the likeliest one.
func likeliest(list []filling, most float64) (mailboxes, rate float64) {
	const steps, step, unlikely = 40, 1.3, 2
	best := math.Inf(-1)
	var numbers, rates, likelihoods [steps]float64
	for i := range steps {
		numbers[i] = most * 1.02 * math.Pow(step, float64(i))
		rates[i], likelihoods[i] = likeliestRate(list, numbers[i])
		best = max(best, likelihoods[i])
	}
	for i := range steps {
		if likelihoods[i] >= best-unlikely {
			mailboxes, rate = numbers[i], rates[i]
		}
	}
	return mailboxes, rate
}

// likeliestRate returns the rate that is likeliest for a number of mailboxes, by
// golden section over its logarithm.
func likeliestRate(list []filling, mailboxes float64) (rate, likelihood float64) {
	var further, seconds float64
	for _, f := range list {
		further, seconds = further+f.further, seconds+f.logs*f.seconds
	}
	if further == 0 {
		return 0, 0
	}
	of := func(log float64) float64 {
		return likelihoodOf(list, Arrivals{Mailboxes: mailboxes, Rate: math.Exp(log)})
	}
	// Touched at least as often as there were mailboxes; and no more than many times each.
	low, high := math.Log(further/seconds)-0.1, math.Log(further/seconds)+7
	const golden = 0.6180339887498949
	a, b := high-golden*(high-low), low+golden*(high-low)
	atA, atB := of(a), of(b)
	for high-low > 1e-3 {
		if atA > atB {
			high, b, atB = b, a, atA
			a = high - golden*(high-low)
			atA = of(a)
		} else {
			low, a, atA = a, b, atB
			b = low + golden*(high-low)
			atB = of(b)
		}
	}
	return math.Exp((low + high) / 2), max(atA, atB)
}

func likelihoodOf(list []filling, a Arrivals) float64 {
	sum := 0.0
	for _, f := range list {
		mean := a.distinct(f.seconds)
		sum -= f.logs * mean
		if f.further > 0 {
			sum += f.further * math.Log(mean)
		}
	}
	return sum
}

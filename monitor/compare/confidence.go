package compare

import (
	"maps"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// confidence is that of what is said of all messages by a sample.
const confidence = 0.95

// drawn are mailboxes of which some files were read, by what they were drawn.
type drawn struct {
	share     float64          // each message was drawn with this probability
	mailboxes map[uint32]int64 // how many there are of each size, in messages; none is empty
	checked   int64            // messages whose files were read
	damaged   int64            // those of them whose files are damaged
}

// add counts a mailbox.
func (d *drawn) add(messages uint32, checked, damaged int64) {
	if d.mailboxes == nil {
		d.mailboxes = map[uint32]int64{}
	}
	d.mailboxes[messages]++
	d.checked, d.damaged = d.checked+checked, d.damaged+damaged
}

// mostDamaged returns how many messages are damaged at most, at our confidence: the largest
// number with which so few, or fewer, would be found more often than in one of twenty
// draws, however they lie in the mailboxes. That inverts a test, as Clopper and Pearson
// (Biometrika 26, 1934) do; that the messages are finite in number, and each mailbox a
// stratum, is as in Wright (Exact Confidence Bounds when Sampling from Small Finite
// Universes, Springer 1991).
//
// Where nothing was found the chance of that is known exactly: of each mailbox messages are
// drawn or, where none is, just one is. Where something was found only what was drawn by
// the share counts, which leaves the number somewhat too large.
func (d *drawn) mostDamaged() int64 {
	var all int64
	for messages, count := range d.mailboxes {
		all += int64(messages) * count
	}
	possible := all - (d.checked - d.damaged) // the rest was read, and is whole
	if d.damaged == 0 {
		return min(possible, d.mostHidden())
	}
	more := sort.Search(int(possible-d.damaged), func(i int) bool { // one more than so many is too much
		return distuv.Binomial{N: float64(d.damaged + int64(i) + 1), P: min(d.share, 1)}.CDF(float64(d.damaged)) < 1-confidence
	})
	return d.damaged + int64(more)
}

// mostHidden returns how many damaged messages there can be that are all missed more often
// than in one of twenty draws. They are put where they are missed most likely: each next one
// of a mailbox is less likely missed than the one before, so those that cost least are taken.
func (d *drawn) mostHidden() int64 {
	const rounding = 1e-9
	budget := -math.Log(1-confidence) + rounding
	sizes := slices.Sorted(maps.Keys(d.mailboxes))
	// hidden is how many there are where each costs no more than that, and what they cost.
	hidden := func(dearest float64) (sum int64, cost float64) {
		for _, n := range sizes {
			k := sort.Search(int(n-1), func(k int) bool { return d.missed(n, k)-d.missed(n, k+1) > dearest })
			sum, cost = sum+int64(k)*d.mailboxes[n], cost-d.missed(n, k)*float64(d.mailboxes[n])
		}
		return sum, cost
	}
	low, high := 0.0, budget
	if sum, cost := hidden(high); cost <= budget {
		return sum
	}
	for range 100 {
		middle := low + (high-low)/2
		if _, cost := hidden(middle); cost <= budget {
			low = middle
		} else {
			high = middle
		}
	}
	sum, cost := hidden(low)
	return sum + int64((budget-cost)/high) // some of those that cost the same
}

// missed returns the logarithm of the probability that of a mailbox with n messages no
// damaged one is read, when k are damaged.
func (d *drawn) missed(n uint32, k int) float64 {
	if k == 0 {
		return 0
	}
	spared := math.Log1p(-d.share) // the logarithm of that a message is not drawn
	return float64(k)*spared + math.Log1p(-math.Exp(float64(int(n)-k)*spared)*float64(k)/float64(n))
}

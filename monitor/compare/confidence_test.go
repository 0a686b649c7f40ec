package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestMostDamagedByDefinition holds the number against its definition where all ways to lay
// the damaged messages can be tried: with so many nothing is found in more than one of twenty
// draws, if they lie where they are missed most likely, and with one more in fewer.
func TestMostDamagedByDefinition(t *testing.T) {
	for _, sizes := range [][]uint32{{1}, {20}, {19}, {3, 3, 3}, {1, 2, 30}, {40, 5, 5, 1}} {
		for _, share := range []float64{1e-9, 0.01, 0.1, 0.5} {
			d := drawn{share: share}
			for _, n := range sizes {
				d.add(n, 1, 0)
			}
			got := d.mostDamaged()
			if at := missedMostLikely(sizes, share, int(got)); at < 0.05-1e-6 {
				t.Errorf("%v, %v: %d are missed with the probability %v at most", sizes, share, got, at)
			}
			if at := missedMostLikely(sizes, share, int(got)+1); at > 0.05+1e-6 {
				t.Errorf("%v, %v: %d is said to be the most, and one more is missed with the probability %v", sizes, share, got, at)
			}
		}
	}
}

// missedMostLikely returns with which probability none of k damaged messages is read, where
// they lie best.
func missedMostLikely(sizes []uint32, share float64, k int) float64 {
	if len(sizes) == 0 {
		return map[bool]float64{true: 1, false: 0}[k == 0]
	}
	n, best := float64(sizes[0]), 0.0
	for here := range min(int(n), k) + 1 {
		none := math.Pow(1-share, n) // drawn: then one is
		missed := math.Pow(1-share, float64(here)) - none + none*(1-float64(here)/n)
		best = max(best, missed*missedMostLikely(sizes[1:], share, k-here))
	}
	return best
}

// TestMostDamagedIsRarelyPassed draws as a comparison does and counts how often more
// messages are damaged than is said.
func TestMostDamagedIsRarelyPassed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		mailboxes, messages, damaged int
		share                        float64
	}{{50, 11, 34, 0.01}, {50, 11, 200, 0.01}, {1, 568, 400, 0.01}, {10, 100, 30, 0.1}, {1, 300, 12, 0.2}} {
		const draws = 2000
		passed := 0
		for seed := range uint64(draws) {
			d := drawn{share: c.share}
			bad := make([]map[uint32]bool, c.mailboxes)
			for i, place := range random.Perm(c.mailboxes * c.messages)[:c.damaged] {
				if i == 0 {
					for m := range bad {
						bad[m] = map[uint32]bool{}
					}
				}
				bad[place%c.mailboxes][uint32(place/c.mailboxes)+1] = true
			}
			for m := range bad {
				one := draw{share: c.share, seed: seed, mailbox: fmt.Sprint(m)}
				checked, damaged := int64(0), int64(0)
				for place := range one.choose(uint32(c.messages)) {
					if checked++; bad[m][place] {
						damaged++
					}
				}
				d.add(uint32(c.messages), checked, damaged)
			}
			if d.mostDamaged() < int64(c.damaged) {
				passed++
			}
		}
		// Of two thousand draws 100 may, and chance adds 40 but once in ten thousand tests.
		if passed > 140 {
			t.Errorf("%+v: %d of %d draws say that there are fewer", c, passed, draws)
		}
	}
}

// TestMostDamagedSaysSomething: one file of each mailbox says much of many small mailboxes,
// what was read whole is not guessed at, and what was drawn is enough of a large fleet.
func TestMostDamagedSaysSomething(t *testing.T) {
	small, large, some := drawn{share: 0.01}, drawn{share: 0.01}, drawn{share: 0.01}
	for range 56 {
		small.add(10, 1, 0)
	}
	if got := small.mostDamaged(); got != 28 {
		t.Errorf("of 560 messages in 56 mailboxes, one of each read: %d", got)
	}
	for range 1000 {
		large.add(1000, 10, 0)
		some.add(1000, 10, 0)
	}
	if got := large.mostDamaged(); got < 290 || got > 300 {
		t.Errorf("of a million messages of which one in a hundred was drawn: %d", got)
	}
	some.damaged = 4
	most := float64(some.mostDamaged())
	few := distuv.Binomial{N: most, P: 0.01}.CDF(4)
	if more := (distuv.Binomial{N: most + 1, P: 0.01}).CDF(4); few < 0.05 || more > 0.05 {
		t.Errorf("where four were found: %v, with which so few are found with the probability %v, and with one more %v", most, few, more)
	}
	none, all := drawn{share: 0.01}, drawn{share: 0.01}
	all.add(3, 2, 2)
	if none.mostDamaged() != 0 || all.mostDamaged() != 3 {
		t.Errorf("of none %d, of three of which two were read and are damaged %d", none.mostDamaged(), all.mostDamaged())
	}
}

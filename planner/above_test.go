package planner_test

import (
	"testing"

	"github.com/interlacemail/interlace/planner"
)

// What fills a server exactly to its ceiling is not above it, however the division
// is rounded; a millionth part more is.
func TestAbove(t *testing.T) {
	rounded := 0
	for _, ceiling := range []float64{0.35, 0.7, 0.82, 0.85, 0.9, 0.95, 1} {
		for n := range 1000 {
			capacity := float64(34_567 + 7919*n)
			amount := ceiling * capacity
			if amount/capacity > ceiling {
				rounded++
			}
			if planner.Above(amount/capacity, ceiling) {
				t.Errorf("%v of %v is above %v", amount, capacity, ceiling)
			}
			if !planner.Above(amount*(1+1e-6)/capacity, ceiling) {
				t.Errorf("a millionth part more than %v of %v is not above %v", amount, capacity, ceiling)
			}
		}
	}
	if rounded == 0 {
		t.Error("no division was rounded up")
	}
}

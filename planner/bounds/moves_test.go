package bounds_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/planner/bounds"
)

// copyStep returns a step between two servers; a place below 0 is none.
func copyStep(a, b int32, seconds float64, needs ...int32) bounds.Step {
	return bounds.Step{Places: [3]int32{a, b, bounds.None}, Seconds: seconds, Needs: needs}
}

func TestMakespan(t *testing.T) {
	waits := func(s bounds.Step, on int32, delay float64) bounds.Step {
		s.Waits = []bounds.Release{{Step: on, Delay: delay}}
		return s
	}
	follows := func(s bounds.Step, first int32) bounds.Step {
		s.Follows = []int32{first}
		return s
	}
	tests := []struct {
		name  string
		units []int
		steps []bounds.Step
		want  float64
	}{
		{"nothing", []int{2}, nil, 0},
		{"one step", []int{2, 2}, []bounds.Step{copyStep(0, 1, 7)}, 7},
		{"work of a server shared by its transfers", []int{2, 9, 9}, []bounds.Step{copyStep(0, 1, 4), copyStep(0, 2, 4), copyStep(0, 1, 4), copyStep(0, 2, 4)}, 8},
		{"three equal steps do not fit side by side", []int{2, 9}, []bounds.Step{copyStep(0, 1, 4), copyStep(0, 1, 4), copyStep(0, 1, 4)}, 8},
		{"both ends on one server", []int{2}, []bounds.Step{copyStep(0, 0, 3), copyStep(0, 0, 5)}, 8},
		{"both ends on a server with one transfer", []int{1}, []bounds.Step{copyStep(0, bounds.None, 3), copyStep(0, bounds.None, 5)}, 8},
		{"a chain", []int{2, 2, 2}, []bounds.Step{copyStep(0, 1, 3), copyStep(bounds.None, bounds.None, 0, 0), copyStep(1, 2, 5, 1)}, 8},
		{"a short step that ends after a long one", []int{2, 2, 2, 2}, []bounds.Step{copyStep(0, 1, 10), follows(copyStep(0, 2, 4), 0), copyStep(2, 3, 5, 1)}, 15},
		{"a step that starts after another", []int{2, 2, 2, 2}, []bounds.Step{copyStep(0, 1, 3), copyStep(0, 1, 1, 0), follows(copyStep(0, 2, 4), 1)}, 7},
		{"work between what comes before and after", []int{1, 9, 9, 9}, []bounds.Step{copyStep(1, 2, 10), copyStep(0, 1, 4, 0), copyStep(0, 2, 4, 0), copyStep(1, 3, 6, 1), copyStep(2, 3, 6, 2)}, 24},
		{"a triangle runs one at a time", []int{1, 1, 1}, []bounds.Step{copyStep(0, 1, 2), copyStep(1, 2, 2), copyStep(2, 0, 2)}, 6},
		{"room that a step makes", []int{2, 2, 2, 2}, []bounds.Step{copyStep(0, 1, 5), waits(copyStep(2, 0, 4), 0, 0)}, 9},
		{"room that comes late", []int{2, 2, 2, 2}, []bounds.Step{copyStep(0, 1, 5), waits(copyStep(2, 0, 4), 0, 100)}, 109},
		{"room along a row of full servers", []int{2, 2, 2, 2}, []bounds.Step{waits(copyStep(0, 1, 5), 1, 0), waits(copyStep(1, 2, 5), 2, 0), copyStep(2, 3, 5)}, 15},
		{"a stream", []int{9, 9, 1}, []bounds.Step{{Places: [3]int32{0, 1, 2}, Seconds: 3}, {Places: [3]int32{0, 1, 2}, Seconds: 4}}, 7},
	}
	for _, test := range tests {
		if got := bounds.Makespan(test.units, test.steps); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// TestMakespanIsBelowTheOptimum compares with the shortest of all list schedules,
// one of which is optimal.
func TestMakespanIsBelowTheOptimum(t *testing.T) {
	var ratios []float64
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		units, steps := tinySchedule(rng)
		best := shortestSchedule(units, steps)
		bound := bounds.Makespan(units, steps)
		if bound > best*(1+1e-12) {
			t.Fatalf("seed %d: the bound %v is above the optimum %v of %v %+v", seed, bound, best, units, steps)
		}
		if best > 0 && !math.IsInf(best, 1) {
			ratios = append(ratios, bound/best)
		}
	}
	slices.Sort(ratios)
	median, tenth := ratios[len(ratios)/2], ratios[len(ratios)/10]
	t.Logf("bound/optimum: median %.3f, tenth %.3f, least %.3f", median, tenth, ratios[0])
	if median < 1 || tenth < 0.9 {
		t.Errorf("bound/optimum: median %v, tenth %v; want 1 and 0.9", median, tenth)
	}
}

func tinySchedule(rng *rand.Rand) (units []int, steps []bounds.Step) {
	servers := 1 + rng.IntN(4)
	for range servers {
		units = append(units, 1+rng.IntN(3))
	}
	for i := range 1 + rng.IntN(6) {
		a, b := int32(rng.IntN(servers)), int32(rng.IntN(servers))
		s := copyStep(a, b, float64(rng.IntN(9)))
		switch {
		case rng.IntN(6) == 0:
			s.Places, s.Seconds = [3]int32{bounds.None, bounds.None, bounds.None}, 0
		case a == b && units[a] == 1:
			s.Places[1] = bounds.None
		}
		for n := range i {
			if rng.IntN(5) == 0 {
				s.Needs = append(s.Needs, int32(n))
			}
		}
		steps = append(steps, s)
	}
	for i := range steps {
		for rng.IntN(4) == 0 {
			if n := rng.IntN(len(steps)); n != i {
				steps[i].Waits = append(steps[i].Waits, bounds.Release{Step: int32(n), Delay: float64(rng.IntN(4))})
			}
		}
	}
	return units, steps
}

// shortestSchedule returns the makespan of the best of all list schedules: in every order
// of the steps, each starts as early as it can beside those before it. It is
// infinite if steps wait for one another for ever.
func shortestSchedule(units []int, steps []bounds.Step) float64 {
	end := make([]float64, len(steps))
	placed := make([]bool, len(steps))
	best := math.Inf(1)
	var place func(n int, last float64)
	place = func(n int, last float64) {
		if last >= best {
			return
		}
		if n == len(steps) {
			best = last
			return
		}
		for i := range steps {
			if placed[i] {
				continue
			}
			start, ok := earliestStart(units, steps, placed, end, i)
			if !ok {
				continue
			}
			placed[i], end[i] = true, start+steps[i].Seconds
			place(n+1, max(last, end[i]))
			placed[i] = false
		}
	}
	place(0, 0)
	return best
}

// earliestStart returns the first time at which the step may start, given those placed.
func earliestStart(units []int, steps []bounds.Step, placed []bool, end []float64, i int) (float64, bool) {
	from := 0.0
	for _, n := range steps[i].Needs {
		if !placed[n] {
			return 0, false
		}
		from = max(from, end[n])
	}
	if len(steps[i].Waits) > 0 {
		first := math.Inf(1)
		for _, w := range steps[i].Waits {
			if placed[w.Step] {
				first = min(first, end[w.Step]+w.Delay)
			}
		}
		if math.IsInf(first, 1) {
			return 0, false
		}
		from = max(from, first)
	}
	times := []float64{from}
	for n := range steps {
		if placed[n] && end[n] > from {
			times = append(times, end[n])
		}
	}
	slices.Sort(times)
	for _, at := range times {
		if runsFrom(units, steps, placed, end, i, at) {
			return at, true
		}
	}
	return 0, false
}

// runsFrom reports whether the step may run from the given time on.
func runsFrom(units []int, steps []bounds.Step, placed []bool, end []float64, i int, from float64) bool {
	to := from + steps[i].Seconds
	moments := []float64{from}
	for n := range steps {
		if start := end[n] - steps[n].Seconds; placed[n] && start > from && start < to {
			moments = append(moments, start)
		}
	}
	for _, at := range moments {
		used := make([]int, len(units))
		for n := range steps {
			if n == i || placed[n] && end[n]-steps[n].Seconds <= at && at < end[n] {
				for _, p := range steps[n].Places {
					if p != bounds.None {
						used[p]++
					}
				}
			}
		}
		for p := range units {
			if used[p] > units[p] {
				return false
			}
		}
	}
	return true
}

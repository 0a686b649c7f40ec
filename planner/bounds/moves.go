package bounds

import (
	"cmp"
	"math"
	"slices"
)

// Step is one change of a schedule, as far as its time goes.
type Step struct {
	// Places are where the step takes one unit each for as long as it lasts:
	// first the servers at its two ends, then what else holds it up. A place
	// named twice gives two units; None stands for no place.
	Places  [3]int32
	Seconds float64
	Needs   []int32   // steps that end before it starts; they come earlier in the list
	Follows []int32   // steps that neither start nor end after it; they come earlier in the list
	Waits   []Release // at least one of these precedes it; none: it waits for nothing
}

// None is no place.
const None int32 = -1

// Release gives room some time after a step has ended.
type Release struct {
	Step  int32
	Delay float64 // seconds
}

// Makespan returns a time in seconds before which no schedule of the steps ends,
// when units[p] of them may run at place p at once. It is the largest of:
//
//   - the longest chain of steps that need one another;
//   - for each place, the work of the steps there, shared by its units, after
//     the earliest time at which one of them may start and before the least time
//     that has to follow one of them; and the same for those of them that start late;
//   - for each place with c units, what k+1 steps last together of which one
//     unit must carry all: among the k·c+1 longest that is at least the k+1
//     shortest (Graham 1969 uses k = 1);
//   - for servers that exchange steps among themselves only, the work of those
//     steps, of which no more than half the servers' units can run at once
//     (the bound on ⌈|E(U)|/⌊Σc/2⌋⌉ rounds of edge colouring).
func Makespan(units []int, steps []Step) float64 {
	head, tail := heads(steps), tails(steps)
	bound := longest(steps, head, tail)
	for p, at := range stepsAt(len(units), steps) {
		if len(at) > 0 && units[p] > 0 {
			bound = max(bound, crowded(units[p], steps, at, head, tail), packed(units[p], steps, at))
		}
	}
	return max(bound, paired(units, steps))
}

// heads returns the earliest time at which each step may start: after what it
// needs, and after the first of the releases that it waits for. A release is
// itself the later the later its step may start, so the times are raised until
// they agree; stopping early leaves them too low, which is still a bound.
func heads(steps []Step) []float64 {
	const rounds = 256
	head := make([]float64, len(steps))
	for range rounds {
		raised := false
		for i := range steps {
			if h := startOf(steps, head, i); h > head[i] {
				head[i], raised = h, true
			}
		}
		if !raised || !waiting(steps) {
			break
		}
	}
	return head
}

func startOf(steps []Step, head []float64, i int) float64 {
	start := 0.0
	for _, n := range steps[i].Needs {
		start = max(start, head[n]+steps[n].Seconds)
	}
	for _, n := range steps[i].Follows {
		start = max(start, head[n], head[n]+steps[n].Seconds-steps[i].Seconds)
	}
	if len(steps[i].Waits) == 0 {
		return start
	}
	first := math.Inf(1)
	for _, w := range steps[i].Waits {
		first = min(first, head[w.Step]+steps[w.Step].Seconds+w.Delay)
	}
	return max(start, first)
}

func waiting(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return len(s.Waits) > 0 })
}

// tails returns the least time that passes between the end of each step and
// that of the schedule.
func tails(steps []Step) []float64 {
	tail := make([]float64, len(steps))
	for i := len(steps) - 1; i >= 0; i-- {
		for _, n := range steps[i].Needs {
			tail[n] = max(tail[n], steps[i].Seconds+tail[i])
		}
	}
	return tail
}

func longest(steps []Step, head, tail []float64) float64 {
	most := 0.0
	for i := range steps {
		most = max(most, head[i]+steps[i].Seconds+tail[i])
	}
	return most
}

// stepsAt returns the steps at each place, one entry for each unit they take.
func stepsAt(places int, steps []Step) [][]int32 {
	count := make([]int, places)
	total := 0
	for i := range steps {
		for _, p := range steps[i].Places {
			if p != None {
				count[p]++
				total++
			}
		}
	}
	all := make([]int32, total)
	at := make([][]int32, places)
	for p, n := range count {
		at[p], all = all[:0:n], all[n:]
	}
	for i := range steps {
		for _, p := range steps[i].Places {
			if p != None {
				at[p] = append(at[p], int32(i))
			}
		}
	}
	return at
}

// crowded bounds the schedule by the steps at one place. Let S be those that may
// not start before h. Their work is at most c per second after h, so the last of
// them ends no earlier than h + work(S)/c, and what must follow it is at least
// the least tail in S. S is all steps for the least h, and fewer for a later one.
func crowded(c int, steps []Step, at []int32, head, tail []float64) float64 {
	order := slices.Clone(at)
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(head[b], head[a]), cmp.Compare(steps[b].Seconds, steps[a].Seconds))
	})
	bound, work, after := 0.0, 0.0, math.Inf(1)
	for _, i := range order {
		work += steps[i].Seconds
		after = min(after, tail[i])
		bound = max(bound, head[i]+work/float64(c)+after)
	}
	return bound
}

// packed bounds the schedule by how whole steps fit into the c units of one
// place: of any k·c+1 steps some unit carries k+1, one after the other.
func packed(c int, steps []Step, at []int32) float64 {
	seconds := make([]float64, len(at))
	for n, i := range at {
		seconds[n] = steps[i].Seconds
	}
	sums := runningSums(seconds)
	bound := 0.0
	for k := 1; k*c < len(sums); k++ {
		least := sums[k*c]
		if before := k*c - k - 1; before >= 0 {
			least -= sums[before]
		}
		bound = max(bound, least)
	}
	return bound
}

// paired bounds the schedule by steps that take a unit at two servers of one set
// at once: in a set with Σc units no more than ⌊Σc/2⌋ of them run at any time.
// The sets are those that steps connect; smaller sets are left out, which is
// never wrong.
func paired(units []int, steps []Step) float64 {
	set := connected(len(units), steps)
	capacity := make([]int, len(units))
	for p, c := range units {
		capacity[set(int32(p))] += c
	}
	work := make([][]float64, len(units))
	for i := range steps {
		if a, b := steps[i].Places[0], steps[i].Places[1]; a != None && b != None {
			work[set(a)] = append(work[set(a)], steps[i].Seconds)
		}
	}
	bound := 0.0
	for root, seconds := range work {
		if pairs := capacity[root] / 2; pairs > 0 {
			bound = max(bound, sum(seconds)/float64(pairs))
		}
	}
	return bound
}

// connected returns the set of each server, named by one of its members.
func connected(places int, steps []Step) func(int32) int32 {
	parent := make([]int32, places)
	for p := range parent {
		parent[p] = int32(p)
	}
	root := func(p int32) int32 {
		for parent[p] != p {
			parent[p] = parent[parent[p]]
			p = parent[p]
		}
		return p
	}
	for i := range steps {
		if a, b := steps[i].Places[0], steps[i].Places[1]; a != None && b != None {
			parent[root(a)] = root(b)
		}
	}
	return root
}

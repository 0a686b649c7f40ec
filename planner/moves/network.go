package moves

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner/bounds"
)

// network is the steps that are to be put in time, by the servers they join.
type network struct {
	units []int // of each place
	steps []bounds.Step
	size  []float64 // of each step: its seconds and those of the longest chain that follows it
	next  [][]int32 // steps that need each step
	after [][]int32 // steps that follow each step
	work  []float64 // at each place, seconds
	lanes []lane
	at    [][]int32 // lanes at each server
}

// lane holds the steps between two servers, the largest first.
type lane struct {
	a, b  int32 // a ≤ b
	steps []int32
}

func newNetwork(units []int, steps []bounds.Step) *network {
	n := &network{
		units: units, steps: steps,
		size: make([]float64, len(steps)),
		next: make([][]int32, len(steps)), after: make([][]int32, len(steps)),
		work: make([]float64, len(units)),
		at:   make([][]int32, len(units)),
	}
	for i := len(steps) - 1; i >= 0; i-- {
		n.size[i] += steps[i].Seconds
		for _, need := range steps[i].Needs {
			n.size[need] = max(n.size[need], n.size[i])
			n.next[need] = append(n.next[need], int32(i))
		}
		for _, first := range steps[i].Follows {
			n.size[first] = max(n.size[first], n.size[i]-steps[first].Seconds)
			n.after[first] = append(n.after[first], int32(i))
		}
		for _, p := range steps[i].Places {
			if p != bounds.None {
				n.work[p] += steps[i].Seconds
			}
		}
	}
	n.makeLanes()
	return n
}

func (n *network) makeLanes() {
	var order []int32
	for i := range n.steps {
		if n.steps[i].Places[0] != bounds.None {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(i, j int32) int {
		ai, bi := n.ends(i)
		aj, bj := n.ends(j)
		return cmp.Or(cmp.Compare(ai, aj), cmp.Compare(bi, bj), cmp.Compare(n.size[j], n.size[i]), cmp.Compare(i, j))
	})
	for from := 0; from < len(order); {
		a, b := n.ends(order[from])
		to := from + 1
		for to < len(order) && n.same(order[from], order[to]) {
			to++
		}
		n.at[a] = append(n.at[a], int32(len(n.lanes)))
		if b != a {
			n.at[b] = append(n.at[b], int32(len(n.lanes)))
		}
		n.lanes = append(n.lanes, lane{a, b, order[from:to]})
		from = to
	}
}

// ends returns the servers of the step, the lower one first.
func (n *network) ends(i int32) (a, b int32) {
	a, b = n.steps[i].Places[0], n.steps[i].Places[1]
	if b == bounds.None {
		b = a
	}
	return min(a, b), max(a, b)
}

func (n *network) same(i, j int32) bool {
	ai, bi := n.ends(i)
	aj, bj := n.ends(j)
	return ai == aj && bi == bj
}

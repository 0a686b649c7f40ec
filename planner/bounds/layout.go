package bounds

import (
	"math"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// slack keeps a bound from passing the exact optimum by rounding: bounds are
// computed in float64, results in whole numbers.
const slack = 1 - 1e-12

// LayoutOptions say over which layouts a bound holds.
type LayoutOptions struct {
	// WithoutSpread drops rule spread, for fleets in which it cannot be met.
	WithoutSpread bool
	// Drain lists servers and failure domains that must end empty, beside those
	// that the inventory drains.
	Drain []planner.Subject
	// Scatter is how many partners, servers with which it shares a store, a server
	// may have; 0 means any number.
	Scatter int
}

// Layout returns what no layout of the fleet can beat. A figure that could not
// be bounded is unknown.
func Layout(f *load.Fleet, opts LayoutOptions) planner.LayoutBounds {
	p := newProblem(f, opts)
	b := planner.LayoutBounds{
		WorstDomain: map[inventory.Level]planner.Number{},
		Normal:      p.normal(f.Failover),
		Fullest:     p.normal(f.Full),
		BytesCopied: planner.Known(p.bytes()),
		ByKind:      planner.FailureProofs{WorstDomain: map[inventory.Level]planner.FailureBounds{}},
	}
	worst := make([]planner.FailureBounds, len(f.Levels))
	var wait sync.WaitGroup
	for level := range f.Levels {
		wait.Go(func() { worst[level] = p.worst(level) })
	}
	wait.Wait()
	if exact := Enumerate(f, EnumerateOptions{LayoutOptions: opts}); exact.Complete && exact.Layout != nil {
		worst[0].Enumeration = exact.Worst
	}
	b.WorstSingle, b.ByKind.WorstSingle = worst[0].Largest(), worst[0]
	b.WorstPair = p.worstPair(b.WorstSingle)
	for level := 1; level < len(f.Levels); level++ {
		name := f.Levels[level].Name
		b.WorstDomain[name], b.ByKind.WorstDomain[name] = worst[level].Largest(), worst[level]
	}
	return b
}

// normal bounds the largest utilisation in the normal state: all load over all
// capacity, and each store on the server that suits it best.
func (p *problem) normal(resources []int) planner.Number {
	if len(resources) == 0 || len(p.holders) == 0 {
		return planner.Number{}
	}
	t := 0.0
	for _, r := range resources {
		w, _ := p.totals(r)
		t = max(t, w/p.capacity(r))
	}
	for _, store := range p.largest(resources) {
		if p.live[store] > 0 {
			t = max(t, p.bestServer(store, resources))
		}
	}
	return planner.Known(t * slack)
}

func (p *problem) bestServer(store int, resources []int) float64 {
	best := math.Inf(1)
	for s := range p.carriers(store) {
		best = min(best, p.alone(store, s, resources))
	}
	if math.IsInf(best, 1) {
		return 0
	}
	return best
}

// worst bounds the largest utilisation of a survivor over the failures of one
// domain of the level (0 is "server"). It is unknown where no failure leaves a
// survivor. What servers carry in the normal state counts everywhere, since every
// server survives some failure.
func (p *problem) worst(level int) planner.FailureBounds {
	if len(p.fleet.Failover) == 0 || len(p.holders) == 0 || p.domains(level) < 2 {
		return planner.FailureBounds{}
	}
	q := p.at(level)
	return planner.FailureBounds{
		Normal:        p.normal(p.fleet.Failover),
		Spread:        q.most(func(r int) float64 { return q.spreadOut(level, r) }),
		Granularity:   q.most(func(r int) float64 { return q.grained(level, r) }),
		Conservation:  q.most(func(r int) float64 { return q.conserved(level, r) }),
		Item:          proven(q.item(level)),
		Price:         proven(q.priced(level)),
		Configuration: proven(q.configured(level)),
		Pairwise:      proven(p.paired(level)),
	}
}

// worstPair bounds the largest utilisation of a survivor over the failures of two
// servers by that over the failures of one. Let server a fail and server b then
// have the largest utilisation of a single failure. Let a third server c that is up
// fail along with a: b still promotes every store that it promoted when a failed
// alone, since it is still the first of its servers that survives, and perhaps more
// of c; nothing that b carries gets lighter. So that pair is no better for b. Where
// fewer than three servers are up no two can fail and leave a survivor.
func (p *problem) worstPair(single planner.Number) planner.Number {
	if p.domains(0) < 3 {
		return planner.Number{}
	}
	return single
}

// most returns the largest of what the failover resources prove.
func (p *problem) most(bound func(r int) float64) planner.Number {
	t := 0.0
	for _, r := range p.fleet.Failover {
		t = max(t, bound(r))
	}
	return proven(t)
}

// proven is a bound, or nothing where it is 0.
func proven(t float64) planner.Number {
	if t == 0 {
		return planner.Number{}
	}
	return planner.Known(t * slack)
}

// domains counts the domains of the level with a server that is up.
func (p *problem) domains(level int) int {
	seen := map[int32]bool{}
	for s, d := range p.fleet.Levels[level].Of {
		if !p.fleet.Down[s] {
			seen[d] = true
		}
	}
	return len(seen)
}

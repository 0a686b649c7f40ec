package bounds

import (
	"math"
	"slices"
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
	}
	worst := make([]planner.Number, len(f.Levels))
	var wait sync.WaitGroup
	for level := range f.Levels {
		wait.Go(func() { worst[level] = p.worst(level) })
	}
	wait.Wait()
	b.WorstSingle = worst[0]
	if exact := Enumerate(f, EnumerateOptions{LayoutOptions: opts}); exact.Complete && exact.Layout != nil {
		b.WorstSingle = exact.Worst
	}
	for level := range f.Levels {
		if level > 0 {
			b.WorstDomain[f.Levels[level].Name] = worst[level]
		}
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
// survivor. At a level that spread does not keep apart, a layout may take stores
// offline, which then weigh nothing; there only the normal load of a survivor
// counts, since every server survives some failure.
func (p *problem) worst(level int) planner.Number {
	if len(p.fleet.Failover) == 0 || len(p.holders) == 0 || p.domains(level) < 2 {
		return planner.Number{}
	}
	t := p.normal(p.fleet.Failover).Value
	if level == 0 || slices.Contains(p.apart, level) {
		for _, r := range p.fleet.Failover {
			t = max(t, slack*p.spreadOut(level, r), slack*p.conserved(level, r))
		}
		t = max(t, slack*p.item(), slack*p.priced(level), slack*p.configured(level))
	}
	return planner.Known(t)
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

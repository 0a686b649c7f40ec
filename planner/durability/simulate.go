package durability

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Options say what to simulate.
type Options struct {
	Seed        uint64
	Years       int // the span that is asked for
	Assumptions planner.Assumptions

	// Failures is how many failures plain sampling sees in the mean, or more if the
	// years have more; 0 means a million.
	Failures int
	// Strikes is how many failures of each class forced sampling draws at most; 0
	// means 64,000.
	Strikes int
	// Progress, if not nil, is told now and then how many batches are done. It is
	// called from several goroutines.
	Progress func(done, total int)
}

// mostFailures is how many failures plain sampling draws at most, those counted
// too that strike what has failed already: rates hold equally in all years, so
// that a part of them says enough.
const mostFailures = 20_000_000

// enough is how many occasions plain sampling must be expected to see for its
// spread to say how good it is. It is asked of the analysis, not of the result,
// which would prefer runs that saw many.
const enough = 2000

// mostSites is how many servers may carry a store: its figures are sums over all
// sets of them.
const mostSites = 12

// Check tells which stores are on more servers that are up than [Simulate] takes.
func Check(f *load.Fleet, l load.Layout) error {
	var wrong []error
	for store, sites := range l {
		if n := len(upSites(f, sites)); n > mostSites {
			wrong = append(wrong, fmt.Errorf("store %s is on %d servers: years are played with stores on %d at most", f.Inventory.Stores[store].Name, n, mostSites))
		}
	}
	return errors.Join(wrong...)
}

// Simulate returns what years of failures and repairs do to a layout that passes
// [Check]. If the context ends, the result is of no use.
func Simulate(ctx context.Context, f *load.Fleet, l load.Layout, opts Options) *planner.Years {
	y := newModel(f, l, opts.Assumptions).simulate(ctx, opts)
	y.Assumptions = opts.Assumptions
	return y
}

func (o Options) withDefaults() Options {
	if o.Failures == 0 {
		o.Failures = 1_000_000
	}
	if o.Strikes == 0 {
		o.Strikes = 64_000
	}
	return o
}

// simulate samples plainly and, where that sees too little, by force.
func (m *model) simulate(ctx context.Context, opts Options) *planner.Years {
	opts = opts.withDefaults()
	analytic := m.exact(ctx)
	span := m.span(opts)
	rare := func(occasions float64) bool { return occasions > 0 && occasions*span < enough }
	offline, lost, failedOver := rare(analytic[offlineOccasions]), rare(analytic[lossOccasions]), rare(analytic[failoverStores])
	force := offline || lost || failedOver

	steps := &steps{ctx: ctx, total: batches, progress: opts.Progress}
	if force {
		steps.total *= 2
	}
	plain := sample{sampling: planner.Plain, batches: steps.run(func(i uint64) batch {
		return m.run(ctx, rand.New(rand.NewPCG(opts.Seed, i)), span/batches)
	})}
	byForce := sample{sampling: planner.Forced}
	if force {
		byForce.batches = steps.run(func(i uint64) batch {
			return m.force(ctx, rand.New(rand.NewPCG(opts.Seed, batches+i)), max(1, opts.Strikes/batches), offline)
		})
	}
	choose := func(rare bool) *sample {
		if rare {
			return &byForce
		}
		return &plain
	}
	y := &planner.Years{
		Years: opts.Years, Seed: opts.Seed, Stores: len(m.sites), YearsSimulated: span,
		Failures: plain.failures(), Strikes: byForce.failures(),
	}
	for _, users := range m.users {
		y.Users += users
	}
	m.fillOffline(y, choose(offline), analytic)
	m.fillDoubled(y, choose(lost), analytic)
	fillFailover(y, choose(failedOver), analytic)
	return y
}

// span returns how many years plain sampling plays.
func (m *model) span(opts Options) float64 {
	years, rate := float64(opts.Years), m.failures()
	if rate == 0 {
		return years
	}
	return min(max(years, float64(opts.Failures)/rate), mostFailures/m.strikes().rate)
}

func (s *sample) failures() int64 {
	n := int64(0)
	for i := range s.batches {
		n += s.batches[i].failures
	}
	return n
}

// steps draws batches on all processors and tells how far it is.
type steps struct {
	ctx      context.Context
	done     atomic.Int64
	total    int
	progress func(done, total int)
}

// run draws all batches. Each has a random stream of its own, so that it does not
// matter which processor draws it.
func (s *steps) run(draw func(i uint64) batch) []batch {
	list := make([]batch, batches)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < batches && s.ctx.Err() == nil; i = next.Add(1) - 1 {
				list[i] = draw(uint64(i))
				if done := int(s.done.Add(1)); s.progress != nil {
					s.progress(done, s.total)
				}
			}
		})
	}
	wait.Wait()
	return list
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/simulate"
)

// randomFlags say which sets of servers are drawn.
type randomFlags struct {
	servers optional[int]
	samples optional[int]
}

// defaultSamples tell a chance of 1 % to about a tenth of it.
const defaultSamples = 10_000

func newRandomFlags() randomFlags {
	return randomFlags{servers: countFlag(1, mostThings), samples: countFlag(1, 1_000_000)}
}

func (r *randomFlags) addTo(f *pflag.FlagSet) {
	f.Var(&r.servers, "random", "fail this `number` of servers at once, drawn at random")
	f.Var(&r.samples, "samples", "draw so many sets of them, a `number` (default 10000); where there are no more, all are gone through")
}

// check refuses samples of nothing.
func (r *randomFlags) check() error {
	if r.samples.value != nil && r.servers.value == nil {
		return hint(errors.New("--samples draws sets of servers, but no --random says of how many"), "--random 3 draws sets of three")
	}
	return nil
}

// fit refuses more servers than can fail.
func (r *randomFlags) fit(s *simulate.Simulator) error {
	if r.servers.value == nil || *r.servers.value <= s.Up() {
		return nil
	}
	return fmt.Errorf("--random %d: so many cannot fail at once: %s", *r.servers.value, inventory.Counted(s.Up(), "server is up", "servers are up"))
}

// fail fails the sets, if that is asked for.
func (r *randomFlags) fail(ctx context.Context, s *simulate.Simulator, sim *planner.Simulation, seed uint64) {
	if r.servers.value == nil {
		return
	}
	random := s.Random(ctx, simulate.RandomOptions{Servers: *r.servers.value, Samples: r.samples.given(defaultSamples), Seed: seed, Worst: mostWorst})
	sim.Random = &random
}

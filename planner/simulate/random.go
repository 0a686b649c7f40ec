package simulate

import (
	"cmp"
	"context"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// RandomOptions say which failures are drawn.
type RandomOptions struct {
	Servers int // that fail at once; no more than are up
	Samples int // sets that are drawn; where there are no more, all of them are gone through
	Seed    uint64
	Worst   int // how many of the worst sets are told
}

// Up returns how many servers are up, which is how many may fail.
func (s *Simulator) Up() int { return len(s.order) }

// Random draws sets of servers that are up and fails them, each set as likely as any
// other, or all of them where there are few. Interrupted, it returns what it has
// found so far.
func (s *Simulator) Random(ctx context.Context, opts RandomOptions) planner.Random {
	up := slices.Sorted(slices.Values(s.order))
	all := noMoreThan(opts.Samples, len(up), opts.Servers)
	sets := drawn(up, opts)
	if all {
		sets = every(up, opts.Servers)
	}
	domains := make([]load.Domain, opts.Servers)
	d := draws{room: opts.Worst}
	for servers := range sets {
		if ctx.Err() != nil {
			break
		}
		for i, server := range servers {
			domains[i] = s.fleet.Levels[0].Domains[server]
		}
		o := s.strike(domains)
		d.add(figures{s.usersOn(o.offline), len(o.offline), s.figure(o)}, servers)
		s.heal(o)
	}
	told := d.told(s, opts)
	told.All = all && ctx.Err() == nil
	return told
}

// drawn are sets of servers drawn at random. Each is there until the next one.
func drawn(up []int32, opts RandomOptions) iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		rng := rand.New(rand.NewPCG(opts.Seed, uint64(opts.Servers)))
		for range opts.Samples {
			for i := range opts.Servers {
				k := i + rng.IntN(len(up)-i)
				up[i], up[k] = up[k], up[i]
			}
			if !yield(up[:opts.Servers]) {
				return
			}
		}
	}
}

// every are all sets of so many servers. Each is there until the next one.
func every(up []int32, servers int) iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		set := make([]int32, 0, servers)
		var extend func(rest []int32) bool
		extend = func(rest []int32) bool {
			if len(set) == servers {
				return yield(set)
			}
			for i := range len(rest) - (servers - len(set)) + 1 {
				set = append(set, rest[i])
				if !extend(rest[i+1:]) {
					return false
				}
				set = set[:len(set)-1]
			}
			return true
		}
		extend(up)
	}
}

// noMoreThan reports whether there are no more than so many sets of k among n.
func noMoreThan(most, n, k int) bool {
	sets := 1
	for i := range min(k, n-k) {
		if sets = sets * (n - i) / (i + 1); sets > most {
			return false
		}
	}
	return sets <= most
}

// draws are the sets drawn so far.
type draws struct {
	utilisation, users, stores []float64
	taking, over               int
	room                       int
	worst                      []set // the worst first
}

// set is a set of servers that fail at once.
type set struct {
	figures
	servers []int32 // ascending
}

func (d *draws) add(f figures, servers []int32) {
	d.users, d.stores = append(d.users, float64(f.users)), append(d.stores, float64(f.stores))
	if f.utilisation >= 0 {
		d.utilisation = append(d.utilisation, f.utilisation)
	}
	if f.stores > 0 {
		d.taking++
	}
	if f.utilisation > 1 {
		d.over++
	}
	if d.room == 0 || len(d.worst) == d.room && byUsers(f, d.worst[d.room-1].figures) > 0 {
		return
	}
	drawn := set{f, slices.Sorted(slices.Values(servers))}
	if at, known := slices.BinarySearchFunc(d.worst, drawn, compareSets); !known {
		d.worst = slices.Insert(d.worst, at, drawn)
		d.worst = d.worst[:min(len(d.worst), d.room)]
	}
}

func compareSets(a, b set) int {
	return cmp.Or(byUsers(a.figures, b.figures), slices.Compare(a.servers, b.servers))
}

func (d *draws) told(s *Simulator, opts RandomOptions) planner.Random {
	r := planner.Random{
		Servers: opts.Servers, Samples: len(d.users), Seed: opts.Seed, TakingOffline: d.taking, OverCapacity: d.over,
		Utilisation: quantiles(d.utilisation), UsersOffline: quantiles(d.users), StoresOffline: quantiles(d.stores),
	}
	if r.Samples > 0 {
		r.ChanceOffline = planner.Known(float64(d.taking) / float64(r.Samples))
	}
	for _, w := range d.worst {
		var domains []load.Domain
		for _, server := range w.servers {
			domains = append(domains, s.fleet.Levels[0].Domains[server])
		}
		r.Worst = append(r.Worst, s.Fail(domains...))
	}
	return r
}

// quantiles sorts the values.
func quantiles(values []float64) planner.Quantiles {
	if len(values) == 0 {
		return planner.Quantiles{}
	}
	slices.Sort(values)
	at := func(part float64) planner.Number {
		return planner.Known(values[int(math.Ceil(part*float64(len(values))))-1])
	}
	return planner.Quantiles{P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: at(1)}
}

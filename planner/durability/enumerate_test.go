package durability_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/load"
)

// states is a fleet as all joint states of its components, each failed or not: the
// outages and the disks of the servers, then the domains. It counts occasions from
// their definition. Copies on one server are to be missing equally long.
type states struct {
	servers int
	stores  [][]int
	needs   []uint // by server: the components that must not have failed for it to serve
	chance  []float64
	rate    []float64
}

func newStates(f *load.Fleet, a planner.Assumptions) *states {
	n := len(f.Inventory.Servers)
	s := &states{servers: n}
	for i := range n {
		s.needs = append(s.needs, 1<<i|1<<(n+i))
	}
	add := func(count int, chance, rate float64) {
		for range count {
			s.chance, s.rate = append(s.chance, chance), append(s.rate, rate)
		}
	}
	away := func(rate, hours float64) float64 { x := rate * hours / hoursPerYear; return x / (1 + x) }
	add(n, away(a.OutagesPerYear, a.OutageHours), a.OutagesPerYear)
	add(n, -math.Expm1(-a.LossesPerYear*a.ReplaceHours/hoursPerYear), a.LossesPerYear)
	for _, l := range f.Levels[1:] {
		for _, d := range l.Domains {
			if d.Level == l.Name {
				for _, on := range d.Servers {
					s.needs[on] |= 1 << len(s.chance)
				}
				add(1, away(a.Domains[l.Name].OutagesPerYear, a.Domains[l.Name].OutageHours), a.Domains[l.Name].OutagesPerYear)
			}
		}
	}
	for _, sites := range f.Current() {
		var on []int
		for _, server := range sites {
			on = append(on, int(server))
		}
		s.stores = append(s.stores, on)
	}
	return s
}

// occasions returns how often in a year at least one store goes offline, and how
// often one is lost.
func (s *states) occasions() (offline, lost float64) {
	goes := func(before, after uint, needs func(server int) uint) bool {
		return slices.ContainsFunc(s.stores, func(on []int) bool {
			there := func(state uint) bool {
				return slices.ContainsFunc(on, func(server int) bool { return state&needs(server) == 0 })
			}
			return there(before) && !there(after)
		})
	}
	for state := range uint(1) << len(s.chance) {
		chance := 1.0
		for c, p := range s.chance {
			if state>>c&1 == 0 {
				p = 1 - p
			}
			chance *= p
		}
		for c, rate := range s.rate {
			after := state | 1<<c
			if after == state {
				continue // a disk that is lost again takes nothing more along
			}
			if goes(state, after, func(server int) uint { return s.needs[server] }) {
				offline += chance * rate
			}
			if goes(state, after, func(server int) uint { return 1 << (s.servers + server) }) {
				lost += chance * rate
			}
		}
	}
	return offline, lost
}

// rings are fleets whose stores depend on the same things in several ways.
func rings() map[string][2][]string {
	servers := []string{"a rack=r1 site=x", "b rack=r1 site=x", "c rack=r2 site=x", "d rack=r3 site=y", "e rack=r3 site=y"}
	cases := map[string][2][]string{
		"three pairs and one far copy": {{"a site=x", "b site=x", "c site=x", "d site=y"}, {"a b d", "b c d", "c a d"}},
		"two far copies":               {servers, {"a c d", "c b d", "b a e", "a c e", "c b d"}},
		"four copies":                  {servers, {"a c d e", "b c e d", "c a b d"}},
		"two, three and four copies":   {servers, {"a d", "b d", "a b e", "c a d e", "c e", "a c d"}},
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 12 {
		var stores []string
		for range 1 + rng.IntN(8) {
			var on []string
			for _, s := range rng.Perm(len(servers))[:2+rng.IntN(3)] {
				on = append(on, servers[s][:1])
			}
			stores = append(stores, strings.Join(on, " "))
		}
		cases[fmt.Sprint("drawn ", i)] = [2][]string{servers, stores}
	}
	return cases
}

// What stores have in common counts once, whether it is a server, a domain, or a
// domain together with a server. What the analytic values leave out is of the order
// of how likely it is that anything has failed.
func TestOccasionsAgreeWithEnumeration(t *testing.T) {
	often := markovRates()
	for name, tc := range rings() {
		f := build(t, 0, tc[0], tc[1])
		rare := planner.Assumptions{
			OutagesPerYear: 1, OutageHours: 4, LossesPerYear: 0.02, ReplaceHours: 24,
			Domains: map[inventory.Level]planner.DomainOutages{"rack": {OutagesPerYear: 0.1, OutageHours: 2}, "site": {OutagesPerYear: 0.1, OutageHours: 2}},
		}
		never := rare
		never.OutagesPerYear, never.LossesPerYear, never.ReplaceHours = 0.001, 0.0001, 1
		for rates, c := range map[string]struct {
			assume planner.Assumptions
			misses float64
		}{"next to never": {never, 0.001}, "rare": {rare, 0.001}, "often": {often, 0.04}} {
			y := durability.Simulate(t.Context(), f, f.Current(), durability.Options{Years: 1, Assumptions: c.assume, Failures: 100, Strikes: 64})
			offline, lost := newStates(f, c.assume).occasions()
			for what, pair := range map[string][2]float64{
				"offline": {y.Offline.OccasionsPerYear.Analytic.Value, offline}, "lost": {y.Doubled.OccasionsPerYear.Analytic.Value, lost},
			} {
				if got, want := pair[0], pair[1]; math.Abs(got/want-1) > c.misses {
					t.Errorf("%s, %s, %s: %.6g a year, want %.6g (%+.2f %%)", name, rates, what, got, want, 100*(got/want-1))
				}
			}
		}
	}
}

package durability_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// chain is a fleet as one Markov chain over the joint states of all its
// components, written from the definitions and solved as linear equations: it
// shares nothing with the formulas but the model. The state of disks is how many
// of their losses are not made good yet, as in a queue with a server for every
// customer: whether there is one depends on the mean window only.
type chain struct {
	parts  []part
	stores [][]int   // servers
	disk   []int     // part that stands for the disks of each server
	needs  [][]int   // parts that must not be away for a server to be up
	steady []float64 // by state
}

// part is one component with states 0 (well) to most.
type part struct {
	rate, mean float64 // in years
	most       int
	queue      bool // strikes in every state
}

const (
	hoursPerYear = 365.25 * 24
	mostLosses   = 4
)

func newChain(f *load.Fleet, a planner.Assumptions) *chain {
	c := &chain{}
	add := func(p part) int {
		c.parts = append(c.parts, p)
		return len(c.parts) - 1
	}
	domains := map[inventory.FailureDomain]int{}
	for i := range f.Inventory.Servers {
		s := &f.Inventory.Servers[i]
		needs := []int{add(part{rate: a.OutagesPerYear, mean: a.OutageHours / hoursPerYear, most: 1})}
		for level, name := range s.Domains {
			d := inventory.FailureDomain{Level: level, Name: string(name)}
			if _, ok := domains[d]; !ok {
				o := a.Domains[level]
				domains[d] = add(part{rate: o.OutagesPerYear, mean: o.OutageHours / hoursPerYear, most: 1})
			}
			needs = append(needs, domains[d])
		}
		c.needs = append(c.needs, needs)
		c.disk = append(c.disk, add(part{rate: a.LossesPerYear, mean: a.ReplaceHours / hoursPerYear, most: mostLosses, queue: true}))
	}
	for _, sites := range f.Current() {
		var on []int
		for _, s := range sites {
			on = append(on, int(s))
		}
		c.stores = append(c.stores, on)
	}
	c.solve()
	return c
}

func (c *chain) states() int {
	n := 1
	for _, p := range c.parts {
		n *= p.most + 1
	}
	return n
}

func (c *chain) decode(state int) []int {
	x := make([]int, len(c.parts))
	for i, p := range c.parts {
		x[i] = state % (p.most + 1)
		state /= p.most + 1
	}
	return x
}

// moves calls do for every transition from the state: the part that changes, by
// how much, how often a year, and the state that follows.
func (c *chain) moves(state int, do func(part, by int, rate float64, next int)) {
	stride := 1
	for i, x := range c.decode(state) {
		p := c.parts[i]
		if x < p.most && (x == 0 || p.queue) {
			do(i, 1, p.rate, state+stride)
		}
		if x > 0 {
			do(i, -1, float64(x)/p.mean, state-stride)
		}
		stride *= p.most + 1
	}
}

// solve finds the distribution that does not change: one equation for each state
// but the first, whose place the sum of all chances takes.
func (c *chain) solve() {
	n := c.states()
	q := mat.NewDense(n, n, nil)
	for s := range n {
		c.moves(s, func(_, _ int, rate float64, next int) {
			q.Set(next, s, q.At(next, s)+rate)
			q.Set(s, s, q.At(s, s)-rate)
		})
	}
	one := mat.NewVecDense(n, nil)
	one.SetVec(0, 1)
	for s := range n {
		q.Set(0, s, 1)
	}
	var steady mat.VecDense
	if err := steady.SolveVec(q, one); err != nil {
		panic(err)
	}
	c.steady = steady.RawVector().Data
}

func (c *chain) up(x []int, server int) bool {
	return !slices.ContainsFunc(c.needs[server], func(p int) bool { return x[p] > 0 })
}

// serving returns the server that serves the store, or -1.
func (c *chain) serving(x []int, store int) int {
	for _, s := range c.stores[store] {
		if x[c.disk[s]] == 0 && c.up(x, s) {
			return s
		}
	}
	return -1
}

func (c *chain) copies(x []int, store int) int {
	n := 0
	for _, s := range c.stores[store] {
		if x[c.disk[s]] == 0 {
			n++
		}
	}
	return n
}

// figures returns what the chain says.
func (c *chain) figures() map[string]float64 {
	f := map[string]float64{}
	for state, chance := range c.steady {
		before := c.decode(state)
		for store := range c.stores {
			if c.serving(before, store) < 0 {
				f["stores offline"] += chance
			}
		}
		c.moves(state, func(part, by int, rate float64, next int) {
			if by < 0 {
				return
			}
			after := c.decode(next)
			went, lost := false, false
			for store := range c.stores {
				serving := c.serving(before, store)
				if serving >= 0 && c.serving(after, store) < 0 {
					f["going"] += chance * rate
					went = true
				}
				switch left := c.copies(after, store); {
				case left == 0 && c.copies(before, store) > 0:
					f["lost"] += chance * rate
					lost = true
				case left > 0 && serving >= 0 && part == c.disk[serving]:
					f["failed over"] += chance * rate
				}
			}
			if went {
				f["occasions"] += chance * rate
			}
			if lost {
				f["loss occasions"] += chance * rate
			}
		})
	}
	return f
}

// analytic returns the same figures as the package computes them.
func analytic(y *planner.Years) map[string]float64 {
	return map[string]float64{
		"stores offline": y.Offline.Stores.Analytic.Value,
		"going":          y.Offline.StoresEach.Analytic.Value * y.Offline.OccasionsPerYear.Analytic.Value,
		"occasions":      y.Offline.OccasionsPerYear.Analytic.Value,
		"lost":           y.Doubled.StoresPerYear.Analytic.Value,
		"loss occasions": y.Doubled.OccasionsPerYear.Analytic.Value,
		"failed over":    y.Failover.StoresPerYear.Analytic.Value,
	}
}

// disagree names the figures that differ by more than a part in 10,000, and
// occasions where they differ by more than the given part.
func disagree(got, want map[string]float64, occasions float64) []string {
	var wrong []string
	for name, w := range want {
		tolerance := 1e-4
		if strings.HasSuffix(name, "occasions") {
			tolerance = max(tolerance, occasions)
		}
		if g := got[name]; math.Abs(g-w) > tolerance*w {
			wrong = append(wrong, fmt.Sprintf("%s: got %.8g, want %.8g", name, g, w))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// markovCases are small fleets with rates so high that every neglected term shows.
func markovCases() map[string]struct {
	servers, stores []string
	occasions       float64 // what their first order may miss
} {
	return map[string]struct {
		servers, stores []string
		occasions       float64
	}{
		"two copies":              {[]string{"a", "b"}, []string{"a b"}, 1e-4},
		"no replica":              {[]string{"a rack=r1"}, []string{"a"}, 1e-4},
		"apart in racks":          {[]string{"a rack=r1", "b rack=r2"}, []string{"a b"}, 1e-4},
		"in one rack":             {[]string{"a rack=r1", "b rack=r1"}, []string{"a b"}, 0.03},
		"racks of one site":       {[]string{"a rack=r1 site=s", "b rack=r2 site=s"}, []string{"a b"}, 0.03},
		"three copies":            {[]string{"a", "b", "c"}, []string{"b a c"}, 1e-4},
		"two of three in a rack":  {[]string{"a rack=r", "b rack=r", "c"}, []string{"c a b"}, 0.03},
		"crossing domains":        {[]string{"a rack=r site=s", "b rack=r", "c site=s"}, []string{"a b c"}, 0.03},
		"a ring of three servers": {[]string{"a", "b", "c"}, []string{"a b", "b c", "c a"}, 0.03},
		"twice on the same three": {[]string{"a", "b", "c"}, []string{"b a c", "a c b"}, 0.001},
		"near and far, twice":     {[]string{"a", "b rack=r", "c rack=r"}, []string{"a b c", "b a c"}, 0.03},
		"with and without":        {[]string{"a", "b"}, []string{"a b", "b", "b a"}, 0.03},
	}
}

func markovRates() planner.Assumptions {
	return planner.Assumptions{
		OutagesPerYear: 10, OutageHours: 40, LossesPerYear: 4, ReplaceHours: 80, LagSeconds: 60, ChangedPerDay: 0.01,
		Domains: map[inventory.Level]planner.DomainOutages{"rack": {OutagesPerYear: 6, OutageHours: 30}, "site": {OutagesPerYear: 3, OutageHours: 20}},
	}
}

// TestAnalyticValuesAgreeWithAMarkovChain compares every analytic figure with the
// solution of the whole chain.
func TestAnalyticValuesAgreeWithAMarkovChain(t *testing.T) {
	for name, tc := range markovCases() {
		t.Run(name, func(t *testing.T) {
			f := build(t, 0, tc.servers, tc.stores)
			want := newChain(f, markovRates()).figures()
			for _, wrong := range disagree(analytic(simulated(f, markovRates(), 1000)), want, tc.occasions) {
				t.Error(wrong)
			}
		})
	}
}

// TestAWrongAnswerDoesNotAgree plays slightly other rates than the chain has:
// each must show in the figures that depend on it, or the comparison is blind.
func TestAWrongAnswerDoesNotAgree(t *testing.T) {
	f := build(t, 0, []string{"a rack=r1", "b rack=r2"}, []string{"a b"})
	want := newChain(f, markovRates()).figures()
	cases := map[string]struct {
		change func(*planner.Assumptions)
		shows  int // figures that depend on it
	}{
		"outages":      {func(a *planner.Assumptions) { a.OutagesPerYear *= 1.01 }, 3},
		"outage hours": {func(a *planner.Assumptions) { a.OutageHours *= 1.01 }, 3},
		"losses":       {func(a *planner.Assumptions) { a.LossesPerYear *= 1.01 }, 6},
		"replacement":  {func(a *planner.Assumptions) { a.ReplaceHours *= 1.01 }, 5},
		"domain outages": {func(a *planner.Assumptions) {
			a.Domains["rack"] = planner.DomainOutages{OutagesPerYear: 6.06, OutageHours: 30}
		}, 3},
	}
	for name, tc := range cases {
		a := markovRates()
		tc.change(&a)
		if wrong := disagree(analytic(simulated(f, a, 1000)), want, 1e-4); len(wrong) < tc.shows {
			t.Errorf("%s one percent off shows in %d figures, want %d: %v", name, len(wrong), tc.shows, wrong)
		}
	}
}

package simulate_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// denseSums adds up the fleet anew with the servers down, and returns the
// utilisation by server and resource; of servers that are down, nothing.
func denseSums(f *load.Fleet, down []bool) [][]float64 {
	c := f.Carry(f.Current(), down)
	u := make([][]float64, len(c.Amounts))
	for server := range u {
		for r := range f.Resources {
			if !down[server] {
				u[server] = append(u[server], f.Utilisation(server, r, c.Amounts[server][r]))
			}
		}
	}
	return u
}

// busiest returns the largest utilisation over failover resources.
func busiest(f *load.Fleet, u []float64) float64 {
	most := 0.0
	for _, r := range f.Failover {
		if u != nil {
			most = max(most, u[r])
		}
	}
	return most
}

// differ reports whether a survivor carries more in a failover resource.
func differ(f *load.Fleet, normal, after []float64) bool {
	return after != nil && slices.ContainsFunc(f.Failover, func(r int) bool { return normal[r] != after[r] })
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }

// Who takes over from whom is what the fleet weighs after each failure more than
// before, whatever the states of servers and the number of replicas.
func TestFailoverAgreesWithDenseSums(t *testing.T) {
	seen := 0
	for seed := range uint64(2000) {
		inv := fixtures.Tiny(seed)
		f := load.New(inv)
		s := simulate.New(f, f.Current())
		got := s.Failover()
		normal := denseSums(f, f.Down)
		worst := make([]float64, len(normal))
		for server := range normal {
			worst[server] = busiest(f, normal[server])
		}
		for failed := range inv.Servers {
			if f.Down[failed] {
				continue
			}
			down := slices.Clone(f.Down)
			down[failed] = true
			after := denseSums(f, down)
			for survivor := range inv.Servers {
				worst[survivor] = max(worst[survivor], busiest(f, after[survivor]))
				at := slices.IndexFunc(got.Takeovers, func(x planner.Takeover) bool { return x.Failed == failed && x.Survivor == survivor })
				if at < 0 {
					if differ(f, normal[survivor], after[survivor]) {
						t.Fatalf("seed %d: %d takes over from %d and is not listed", seed, survivor, failed)
					}
					continue
				}
				seen++
				x := got.Takeovers[at]
				r := inv.Resource(x.Resource)
				if !near(x.Utilisation, busiest(f, after[survivor])) || !near(x.Utilisation, after[survivor][r]) || !near(x.Added, after[survivor][r]-normal[survivor][r]) {
					t.Fatalf("seed %d: got %+v, want %v after %v", seed, x, after[survivor], normal[survivor])
				}
			}
		}
		compareStrains(t, seed, f, got, normal, worst)
		if w := s.Promises().WorstSingle.Utilisation; w.Known && len(got.Strains) > 1 && !near(w.Value, busiestOf(got.Strains)) {
			t.Fatalf("seed %d: the worst strain is %v, the worst single failure %v", seed, busiestOf(got.Strains), w.Value)
		}
	}
	if seen < 1000 {
		t.Errorf("only %d takeovers in all fleets", seen)
	}
}

func busiestOf(strains []planner.Strain) float64 {
	return slices.MaxFunc(strains, func(a, b planner.Strain) int { return cmp.Compare(a.Worst, b.Worst) }).Worst
}

func compareStrains(t *testing.T, seed uint64, f *load.Fleet, got planner.Failover, normal [][]float64, worst []float64) {
	t.Helper()
	up := 0
	for server := range normal {
		if normal[server] != nil && len(f.Failover) > 0 {
			up++
		}
	}
	if len(got.Strains) != up {
		t.Fatalf("seed %d: %d strains of %d servers that are up", seed, len(got.Strains), up)
	}
	for _, s := range got.Strains {
		r := f.Inventory.Resource(s.Resource)
		if !near(s.Worst, worst[s.Server]) || !near(s.Normal, normal[s.Server][r]) || s.Failed == nil && s.Normal != s.Worst {
			t.Fatalf("seed %d: got %+v, want worst %v, normal %v", seed, s, worst[s.Server], normal[s.Server])
		}
	}
}

// What fails together is taken over together: the shares of a survivor add up to
// all that it takes over.
func TestFailoverOfASet(t *testing.T) {
	inv := fixtures.Fleet(3, fixtures.Skewed, fixtures.Size{Servers: 20, StoresPerServer: 6, Users: 400})
	f := load.New(inv)
	s := simulate.New(f, f.Current())
	rack := f.Levels[1].Domains[1]
	got := s.FailoverOf(rack)
	down := slices.Clone(f.Down)
	for _, server := range rack.Servers {
		down[server] = true
	}
	normal, after := denseSums(f, f.Down), denseSums(f, down)
	if want := len(inv.Servers) - len(rack.Servers); len(got.Strains) != want || len(got.Failed) != 1 {
		t.Fatalf("%d strains after %v, want %d", len(got.Strains), got.Failed, want)
	}
	for _, strain := range got.Strains {
		sum := 0.0
		for _, x := range got.Takeovers {
			if !down[x.Failed] || down[x.Survivor] {
				t.Fatalf("%+v: it is not a failed server that is taken over", x)
			}
			if x.Survivor == strain.Server {
				sum += x.Added
			}
		}
		r := inv.Resource(strain.Resource)
		if !near(strain.Worst, busiest(f, after[strain.Server])) || !near(strain.Normal+sum, strain.Worst) || !near(strain.Normal, normal[strain.Server][r]) {
			t.Errorf("%+v: takes %v over, want %v after %v", strain, sum, after[strain.Server], normal[strain.Server])
		}
	}
}

// Where no resource fails over there is nothing to draw.
func TestFailoverWithoutFailoverResource(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Equal, fixtures.Size{Servers: 4, StoresPerServer: 2, Users: -1})
	for r := range inv.Resources {
		inv.Resources[r] = inventory.NewResource(inv.Resources[r].Name, inv.Resources[r].Unit, 1)
	}
	f := load.New(inv)
	if got := simulate.New(f, f.Current()).Failover(); len(got.Takeovers)+len(got.Strains) > 0 {
		t.Errorf("got %+v", got)
	}
}

package durability_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
)

// TestCopysetFigures holds the closed form against the figures of Cidon et al.,
// "Copysets", USENIX ATC 2013: of 5,000 servers one percent fails at once, with
// three copies. The paper's 99.99 % for random replication belong to 9.8 million
// chunks, which it does not say; its 0.15 % for copyset replication of scatter
// width 2 are 0.157 % in closed form.
func TestCopysetFigures(t *testing.T) {
	const servers, failing, copies = 5000, 50, 3
	cases := []struct {
		name     string
		copysets float64
		want     string
	}{
		{"random replication of 9.8 M chunks", 9.8e6, "0.9999"},
		{"of half as many", 4.9e6, "0.9901"},
		{"copyset replication, scatter width 2", durability.Copysets(servers, copies, 2), "0.00157"},
		{"scatter width 10", durability.Copysets(servers, copies, 10), "0.00781"},
		{"no chunk", 0, "0"},
	}
	for _, c := range cases {
		if got := fmt.Sprintf("%.*f", len(c.want)-2, durability.CopysetChance(servers, failing, copies, c.copysets)); len(c.want) > 1 && got != c.want {
			t.Errorf("%s: chance %s, want %s", c.name, got, c.want)
		}
	}
	if got := durability.CopysetChance(servers, failing, copies, 0); got != 0 {
		t.Errorf("without copysets the chance is %v", got)
	}
	if got := durability.CopysetChance(servers, 2, copies, 1e6); got != 0 {
		t.Errorf("fewer failures than copies lose data with chance %v", got)
	}
}

// pairsOf returns n servers and a store on each pair that shares is true of.
func pairsOf(n int, shares func(i, j int) bool) (servers, stores []string) {
	name := func(i int) string { return fmt.Sprintf("n%02d", i) }
	for i := range n {
		servers = append(servers, name(i))
		for j := range i {
			if shares(i, j) {
				stores = append(stores, name(i)+" "+name(j))
			}
		}
	}
	return servers, stores
}

func mirrored(i, j int) bool  { return i == j+1 && i%2 == 1 }
func everyPair(i, j int) bool { return true }

// TestTwoCopiesLieWithinAFactorOfTwo simulates both ends of the result of
// Venkatesan et al., MASCOTS 2010: servers that mirror one another in pairs,
// which takes the time τ to copy one, and servers that all share with one
// another, which takes 2τ/(n−1) with all of them copying. With two copies the
// mean time to data loss differs by a factor of two.
func TestTwoCopiesLieWithinAFactorOfTwo(t *testing.T) {
	const (
		n       = 16
		loss    = 0.05              // a year
		copying = 24 / hoursPerYear // years
	)
	rate := func(shares func(i, j int) bool, window float64) planner.Estimate {
		servers, stores := pairsOf(n, shares)
		f := build(t, 0, servers, stores)
		a := planner.Assumptions{LossesPerYear: loss, ReplaceHours: window * hoursPerYear}
		return durability.Simulate(context.Background(), f, f.Current(), durability.Options{Seed: 2, Years: 1, Assumptions: a, Failures: 10_000}).Doubled.OccasionsPerYear
	}
	pairs, all := rate(mirrored, copying), rate(everyPair, 2*copying/(n-1))
	cases := []struct {
		name string
		got  planner.Estimate
		want float64 // a year
	}{
		{"mirrored", pairs, 1 / durability.MirroredMTTDL(n, loss, copying)},
		{"declustered", all, 1 / durability.DeclusteredMTTDL(n, loss, copying)},
	}
	for _, c := range cases {
		if !c.got.Inside() || c.want < c.got.Low.Value || c.want > c.got.High.Value {
			t.Errorf("%s: simulated %v to %v a year, analytic %v, published %v", c.name, c.got.Low.Value, c.got.High.Value, c.got.Analytic.Value, c.want)
		}
		if math.Abs(c.got.Analytic.Value/c.want-1) > 0.001 {
			t.Errorf("%s: analytic %v a year, published %v", c.name, c.got.Analytic.Value, c.want)
		}
	}
	if ratio := all.Simulated.Value / pairs.Simulated.Value; math.Abs(ratio-2) > 0.1 {
		t.Errorf("the placements differ by a factor of %v, want 2", ratio)
	}
}

// TestTwoCopiesAgainstTheExactCount counts the pairs of servers that share a
// store, in place of the closed form: with every pair sharing one, two failures
// always take a store offline, which the closed form does not know.
func TestTwoCopiesAgainstTheExactCount(t *testing.T) {
	const n = 16
	cases := []struct {
		name   string
		shares func(i, j int) bool
		pairs  float64
	}{
		{"mirrored", mirrored, n / 2},
		{"a ring", func(i, j int) bool { return i == j+1 || i == n-1 && j == 0 }, n},
		{"every pair", everyPair, n * (n - 1) / 2},
	}
	for _, c := range cases {
		servers, stores := pairsOf(n, c.shares)
		f := build(t, 0, servers, stores)
		got, want := durability.ChanceOffline(f, f.Current(), 2, 1), c.pairs/(n*(n-1)/2)
		if math.Abs(got.Value-want) > 1e-12 || got.StandardError != 0 {
			t.Errorf("%s: chance %v, want exactly %v", c.name, got, want)
		}
	}
}

package durability_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
)

// copysetChance returns the chance that f of n servers that fail at once hold all
// r copies of something, if the copies lie on so many different sets of r servers
// (copysets): 1 − (1 − C(f,r)/C(n,r))^copysets.
//
// It is the closed form of Cidon, Rumble, Stutsman, Katti, Ousterhout and
// Rosenblum, "Copysets: Reducing the Frequency of Data Loss in Cloud Storage",
// USENIX ATC 2013, section 3, which takes the copysets to be hit independently of
// one another. With copies placed at random nearly every chunk has a copyset of
// its own. For a layout at hand [durability.ChanceOffline] is exact or unbiased instead.
func copysetChance(n, f, r int, copysets float64) float64 {
	return -math.Expm1(copysets * math.Log1p(-durability.Hit(n, f, r)))
}

// copysets returns how many copysets copyset replication needs for the scatter
// width: each permutation of the n servers has n/r and gives r−1 partners, so
// n/r · ⌈width/(r−1)⌉ (the same paper, section 4).
func copysets(n, r, width int) float64 {
	permutations := (width + r - 2) / (r - 1)
	return float64(permutations) * float64(n) / float64(r)
}

// mirroredMTTDL returns the mean time to data loss of n servers that mirror one
// another in pairs (clustered placement): 1 / (n λ² τ), where λ is the rate of
// losses of one server's disks and τ the time to copy one server's data.
//
// This and declusteredMTTDL are of Venkatesan, Iliadis, Hu, Haas and Fragouli,
// "Effect of Replica Placement on the Reliability of Large-Scale Data Storage
// Systems", MASCOTS 2010, for two copies and λτ ≪ 1: whatever the placement, the
// times lie within a factor of two.
func mirroredMTTDL(n int, loss, copying float64) float64 {
	return 1 / (float64(n) * loss * loss * copying)
}

// declusteredMTTDL returns the mean time to data loss of n servers each two of
// which share an equal part of their data, if what is lost is copied by all
// others at once, which read and write at the same time: 2τ/(n−1) are enough for
// it, and each of n−1 losses in that time loses something, so 1 / (2 n λ² τ). The
// wider spread does not pay, because as many more servers can lose the data as
// there are to restore it.
func declusteredMTTDL(n int, loss, copying float64) float64 {
	return mirroredMTTDL(n, loss, copying) / 2
}

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
		{"copyset replication, scatter width 2", copysets(servers, copies, 2), "0.00157"},
		{"scatter width 10", copysets(servers, copies, 10), "0.00781"},
	}
	for _, c := range cases {
		if got := fmt.Sprintf("%.*f", len(c.want)-2, copysetChance(servers, failing, copies, c.copysets)); got != c.want {
			t.Errorf("%s: chance %s, want %s", c.name, got, c.want)
		}
	}
	if got := copysetChance(servers, failing, copies, 0); got != 0 {
		t.Errorf("without copysets the chance is %v", got)
	}
	if got := copysetChance(servers, 2, copies, 1e6); got != 0 {
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
		{"mirrored", pairs, 1 / mirroredMTTDL(n, loss, copying)},
		{"declustered", all, 1 / declusteredMTTDL(n, loss, copying)},
	}
	for _, c := range cases {
		if !agrees(c.got) || c.want < c.got.Low.Value || c.want > c.got.High.Value {
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

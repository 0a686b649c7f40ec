package durability

import "math"

// hit returns the chance that all of r given servers are among f that fail, out
// of n, chosen at random: C(f, r) / C(n, r).
func hit(n, f, r int) float64 {
	chance := 1.0
	for i := range r {
		chance *= max(0, float64(f-i)) / float64(n-i)
	}
	return chance
}

// CopysetChance returns the chance that f of n servers that fail at once hold all
// r copies of something, if the copies lie on so many different sets of r servers
// (copysets): 1 − (1 − C(f,r)/C(n,r))^copysets.
//
// It is the closed form of Cidon, Rumble, Stutsman, Katti, Ousterhout and
// Rosenblum, "Copysets: Reducing the Frequency of Data Loss in Cloud Storage",
// USENIX ATC 2013, section 3, which takes the copysets to be hit independently of
// one another. With copies placed at random nearly every chunk has a copyset of
// its own. For a layout at hand [ChanceOffline] is exact or unbiased instead.
func CopysetChance(n, f, r int, copysets float64) float64 {
	return -math.Expm1(copysets * math.Log1p(-hit(n, f, r)))
}

// Copysets returns how many copysets copyset replication needs for the scatter
// width: each permutation of the n servers has n/r and gives r−1 partners, so
// n/r · ⌈width/(r−1)⌉ (the same paper, section 4).
func Copysets(n, r, width int) float64 {
	permutations := (width + r - 2) / (r - 1)
	return float64(permutations) * float64(n) / float64(r)
}

// MirroredMTTDL returns the mean time to data loss of n servers that mirror one
// another in pairs (clustered placement): 1 / (n λ² τ), where λ is the rate of
// losses of one server's disks and τ the time to copy one server's data.
//
// This and [DeclusteredMTTDL] are of Venkatesan, Iliadis, Hu, Haas and Fragouli,
// "Effect of Replica Placement on the Reliability of Large-Scale Data Storage
// Systems", MASCOTS 2010, for two copies and λτ ≪ 1: whatever the placement, the
// times lie within a factor of two.
func MirroredMTTDL(n int, loss, copying float64) float64 {
	return 1 / (float64(n) * loss * loss * copying)
}

// DeclusteredMTTDL returns the mean time to data loss of n servers each two of
// which share an equal part of their data, if what is lost is copied by all
// others at once, which read and write at the same time: 2τ/(n−1) are enough for
// it, and each of n−1 losses in that time loses something, so 1 / (2 n λ² τ). The
// wider spread does not pay, because as many more servers can lose the data as
// there are to restore it.
func DeclusteredMTTDL(n int, loss, copying float64) float64 {
	return MirroredMTTDL(n, loss, copying) / 2
}

// Package bounds computes limits that no layout, assignment or schedule can beat.
//
// A bound is a proof: it looks at the inventory, never at the result of an
// optimiser, and holds over all layouts that keep every hard rule, the promised
// copies and spread. The gap between a result and its bound is therefore all
// that a better method could still win.
//
// Notation used in the proofs, for one failover resource with replica factor ρ:
// L is the load of a store, Δ = (1−ρ)·L what its first replica gains when it is
// promoted, U_b what server b carries in the normal state, F[a→b] the sum of Δ
// over stores with their master on a that b promotes when a fails, G_b the
// largest of those over a, C_b the capacity of b, W the sum of all U_b, C the sum
// of all C_b. The worst single-failure utilisation T satisfies, for every server
// b that may carry anything, T·C_b ≥ U_b + G_b, hence
//
//	T·C ≥ W + Σ G_b,
//
// and the bounds by formula (spread, granularity, conservation, single item) are
// ways to bound Σ G_b, or one term of it, from below. Where a server may have few
// partners, no more domains than these can hit it. The formulas look at one resource at
// a time and at the fleet as a whole, so they say little where servers differ in
// proportion. The price bound ([program]) looks at all resources, classes of
// servers and levels of Δ at once: a linear program over patterns to fill servers
// with, whose dual prices are then put to every store and server as they are.
// Where servers are all alike, and stores too, what counts are the whole numbers of
// masters and replicas that a server has room for: the configuration bound ([alike]),
// and the [Mixtures] that come to it. Fleets of a handful of stores are gone through
// ([Enumerate]). At a level of
// failure domains, a stands for a domain in place of a server, and Δ counts only for
// the stores that must have instances in two of them: the others may go offline with
// one, and weigh on nobody ([problem.at]). A plan tells all of
// them by kind ([planner.FailureBounds]).
//
// In small fleets it is looked at which servers share which stores, with prices for every
// pair of servers ([pairwise]).
//
// What it copies at least to come to a worst failure is bounded by prices as well
// ([Copying]).
//
// The primal of the program over patterns is a [Blueprint]: a layout in parts of instances,
// from which one of whole instances can be built.
package bounds

// Package durability plays years of failures and repairs and says what is offline and what is lost.
//
// [Simulate] answers for a layout: how often stores go offline, how many users
// that is and for how long, and what data is lost, beside each simulated figure
// its analytic value. [ChanceOffline] says how likely it is that several servers
// that fail at once take a store offline, [MeanOffline] how many they do.
//
// # Model
//
// Two things happen to a server, at two rates. In an outage it is away and comes
// back with its data. When its disks are lost its instances are gone; after the
// time to replace them each is seeded again from another copy, one after the
// other as bandwidth and transfers of both ends allow, and until then the store
// has one copy less. A failure domain of any level has outages of its own, which
// take all its servers away at once. All these are independent of one another;
// failures strike at constant rates, outages last exponentially long.
//
// A store is offline while none of its instances is both there and on a server
// that is not away. It is lost when its last copy goes (double failure), and is
// then brought back from elsewhere in the time that a re-seed takes. What was
// written within the lag before the disks of a serving master are lost is lost
// with them, whatever replicas there are (failover loss): this may exceed the
// former by far, so the two are told apart.
//
// Servers that are down stay down and their instances do not count. Re-seeding
// does not wait for outages of the source, and the interruption that a failover
// is by itself is not part of what is offline.
//
// # Methods
//
// Figures per store follow exactly from the model: availability is a sum over
// the sets of its servers that shared failure domains take away, frequencies
// follow from the probability that a component is critical (Birnbaum 1969). How often
// at least one store of many goes is a union over what makes each of them go (its
// minimal cut sets), in which what stores have in common counts once. It is an
// approximation, exact to first order: what it neglects needs one more failure.
//
// Plain sampling draws failures at their rates, event by event. Where the
// analysis says that it would meet too few of a kind, forced sampling takes its
// place: every sample strikes one component and draws the states of those that
// matter with probabilities so high that about one of them has failed (balanced
// failure biasing, Shahabuddin 1994), weighing the result by the likelihood
// ratio. Because all components are independent and start in the steady state,
// the fleet as the failure meets it has the distribution that it has at any time
// (Poisson arrivals see time averages), so one sample needs no history.
//
// Both are drawn in batches with random streams of their own. The batches are
// independent and alike, so their spread gives the standard error, and the
// result does not depend on the number of processors.
package durability

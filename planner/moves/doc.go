// Package moves orders a plan's changes into waves.
//
// [Schedule] takes layouts and users plans, in the order in which they are to be
// carried out, and says when each of their changes starts and ends:
//
//	if wrong := moves.Verify(inv, groups, plans); wrong != nil { … }
//	schedule := moves.Schedule(ctx, inv, groups, plans, moves.Options{})
//
// # What a schedule keeps
//
// A copy takes one transfer at each of its two ends, and a server runs only so
// many at once. Promotions, drops and creations take no time and follow what they
// need: within one plan, what the plan lists earlier for the same store; between
// plans, everything that earlier plans do to the same stores. So a store never has
// fewer copies on the way than its plan gives it. Seeds of one store run side by
// side, but none starts or ends before one that the plan lists earlier: each new
// replica is the last in promotion order, so their ends decide that order.
//
// Everything that a layout does to one store, and everything that a users plan
// does to one share group, is a bundle and belongs into one wave; but a layout that
// comes back to a store, after others, has a bundle for each time, since they may
// need the room that the store has left, or make what it needs. The state after
// each wave keeps every rule about loads: ceilings, failure ceilings, slots and
// capacities of stores. During a wave, slots and disk are counted at both ends:
// what arrives counts from the start of its wave, what is dropped until its end,
// and what users leave behind until it is removed from the source. Without waves
// the same holds at any time, for all resources and failures, from the start of
// a bundle until its end. A rule that is broken today, or in the target of the
// plans, may be broken on the way by as much as there and no more, each resource
// of a server for itself; what the plans themselves say of their way excuses
// nothing. Rules about where a store's instances are (spread, allowed) and about
// whole share groups hold when a bundle has ended.
//
// At the end an audit follows the schedule change by change and lists whatever its
// states break, so that nothing rests on the search alone. Package rules says what
// the rules are; the tests hold every state of random schedules against it.
//
// # How it is found
//
// A wave is filled in order of urgency: first what relieves a broken rule, then
// what makes room where others wait for it. Whatever leaves a state that breaks a
// rule is taken back. Where one wave does not hold everything, several orders are
// tried: by the work of the servers, by length, as listed, with no server given
// more than its share of work in a wave, at random; and the best schedule is
// kept. It has as few broken rules as possible, and then is short; a wave more
// must save three percent. The last order to try is that of the plans, at most two
// bundles a wave: so a plan that can be carried out as it is listed, or in such pairs,
// always has a schedule.
//
// The copies of a wave are put in time by list scheduling (Graham 1969): whenever
// a server has a free transfer it starts the copy that matters most, which is the
// one whose busier end has most work left, dynamically, plus a part of the work of
// the other end and its own length. That copies form a graph whose busiest node
// decides is from the literature on data migration (Hall, Hartline, Karlin, Saia,
// Wilkes 2001; Kari, Kim, Russell 2011); its space constraints are what makes it
// hard, and why the bound in package bounds knows which changes must wait for
// room.
//
// # When nothing can move
//
// Room that users leave behind becomes free when their mail is removed from the
// source, by default after two weeks. A schedule waits for that only if nothing
// else can move and only if it helps, and a warning says for how long. If waiting
// does not help either, the bundles that break rules least pass: the schedule
// still reaches the target, and violations of rule transient name each server
// and store that is overfilled, by how much.
package moves

// Package transit keeps account of a fleet on its way and says which limits its
// states pass.
//
// A [Ledger] holds what every server and store carries while stores are at rest or
// in motion, and [Limits] say how far that may go. Both the planner that lists
// changes and the one that puts them into waves ask the same ledger, so that an
// order which one of them finds is one for the other.
//
// A state between waves keeps ceilings, failure ceilings, slots and capacities of
// stores ([Whole]). During a wave, slots and disk are counted at both ends
// ([Space]): what arrives counts from the start, what is dropped until the end, a
// master that becomes a replica before it is dropped as what it was. A
// rule that is broken today, or in the target, may be broken on the way by as much
// as there and no more, each resource of a server for itself.
package transit

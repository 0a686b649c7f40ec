// Package confirm checks on the live fleet what a plan promised.
//
// [Plan] asks the instances where everybody is, whether master, replica and what is
// kept at the old place hold the same, and whether folders that are shared can be
// read; and it computes the plan's figures again on what is there:
//
//	confirmation, err := confirm.Plan(ctx, plan, confirm.Options{Inventory: inv, Side: side})
//
// What could not be looked at is unknown, which is never met. [Unit] asks for one
// part of a plan, before what was moved is deleted at its old place.
//
// A message that the old place still has may have been removed at the new one since.
// It counts as removed if the new place still has a trace of it, or if nothing was lost
// when it was asked before ([Options.Earlier]). Else it is lost where the move was within
// a day, and unknown later: traces go.
//
// Nothing is changed on any server.
package confirm

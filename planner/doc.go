// Package planner describes plans: layouts, assignments, changes, waves, violations, bounds and impacts.
//
// It holds vocabulary only. The packages below it compute: load adds up,
// rules lists what is broken, simulate fails servers, durability plays years of
// that, bounds proves limits, layout, users and moves plan. Everything they
// return is a type of this package and encodes to JSON in the form of the plan
// files: ratios between 0 and 1, bytes as integers, units in field names,
// unknown as null.
//
// A plan is a file. It is made from an inventory, names that inventory by
// fingerprints ([Reference]) and itself by a hash of its content ([Seal]), so
// that what was approved, what is executed and what is confirmed are provably
// the same.
package planner

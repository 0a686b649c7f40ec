// Package prove says what an instance has of some users, and whether a copy of it is the same.
//
// [Copy] holds two instances that stand still against each other, message by message, and
// seals the original, so that what is written there later shows ([Seal]). [View] is what one
// of the users sees, [Writers] are the others who may change it, and [Unlike] compares a live
// replica with its master by their marks. All is asked over a connection to each, and nothing
// is changed.
package prove

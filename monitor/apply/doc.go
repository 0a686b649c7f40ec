// Package apply carries out a plan on the live fleet, each change gated and verified.
//
// A plan is carried out in units: what has to go together, such as users who share
// folders. A unit is a course of steps, each of which is written down before it begins
// and after it has ended, so that whoever comes after a crash knows what may be in
// effect. What to do next is a function of what is written down ([Course.Next]): it goes
// on, repeats a step that has no end (all of them may be repeated), or takes back what
// was done.
package apply

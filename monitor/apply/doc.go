// Package apply carries out a plan on the live fleet, each change gated and verified.
//
// A plan is carried out in units, each of which is a course of steps. What to do next about
// one is a function of what is written down ([course.Course.Next]): it goes on, repeats a
// step that has no end (all of them may be repeated), or takes back what was done.
package apply

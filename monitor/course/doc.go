// Package course parts plans into units, and says what comes next of each and what became of it.
//
// A unit is what of a plan has to go together, such as users who share folders. It is a
// course of steps, each of which is written down before it begins and after it has ended, so
// that whoever comes after a crash knows what may be in effect. Everything here is a function
// of what is written down, and nothing here does anything: what to do next ([Course.Next]),
// what has become of a unit ([AccountOf]), where somebody is whom units have moved ([Find]),
// and what the inventory is when units have been carried out ([Carried], [Follow]) and
// as it stands by now ([Standing]).
package course

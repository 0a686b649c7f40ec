package load

import "slices"

// Reachable reports whether a store can be brought from one list of sites to
// another and may be. Where the master is on a server that is down and stays there,
// only drops are possible: nothing can be copied from it, and no replica gets before
// another without being promoted. Where all instances are down nothing changes, and
// living ones are not given up for others ([Fleet.GivesUp]).
func (f *Fleet) Reachable(from, to []int32) bool {
	switch {
	case f.GivesUp(from, to):
		return false
	case len(from) == 0 || len(to) == 0 || !f.Down[from[0]]:
		return true
	case f.Dead(from):
		return slices.Equal(from, to)
	}
	rest := from
	for _, s := range to {
		at := slices.Index(rest, s)
		if at < 0 {
			return to[0] != from[0]
		}
		rest = rest[at+1:]
	}
	return true
}

// GivesUp reports whether a store would lose living instances and keep others in
// their place that are on servers that are down: the last one, and it went offline.
func (f *Fleet) GivesUp(from, to []int32) bool {
	return f.Living(to) < min(f.Living(from), len(to))
}

// Living counts the instances on servers that are up.
func (f *Fleet) Living(sites []int32) int {
	n := 0
	for _, s := range sites {
		if !f.Down[s] {
			n++
		}
	}
	return n
}

// Dead reports whether there are sites and all of them are on servers that are
// down.
func (f *Fleet) Dead(sites []int32) bool {
	return len(sites) > 0 && !slices.ContainsFunc(sites, func(s int32) bool { return !f.Down[s] })
}

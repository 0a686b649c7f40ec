package load

import "slices"

// Reachable reports whether a store can be brought from one list of sites to
// another. Where the master is on a server that is down and stays there, only
// drops are possible: nothing can be copied from it, and no replica gets before
// another without being promoted. Where all instances are down nothing changes.
func (f *Fleet) Reachable(from, to []int32) bool {
	switch {
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

// Dead reports whether there are sites and all of them are on servers that are
// down.
func (f *Fleet) Dead(sites []int32) bool {
	return len(sites) > 0 && !slices.ContainsFunc(sites, func(s int32) bool { return !f.Down[s] })
}

package durability

import (
	"math/bits"
	"slices"
)

// cause is something that has happened to a server or to a domain, with the chance
// that it has. Of two with one server the less likely does not happen without the
// other: what keeps one instance on it from serving longer than another.
type cause struct {
	of     int32 // the server; domains are numbered after the servers, stores after those
	chance float64
}

// cut is causes that together keep all of some instances from serving, none of
// which can be spared: a minimal cut set, in the words of fault trees.
type cut []cause

// mostCuts is the number of cuts of one store that are told apart.
const mostCuts = 1024

// cuts returns the cuts of the instances, which are unserved with the given chance.
// If they may have too many, that they are unserved is one cause of its own.
func (m *model) cuts(instances, spared []int32, unserved float64) []cut {
	x := cutter{instances: len(instances)}
	most := 1
	for i, e := range instances {
		x.causes = append(x.causes, m.causes(instances, i, spared))
		if most *= len(x.causes[i]); most > mostCuts {
			return []cut{{{int32(m.servers()+len(m.domains)) + m.store[e], unserved}}}
		}
	}
	x.extend(0, nil)
	return x.found
}

// causes returns what keeps one of the instances from serving: what happens to its
// server and its copy alone, and domains that are not spared.
func (m *model) causes(instances []int32, i int, spared []int32) []reach {
	e := instances[i]
	away := m.outage.away()
	own := cause{m.server[e], away + (1-away)*m.missing(m.window[e])}
	list := []reach{{own, only(i)}}
	for _, d := range m.domainsOf[m.server[e]] {
		if slices.Contains(spared, d) {
			continue
		}
		r := reach{cause: cause{int32(m.servers()) + d, m.domains[d].away()}}
		for j, o := range instances {
			if m.holds(d, m.server[o]) {
				r.sites |= only(j)
			}
		}
		list = append(list, r)
	}
	return list
}

// reach is a cause and the sites that it keeps from serving.
type reach struct {
	cause
	sites siteSet
}

// cutter goes through the cuts of some instances.
type cutter struct {
	instances int
	causes    [][]reach // of each instance
	found     []cut
}

// extend adds causes until all instances are reached.
func (x *cutter) extend(reached siteSet, chosen []reach) {
	first := bits.TrailingZeros32(^uint32(reached))
	if first >= x.instances {
		x.keep(chosen)
		return
	}
	for _, r := range x.causes[first] {
		x.extend(reached|r.sites, append(chosen, r))
	}
}

// keep keeps the causes, unless one of them can be spared.
func (x *cutter) keep(chosen []reach) {
	c := make(cut, len(chosen))
	for i, r := range chosen {
		var others siteSet
		for j, o := range chosen {
			if j != i {
				others |= o.sites
			}
		}
		if r.sites&^others == 0 {
			return
		}
		c[i] = r.cause
	}
	x.found = append(x.found, c)
}

package bounds

import (
	"fmt"
	"slices"
)

// at returns the problem as the failures of one domain of the level see it: guarded
// are the stores that must have live instances in two domains, so that one promotes
// when the master's domain fails. At level "server" these are all that must lie on
// two servers. At a level that spread does not keep apart a layout may put all
// instances of a store into one domain, with which it goes offline and weighs on
// nobody; guarded are then those that no domain has room for.
func (p *problem) at(level int) *problem {
	if level == 0 {
		return p
	}
	q := *p
	if !slices.Contains(p.apart, level) {
		// Of a guarded store the master and the instance that promotes lie in two
		// domains, and no more is said of levels apart to those.
		q.apart = append(slices.Clone(p.apart), level)
	}
	q.guarded = make([]bool, len(p.guarded))
	wide := map[string]int{} // by what limits a store: how many of its instances a domain has room for
	for store, guarded := range p.guarded {
		q.guarded[store] = guarded && p.exposed(store, level, wide)
	}
	return &q
}

// exposed reports whether a store with live instances on two servers must have
// them in two domains of the level.
func (p *problem) exposed(store, level int, wide map[string]int) bool {
	st := &p.fleet.Inventory.Stores[store]
	of := p.fleet.Levels[level].Of
	if st.Pinned {
		up := slices.Collect(p.carriers(store))
		return slices.ContainsFunc(up, func(s int32) bool { return of[s] != of[up[0]] })
	}
	if p.parted(store, level) > 1 {
		return true
	}
	key := fmt.Sprint(st.Only)
	if _, known := wide[key]; !known {
		wide[key] = p.widest(level, slices.DeleteFunc(slices.Clone(p.holders), func(s int32) bool {
			return !st.AllowedOn(&p.fleet.Inventory.Servers[s])
		}))
	}
	return p.live[store] > wide[key]
}

// parted returns in how many domains of the level spread asks the live instances
// of the store to be: those on servers that are down may be in others.
func (p *problem) parted(store, level int) int {
	if !p.spread {
		return 0
	}
	copies, most := p.fleet.Inventory.PromisedCopies(&p.fleet.Inventory.Stores[store]), 0
	for _, sp := range p.fleet.Inventory.Spread {
		if p.fleet.Level(sp.Level) == level {
			most = max(most, sp.Need(copies)-(copies-p.live[store]))
		}
	}
	return most
}

// widest returns how many instances of one store may lie on some of the servers
// in one domain of the level at most: no two on one server or in one of the domains
// that spread keeps apart.
func (p *problem) widest(level int, servers []int32) int {
	of := p.fleet.Levels[level].Of
	wide := len(servers)
	for _, apart := range append([]int{0}, p.apart...) {
		within := p.fleet.Levels[apart].Of
		seen := map[[2]int32]bool{}
		places, most := map[int32]int{}, 0
		for _, s := range servers {
			if key := [2]int32{of[s], within[s]}; !seen[key] {
				seen[key] = true
				places[of[s]]++
				most = max(most, places[of[s]])
			}
		}
		wide = min(wide, most)
	}
	return wide
}

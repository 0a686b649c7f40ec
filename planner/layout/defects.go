package layout

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// storeScore counts what is wrong with the sites of one store, rule by rule.
type storeScore struct {
	missing int // instances fewer than promised
	surplus int // instances more than promised
	doubled int // instances on a server that has one already
	outside int // instances outside the store's limits
	down    int // instances, or the role of master, new on a server that is down, or what only a copy from one could bring about
	short   int // domains fewer than spread asks for
	unlike  int // settings in which the master differs from the others

	strangers int // pairs of instances on servers that are no partners
	fresh     int // those of them that the store has not had at the start
}

// sound reports whether nothing is wrong with sites of the store, for the common
// case: it has all its instances, on servers that may receive them.
func (p *problem) sound(store int, sites []int32) bool {
	if len(sites) != p.copies[store] || !p.usual[store] {
		return false
	}
	for i, s := range sites {
		if !p.may(store, s) || slices.Contains(sites[:i], s) {
			return false
		}
	}
	if p.exposed(store, sites) > 0 {
		return false
	}
	if all, _ := p.strangers(store, sites); all > 0 {
		return false
	}
	return len(p.spread) == 0 || p.shortage(store, sites) == 0
}

// scoreStore looks at the sites of one store.
func (p *problem) scoreStore(store int, sites []int32) storeScore {
	sc := storeScore{
		missing: max(0, p.copies[store]-len(sites)), surplus: max(0, len(sites)-p.copies[store]),
		short: p.shortage(store, sites), unlike: p.unlike(store, sites),
	}
	sc.strangers, sc.fresh = p.strangers(store, sites)
	if !p.fleet.Reachable(p.start[store], sites) {
		sc.down++
	}
	allowed, limited := p.only[store]
	for i, s := range sites {
		if slices.Contains(sites[:i], s) {
			sc.doubled++
		}
		if limited && !allowed[s] {
			sc.outside++
		}
		if p.fleet.Down[s] && (!slices.Contains(p.start[store], s) || i == 0 && p.start[store][0] != s) {
			sc.down++
		}
	}
	return sc
}

// broken counts the defects that a layout repairs, spread apart.
func (sc *storeScore) broken() int {
	return sc.missing + sc.surplus + sc.doubled + sc.outside + sc.down + sc.unlike + sc.strangers
}

// worse counts by how much more is wrong than initially, spread apart.
func (sc *storeScore) worse(initial *storeScore) int {
	return max(0, sc.missing-initial.missing) + max(0, sc.doubled-initial.doubled) +
		max(0, sc.outside-initial.outside) + max(0, sc.down-initial.down) + max(0, sc.unlike-initial.unlike) + sc.fresh
}

// shortage returns by how many domains the sites fall short of what spread asks
// for, as far as it can be met, over all levels.
func (p *problem) shortage(store int, sites []int32) int {
	short := 0
	for i := range p.spread {
		sp := &p.spread[i]
		of := p.fleet.Levels[sp.level].Of
		occupied := 0
		for i, s := range sites {
			if !slices.ContainsFunc(sites[:i], func(o int32) bool { return of[o] == of[s] }) {
				occupied++
			}
		}
		available := sp.domains
		if len(sp.special) > 0 {
			if n, special := sp.special[store]; special {
				available = n
			}
		}
		short += max(0, min(sp.rule.Need(len(sites)), available)-occupied)
	}
	return short
}

// unlike returns in how many settings the store's other instances differ from
// its master, as far as they are there already.
func (p *problem) unlike(store int, sites []int32) int {
	if !p.differs[store] {
		return 0
	}
	names := make([]inventory.ServerID, len(sites))
	for i, s := range sites {
		names[i] = p.fleet.Inventory.Servers[s].Name
	}
	return p.fleet.Inventory.Stores[store].Unlike(names)
}

// findSettings marks the stores whose instances differ in settings, and the usual
// ones.
func (p *problem) findSettings() {
	p.differs, p.usual = make([]bool, len(p.start)), make([]bool, len(p.start))
	for i := range p.start {
		instances := p.fleet.Inventory.Stores[i].Instances
		for a := range instances {
			for b := range instances {
				if instances[a].Settings != instances[b].Settings {
					n, _ := instances[a].Settings.Differences(instances[b].Settings)
					p.differs[i] = p.differs[i] || n > 0
				}
			}
		}
		p.usual[i] = !p.differs[i] && (len(p.start[i]) == 0 || !p.fleet.Down[p.start[i][0]])
	}
}

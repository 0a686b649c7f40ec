package layout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// partners are the pairs of servers that may share stores, where the plan limits how
// many partners a server may have (the scatter width of Cidon et al., Copysets,
// 2013). They are decided before stores are placed, so that every store can be
// placed by itself: a layout that uses no other pairs keeps the limit. No partners
// at all means that any pair may.
type partners struct {
	of [][]int32 // by server, ascending
}

// linked reports whether the servers may share stores.
func (g *partners) linked(a, b int32) bool {
	if g == nil || a == b {
		return true
	}
	_, found := slices.BinarySearch(g.of[a], b)
	return found
}

// link makes the servers partners.
func (g *partners) link(a, b int32) {
	for _, pair := range [...][2]int32{{a, b}, {b, a}} {
		at, _ := slices.BinarySearch(g.of[pair[0]], pair[1])
		g.of[pair[0]] = slices.Insert(g.of[pair[0]], at, pair[1])
	}
}

// part makes the servers no partners.
func (g *partners) part(a, b int32) {
	for _, pair := range [...][2]int32{{a, b}, {b, a}} {
		at, _ := slices.BinarySearch(g.of[pair[0]], pair[1])
		g.of[pair[0]] = slices.Delete(g.of[pair[0]], at, at+1)
	}
}

// strangers counts the pairs of sites that may not share stores, and those of them
// that the store has not today. One that it has with a server that is to end empty
// does not count: the store leaves that anyway.
func (p *problem) strangers(store int, sites []int32) (all, fresh int) {
	if p.links == nil {
		return 0, 0
	}
	for i, a := range sites {
		for _, b := range sites[:i] {
			known := slices.Contains(p.start[store], a) && slices.Contains(p.start[store], b)
			if p.links.linked(a, b) || known && (p.drain[a] || p.drain[b]) {
				continue
			}
			if all++; !known {
				fresh++
			}
		}
	}
	return all, fresh
}

// welcome reports whether the server is a partner of all sites but the one at a
// place, which it is to take.
func (p *problem) welcome(sites []int32, at int, server int32) bool {
	for i, s := range sites {
		if i != at && !p.drain[s] && !p.links.linked(s, server) {
			return false
		}
	}
	return true
}

// beside returns the servers among which to look for one that takes a place in the
// list of sites: the partners of another site, or nil where any server will do.
func (p *problem) beside(sites []int32, at int) []int32 {
	if p.links == nil {
		return nil
	}
	for i, s := range sites {
		if i != at && !p.drain[s] {
			return p.links.of[s]
		}
	}
	return nil
}

// settlement writes sites for the store into the list: the server, and partners of
// it that are partners of one another and lie in different domains, taken in turn
// from a place in its list of partners on. It is nil where there are not enough.
func (p *problem) settlement(list []int32, store int, server int32, from int) []int32 {
	around := p.links.of[server]
	for skipped := range max(1, len(around)) {
		list = append(list[:0], server)
		for i := range around {
			c := around[(from+skipped+i)%len(around)]
			if len(list) < p.copies[store] && p.may(store, c) && p.welcome(list, -1, c) && !p.crowds(list, c) {
				list = append(list, c)
			}
		}
		if len(list) >= p.copies[store] {
			return list
		}
	}
	return nil
}

// crowds reports whether the server lies in a domain with one of the list that
// spread keeps apart.
func (p *problem) crowds(list []int32, server int32) bool {
	return slices.ContainsFunc(list, func(s int32) bool { return p.sameDomain(s, server) })
}

// sameDomain reports whether spread keeps all stores from lying on both servers.
func (p *problem) sameDomain(a, b int32) bool {
	for i := range p.spread {
		sp := &p.spread[i]
		of := p.fleet.Levels[sp.level].Of
		if of[a] == of[b] && sp.rule.Need(p.mostCopies) == p.mostCopies && sp.domains >= p.mostCopies && p.relax == yieldsToNone {
			return true
		}
	}
	return false
}

// checkScatter names the stores whose copies alone have more partners than a server
// may have.
func checkScatter(inv *inventory.Inventory, most *int) error {
	if most == nil {
		return nil
	}
	var names []string
	copies := 0
	for i := range inv.Stores {
		if n := inv.PromisedCopies(&inv.Stores[i]); n-1 > *most {
			names, copies = append(names, string(inv.Stores[i].Name)), max(copies, n)
		}
	}
	if names == nil {
		return nil
	}
	rest := ""
	if more := len(names) - 5; more > 0 {
		names, rest = names[:5], fmt.Sprintf(" and %s more", inventory.CountText(more))
	}
	return fmt.Errorf("%s a server is too few, %d are needed: up to %d instances are promised to %s%s",
		inventory.Counted(int64(*most), "partner", "partners"), copies-1, copies, strings.Join(names, ", "), rest)
}

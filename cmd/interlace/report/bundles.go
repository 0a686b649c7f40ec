package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// bundle is a server, or several that are drawn as one.
type bundle struct {
	name    string
	domain  string // where each server is drawn by itself: what it fails together with
	servers []int
}

// bundles are servers in the order of their failure domains, so that what fails
// together stands together, drawn as at most so many.
type bundles struct {
	list []bundle
	each string // what they are: servers, racks, groups of 3 racks, groups of 50 servers
}

// bundled orders the servers and puts them together where there are more than
// can be drawn: by the level with the most domains, unless it has so few that
// the picture would say nothing; and where these are too many, several
// neighbours in one.
func bundled(inv *inventory.Inventory, servers []int, most int) bundles {
	levels := byDomains(inv)
	servers = inDomainOrder(levels, servers)
	b := bundles{each: single}
	for _, s := range servers {
		one := bundle{name: string(inv.Servers[s].Name), servers: []int{s}}
		if len(levels) > 0 {
			one.domain = inv.Servers[s].Domain(levels[len(levels)-1].name).Name
		}
		b.list = append(b.list, one)
	}
	if len(servers) > most && len(levels) > 0 {
		finest := levels[len(levels)-1]
		if domains := byLevel(inv, b.list, finest); len(domains) >= max(leastRows, most/10) {
			b.list, b.each = domains, string(finest.name)+"s"
		}
	}
	if n := (len(b.list) + most - 1) / most; n > 1 {
		b.list, b.each = neighbours(b.list, n), "groups of "+inventory.CountText(n)+" "+b.each
	}
	return b
}

// single says that no servers are drawn as one.
const single = "servers"

// ranks are the domains of a level, numbered in the order of their first servers.
type ranks struct {
	name    inventory.Level
	of      []int // by server
	domains int
}

// byDomains returns the levels, those of the fewest domains first: a site before
// its racks.
func byDomains(inv *inventory.Inventory) []ranks {
	var levels []ranks
	for _, name := range inv.Levels() {
		r := ranks{name: name, of: make([]int, len(inv.Servers))}
		number := map[inventory.FailureDomain]int{}
		for i := range inv.Servers {
			d := inv.Servers[i].Domain(name)
			if _, ok := number[d]; !ok {
				number[d] = len(number)
			}
			r.of[i] = number[d]
		}
		r.domains = len(number)
		levels = append(levels, r)
	}
	slices.SortStableFunc(levels, func(a, b ranks) int { return cmp.Compare(a.domains, b.domains) })
	return levels
}

func inDomainOrder(levels []ranks, servers []int) []int {
	servers = slices.Clone(servers)
	slices.SortFunc(servers, func(a, b int) int {
		for _, level := range levels {
			if c := cmp.Compare(level.of[a], level.of[b]); c != 0 {
				return c
			}
		}
		return cmp.Compare(a, b)
	})
	return servers
}

// byLevel puts servers of one domain into one bundle.
func byLevel(inv *inventory.Inventory, list []bundle, level ranks) []bundle {
	at := map[int]int{}
	var domains []bundle
	for _, one := range list {
		rank := level.of[one.servers[0]]
		i, ok := at[rank]
		if !ok {
			i = len(domains)
			at[rank] = i
			domains = append(domains, bundle{name: inv.Servers[one.servers[0]].Domain(level.name).Name})
		}
		domains[i].servers = append(domains[i].servers, one.servers...)
	}
	return domains
}

// neighbours puts so many bundles that follow one another into one.
func neighbours(list []bundle, n int) []bundle {
	var out []bundle
	for some := range slices.Chunk(list, n) {
		b := bundle{name: some[0].name}
		if len(some) > 1 {
			b.name += "–" + some[len(some)-1].name
		}
		for _, one := range some {
			b.servers = append(b.servers, one.servers...)
		}
		out = append(out, b)
	}
	return out
}

// named says what the bundles are where they are of the kind: survivors in
// groups of 3 racks.
func (b *bundles) named(kind string) string {
	switch {
	case b.each == single:
		return kind
	case strings.HasPrefix(b.each, "groups"):
		return kind + "s in " + b.each
	}
	return kind + "s by " + strings.TrimSuffix(b.each, "s")
}

// places returns the bundle of each server, or -1.
func (b *bundles) places(inv *inventory.Inventory) []int {
	at := make([]int, len(inv.Servers))
	for i := range at {
		at[i] = -1
	}
	for i := range b.list {
		for _, s := range b.list[i].servers {
			at[s] = i
		}
	}
	return at
}

// borders returns where the domain changes from one server to the next: the
// index of the first server of each domain but the first. There are none where
// no two servers that stand together share a domain.
func (b *bundles) borders() []int {
	var at []int
	for i := 1; i < len(b.list); i++ {
		if b.list[i].domain != b.list[i-1].domain {
			at = append(at, i)
		}
	}
	if len(at) == len(b.list)-1 {
		return nil
	}
	return at
}

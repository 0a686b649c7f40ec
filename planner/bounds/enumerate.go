package bounds

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// mostNodes is how many partial layouts [Enumerate] looks at before it gives up:
// enough for fleets of a handful of servers and stores.
const mostNodes = 400_000

// EnumerateOptions say which layouts [Enumerate] goes through.
type EnumerateOptions struct {
	LayoutOptions
	WithoutFailureCeilings bool // also layouts that break failure ceilings
	// Protect prefers layouts in which fewer stores are left with one live
	// instance, before it looks at utilisation.
	Protect bool
	// Apart prefers, above all, layouts in which fewer domains are missing that rule
	// spread asks for, where layouts need not keep it.
	Apart bool
	// Reachable leaves out what cannot be brought about from today's layout,
	// because it would have to be copied from a server that is down.
	Reachable bool
}

// Enumeration is the best of all layouts.
type Enumeration struct {
	Complete bool           // all layouts were gone through
	Layout   load.Layout    // the best, nil if none keeps the rules
	Worst    planner.Number // its worst single-failure utilisation
}

// Enumerate goes through all layouts that keep the rules, by branch and bound: a
// partial layout is given up when its utilisation, which further stores can only
// raise, passes that of the best whole one. Of layouts with the same worst
// single-failure utilisation it takes one that copies the fewest bytes. The
// answer is exact if it is complete.
func Enumerate(f *load.Fleet, opts EnumerateOptions) Enumeration {
	p := newProblem(f, opts.LayoutOptions)
	e := newEnumerator(p, opts)
	if e == nil {
		return Enumeration{}
	}
	e.descend(0)
	out := Enumeration{Complete: e.nodes <= mostNodes, Layout: e.bestLayout}
	if out.Layout != nil && p.domains(0) >= 2 && len(f.Failover) > 0 {
		out.Worst = planner.Known(e.best.worst)
	}
	return out
}

// objective orders layouts: missing domains and exposed stores first if asked for, then
// the worst utilisation, then bytes.
type objective struct {
	short   int
	exposed int
	worst   float64
	bytes   int64
}

func (a objective) compare(b objective) int {
	return cmp.Or(cmp.Compare(a.short, b.short), cmp.Compare(a.exposed, b.exposed), cmp.Compare(a.worst, b.worst), cmp.Compare(a.bytes, b.bytes))
}

type enumerator struct {
	*problem
	opts       EnumerateOptions
	order      []int       // stores, the heaviest first
	options    [][][]int32 // by store: the site lists it may have
	levels     []int       // levels whose failures are followed: "server", then those to survive
	carried    []inventory.Amounts
	slices     [][]inventory.Amounts // by level: F[domain→server] at domain·n + server
	used       []int
	pairs      pairs
	sites      load.Layout
	short      int
	exposed    int
	bytes      int64
	nodes      int
	best       objective
	bestLayout load.Layout
}

// newEnumerator returns nil if the fleet is plainly too large.
func newEnumerator(p *problem, opts EnumerateOptions) *enumerator {
	f := p.fleet
	n := len(f.Capacity)
	e := &enumerator{
		problem: p, opts: opts,
		options: make([][][]int32, len(p.live)), sites: make(load.Layout, len(p.live)),
		carried: make([]inventory.Amounts, n), used: make([]int, n), pairs: newPairs(opts.Scatter, n),
		best: objective{short: math.MaxInt},
	}
	size := 1.0
	for store := range p.live {
		if size > mostNodes*mostNodes || p.mostLists(store) > mostNodes {
			return nil
		}
		e.options[store] = p.siteLists(store, opts.Reachable)
		size *= float64(max(len(e.options[store]), 1))
		e.order = append(e.order, store)
	}
	slices.SortStableFunc(e.order, func(a, b int) int { return cmp.Compare(p.heaviness(b), p.heaviness(a)) })
	e.levels = []int{0}
	for _, name := range f.Inventory.Survive {
		if level := f.Level(name); level > 0 {
			e.levels = append(e.levels, level)
		}
	}
	for _, level := range e.levels {
		e.slices = append(e.slices, make([]inventory.Amounts, len(f.Levels[level].Domains)*n))
	}
	return e
}

// heaviness is the largest part of the fleet's capacity that the store takes.
func (p *problem) heaviness(store int) float64 {
	h := 0.0
	for r := range p.fleet.Resources {
		h = max(h, float64(p.weight(store, r))/p.capacity(r))
	}
	return h
}

// mostLists is at least the number of site lists that the store may have.
func (p *problem) mostLists(store int) float64 {
	st := &p.fleet.Inventory.Stores[store]
	if st.Pinned {
		return 1
	}
	return math.Pow(float64(len(p.holders)+len(p.today[store])), float64(p.fleet.Inventory.PromisedCopies(st)))
}

// siteLists returns the site lists that keep the rules about the store alone,
// today's first.
func (p *problem) siteLists(store int, reachable bool) [][]int32 {
	st := &p.fleet.Inventory.Stores[store]
	today := p.today[store]
	if st.Pinned {
		return [][]int32{today}
	}
	var candidates []int32
	for s := range p.fleet.Capacity {
		server := &p.fleet.Inventory.Servers[s]
		stays := p.fleet.Down[s] && !p.emptied[s] && slices.Contains(today, int32(s))
		if st.AllowedOn(server) && (stays || slices.Contains(p.holders, int32(s)) && server.Target()) {
			candidates = append(candidates, int32(s))
		}
	}
	var lists [][]int32
	var extend func(list []int32)
	extend = func(list []int32) {
		if len(list) == p.fleet.Inventory.PromisedCopies(st) {
			if p.spreadKept(list) && p.alikeKept(store, list) && !p.fleet.GivesUp(today, list) && (!reachable || p.fleet.Reachable(today, list)) {
				lists = append(lists, slices.Clone(list))
			}
			return
		}
		for _, s := range candidates {
			newMaster := len(list) == 0 && p.fleet.Down[s] && today[0] != s
			if !slices.Contains(list, s) && !newMaster {
				extend(append(list, s))
			}
		}
	}
	extend(nil)
	if at := slices.IndexFunc(lists, func(l []int32) bool { return slices.Equal(l, today) }); at > 0 {
		lists[0], lists[at] = lists[at], lists[0]
	}
	return lists
}

// alikeKept reports whether the master agrees with the other instances in all
// settings, as far as they exist and are known.
func (p *problem) alikeKept(store int, list []int32) bool {
	inv := p.fleet.Inventory
	names := make([]inventory.ServerID, len(list))
	for i, s := range list {
		names[i] = inv.Servers[s].Name
	}
	return inv.Stores[store].Unlike(names) == 0
}

func (p *problem) spreadKept(list []int32) bool { return !p.spread || p.shortage(list) == 0 }

// shortage counts the domains that the list lacks for what rule spread asks for.
func (p *problem) shortage(list []int32) int {
	short := 0
	for _, sp := range p.fleet.Inventory.Spread {
		level := p.fleet.Level(sp.Level)
		if level < 0 {
			continue
		}
		seen := map[int32]bool{}
		for _, s := range list {
			seen[p.fleet.Levels[level].Of[s]] = true
		}
		short += max(0, sp.Need(len(list))-len(seen))
	}
	return short
}

// descend places the stores from order[at] on.
func (e *enumerator) descend(at int) {
	if at == len(e.order) {
		e.bestLayout, e.best = e.sites.Clone(), e.value()
		return
	}
	store := e.order[at]
	type child struct {
		list  []int32
		value objective
	}
	var children []child
	for _, list := range e.options[store] {
		if e.nodes++; e.nodes > mostNodes {
			return
		}
		e.put(store, list, 1)
		if e.allowed() {
			children = append(children, child{list, e.value()})
		}
		e.put(store, list, -1)
	}
	slices.SortStableFunc(children, func(a, b child) int { return a.value.compare(b.value) })
	for _, c := range children {
		if e.bestLayout != nil && c.value.compare(e.best) >= 0 {
			return
		}
		e.put(store, c.list, 1)
		e.descend(at + 1)
		e.put(store, c.list, -1)
	}
}

// put adds the store on the list of sites (sign 1) or takes it away (sign −1).
func (e *enumerator) put(store int, list []int32, sign int64) {
	f := e.fleet
	n := len(f.Capacity)
	e.sites[store] = list
	e.pairs.put(list, int(sign))
	if e.opts.Apart {
		e.short += int(sign) * e.shortage(list)
	}
	master := load.Master(list, f.Down)
	served := false
	up := 0
	for i, s := range list {
		e.used[s] += int(sign)
		if created := i == 0 && len(e.today[store]) == 0; !created && !slices.Contains(e.today[store], s) {
			e.bytes += sign * f.DiskBytes(store)
		}
		if f.Down[s] {
			continue
		}
		up++
		amounts := &f.Passive[store]
		if !served {
			amounts, served = &f.Active[store], true
		}
		for r := range f.Resources {
			e.carried[s][r] += sign * amounts[r]
		}
	}
	if len(list) >= 2 && up < 2 {
		e.exposed += int(sign)
	}
	for i, level := range e.levels {
		of := f.Levels[level].Of
		for _, b := range list {
			if f.Down[b] || master < 0 || of[b] == of[master] {
				continue
			}
			for _, r := range f.Failover {
				e.slices[i][int(of[master])*n+int(b)][r] += sign * (f.Active[store][r] - f.Passive[store][r])
			}
			break
		}
	}
}

// value returns the objective of what has been placed.
func (e *enumerator) value() objective {
	v := objective{short: e.short, bytes: e.bytes}
	if e.opts.Protect {
		v.exposed = e.exposed
	}
	for s := range e.carried {
		v.worst = max(v.worst, e.peak(0, s))
	}
	return v
}

// peak returns the largest utilisation of the server over failover resources
// and failures of one domain of the level, counted as in e.levels.
func (e *enumerator) peak(i, s int) float64 {
	worst := 0.0
	for _, r := range e.fleet.Failover {
		worst = max(worst, e.fleet.Utilisation(s, r, e.carried[s][r]+e.slice(i, s, r)))
	}
	return worst
}

// slice returns G_b: the most that the server promotes in the resource.
func (e *enumerator) slice(i, s, r int) int64 {
	n := len(e.carried)
	most := int64(0)
	for at := s; at < len(e.slices[i]); at += n {
		most = max(most, e.slices[i][at][r])
	}
	return most
}

// allowed reports whether what has been placed keeps slots, ceilings, the limit
// of partners and, if asked for, failure ceilings.
func (e *enumerator) allowed() bool {
	if e.pairs.over > 0 {
		return false
	}
	f := e.fleet
	for s := range e.carried {
		server := &f.Inventory.Servers[s]
		if f.Down[s] {
			continue
		}
		if server.Slots != inventory.Unlimited && e.used[s] > server.Slots {
			return false
		}
		for r, res := range f.Inventory.Resources {
			if planner.Above(f.Utilisation(s, r, e.carried[s][r]), res.Ceiling) {
				return false
			}
			if !res.Failover() || e.opts.WithoutFailureCeilings {
				continue
			}
			for i, level := range e.levels {
				limit, counts := e.failureLimit(res, level)
				if counts && planner.Above(f.Utilisation(s, r, e.carried[s][r]+e.slice(i, s, r)), limit) {
					return false
				}
			}
		}
	}
	return true
}

// failureLimit returns the failure ceiling at the level and whether the level is
// one to survive. A level without labels is that of servers.
func (e *enumerator) failureLimit(res inventory.Resource, level int) (limit float64, counts bool) {
	limit = math.Inf(1)
	for _, name := range e.fleet.Inventory.Survive {
		if max(e.fleet.Level(name), 0) == level {
			limit, counts = min(limit, res.FailureCeiling.At(name)), true
		}
	}
	return limit, counts
}

package layout

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// problem is what stays the same during a search.
type problem struct {
	fleet  *load.Fleet
	opts   Options
	start  load.Layout
	copies []int   // instances each store is promised
	fixed  []bool  // stores that stay as they are
	bytes  []int64 // what a copy of each store weighs

	meanBytes int64

	target  []bool  // servers that may receive instances
	targets []int32 // the same, listed
	slots   []int   // of servers, or inventory.Unlimited
	drain   []bool  // servers that are to end empty
	only    map[int][]bool

	limited    []int // one store of each kind in only
	mostCopies int   // that a store is promised which may change
	links      *partners

	differs []bool // stores whose instances differ in settings
	usual   []bool // stores with which nothing is wrong but where they lie: they do not differ, and their master is up

	spread []spreadRule
	relax  yielding

	levels []int               // levels whose failures are followed, "server" first
	most   []inventory.Amounts // by server and resource: the largest amounts below the ceilings
	limits [][]float64         // failure ceilings by level in levels and failover resource; +Inf where none
	delta  []int64             // Δ by store and failover resource

	measures []measure // what to lower, the first above all
	peak     measure   // what the peaks of servers are now, which is to be lowered
	holds    []held    // those that must stay as they are meanwhile
	parted   []int     // indices in levels: "server", and those whose failure is to take no store offline either

	initial       []serverScore      // of the start
	initialStores map[int]storeScore // of those with which anything is wrong
}

// yielding says to which other rules spread gives way.
type yielding int

const (
	yieldsToNone yielding = iota
	yieldsToNormal
	yieldsToFailures
)

// spreadRule is what rule spread asks for at one level.
type spreadRule struct {
	level   int
	rule    inventory.Spread
	domains int         // how many domains there are to lie in
	special map[int]int // the same for stores that are limited to some servers or lie on one that is no target
}

// newProblem reads off an inventory to which the drains of the options have
// been applied.
func newProblem(inv *inventory.Inventory, opts Options) *problem {
	f := load.New(inv)
	p := &problem{
		fleet: f, opts: opts, start: f.Current(),
		copies: make([]int, len(inv.Stores)), fixed: make([]bool, len(inv.Stores)), bytes: make([]int64, len(inv.Stores)),
		target: make([]bool, len(inv.Servers)), slots: make([]int, len(inv.Servers)), drain: make([]bool, len(inv.Servers)),
		only: map[int][]bool{}, initialStores: map[int]storeScore{},
	}
	for i := range inv.Servers {
		p.slots[i] = inv.Servers[i].Slots
		p.target[i] = inv.Servers[i].Target() && inv.Servers[i].Slots != 0 &&
			!slices.Contains(opts.Keep, planner.ServerSubject(inv.Servers[i].Name))
		if p.target[i] {
			p.targets = append(p.targets, int32(i))
		}
		p.drain[i] = planner.Drains(&inv.Servers[i], opts.Drain)
	}
	for i := range inv.Stores {
		st := &inv.Stores[i]
		p.copies[i] = inv.PromisedCopies(st)
		p.fixed[i] = st.Pinned || p.kept(i) || f.Dead(p.start[i])
		p.bytes[i] = f.DiskBytes(i)
		if len(st.Only) > 0 {
			p.only[i] = make([]bool, len(inv.Servers))
			for s := range inv.Servers {
				p.only[i][s] = st.AllowedOn(&inv.Servers[s])
			}
			if !slices.ContainsFunc(p.limited, func(other int) bool { return slices.Equal(p.only[other], p.only[i]) }) {
				p.limited = append(p.limited, i)
			}
		}
		if !p.fixed[i] {
			p.mostCopies = max(p.mostCopies, p.copies[i])
		}
	}
	for _, b := range p.bytes {
		p.meanBytes += b / int64(len(p.bytes))
	}
	p.findSpread()
	p.findSettings()
	p.followLevels()
	p.findMeasures()
	p.delta = make([]int64, len(inv.Stores)*len(f.Failover))
	for i := range inv.Stores {
		for j, r := range f.Failover {
			p.delta[i*len(f.Failover)+j] = f.Active[i][r] - f.Passive[i][r]
		}
	}
	p.most = make([]inventory.Amounts, len(inv.Servers))
	for i := range inv.Servers {
		for r, res := range inv.Resources {
			p.most[i][r] = bounds.Most(f.Capacity[i][r], res.Ceiling)
		}
	}
	if most := opts.scatter(); most > 0 && most < len(inv.Servers)-1 {
		p.links = fromToday(p, most)
	}
	p.initial = slices.Clone(newState(p, p.start).scores)
	for i := range p.start {
		if sc := p.scoreStore(i, p.start[i]); sc != (storeScore{}) {
			p.initialStores[i] = sc
		}
	}
	return p
}

// findSpread reads off rule spread and how far it can be met at all.
func (p *problem) findSpread() {
	for _, sp := range p.fleet.Inventory.Spread {
		level := p.fleet.Level(sp.Level)
		if level <= 0 {
			continue
		}
		rule := spreadRule{level, sp, p.domains(level, -1), map[int]int{}}
		for store, sites := range p.start {
			_, limited := p.only[store]
			if limited || slices.ContainsFunc(sites, func(s int32) bool { return !p.target[s] }) {
				rule.special[store] = p.domains(level, store)
			}
		}
		p.spread = append(p.spread, rule)
	}
}

// domains counts the domains of the level with a server that may carry the
// store (−1: one without limits), or carries it while it is down.
func (p *problem) domains(level, store int) int {
	seen := map[int32]bool{}
	for s := range p.target {
		stays := store >= 0 && p.fleet.Down[s] && !p.drain[s] && slices.Contains(p.start[store], int32(s))
		if stays || p.may(store, int32(s)) {
			seen[p.fleet.Levels[level].Of[s]] = true
		}
	}
	return len(seen)
}

func (p *problem) kept(store int) bool {
	inv := p.fleet.Inventory
	if slices.Contains(p.opts.Keep, planner.StoreSubject(inv.Stores[store].Name)) {
		return true
	}
	return slices.ContainsFunc(p.start[store], func(s int32) bool {
		return slices.Contains(p.opts.Keep, planner.ServerSubject(inv.Servers[s].Name))
	})
}

// followLevels lists the levels to survive and their failure ceilings. A level
// without labels is that of servers.
func (p *problem) followLevels() {
	f := p.fleet
	p.levels = []int{0}
	for _, name := range f.Inventory.Survive {
		if level := max(f.Level(name), 0); !slices.Contains(p.levels, level) {
			p.levels = append(p.levels, level)
		}
	}
	p.limits = make([][]float64, len(p.levels))
	for i := range p.levels {
		p.limits[i] = unlimited(len(f.Failover))
	}
	for _, name := range f.Inventory.Survive {
		i := slices.Index(p.levels, max(f.Level(name), 0))
		for j, r := range f.Failover {
			p.limits[i][j] = min(p.limits[i][j], f.Inventory.Resources[r].FailureCeiling.At(name))
		}
	}
}

// may reports whether the store may get an instance on the server.
func (p *problem) may(store int, server int32) bool {
	if !p.target[server] {
		return false
	}
	allowed, limited := p.only[store]
	return !limited || allowed[server]
}

// exposed counts the kinds of failures that take the store offline although it was
// promised more than one instance: of one server, or of one domain at a level of
// the objectives.
func (p *problem) exposed(store int, sites []int32) int {
	if p.copies[store] < 2 {
		return 0
	}
	kinds := 0
	for _, i := range p.parted {
		if heir, _ := p.promotes(i, sites); heir < 0 {
			kinds++
		}
	}
	return kinds
}

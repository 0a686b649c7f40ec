package layout

import (
	"fmt"
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
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

	target []bool // servers that may receive instances
	drain  []bool // servers that are to end empty
	only   map[int][]bool

	spread []spreadRule
	relax  bool // spread may be broken to keep failure ceilings

	levels  []int         // levels whose failures are followed, "server" first
	limits  [][]float64   // failure ceilings by level in levels and failover resource; +Inf where none
	delta   []int64       // Δ by store and failover resource
	initial []serverScore // of the start
}

type spreadRule struct {
	level int
	rule  inventory.Spread
}

// newProblem reads off an inventory to which the drains of the options have
// been applied.
func newProblem(inv *inventory.Inventory, opts Options) *problem {
	f := load.New(inv)
	p := &problem{
		fleet: f, opts: opts, start: f.Current(),
		copies: make([]int, len(inv.Stores)), fixed: make([]bool, len(inv.Stores)), bytes: make([]int64, len(inv.Stores)),
		target: make([]bool, len(inv.Servers)), drain: make([]bool, len(inv.Servers)),
		only: map[int][]bool{},
	}
	for i := range inv.Servers {
		p.target[i] = inv.Servers[i].Target() && inv.Servers[i].Slots != 0
		p.drain[i] = inv.Servers[i].State == inventory.Drain
	}
	for i := range inv.Stores {
		st := &inv.Stores[i]
		p.copies[i] = inv.PromisedCopies(st)
		p.fixed[i] = st.Pinned || p.kept(i)
		p.bytes[i] = f.DiskBytes(i)
		if len(st.Only) > 0 {
			p.only[i] = make([]bool, len(inv.Servers))
			for s := range inv.Servers {
				p.only[i][s] = st.AllowedOn(&inv.Servers[s])
			}
		}
	}
	for _, b := range p.bytes {
		p.meanBytes += b / int64(len(p.bytes))
	}
	for _, sp := range inv.Spread {
		if level := f.Level(sp.Level); level > 0 {
			p.spread = append(p.spread, spreadRule{level, sp})
		}
	}
	p.followLevels()
	p.delta = make([]int64, len(inv.Stores)*len(f.Failover))
	for i := range inv.Stores {
		for j, r := range f.Failover {
			p.delta[i*len(f.Failover)+j] = f.Active[i][r] - f.Passive[i][r]
		}
	}
	s := newState(p, p.start)
	p.initial = slices.Clone(s.scores)
	return p
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
		p.limits[i] = make([]float64, len(f.Failover))
		for j := range f.Failover {
			p.limits[i][j] = math.Inf(1)
		}
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

// shortage returns by how many domains the sites fall short of what spread asks
// for, over all levels.
func (p *problem) shortage(sites []int32) int {
	short := 0
	for _, sp := range p.spread {
		of := p.fleet.Levels[sp.level].Of
		domains := 0
		for i, s := range sites {
			if !slices.ContainsFunc(sites[:i], func(o int32) bool { return of[o] == of[s] }) {
				domains++
			}
		}
		short += max(0, sp.rule.Need(len(sites))-domains)
	}
	return short
}

// defects counts what is wrong with the sites of a store alone, spread apart:
// instances missing or too many, two on one server, instances outside its limits.
func (p *problem) defects(store int, sites []int32) int {
	n := max(p.copies[store]-len(sites), len(sites)-p.copies[store])
	allowed, limited := p.only[store]
	for i, s := range sites {
		if slices.Contains(sites[:i], s) {
			n++
		}
		if limited && !allowed[s] {
			n++
		}
	}
	return n
}

// exposed reports whether the failure of one server takes the store offline
// although it was promised more than one instance.
func (p *problem) exposed(store int, sites []int32) int {
	up := 0
	for _, s := range sites {
		if !p.fleet.Down[s] {
			up++
		}
	}
	if p.copies[store] >= 2 && up < 2 {
		return 1
	}
	return 0
}

// drained returns the inventory with the servers that the options drain in
// state drain, or an error that names the subjects that are not in the fleet.
func drained(inv *inventory.Inventory, subjects []planner.Subject) (*inventory.Inventory, error) {
	if len(subjects) == 0 {
		return inv, nil
	}
	out := inv.Clone()
	for _, subject := range subjects {
		found := false
		level, _ := subject.Split()
		for i := range out.Servers {
			s := &out.Servers[i]
			if s.Domain(inventory.Level(level)).String() == string(subject) {
				found = true
				if s.State == inventory.Active {
					s.State = inventory.Drain
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("no such server or failure domain: %q", string(subject))
		}
	}
	return out, nil
}

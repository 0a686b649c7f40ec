package bounds

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// Blueprint is a layout in parts of instances that comes close to the price
// bound: what each server is to promote, from which a layout of whole instances
// can be built.
type Blueprint struct {
	// Worst is the worst single-failure utilisation that it has.
	Worst float64
	// Seats are what servers are to be, those that promote the largest stores
	// first; every server that may carry instances has one.
	Seats []Seat

	// Masters are what masters are to go where: for each group of stores that are
	// nearly alike.
	Masters []MasterGroup

	program  *program
	one      *instance
	cheapest []float64 // by store: the least that its master costs, 0 as long as nobody asked
}

// Seat is what one server is to be.
type Seat struct {
	Server int32
	// Kind is the same for seats in which everything costs the same.
	Kind SeatKind
	// Quota is how much its first replicas are to cost together, by [Blueprint.Cost].
	Quota float64
	// Replicas is how many these are, and Amounts what they weigh together.
	Replicas float64
	Amounts  [inventory.MaxResources]float64
}

// MasterGroup is a group of stores and how many of their masters are to go to
// seats of each kind.
type MasterGroup struct {
	Stores []int
	Kinds  []SeatKind
	Counts []float64
}

// SeatKind is a class of servers and a level of what they promote.
type SeatKind struct{ class, level int }

// BlueprintOptions say how a blueprint is to be.
type BlueprintOptions struct {
	// Above is by which part the worst utilisation may lie above the least that
	// is possible in parts: room for instances that are whole.
	Above float64
	// Within is the part of the ceilings of resources with ρ ≥ 1 that is used.
	Within float64
}

// Draft is what all blueprints of a fleet begin with.
type Draft struct {
	program *program
	worst   float64
	values  []float64
}

// NewDraft begins blueprints for the failures of domains of a level. It returns nil
// where there are none: no such failure makes a server promote anything.
func NewDraft(f *load.Fleet, level int, opts LayoutOptions) *Draft {
	g := newProgram(newProblem(f, opts), level, coarse)
	if g == nil || len(g.holders) == 0 {
		return nil
	}
	t, s := g.converge(g.least(), g.surrogate())
	return &Draft{g, t, s.values}
}

// Blueprint returns nil where the fleet has no room within what the options
// leave. It may be called at the same time from several goroutines.
func (d *Draft) Blueprint(opts BlueprintOptions) *Blueprint {
	g := d.program.copy()
	g.within = opts.Within
	t, s := g.converge(d.worst, d.values)
	t *= 1 + opts.Above
	x := g.primal(t, s)
	if x == nil {
		return nil
	}
	b := &Blueprint{Worst: t, program: g, one: g.newInstance(), cheapest: make([]float64, len(g.live))}
	for c := range g.classes {
		b.Seats = append(b.Seats, g.seats(c, x)...)
	}
	b.Masters = g.masters(x)
	totals := make([]float64, len(g.fleet.Failover))
	for j, r := range g.fleet.Failover {
		totals[j] = g.capacity(r)
	}
	highest := func(s *Seat) float64 { return g.level(s.Kind).high / totals[g.by[s.Kind.class]] }
	slices.SortFunc(b.Seats, func(a, b Seat) int {
		return cmp.Or(cmp.Compare(highest(&b), highest(&a)), cmp.Compare(a.Server, b.Server))
	})
	return b
}

// primal solves the program at a worst utilisation of t, or returns nil where it
// cannot meet the demand or does not come to an end.
func (g *program) primal(t float64, from solution) *patterns {
	s := g.search(t, from)
	for range 20 {
		x := s.primal
		if x.meets() {
			return x
		}
		for i := range x.low {
			x.low[i], x.high[i] = 0, 1e6*s.values[i]
		}
		x.solve()
		next := slices.Clone(x.prices[:len(x.low)])
		for i := range next {
			next[i] = max(0, next[i])
		}
		_, found := g.evaluate(t, g.worthOne(next), false)
		x.list = append(x.list, found...)
	}
	return nil
}

// meets reports whether patterns alone meet the demand.
func (x *patterns) meets() bool {
	scaled := 0.0
	for r, column := range x.basis {
		switch {
		case column == scale:
			scaled = x.parts[r]
		case column < scale && x.gain(column) != 0 && x.parts[r] > 1e-4*max(x.demand[rowOf(column)], 1):
			return false
		}
	}
	return scaled >= 1-1e-3
}

// masters reads off where the program puts masters.
func (g *program) masters(x *patterns) []MasterGroup {
	counts := map[SeatKind][]float64{}
	var kinds []SeatKind
	for r, column := range x.basis {
		if column < 0 || x.parts[r] <= 0 {
			continue
		}
		p := &x.list[column]
		kind := SeatKind{int(p.class), int(p.level)}
		if counts[kind] == nil {
			counts[kind] = make([]float64, len(g.sorts))
			kinds = append(kinds, kind)
		}
		for k, s := range p.sorts {
			counts[kind][s] += x.parts[r] * float64(len(g.holders)) * p.parts[k]
		}
	}
	slices.SortFunc(kinds, func(a, b SeatKind) int { return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.level, b.level)) })
	var groups []MasterGroup
	for s := range g.sorts {
		if g.sorts[s].role != master {
			continue
		}
		group := MasterGroup{Stores: g.sorts[s].stores}
		for _, kind := range kinds {
			if n := counts[kind][s]; n > 0 {
				group.Kinds, group.Counts = append(group.Kinds, kind), append(group.Counts, n)
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// seats gives the servers of a class the patterns in the program's solution, the
// highest level first. A server that stands for parts of several gets the
// highest level among them.
func (g *program) seats(class int, x *patterns) []Seat {
	levels := g.levelsOf(class)
	count := make([]float64, len(levels))
	of := make([]Seat, len(levels)) // what all servers at the level are to be together
	for r, column := range x.basis {
		if column < 0 || int(x.list[column].class) != class || x.parts[r] <= 0 {
			continue
		}
		p := &x.list[column]
		part := x.parts[r] * float64(len(g.holders))
		count[p.level] += part
		for k, s := range p.sorts {
			if g.sorts[s].role == first {
				of[p.level].add(g.seatOf(&g.sorts[s], SeatKind{class, int(p.level)}), part*p.parts[k])
			}
		}
	}
	var out []Seat
	idle := Seat{Kind: SeatKind{class, len(levels) - 1}}
	seat, left := idle, 1.0
	for l := range levels {
		for count[l] > 1e-9 {
			if left == 1 {
				seat.Kind.level = l
			}
			part := min(count[l], left)
			share := of[l]
			seat.add(&share, part/count[l])
			of[l].add(&share, -part/count[l])
			count[l] -= part
			if left -= part; left < 1e-7 {
				out = append(out, seat)
				seat, left = idle, 1
			}
		}
	}
	servers := g.classes[class].servers
	out = append(out, seat)[:min(len(out)+1, len(servers))]
	for len(out) < len(servers) {
		out = append(out, idle)
	}
	sorted := slices.Clone(servers)
	slices.Sort(sorted)
	for i := range out {
		out[i].Server = sorted[i]
	}
	return out
}

// seatOf returns what one first replica of the sort adds to a seat of the kind.
func (g *program) seatOf(s *sort, k SeatKind) *Seat {
	one := Seat{Quota: dot(g.pricesOf(k), s.takes), Replicas: 1}
	copy(one.Amounts[:], s.amounts)
	return &one
}

// add adds a part of what another seat is to hold.
func (s *Seat) add(other *Seat, part float64) {
	s.Quota += other.Quota * part
	s.Replicas += other.Replicas * part
	for r := range s.Amounts {
		s.Amounts[r] += other.Amounts[r] * part
	}
}

func (g *program) level(k SeatKind) level { return g.levelsOf(k.class)[k.level] }

func (g *program) pricesOf(k SeatKind) []float64 {
	return g.prices[k.class][k.level*g.rows : (k.level+1)*g.rows]
}

// Cost returns what the first replica of the store costs in a seat.
func (b *Blueprint) Cost(seat, store int) float64 {
	b.program.read(b.one, store, first)
	return dot(b.program.pricesOf(b.Seats[seat].Kind), b.one.takes)
}

// Regret returns by which part a master of the store costs more in a seat of the
// kind than in the seat where it is cheapest.
func (b *Blueprint) Regret(kind SeatKind, store int) float64 {
	g := b.program
	g.read(b.one, store, master)
	if b.cheapest[store] == 0 {
		b.cheapest[store] = g.cheapest(b.one.takes, b.one.delta)
	}
	return dot(g.pricesOf(kind), b.one.takes)/b.cheapest[store] - 1
}

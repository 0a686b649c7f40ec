package bounds

import (
	"cmp"
	"slices"

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

	program  *program
	cheapest []float64 // by store: the least that its master costs
}

// Seat is what one server is to be.
type Seat struct {
	Server int32
	// Quota is how much its first replicas are to cost together, by [Blueprint.Cost].
	Quota float64

	level  level
	by     int // index in Failover of the resource of the level
	prices []float64
}

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

// NewDraft returns nil where there are no blueprints: no failure makes a server
// promote anything.
func NewDraft(f *load.Fleet, opts LayoutOptions) *Draft {
	g := newProgram(newProblem(f, opts), 0)
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
	x := g.primal(t, s.values)
	if x == nil {
		return nil
	}
	b := &Blueprint{Worst: t, program: g}
	for c := range g.classes {
		b.Seats = append(b.Seats, g.seats(c, x)...)
	}
	slices.SortStableFunc(b.Seats, func(a, b Seat) int {
		return cmp.Or(cmp.Compare(b.level.high/g.totalOf(b.by), a.level.high/g.totalOf(a.by)), cmp.Compare(a.Server, b.Server))
	})
	return b
}

// totalOf is the capacity of the fleet in a failover resource.
func (g *program) totalOf(by int) float64 { return g.capacity(g.fleet.Failover[by]) }

// primal solves the program at a worst utilisation of t, or returns nil where it
// cannot meet the demand or does not come to an end.
func (g *program) primal(t float64, values []float64) *patterns {
	s := g.search(t, values)
	for range 20 {
		x := s.primal
		if x.meets() {
			return x
		}
		for i := range x.low {
			x.low[i], x.high[i] = 0, 1e6*s.values[i]
		}
		x.solve()
		next := make([]float64, len(x.low))
		copy(next, x.prices)
		for i := range next {
			next[i] = max(0, next[i])
		}
		_, found := g.evaluate(t, g.normal1(next), false)
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
		case column < scale && x.gain(column) != 0 && x.parts[r] > 1e-4*max(x.demand[min(int(-2-column)/3, len(x.demand)-1)], 1):
			return false
		}
	}
	return scaled >= 1-1e-3
}

// seats gives the servers of a class the patterns in the program's solution, the
// highest level first. A server that stands for parts of several gets the
// highest level among them.
func (g *program) seats(class int, x *patterns) []Seat {
	levels := g.levelsOf(class)
	count, quota := make([]float64, len(levels)), make([]float64, len(levels))
	for r, column := range x.basis {
		if column < 0 || int(x.list[column].class) != class || x.parts[r] <= 0 {
			continue
		}
		p := &x.list[column]
		part := x.parts[r] * float64(len(g.holders))
		count[p.level] += part
		for k, s := range p.sorts {
			if g.sorts[s].role == first {
				quota[p.level] += part * p.parts[k] * dot(g.pricesOf(class, int(p.level)), g.sorts[s].takes)
			}
		}
	}
	var out []Seat
	seat := Seat{by: g.by[class], level: levels[len(levels)-1], prices: g.pricesOf(class, len(levels)-1)}
	left := 1.0
	for l := range levels {
		for count[l] > 1e-9 {
			if left == 1 {
				seat.level, seat.prices = levels[l], g.pricesOf(class, l)
			}
			part := min(count[l], left)
			seat.Quota += quota[l] * part / count[l]
			quota[l] -= quota[l] * part / count[l]
			count[l] -= part
			if left -= part; left < 1e-7 {
				out = append(out, seat)
				seat, left = Seat{by: g.by[class], level: levels[len(levels)-1], prices: g.pricesOf(class, len(levels)-1)}, 1
			}
		}
	}
	servers := g.classes[class].servers
	out = append(out, seat)[:min(len(out)+1, len(servers))]
	for len(out) < len(servers) {
		out = append(out, Seat{by: g.by[class], level: levels[len(levels)-1], prices: g.pricesOf(class, len(levels)-1)})
	}
	sorted := slices.Clone(servers)
	slices.Sort(sorted)
	for i := range out {
		out[i].Server = sorted[i]
	}
	return out
}

func (g *program) pricesOf(class, level int) []float64 {
	return g.prices[class][level*g.rows : (level+1)*g.rows]
}

// Cost returns what the first replica of the store costs in a seat, and whether it
// is within the seat's level.
func (b *Blueprint) Cost(seat, store int) (cost float64, within bool) {
	g := b.program
	s := &b.Seats[seat]
	if s.prices == nil {
		return 0, false
	}
	f := g.fleet
	takes, delta, amounts := g.scratch()
	for r := range f.Resources {
		amounts[r] = float64(f.Passive[store][r])
	}
	for j, r := range f.Failover {
		delta[j] = float64(f.Active[store][r] - f.Passive[store][r])
	}
	g.fill(takes, amounts, delta)
	return dot(s.prices, takes), delta[s.by] <= s.level.high
}

// Regret returns by which part a master of the store costs more in a seat than in
// the seat where it is cheapest.
func (b *Blueprint) Regret(seat, store int) float64 {
	g := b.program
	if b.cheapest == nil {
		b.cheapest = make([]float64, len(g.live))
	}
	takes, delta, amounts := g.scratch()
	for r := range g.fleet.Resources {
		amounts[r] = float64(g.fleet.Active[store][r])
	}
	clear(delta)
	g.fill(takes, amounts, delta)
	if b.cheapest[store] == 0 {
		b.cheapest[store] = g.cheapest(takes, delta)
	}
	return dot(b.Seats[seat].prices, takes)/b.cheapest[store] - 1
}

// scratch returns room for what one instance takes.
func (g *program) scratch() (takes, delta, amounts []float64) {
	if g.buffer == nil {
		g.buffer = make([]float64, g.rows+len(g.fleet.Failover)+g.fleet.Resources)
	}
	n := len(g.fleet.Failover)
	return g.buffer[:g.rows], g.buffer[g.rows : g.rows+n], g.buffer[g.rows+n:]
}

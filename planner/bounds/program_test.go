package bounds_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"github.com/interlacemail/interlace/planner/bounds"
)

// linear is max gain·x over rows of equations and x ≥ 0.
type linear struct {
	gain []float64
	rows [][]float64
	room []float64
}

// optimum asks gonum; it is not known where gonum gives up.
func (l *linear) optimum() (float64, bool) {
	a := mat.NewDense(len(l.rows), len(l.gain), nil)
	for i, row := range l.rows {
		a.SetRow(i, row)
	}
	cost := make([]float64, len(l.gain))
	for i, g := range l.gain {
		cost[i] = -g
	}
	v, _, err := lp.Simplex(cost, a, l.room, 1e-11, nil)
	return -v, err == nil
}

func same(a, b float64) bool { return math.Abs(a-b) <= 1e-7*max(1, math.Abs(a), math.Abs(b)) }

// Fillings of random servers, some again and again with other rooms and values,
// against gonum's simplex method.
func TestFillerAgainstAnotherSolver(t *testing.T) {
	compared := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		rows, sorts := 1+rng.IntN(7), 1+rng.IntN(30)
		takes := make([]float64, rows*sorts)
		for i := range takes {
			if rng.IntN(4) > 0 {
				takes[i] = rng.Float64()
			}
		}
		for s := range sorts {
			takes[s*rows] += 0.05 // nothing fits without end
		}
		solve := bounds.Filler(rows, takes)
		for range 5 {
			room, value, allowed := make([]float64, rows), make([]float64, sorts), make([]bool, sorts)
			for r := range room {
				if rng.IntN(6) > 0 {
					room[r] = rng.Float64()
				}
			}
			want := &linear{gain: make([]float64, sorts+rows), room: room}
			for s := range sorts {
				value[s], allowed[s] = max(0, rng.Float64()-0.1), rng.IntN(5) > 0
				if allowed[s] {
					want.gain[s] = value[s]
				}
			}
			for r := range rows {
				row := make([]float64, sorts+rows)
				for s := range sorts {
					row[s] = takes[s*rows+r]
				}
				row[sorts+r] = 1
				want.rows = append(want.rows, row)
			}
			got, prices := solve(room, value, allowed)
			optimum, known := want.optimum()
			if !known {
				continue
			}
			if compared++; !same(got, optimum) {
				t.Errorf("seed %d: the best filling is worth %v, gonum says %v", seed, got, optimum)
			}
			for s := range sorts {
				cost := 0.0
				for r, p := range prices {
					cost += p * takes[s*rows+r]
				}
				if allowed[s] && cost < value[s]*(1-1e-12) {
					t.Errorf("seed %d: sort %d is worth %v and costs %v", seed, s, value[s], cost)
				}
			}
		}
	}
	if compared < 1000 {
		t.Errorf("gonum solved only %d", compared)
	}
}

// Programs over random patterns, to which more are added, against gonum's simplex
// method.
func TestPatternsAgainstAnotherSolver(t *testing.T) {
	compared := 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		sorts, classes := 1+rng.IntN(8), 1+rng.IntN(3)
		demand, servers := make([]float64, sorts), make([]float64, classes)
		for i := range demand {
			demand[i] = 0.1 + rng.Float64()
		}
		for i := range servers {
			servers[i] = 0.1 + rng.Float64()
		}
		x := bounds.NewPatterns(demand, servers)
		var class []int
		var parts [][]float64
		for range 4 {
			for range 1 + rng.IntN(10) {
				c, p := rng.IntN(classes), make([]float64, sorts)
				for s := range p {
					p[s] = max(0, rng.Float64()-0.4)
				}
				x.Add(c, p)
				class, parts = append(class, c), append(parts, p)
			}
			low, high := make([]float64, sorts), make([]float64, sorts)
			total := 0.0
			for i := range low {
				low[i] = rng.Float64()
				total += low[i] * demand[i]
			}
			for i := range low { // a box around prices at which the demand is worth 1
				low[i] /= total
				low[i], high[i] = low[i]*0.8, low[i]*1.3
			}
			got, rooms := x.Solve(low, high)
			want := programOver(demand, servers, low, high, class, parts)
			want.room = rooms
			optimum, known := want.optimum()
			if !known {
				continue
			}
			if compared++; !same(got, optimum) {
				t.Errorf("seed %d: %v, gonum says %v", seed, got, optimum)
			}
		}
	}
	if compared < 500 {
		t.Errorf("gonum solved only %d", compared)
	}
}

// programOver states the program: λ, what is left of each row, what is bought and
// sold of each sort, and the patterns.
func programOver(demand, servers, low, high []float64, class []int, parts [][]float64) *linear {
	rows := len(demand) + len(servers)
	l := &linear{rows: make([][]float64, rows)}
	column := func(gain float64, entries map[int]float64) {
		l.gain = append(l.gain, gain)
		for r := range l.rows {
			l.rows[r] = append(l.rows[r], entries[r])
		}
	}
	scaled := map[int]float64{}
	for i, d := range demand {
		scaled[i] = d
	}
	column(1, scaled)
	for r := range rows {
		column(0, map[int]float64{r: 1})
	}
	for i := range demand {
		column(-high[i], map[int]float64{i: -1})
		column(low[i], map[int]float64{i: 1})
	}
	for p := range parts {
		entries := map[int]float64{len(demand) + class[p]: 1}
		for s, part := range parts[p] {
			entries[s] = -part
		}
		column(0, entries)
	}
	return l
}

package layout_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/layout"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/rules"
	"github.com/interlacemail/interlace/planner/simulate"
)

// mipSeconds is how long the solver of integer programs may look at one fleet.
const mipSeconds = 2

// Fleets that are too large to be enumerated against a solver of integer programs:
// no bound is above what the solver found, and no plan below what it proved.
func TestSmallFleetsAgainstIntegerPrograms(t *testing.T) {
	solver := needs.Program(t, "cbc")
	var overProved, overFound, bounds []float64
	for seed := range seeds(8) {
		inv := smallFleet(seed)
		p := newMIP(inv)
		found, proved := p.solve(t, solver)
		plan := optimize(t, inv, layout.Options{Seed: 1})
		if len(plan.Violations) > 0 {
			continue
		}
		got, bound := plan.Promises.WorstSingle.Utilisation.Value, plan.Bounds.WorstSingle.Value
		if got < proved*(1-1e-5) {
			t.Errorf("seed %d: the plan has %v, and the solver proved %v", seed, got, proved)
		}
		overProved = append(overProved, got/proved)
		if found == nil {
			continue
		}
		best := p.judge(t, seed, found)
		if bound > best {
			t.Errorf("seed %d: bound %v above what the solver found, %v", seed, bound, best)
		}
		overFound, bounds = append(overFound, got/best), append(bounds, bound/best)
	}
	t.Logf("plan/proved by the solver: %s; plan/found by the solver: %s; bound/found by the solver: %s", spread(overProved), spread(overFound), spread(bounds))
	if len(bounds) < 4 {
		t.Errorf("only %d fleets were solved", len(bounds))
	}
}

func spread(ratios []float64) string {
	if len(ratios) == 0 {
		return "none"
	}
	slices.Sort(ratios)
	return fmt.Sprintf("of %d from %.4f, median %.4f, nine tenths below %.4f, to %.4f", len(ratios), ratios[0], ratios[len(ratios)/2], ratios[len(ratios)*9/10], ratios[len(ratios)-1])
}

// smallFleet returns 4 to 6 servers of several sizes, in racks or none, and 6 to 12
// stores of which a few have no replica or two.
func smallFleet(seed uint64) *inventory.Inventory {
	rng := rand.New(rand.NewPCG(seed, 11))
	inv := inventory.New()
	inv.Resources = []inventory.Resource{
		inventory.NewResource("disk", inventory.UnitBytes, 1),
		inventory.NewResource("io", "ops/s", 0.3), inventory.NewResource("cpu", "ms/s", 0.15),
	}
	for r := range inv.Resources {
		inv.Resources[r].FailureCeiling.Default = 5
	}
	stores := 6 + rng.IntN(7)
	total := inventory.Load{}
	for i := range stores {
		st := inventory.Store{Name: inventory.StoreID(fmt.Sprintf("s%02d", i)), Copies: []int{2, 2, 2, 2, 2, 2, 1, 3}[rng.IntN(8)], State: inventory.Active}
		size := math.Exp(0.6 * rng.NormFloat64())
		for r, unit := range []float64{1e9, 100, 100} {
			st.Base[r] = math.Ceil(unit * size * (0.8 + 0.4*rng.Float64()))
			total[r] += st.Base[r] * (1 + float64(st.Copies-1)*inv.Resources[r].Replica)
		}
		inv.Stores = append(inv.Stores, st)
	}
	n, racks := 4+rng.IntN(3), rng.IntN(2) == 0
	for i := range n {
		s := inventory.Server{Name: inventory.ServerID(fmt.Sprintf("imap%d", i)), State: inventory.Active, Slots: inventory.Unlimited}
		if racks {
			s.Domains = map[inventory.Level]inventory.DomainID{"rack": inventory.DomainID(fmt.Sprintf("a%d", i%3))}
		}
		if rng.IntN(3) == 0 {
			s.Slots = 2*stores/n + 2
		}
		class := []float64{1, 1, 1.5, 2}[rng.IntN(4)]
		for r, use := range []float64{0.6, 0.5, 0.45} {
			s.Capacity[r] = math.Ceil(total[r] / use / float64(n) * class)
		}
		inv.Servers = append(inv.Servers, s)
	}
	if racks {
		inv.Spread = []inventory.Spread{{Level: "rack"}}
	}
	for i := range inv.Stores {
		for k, s := range rng.Perm(n)[:inv.Stores[i].Copies] {
			role := inventory.Replica
			if k == 0 {
				role = inventory.Master
			}
			inv.Stores[i].Instances = append(inv.Stores[i].Instances, inventory.Instance{Server: inv.Servers[s].Name, Role: role})
		}
	}
	inv.Sort()
	return inv
}

// mip is the layout of a fleet as an integer program. Its variables are
// y_s_a_b, store s has its master on a and its first replica on b, or y_s_a_a where
// it has none; e_s_b, it has a further replica on b; and t.
type mip struct {
	inv   *inventory.Inventory
	fleet *load.Fleet
	terms map[string]*bytes.Buffer // of rows, by name
	rows  []string                 // names, in order
	ends  map[string]string
	whole []string // variables
}

func newMIP(inv *inventory.Inventory) *mip {
	m := &mip{inv: inv, fleet: load.New(inv), terms: map[string]*bytes.Buffer{}, ends: map[string]string{}}
	n := len(inv.Servers)
	for s := range inv.Stores {
		copies := inv.Stores[s].Copies
		for a := range n {
			for b := range n {
				if (copies == 1) == (a == b) && (a == b || !m.together(a, b)) {
					m.pair(s, a, b)
				}
			}
			if copies > 2 {
				m.further(s, a)
			}
		}
		m.row(fmt.Sprintf("one_%d", s), "= 1")
		if copies > 2 {
			m.row(fmt.Sprintf("further_%d", s), fmt.Sprintf("= %d", copies-2))
		}
	}
	m.limits()
	return m
}

// together reports whether a store may not lie on both servers.
func (m *mip) together(a, b int) bool {
	for _, sp := range m.inv.Spread {
		if of := m.fleet.Levels[m.fleet.Level(sp.Level)].Of; of[a] == of[b] {
			return true
		}
	}
	return a == b
}

func (m *mip) term(row string, factor float64, variable string) {
	if m.terms[row] == nil {
		m.terms[row] = &bytes.Buffer{}
	}
	fmt.Fprintf(m.terms[row], " + %.17g %s\n", factor, variable)
}

// row ends a row, if it has terms.
func (m *mip) row(name, end string) {
	if m.terms[name] != nil {
		m.rows = append(m.rows, name)
		m.ends[name] = end
	}
}

func (m *mip) pair(s, a, b int) {
	y := fmt.Sprintf("y_%d_%d_%d", s, a, b)
	m.whole = append(m.whole, y)
	m.term(fmt.Sprintf("one_%d", s), 1, y)
	m.instance(s, a, y, &m.fleet.Active[s])
	if a == b {
		return
	}
	m.instance(s, b, y, &m.fleet.Passive[s])
	for _, r := range m.fleet.Failover {
		m.term(fmt.Sprintf("after_%d_%d_%d", a, b, r), m.part(b, r, m.fleet.Active[s][r]-m.fleet.Passive[s][r]), y)
	}
}

func (m *mip) further(s, b int) {
	e := fmt.Sprintf("e_%d_%d", s, b)
	m.whole = append(m.whole, e)
	m.term(fmt.Sprintf("further_%d", s), 1, e)
	m.instance(s, b, e, &m.fleet.Passive[s])
}

// instance enters what the store's instance on the server weighs.
func (m *mip) instance(s, b int, variable string, amounts *inventory.Amounts) {
	for r := range m.inv.Resources {
		m.term(fmt.Sprintf("normal_%d_%d", b, r), m.part(b, r, amounts[r]), variable)
	}
	m.term(fmt.Sprintf("slots_%d", b), 1, variable)
	m.term(fmt.Sprintf("apart_%d_%d", s, m.place(b)), 1, variable)
}

// place is the server or, where racks are kept apart, its rack.
func (m *mip) place(b int) int {
	if len(m.inv.Spread) == 0 {
		return b
	}
	return int(m.fleet.Levels[m.fleet.Level(m.inv.Spread[0].Level)].Of[b])
}

func (m *mip) part(b, r int, amount int64) float64 { return m.fleet.Utilisation(b, r, amount) }

// limits ends the rows of servers. A server carries u_b_r in the normal state.
func (m *mip) limits() {
	for b := range m.inv.Servers {
		for r, res := range m.inv.Resources {
			u := fmt.Sprintf("u_%d_%d", b, r)
			normal := fmt.Sprintf("normal_%d_%d", b, r)
			m.term(normal, -1, u)
			m.row(normal, "= 0")
			m.term("ceiling_"+u, 1, u)
			m.row("ceiling_"+u, fmt.Sprintf("<= %v", res.Ceiling))
			if !res.Failover() {
				continue
			}
			m.term("worst_"+u, 1, u)
			m.term("worst_"+u, -1, "t")
			m.row("worst_"+u, "<= 0")
			for a := range m.inv.Servers {
				if after := fmt.Sprintf("after_%d_%d_%d", a, b, r); m.terms[after] != nil {
					m.term(after, 1, u)
					m.term(after, -1, "t")
					m.row(after, "<= 0")
				}
			}
		}
		if slots := m.inv.Servers[b].Slots; slots != inventory.Unlimited {
			m.row(fmt.Sprintf("slots_%d", b), fmt.Sprintf("<= %d", slots))
		}
	}
	for s := range m.inv.Stores {
		for place := range m.inv.Servers {
			m.row(fmt.Sprintf("apart_%d_%d", s, place), "<= 1")
		}
	}
}

// unit is what the objective is multiplied by: the solver prints few digits.
const unit = 1e5

// solve returns the layout found, nil if none, and the worst utilisation below
// which the solver proved that there is none.
func (m *mip) solve(t *testing.T, solver string) (found load.Layout, proved float64) {
	t.Helper()
	dir := t.TempDir()
	var text bytes.Buffer
	fmt.Fprintf(&text, "Minimize\n obj: %v t\nSubject To\n", unit)
	for _, row := range m.rows {
		fmt.Fprintf(&text, " %s:\n%s %s\n", row, m.terms[row], m.ends[row])
	}
	fmt.Fprintf(&text, "Binary\n %s\nEnd\n", strings.Join(m.whole, "\n "))
	problem, solution := filepath.Join(dir, "layout.lp"), filepath.Join(dir, "layout.sol")
	if err := os.WriteFile(problem, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*mipSeconds*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, solver, problem, "sec", strconv.Itoa(mipSeconds), "solve", "solu", solution).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	said := func(what string) (float64, bool) {
		_, after, ok := strings.Cut(string(out), "\n"+what+":")
		if !ok {
			return 0, false
		}
		v, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
		return v / unit, err == nil
	}
	proved, stopped := said("Lower bound")
	if !stopped {
		proved, _ = said("Objective value")
	}
	if strings.Contains(string(out), "No feasible solution") {
		return nil, proved
	}
	return m.read(t, solution), proved
}

// read reads the layout from the solver's file.
func (m *mip) read(t *testing.T, file string) load.Layout {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found, further := make(load.Layout, len(m.inv.Stores)), make(load.Layout, len(m.inv.Stores))
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		name := strings.Split(fields[1], "_")
		value, err := strconv.ParseFloat(fields[2], 64)
		if err != nil || value < 0.5 || name[0] != "y" && name[0] != "e" {
			continue
		}
		var at []int32
		for _, digits := range name[1:] {
			n, _ := strconv.Atoi(digits)
			at = append(at, int32(n))
		}
		if name[0] == "e" {
			further[at[0]] = append(further[at[0]], at[1])
		} else {
			found[at[0]] = slices.Compact(at[1:])
		}
	}
	for s := range found {
		found[s] = append(found[s], further[s]...)
	}
	return found
}

// judge returns the worst utilisation of a layout that must keep all rules.
func (m *mip) judge(t *testing.T, seed uint64, found load.Layout) float64 {
	t.Helper()
	target := (&planner.Layout{Stores: m.fleet.Placements(found)}).Target(m.inv)
	broken, _, _ := rules.Check(context.Background(), target, sharing.Groups(target), rules.Options{})
	for _, v := range broken {
		t.Errorf("seed %d: the solver's layout breaks %s", seed, v)
	}
	return simulate.New(m.fleet, found).Worst(0).Utilisation.Value
}

package layout

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// measure is what a server's peak is: its utilisation after the worst failure of
// one domain of a level, after that of two servers, or in the normal state.
type measure struct {
	objective planner.Objective
	level     int // index in levels; 0 but for failures of a level's domains
}

// held is a measure that must not rise above a limit.
type held struct {
	measure
	limit float64
}

// checkObjectives names the objectives that the fleet does not know or that are
// named twice.
func checkObjectives(inv *inventory.Inventory, objectives []planner.Objective) error {
	known := append([]string{string(planner.ObjectiveSingle), string(planner.ObjectivePair), string(planner.ObjectiveNormal)}, levelNames(inv)...)
	var wrong []string
	for i, o := range objectives {
		switch {
		case !slices.Contains(known, string(o)):
			wrong = append(wrong, fmt.Sprintf("%q is none of %s", string(o), strings.Join(known, ", ")))
		case slices.Contains(objectives[:i], o):
			wrong = append(wrong, fmt.Sprintf("%q is named twice", string(o)))
		}
	}
	if wrong != nil {
		return fmt.Errorf("objective: %s", strings.Join(wrong, "; "))
	}
	return nil
}

func levelNames(inv *inventory.Inventory) []string {
	var names []string
	for _, level := range inv.Levels() {
		names = append(names, string(level))
	}
	return names
}

// findMeasures reads off the objectives, the worst failure of one server if there
// are none, and follows the levels that they name. Stores must not lie in one
// domain of these.
func (p *problem) findMeasures() {
	p.parted = []int{0}
	objectives := p.opts.Objectives
	if len(objectives) == 0 {
		objectives = []planner.Objective{planner.ObjectiveSingle}
	}
	for _, o := range objectives {
		m := measure{objective: o}
		if level := p.fleet.Level(inventory.Level(o)); level > 0 {
			if m.level = slices.Index(p.levels, level); m.level < 0 {
				m.level = len(p.levels)
				p.levels = append(p.levels, level)
				p.limits = append(p.limits, unlimited(len(p.fleet.Failover)))
			}
			p.parted = append(p.parted, m.level)
		}
		p.measures = append(p.measures, m)
	}
	p.peak = p.measures[0]
}

func unlimited(n int) []float64 {
	limits := make([]float64, n)
	for i := range limits {
		limits[i] = math.Inf(1)
	}
	return limits
}

// measured returns a measure of the server with the effect, which is being scored.
func (s *state) measured(m measure, e *effect) float64 {
	switch m.objective {
	case planner.ObjectiveNormal:
		return s.busyWith(e, inventory.Amounts{})
	case planner.ObjectivePair:
		return s.busyWith(e, s.largestTwo(e.server, &e.takes[0]))
	}
	return s.after[m.level]
}

// busyWith returns the utilisation of the server with the effect, and with amounts
// by failover resource added.
func (s *state) busyWith(e *effect, more inventory.Amounts) float64 {
	most := 0.0
	for j, r := range s.fleet.Failover {
		most = max(most, float64(s.carried[e.server][r]+e.amounts[r]+more[j])/s.fleet.Capacity[e.server][r])
	}
	return most
}

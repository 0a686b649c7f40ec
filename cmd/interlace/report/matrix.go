package report

import (
	"math"
	"slices"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Charts is what pictures of a layout are drawn from.
type Charts struct {
	Inventory *inventory.Inventory // with the layout that is drawn
	Title     string
	Failover  planner.Failover
}

// SimulationCharts is what pictures of a simulation are drawn from.
func SimulationCharts(sim *planner.Simulation, inv *inventory.Inventory) Charts {
	return Charts{inv, "Failures of " + FleetWords(inv) + afterWords(sim.After), sim.Failover}
}

// LayoutCharts is what pictures of a plan are drawn from, which leads to the
// inventory and to who then takes over from whom.
func LayoutCharts(p *planner.Layout, target *inventory.Inventory, f planner.Failover) *Charts {
	f.Bound = p.Bounds.WorstSingle
	return &Charts{target, "Planned layout of " + FleetWords(target), f}
}

// ceiling returns the failure ceiling of the resource, where one is promised for
// what fails. Of several levels the highest counts.
func (c *Charts) ceiling(resource inventory.ResourceID) (float64, bool) {
	levels := []inventory.Level{inventory.LevelServer}
	if failed := c.Failover.Failed; failed != nil {
		levels = levelsOf(failed)
	}
	r := c.Inventory.Resource(resource)
	if r < 0 || !promised(levels, c.Inventory) {
		return 0, false
	}
	return c.Inventory.Resources[r].FailureCeiling.Highest(levels), true
}

// matrix says who takes over from whom, by bundles of servers.
type matrix struct {
	rows    bundles // which fail
	columns bundles // which survive
	cells   [][]cell
	largest float64 // of what is added in a cell
}

// cell is what a survivor takes over from a server that fails; of several
// servers, the most that one takes over from another.
type cell struct {
	added  float64
	takes  bool // it takes something over
	passes bool // the survivor then passes its failure ceiling
	itself bool // it is one and the same server
}

// matrix enters the takeovers into rows and columns.
func (c *Charts) matrix(rows, columns bundles) matrix {
	m := matrix{rows: rows, columns: columns, cells: make([][]cell, len(rows.list))}
	row, column := m.rows.places(c.Inventory), m.columns.places(c.Inventory)
	for i, b := range m.rows.list {
		m.cells[i] = make([]cell, len(m.columns.list))
		if at := column[b.servers[0]]; at >= 0 && len(b.servers) == 1 && len(m.columns.list[at].servers) == 1 {
			m.cells[i][at].itself = true
		}
	}
	for _, t := range c.Failover.Takeovers {
		at := &m.cells[row[t.Failed]][column[t.Survivor]]
		ceiling, promised := c.ceiling(t.Resource)
		at.takes = true
		at.added = max(at.added, min(t.Added, mostDrawn))
		at.passes = at.passes || promised && planner.Above(t.Utilisation, ceiling)
		m.largest = max(m.largest, at.added)
	}
	return m
}

// mostDrawn is the largest ratio that is drawn; more comes of a capacity next to
// nothing.
const mostDrawn = 10

// servers returns the servers that survive something and those that fail: where
// each fails by itself, they are the same.
func (c *Charts) servers() (survive, fail []int) {
	for _, s := range c.Failover.Strains {
		survive = append(survive, s.Server)
	}
	if c.Failover.Failed == nil {
		return survive, survive
	}
	down := downServers(c.Inventory)
	for _, name := range serversIn(c.Failover.Failed, c.Inventory) {
		if !down[name] {
			fail = append(fail, c.Inventory.Server(name))
		}
	}
	slices.Sort(fail)
	return survive, slices.Compact(fail)
}

// classes are ranges of what is taken over, by their upper ends, ascending.
type classes []float64

// classesUpTo returns so many classes of which the last reaches the value. Their
// ends are 1, 2, 5, 10, 20 …: each about twice the one before, so that what most
// survivors take over is told apart below the few that take much.
func classesUpTo(largest float64, number int) classes {
	const least = -12 // the end of which is a hundredth of a percent
	last := least
	for classEnd(last) < largest*(1-1e-9) {
		last++
	}
	var ends classes
	for i := last - number + 1; i <= last; i++ {
		ends = append(ends, classEnd(i))
	}
	return ends
}

// classEnd returns the end of a class, of which that of number 0 is 1.
func classEnd(number int) float64 {
	third := (number%3 + 3) % 3
	return []float64{1, 2, 5}[third] * math.Pow10((number-third)/3)
}

// of returns the class of the value.
func (c classes) of(value float64) int {
	at := slices.IndexFunc(c, func(end float64) bool { return value <= end*(1+1e-9) })
	if at < 0 {
		return len(c) - 1
	}
	return at
}

// words says the range of a class.
func (c classes) words(class int) string {
	upTo := percentNumber(c[class]) + " %"
	if class == 0 {
		return "up to " + upTo
	}
	return percentNumber(c[class-1]) + " to " + upTo
}

// percentNumber is a round ratio in percent, without the noise of its arithmetic.
func percentNumber(ratio float64) string {
	return strconv.FormatFloat(significant(100*ratio), 'f', -1, 64)
}

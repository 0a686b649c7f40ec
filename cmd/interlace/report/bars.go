package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// addCharts adds the bars and the matrix, where a failure changes anything.
func (s *Screen) addCharts(c Charts, top int) {
	if len(c.Failover.Takeovers) == 0 {
		return
	}
	s.addBars(&c, top)
	if len(c.Failover.Strains) >= leastRows {
		s.add(matrixText{c})
	}
}

// addBars adds how busy each server is at worst, the busiest first.
func (s *Screen) addBars(c *Charts, top int) {
	strains := slices.Clone(c.Failover.Strains)
	slices.SortStableFunc(strains, func(a, b planner.Strain) int { return cmp.Compare(b.Worst, a.Worst) })
	shown, rest := atMost(top, strains)
	s.add(barTable(c, shown))
	var legend Lines
	if len(rest) > 0 {
		legend.add("… %s more, none above %s", inventory.CountText(len(rest)), PercentText(rest[0].Worst))
	}
	ceiling, bound := "", ""
	if _, promised := c.ceiling(shown[0].Resource); promised {
		ceiling = "│ failure ceiling"
	}
	if c.Failover.Bound.Known {
		bound = "┊ bound, " + PercentText(c.Failover.Bound.Value)
	}
	legend.add("%s", joined("█ normal", "▒ added by the failure", ceiling, bound))
	s.add(legend)
}

func barTable(c *Charts, strains []planner.Strain) *Table {
	t := &Table{Columns: []Column{
		left("server", "", 0), right("normal", "", 4), left("after its worst failure", "", 5), right("worst", "", 0),
		left("", "", 0).late(1), left("when", "", 0).late(2),
	}}
	t.Rows = rowsOf(strains, func(s planner.Strain) []Cell {
		when, how := Nothing, Plain
		if s.Failed != nil {
			when = words(failureWords(s.Failed) + " " + failVerb(s.Failed))
		}
		if ceiling, promised := c.ceiling(s.Resource); promised {
			how = tone(s.Worst, ceiling)
		}
		return []Cell{
			words(string(c.Inventory.Servers[s.Server].Name)), figure(Ratio, s.Normal), words(c.strainBar(s)).in(how),
			figure(Ratio, s.Worst).in(how), words(string(s.Resource)), when,
		}
	})
	return t
}

// barScale is how many characters a bar has for one; it ends at half as much more.
const barScale = 20

// strainBar draws what a server carries, what the failure adds, and what it may
// carry. What is added is seen, however little it is.
func (c *Charts) strainBar(s planner.Strain) string {
	characters := func(ratio float64) int {
		return int(math.Round(min(max(ratio, 0), 1.5) * barScale))
	}
	normal, worst := characters(s.Normal), characters(s.Worst)
	if s.Worst > s.Normal && normal == worst {
		worst = max(worst, 1)
		normal = worst - 1
	}
	bar := []rune(strings.Repeat("█", normal) + strings.Repeat("▒", worst-normal))
	mark := func(at int, sign rune) {
		for len(bar) <= at {
			bar = append(bar, ' ')
		}
		bar[at] = sign
	}
	if c.Failover.Bound.Known {
		at := characters(c.Failover.Bound.Value)
		if at == worst-1 {
			at = worst // the bar ends there: as near as this its end is worth more than the mark
		}
		mark(at, '┊')
	}
	if ceiling, promised := c.ceiling(s.Resource); promised {
		mark(characters(ceiling), '│')
	}
	return string(bar)
}

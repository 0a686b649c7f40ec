package report

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// ScatterPoint is the best plan found with so many partners a server.
type ScatterPoint struct {
	Scatter      int
	Plan         *planner.Layout
	LargestShare planner.Number     // that one survivor takes over when a server fails: the median over servers
	Pairs        int                // of servers that share a store
	Together     []planner.Together // 2, 3 and 5 servers, and one in a hundred
}

// ScatterFrontier is the screen of plans with more and more partners.
func ScatterFrontier(points []ScatterPoint, inv *inventory.Inventory, seed uint64) *Screen {
	s := &Screen{}
	s.add(Made{Inventory: inv}.headline("frontier of scatter", "", seed))
	s.add(ScatterPoints(points))
	var words Lines
	words.add("More partners share the load of a server that fails more evenly; fewer leave fewer pairs of failures that take stores offline, but more stores to each.")
	words.add("share: the largest part of the load of a server that fails which one survivor takes over, in the median over servers")
	words.add("2 down: the chance that a store goes offline when any two servers fail at once; stores: how many do then, in the mean")
	words.add("~ is an estimate, as if every set of servers that carries a store failed by itself; else the sets are counted")
	s.add(words)
	return s
}

// ScatterPoints is the table of plans with more and more partners.
func ScatterPoints(points []ScatterPoint) *Table {
	t := &Table{Columns: []Column{
		right("partners", "scatter", 0), right("most", "partners_max", 8), right("worst", "worst_single", 0), right("bound", "bound_worst_single", 7), right("gap", "gap_worst_single", 3),
		right("share", "largest_share_median", 0), right("pairs", "partner_pairs", 2), right("2 down", "chance_offline_2", 0), right("stores", "stores_offline_2", 1),
		right("3 down", "chance_offline_3", 4), right("5 down", "chance_offline_5", 6), right("1 % down", "chance_offline_1_percent", 5),
		right("copied", "bytes_copied", 3), hidden("violations"), note(),
	}}
	t.Rows = rowsOf(points, func(p ScatterPoint) []Cell {
		return []Cell{
			count(p.Scatter), count(p.Plan.Promises.PartnersMax), ratio(p.Plan.Promises.WorstSingle.Utilisation), ratio(p.Plan.Bounds.WorstSingle), gapCell(p.Plan.Gap.WorstSingle),
			ratio(p.LargestShare), count(p.Pairs),
			chanceCell(p.Together[0]), storesCell(p.Together[0]),
			chanceCell(p.Together[1]), chanceCell(p.Together[2]), chanceCell(p.Together[3]),
			figure(Size, p.Plan.BytesCopied), count(len(p.Plan.Violations)), words(unfitWords(p.Plan.Violations)),
		}
	})
	return t
}

// leastChance is the smallest chance that people are told in figures.
const leastChance = 0.00005

// chanceCell shows a chance, and whether it is an approximation.
func chanceCell(t planner.Together) Cell {
	c := t.ChanceOffline
	if !c.Known {
		return Unknown
	}
	text := percent(c.Value)
	if c.Value > 0 && c.Value < leastChance {
		text = "<0.01 %"
	}
	if !t.Exact {
		text = "~" + text
	}
	return figure(Ratio, c.Value).as(text)
}

// storesCell shows how many stores are offline where any is.
func storesCell(t planner.Together) Cell {
	if !t.StoresOffline.Known {
		return Unknown
	}
	return figure(Quantity, t.StoresOffline.Value).as(fmt.Sprintf("%.1f", t.StoresOffline.Value))
}

// unfitWords says that a plan breaks rules.
func unfitWords(violations []planner.Violation) string {
	if len(violations) == 0 {
		return ""
	}
	return "not feasible: " + brokenWords(violations)
}

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
	LargestShare planner.Number // that one survivor takes over when a server fails: the median over servers
	Pairs        int            // of servers that share a store
	// Chances are those that a store goes offline when 2, 3 or 5 servers, or one in a
	// hundred, fail at once; unknown where so many are not up.
	Chances [4]Chance
	// StoresOffline is how many stores are offline in the mean where the failure of two
	// takes any.
	StoresOffline planner.Number
}

// Chance is a probability and its standard error, which is 0 where it was counted.
type Chance struct {
	Value planner.Number
	Error float64
}

// ScatterFrontier is the screen of plans with more and more partners.
func ScatterFrontier(points []ScatterPoint, inv *inventory.Inventory, seed uint64) *Screen {
	s := &Screen{}
	s.add(Made{Inventory: inv}.headline("frontier of scatter", "", seed))
	var words Lines
	words.add("More partners share the load of a server that fails more evenly; fewer leave fewer sets of failures that take stores offline, but more stores to each.")
	s.add(Legend{ScatterPoints(points), scatterNotes}, words)
	return s
}

// scatterNotes say what the columns of the table mean.
var scatterNotes = []Note{
	{Columns: []string{"most"}, Words: "partners of the server that has the most"},
	{Columns: []string{"bound"}, Words: "no layout with so many partners has a worst failure of one server below it"},
	{Columns: []string{"gap"}, Words: "by which part the worst failure of one server is above what no layout with so many partners can beat"},
	{Columns: []string{"share"}, Words: "the largest part of the load of a server that fails which one survivor takes over, in the median over servers"},
	{Columns: []string{"pairs"}, Words: "pairs of servers that share a store: both at once take it offline, unless it has further copies"},
	{Columns: []string{"2 down", "3 down", "5 down"}, Words: "the chance that a store goes offline when any so many servers fail at once"},
	{Columns: []string{"1 % down"}, Words: "the same of one server in a hundred"},
	{Columns: []string{"stores"}, Words: "how many stores go offline where the failure of two takes any, in the mean"},
	{Mark: "~", Words: "sampled, with a standard error that -o csv and -o json tell; all else is counted"},
}

// ScatterPoints is the table of plans with more and more partners.
func ScatterPoints(points []ScatterPoint) *Table {
	t := &Table{Columns: []Column{
		right("partners", "scatter", 0), right("most", "partners_max", 8), right("worst", "worst_single", 0), right("bound", "bound_worst_single", 7), right("gap", "gap_worst_single", 3),
		right("share", "largest_share_median", 0), right("pairs", "partner_pairs", 2), right("2 down", "chance_offline_2", 0), right("stores", "stores_offline_2", 1),
		right("3 down", "chance_offline_3", 4), right("5 down", "chance_offline_5", 6), right("1 % down", "chance_offline_1_percent", 5),
		hidden("error_chance_offline_3"), hidden("error_chance_offline_5"), hidden("error_chance_offline_1_percent"),
		right("copied", "bytes_copied", 3), hidden("violations"), note(),
	}}
	t.Rows = rowsOf(points, func(p ScatterPoint) []Cell {
		return []Cell{
			count(p.Scatter), count(p.Plan.Promises.PartnersMax), ratio(p.Plan.Promises.WorstSingle.Utilisation), ratio(p.Plan.Bounds.WorstSingle), gapCell(p.Plan.Gap.WorstSingle),
			ratio(p.LargestShare), count(p.Pairs),
			p.Chances[0].cell(), storesCell(p.StoresOffline),
			p.Chances[1].cell(), p.Chances[2].cell(), p.Chances[3].cell(),
			p.Chances[1].errorCell(), p.Chances[2].errorCell(), p.Chances[3].errorCell(),
			figure(Size, p.Plan.BytesCopied), count(len(p.Plan.Violations)), words(unfitWords(p.Plan.Violations)),
		}
	})
	t.dropConstant()
	return t
}

// leastChance is the smallest chance that people are told in figures.
const leastChance = 0.00005

// cell shows a chance, and whether it was sampled.
func (c Chance) cell() Cell {
	if !c.Value.Known {
		return Unknown
	}
	text := percent(c.Value.Value)
	if c.Value.Value > 0 && c.Value.Value < leastChance {
		text = "<0.01 %"
	}
	if c.Error > 0 {
		text = "~" + text
	}
	return figure(Ratio, c.Value.Value).as(text)
}

func (c Chance) errorCell() Cell {
	if !c.Value.Known {
		return Unknown
	}
	return figure(Ratio, c.Error)
}

// storesCell shows how many stores are offline where any is.
func storesCell(n planner.Number) Cell {
	if !n.Known {
		return Unknown
	}
	return figure(Quantity, n.Value).as(fmt.Sprintf("%.1f", n.Value))
}

// unfitWords says that a plan breaks rules.
func unfitWords(violations []planner.Violation) string {
	if len(violations) == 0 {
		return ""
	}
	return "not feasible: " + brokenWords(violations)
}

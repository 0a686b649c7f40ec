package report

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// addPairs says what failures of two do, where they were looked at.
func (s *Screen) addPairs(sim *planner.Simulation, inv *inventory.Inventory, top int) {
	if sim.Pairs == nil {
		return
	}
	s.addPairsOf("two servers at once", *sim.Pairs, sim.Now, inv, top)
	for _, level := range sortedLevels(sim.DomainPairs) {
		s.addPairsOf(fmt.Sprintf("a %s and a server outside it at once", level), sim.DomainPairs[level], sim.Now, inv, top)
	}
}

func (s *Screen) addPairsOf(what string, p planner.Pairs, now planner.Offline, inv *inventory.Inventory, top int) {
	var head Lines
	if p.Count == 0 {
		head.add("%s: there is no such pair", what)
		s.add(head)
		return
	}
	head.add("%s: %s", what, inventory.Counted(p.Count, "pair", "pairs"))
	var facts Facts
	most := ""
	if p.StoresOfflineWorst > 0 {
		most = fmt.Sprintf(", %s at most", inventory.Counted(p.StoresOfflineWorst, "store", "stores"))
	}
	facts.addRisk("pair", p.Count, p.TakingOffline, p.OverCapacity, most)
	s.add(head)
	s.addQuantiles(facts, quantiles{"worst survivor", Ratio, p.Utilisation})
	if len(p.Histogram) > 0 {
		s.add(histogram(p.Histogram))
	}
	s.addWorst(p.Worst, p.Count, now, inv, top)
}

// addRisk says how many failures of two or more servers take stores offline or
// need more than there is.
func (f *Facts) addRisk(one string, all, offline, over int64, most string) {
	count := func(n int64) string {
		return fmt.Sprintf("%s (%s)", inventory.Counted(n, one, one+"s"), PercentText(float64(n)/float64(all)))
	}
	f.add("a store offline", "with %s%s", count(offline), most)
	f.add("above 100 %", "with %s", count(over))
}

// addWorst adds the table of the worst, and how many there are beside those shown.
func (s *Screen) addWorst(worst []planner.Impact, all int64, now planner.Offline, inv *inventory.Inventory, top int) {
	if len(worst) == 0 {
		return
	}
	worst, _ = atMost(top, worst)
	s.add(failureTable(worst, now, inv))
	if rest := all - int64(len(worst)); rest > 0 {
		var more Lines
		more.add("… %s more", inventory.CountText(rest))
		s.add(more)
	}
}

// quantiles are how one figure is spread over failures.
type quantiles struct {
	of   string
	kind Kind
	planner.Quantiles
}

// addQuantiles says how figures are spread, and facts about them. One without
// values is that of survivors, of which there are none.
func (s *Screen) addQuantiles(facts Facts, all ...quantiles) {
	var rows [][]Cell
	for _, q := range all {
		if !q.Max.Known {
			facts = append(Facts{{q.of, "–: no server survives"}}, facts...)
			continue
		}
		rows = append(rows, []Cell{words(q.of), figure(q.kind, q.P50.Value), figure(q.kind, q.P90.Value), figure(q.kind, q.P99.Value), figure(q.kind, q.Max.Value)})
	}
	if rows != nil {
		s.add(&Table{
			Columns: []Column{left("", "", 0), right("P50", "", 2), right("P90", "", 3), right("P99", "", 1), right("worst", "", 0)},
			Rows:    slices.Values(rows),
		})
	}
	s.add(facts)
}

// mostBins is how many lines a histogram has.
const mostBins = 12

// histogram is the table of how many pairs have which worst survivor, in bins of
// one percent or so many that they are few.
func histogram(bins []planner.Bin) *Table {
	percent := func(b planner.Bin) int { return int(100*b.From + 0.5) }
	width := 1
	for _, w := range []int{2, 5, 10, 20, 50, 100} {
		if percent(bins[len(bins)-1])/width-percent(bins[0])/width < mostBins {
			break
		}
		width = w
	}
	var wide []planner.Bin
	most, beyond := int64(0), !bins[len(bins)-1].To.Known
	for _, b := range bins {
		from := float64(percent(b)/width*width) / 100
		if n := len(wide); n == 0 || wide[n-1].From != from {
			wide = append(wide, planner.Bin{From: from, To: planner.Known(from + float64(width)/100)})
		}
		wide[len(wide)-1].Count += b.Count
		most = max(most, wide[len(wide)-1].Count)
	}
	if beyond {
		wide[len(wide)-1].To = planner.Number{}
	}
	row := func(b planner.Bin) []Cell {
		to := words("any")
		if b.To.Known {
			to = figure(Ratio, b.To.Value).as(fmt.Sprintf("%.0f %%", 100*b.To.Value))
		}
		return []Cell{figure(Ratio, b.From).as(fmt.Sprintf("%.0f", 100*b.From)), to, count(b.Count), figure(Bar, float64(b.Count)/float64(most))}
	}
	return &Table{
		Columns: []Column{right("above", "", 0), right("up to", "", 0), right("pairs", "", 0), left("", "", 1)},
		Rows:    rowsOf(wide, row),
	}
}

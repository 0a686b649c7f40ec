package report

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Frontier is the screen of the worst failure against bytes copied. Picked is the
// point that a plan is written of.
func Frontier(f *planner.Frontier, picked int, m Made) *Screen {
	s := &Screen{}
	first := f.Points[0].Plan
	head := m.headline("frontier of the layout", things(len(first.Stores), "store", "stores"), first.Options.Seed)
	if m.Inventory != nil {
		head.addOffline(m.Inventory.Offline())
	}
	s.add(head, FrontierPoints(f, picked, m.Inventory))
	facts := Facts{}
	if now := first.Before.WorstSingle; now.Utilisation.Known {
		facts.add("now", "worst single failure %s: %s", PercentText(now.Utilisation.Value), worstWords(now))
	}
	if len(f.Points) > 2 {
		facts.add("knee", "the point farthest below the straight line from the first to the last: up to there bytes buy more than on average")
	}
	facts.add("at least", "what every layout copies that keeps the rules and has no worse failure than this one")
	facts.add("loads", "%s", loadsWords(first.Inventory))
	facts.addBounds(f.Points[max(picked, 0)].Plan.Violations)
	if m.File != "" {
		facts.add("written", "%s: the plan of point %d", m.File, picked+1)
		facts.add("next", "%s", joined("interlace show plan "+m.File, "interlace moves "+m.File))
	}
	s.add(facts)
	p := f.Points[max(picked, 0)].Plan
	s.addBroken(p.Violations, p.Warnings)
	return s
}

// FrontierPoints is the table of the points. The bars are the bytes copied, as
// parts of the most.
func FrontierPoints(f *planner.Frontier, picked int, inv *inventory.Inventory) *Table {
	asked := f.Points[0].Plan.Options
	unless := func(limited bool, drop int) int { // what is limited is not left out
		if limited {
			return 0
		}
		return drop
	}
	t := &Table{Columns: []Column{
		right("point", "point", 0), right("worst", "worst_single", 0), right("gap", "gap", 2).late(3),
		right("copied", "bytes_copied", 0).scaled("bytes"), left("", "", 2), right("at least", "bytes_bound", 1).scaled("bytes").late(4),
		right("changes", "changes", unless(asked.MaxChanges != nil, 3)), right("interrupted", "users_interrupted", unless(asked.MaxInterrupted != nil, 5)),
	}}
	levels := sortedLevels(f.Points[0].Plan.Promises.WorstDomain)
	for _, level := range levels {
		t.Columns = append(t.Columns, right("worst "+string(level), "worst_domain."+string(level), 6))
	}
	t.Columns = append(t.Columns, hidden("knee"), hidden("picked"), left("", "", 0))
	most := int64(1)
	for _, p := range f.Points {
		most = max(most, p.Plan.BytesCopied)
	}
	at := 0
	row := func(p planner.FrontierPoint) []Cell {
		worst := p.Plan.Promises.WorstSingle
		cells := []Cell{
			count(at + 1), ratio(worst.Utilisation).in(worstTone(inv, inventory.LevelServer, worst)), gapCell(p.Plan.Gap.WorstSingle),
			figure(Size, p.Plan.BytesCopied), figure(Bar, float64(p.Plan.BytesCopied)/float64(most)), sizeCell(p.BytesBound),
			count(len(p.Plan.Changes)), count(p.Plan.UsersInterrupted),
		}
		for _, level := range levels {
			cells = append(cells, ratio(p.Plan.Promises.WorstDomain[level].Utilisation))
		}
		return append(cells, yes(at == f.Knee, "yes"), yes(at == picked, "yes"), words(pointWords(f, at, p)))
	}
	t.Rows = func(yield func([]Cell) bool) {
		for i, p := range f.Points {
			if at = i; !yield(row(p)) {
				return
			}
		}
	}
	return t
}

func pointWords(f *planner.Frontier, at int, p planner.FrontierPoint) string {
	knee, broken, promotions := "", "", ""
	if at == f.Knee && len(f.Points) > 2 {
		knee = "knee"
	}
	if n := len(p.Plan.Violations); n > 0 {
		broken = fmt.Sprintf("breaks %s", things(n, "rule", "rules"))
	}
	switch {
	case len(p.Plan.Changes) == 0:
		promotions = "no change"
	case p.Plan.BytesCopied == 0:
		promotions = "no copies"
	}
	return joined(promotions, knee, broken)
}

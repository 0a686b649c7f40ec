package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Made is what a screen of a plan says beside the plan itself.
type Made struct {
	Inventory *inventory.Inventory // the facts it was made from; nil if they are not at hand
	Took      time.Duration        // 0: not said
	File      string               // where the plan is; empty: nowhere
	After     []string             // files of the plans that it follows
	Charts    *Charts              // of the planned layout; nil: none are shown
	Plot      string               // file of the picture that is drawn from them
	Keeps     bool                 // every rule is kept today and by the plans that a schedule orders
}

// headline names the fleet, the seed and the time it took.
func (m Made) headline(kind string, otherwise string, seed uint64) Lines {
	of := otherwise
	if m.Inventory != nil {
		of = FleetWords(m.Inventory)
	}
	took := ""
	if m.Took > 0 {
		took = inventory.DurationText(m.Took.Round(time.Millisecond).Seconds())
	}
	var l Lines
	l.add("%s", joined(kind+" of "+of, fmt.Sprintf("seed %d", seed), took))
	return l
}

// Layout is the screen of a layout plan.
func Layout(p *planner.Layout, m Made) *Screen {
	s := &Screen{}
	head := m.headline("layout", things(len(p.Stores), "store", "stores"), p.Options.Seed)
	if m.Inventory != nil {
		head.addOffline(m.Inventory.Offline())
	}
	s.add(head)
	s.add(layoutPromises(p, m.Inventory))
	if m.Charts != nil {
		s.addCharts(*m.Charts, shownCharts)
	}
	facts := Facts{}
	facts.add("changes", "%s", layoutChangeWords(p))
	facts.add("loads", "%s", loadsWords(p.Inventory))
	switch {
	case noServerUp(p):
		facts.add("stopped", "nothing can be planned until a server is back")
	case p.Stopped == planner.AtBound && !p.Promises.WorstSingle.Utilisation.Known:
		facts.add("stopped", "no failure leaves a survivor, so there is no worst failure to lower")
	default:
		facts.add("stopped", "%s", stoppedWords(p.Stopped, objectiveWords(p.Options.Objectives)))
	}
	facts.addLower(p)
	facts.addProofs(p)
	if m.File != "" {
		facts.add("next", "%s", joined("interlace simulate --after "+m.File, "interlace users --after "+m.File, "interlace moves "+m.File))
	}
	s.add(facts)
	reasons := forbidding(p, m.Inventory)
	switch {
	case len(reasons) > 0:
		s.addFound("not feasible by any plan, as told below; in the best one found", p.Violations, p.Warnings)
	case p.Stopped == planner.Budget:
		s.addFound("not feasible by the best plan found within the budget", p.Violations, p.Warnings)
	default:
		s.addBroken(p.Violations, p.Warnings)
	}
	s.addStaying(p, m.Inventory)
	if reasons != nil {
		s.add(reasons)
	}
	return s
}

// addLower says what a lower worst failure would cost that was found and passed over.
func (f *Facts) addLower(p *planner.Layout) {
	if p.Lower == nil {
		return
	}
	how := "--gap 0 goes there"
	if o := p.Options; o.MaxBytes != nil || o.MaxChanges != nil || o.MaxInterrupted != nil {
		how = "beyond the budget"
	}
	more := BytesText(max(0, p.Lower.BytesCopied-p.BytesCopied))
	f.add("lower", "%s was found too, for %s more to copy, with %s in all: %s",
		PercentText(p.Lower.Utilisation.Value), more, things(p.Lower.Changes, "change", "changes"), how)
}

// objectiveWords names what a plan was to lower.
func objectiveWords(objectives []planner.Objective) string {
	switch {
	case len(objectives) > 1:
		return "every objective"
	case len(objectives) == 0 || objectives[0] == planner.ObjectiveSingle:
		return "the worst single failure"
	case objectives[0] == planner.ObjectivePair:
		return "the worst failure of two servers"
	case objectives[0] == planner.ObjectiveNormal:
		return "the normal state"
	}
	return "the worst " + string(objectives[0]) + " failure"
}

// shownCharts is how many bars and rows of the matrix the screen of a plan has.
const shownCharts = 20

// addBounds says that the bounds do not hold for a plan that breaks rules.
func (f *Facts) addBounds(violations []planner.Violation) {
	if len(violations) > 0 {
		f.add("bounds", "hold for plans that keep every rule; this one does not")
	}
}

// shownStaying is how many stores that stay on servers that drain the text has.
const shownStaying = 5

// addStaying says why stores stay on servers that the plan was to empty.
func (s *Screen) addStaying(p *planner.Layout, inv *inventory.Inventory) {
	draining := map[planner.Subject]bool{}
	for _, v := range p.Violations {
		draining[v.Subject] = draining[v.Subject] || v.Rule == planner.DrainEmpty
	}
	var lines Lines
	for _, place := range p.Stores {
		for _, server := range append([]inventory.ServerID{place.Master}, place.Replicas...) {
			if draining[planner.ServerSubject(server)] {
				lines.add("store %s stays on %s%s", place.Store, server, stayingWords(p, inv, place.Store))
			}
		}
	}
	if rest := len(lines) - shownStaying; rest > 0 {
		lines = lines[:shownStaying]
		lines.add("… and %s more", inventory.CountText(rest))
	}
	if lines != nil {
		s.add(lines)
	}
}

// stayingWords says what keeps a store where it is.
func stayingWords(p *planner.Layout, inv *inventory.Inventory, store inventory.StoreID) string {
	if slices.Contains(p.Options.Keep, planner.StoreSubject(store)) {
		return ": --keep names it"
	}
	if inv == nil || inv.Store(store) < 0 {
		return ""
	}
	switch st := &inv.Stores[inv.Store(store)]; {
	case st.Pinned:
		return ": it is pinned"
	case len(st.Only) > 0:
		var only []string
		for _, level := range sortedLevels(st.Only) {
			only = append(only, string(level)+" "+someOf(st.Only[level]))
		}
		return ": it may live only in " + strings.Join(only, " and ")
	}
	return ""
}

// addBroken says what keeps a plan from being feasible, and its warnings.
func (s *Screen) addBroken(violations []planner.Violation, warnings []planner.Warning) {
	s.addFound("not feasible, even by the best plan found", violations, warnings)
}

// addFound does so in other words.
func (s *Screen) addFound(what string, violations []planner.Violation, warnings []planner.Warning) {
	if len(violations) > 0 {
		s.add(Lines{{Words: what + ": " + brokenWords(violations), Tone: Broken}})
		s.addViolations(violations, shownViolations)
	}
	s.addWarnings(warnings)
}

// noneWords is said of a plan without changes.
func noneWords(violations []planner.Violation) string {
	if len(violations) > 0 {
		return "none"
	}
	return "none: nothing to do"
}

func layoutChangeWords(p *planner.Layout) string {
	switch {
	case len(p.Changes) == 0 && noServerUp(p):
		return "none: no server is up"
	case len(p.Changes) == 0 && len(p.Violations) == 0 && p.Stopped == planner.Budget:
		return "none: the budget pays for nothing better"
	case len(p.Changes) == 0 && p.Lower != nil:
		return "none: what is lower is not much lower"
	case len(p.Changes) == 0 && len(p.Violations) == 0 && p.Stopped != planner.AtBound && p.Stopped != planner.WithinGap:
		return "none: nothing better was found"
	case len(p.Changes) == 0:
		return noneWords(p.Violations)
	}
	n := map[planner.Verb]int{}
	interrupted := map[planner.Verb]int{}
	for _, c := range p.Changes {
		n[c.Do]++
		interrupted[c.Do] += c.Users
	}
	var created, promoted, seeded, dropped string
	if n[planner.Create] > 0 {
		created = things(n[planner.Create], "store created", "stores created")
	}
	if n[planner.Promote] > 0 {
		promoted = fmt.Sprintf("%s (0 B, %s interrupted)", things(n[planner.Promote], "promotion", "promotions"), things(interrupted[planner.Promote], "user", "users"))
	}
	if n[planner.Seed] > 0 {
		least := ""
		if p.Bounds.BytesCopied.Known && len(p.Violations) == 0 {
			least = ", at least " + BytesText(p.Bounds.BytesCopied.Value) + " to keep the rules"
		}
		seeded = fmt.Sprintf("%s (%s%s)", things(n[planner.Seed], "replica seeded", "replicas seeded"), BytesText(p.BytesCopied), least)
	}
	if n[planner.Drop] > 0 {
		dropped = inventory.CountText(n[planner.Drop]) + " dropped"
	}
	return joined(created, promoted, seeded, dropped)
}

// layoutPromises compares today, the plan and the bound.
func layoutPromises(p *planner.Layout, inv *inventory.Inventory) *Table {
	rows := [][]Cell{worstRow("worst single failure", inv, inventory.LevelServer, p.Before.WorstSingle, p.Promises.WorstSingle, p.Bounds.WorstSingle, p.Gap.WorstSingle)}
	for _, level := range sortedLevels(p.Promises.WorstDomain) {
		rows = append(rows, worstRow("worst "+string(level)+" failure", inv, level,
			p.Before.WorstDomain[level], p.Promises.WorstDomain[level], p.Bounds.WorstDomain[level], p.Gap.WorstDomain[level]))
	}
	if before, after := p.Before.WorstPair, p.Promises.WorstPair; before != nil && after != nil {
		rows = append(rows, []Cell{
			words("worst two servers"), ratio(before.Utilisation), ratio(after.Utilisation),
			ratio(p.Bounds.WorstPair), gapCell(p.Gap.WorstPair), Nothing,
		})
	}
	rows = append(rows, placeRow("normal state", inv, p.Before.Normal, p.Promises.Normal, p.Bounds.Normal, p.Gap.Normal))
	if p.Promises.Fullest.Utilisation.Known {
		rows = append(rows, placeRow("fullest "+string(p.Promises.Fullest.Resource), inv, p.Before.Fullest, p.Promises.Fullest, p.Bounds.Fullest, p.Gap.Fullest))
	}
	rows = append(rows,
		countRow("servers sharing a failure", p.Before.PartnersMedian, p.Promises.PartnersMedian,
			fmt.Sprintf("median; at most %s, was %s", inventory.CountText(p.Promises.PartnersMax), inventory.CountText(p.Before.PartnersMax))),
		countRow("stores offline, worst pair", p.Before.StoresOfflineWorstPair, p.Promises.StoresOfflineWorstPair, ""))
	return comparison(rows)
}

// comparison is the table that compares today, the plan and the bound.
func comparison(rows [][]Cell) *Table {
	return &Table{
		Columns: []Column{
			left("", "", 0), right("now", "", 0).late(1), right("planned", "", 0), right("bound", "", 0).late(2), right("gap", "", 0).late(3), note(),
		},
		Rows: slices.Values(rows),
	}
}

func worstRow(label string, inv *inventory.Inventory, level inventory.Level, before, after planner.Worst, bound, gap planner.Number) []Cell {
	return []Cell{
		words(label), ratio(before.Utilisation).in(worstTone(inv, level, before)), ratio(after.Utilisation).in(worstTone(inv, level, after)),
		ratio(bound), gapCell(gap), words(worstWords(after)),
	}
}

func placeRow(label string, inv *inventory.Inventory, before, after planner.Place, bound, gap planner.Number) []Cell {
	return []Cell{
		words(label), ratio(before.Utilisation).in(placeTone(inv, before)), ratio(after.Utilisation).in(placeTone(inv, after)),
		ratio(bound), gapCell(gap), words(placeWords(after)),
	}
}

// gapCell shows a gap. A plan that breaks rules may lie below the bound, which
// holds for those that keep them; it has no gap.
func gapCell(gap planner.Number) Cell {
	if gap.Value < 0 {
		return Unknown
	}
	return ratio(gap)
}

func countRow(label string, before, after int, note string) []Cell {
	return []Cell{words(label), count(before), count(after), Nothing, Nothing, words(note)}
}

// worstTone compares a worst failure with the failure ceiling where one is promised.
func worstTone(inv *inventory.Inventory, level inventory.Level, w planner.Worst) Tone {
	if inv == nil || !w.Utilisation.Known || !survives(inv, level) {
		return Plain
	}
	if r := inv.Resource(inventory.ResourceID(w.Resource)); r >= 0 {
		return tone(w.Utilisation.Value, inv.Resources[r].FailureCeiling.At(level))
	}
	return Plain
}

func placeTone(inv *inventory.Inventory, p planner.Place) Tone {
	if inv == nil || !p.Utilisation.Known {
		return Plain
	}
	if r := inv.Resource(inventory.ResourceID(p.Resource)); r >= 0 {
		return tone(p.Utilisation.Value, inv.Resources[r].Ceiling)
	}
	return Plain
}

// LayoutChanges is the table of what a layout plan does, in order.
func LayoutChanges(changes []planner.LayoutChange) *Table {
	t := &Table{Columns: []Column{
		left("change", "id", 0), left("do", "do", 0), left("store", "store", 0), left("server", "server", 0),
		left("from", "from", 0).late(1), right("copied", "bytes", 1), right("users interrupted", "users", 2),
	}}
	t.Rows = rowsOf(changes, func(c planner.LayoutChange) []Cell {
		return []Cell{
			words(c.ID), words(string(c.Do)), words(string(c.Store)), words(string(c.Server)),
			words(string(c.From)), figure(Size, c.Bytes), count(c.Users),
		}
	})
	return t
}

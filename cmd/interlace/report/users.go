package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Assignment is the screen of a users plan.
func Assignment(p *planner.Assignment, m Made) *Screen {
	s := &Screen{}
	s.add(m.headline("assignment", things(len(p.Stores), "store", "stores"), p.Options.Seed))
	s.add(assignmentPromises(p, m.Inventory))
	if len(p.Changes) > 0 {
		s.add(fullestStores(p))
	}
	if len(p.NewUsers) > 0 {
		s.AddFirst(newUsers(p.NewUsers), fullestShown)
	}
	facts := Facts{}
	facts.add("changes", "%s", assignmentChangeWords(p))
	facts.add("loads", "%s", loadsWords(p.Inventory))
	facts.add("stopped", "%s", stoppedWords(p.Stopped, "the "+aim(p)))
	facts.addBounds(p.Violations)
	if m.File != "" {
		facts.add("next", "%s", joined("interlace moves "+strings.Join(append(slices.Clone(m.After), m.File), " ")))
	}
	s.add(facts)
	s.addBroken(p.Violations, p.Warnings)
	return s
}

// aim is the figure that the plan was to make low: the bytes copied, or the peak
// where a budget does not allow for the wished one.
func aim(p *planner.Assignment) string {
	budget := p.Options.MaxBytes != nil || p.Options.MaxUsers != nil
	if budget && (!p.Gap.BytesCopied.Known || p.Gap.BytesCopied.Value > 0) {
		return "peak utilisation"
	}
	return "number of bytes copied"
}

// assignmentPromises compares today, the plan and the bound: of stores, and, for
// which there is no bound, of servers.
func assignmentPromises(p *planner.Assignment, inv *inventory.Inventory) *Table {
	copied := planner.Known(float64(p.BytesCopied))
	rows := [][]Cell{
		{
			words("peak utilisation"), ratio(p.Before.PeakUtilisation), ratio(p.Promises.PeakUtilisation),
			ratio(p.Bounds.PeakUtilisation), gapCell(p.Gap.PeakUtilisation), words(peakWords(p.Promises)),
		},
		{words("copied"), Nothing, amount(copied), amount(p.Bounds.BytesCopied), gapCell(p.Gap.BytesCopied), words(aimWords(p))},
		{words("share groups torn"), count(p.Before.GroupsTorn), count(p.Promises.GroupsTorn), Nothing, Nothing, Nothing},
	}
	return comparison(append(rows, serverRows(p, inv)...))
}

// serverRows say what the plan means for servers.
func serverRows(p *planner.Assignment, inv *inventory.Inventory) [][]Cell {
	none := planner.Number{}
	rows := [][]Cell{worstRow("worst single failure", inv, inventory.LevelServer, p.Before.WorstSingle, p.Promises.WorstSingle, none, none)}
	for _, level := range sortedLevels(p.Promises.WorstDomain) {
		rows = append(rows, worstRow("worst "+string(level)+" failure", inv, level, p.Before.WorstDomain[level], p.Promises.WorstDomain[level], none, none))
	}
	rows = append(rows, placeRow("normal state", inv, p.Before.Normal, p.Promises.Normal, none, none))
	if p.Promises.Fullest.Utilisation.Known {
		rows = append(rows, placeRow("fullest "+string(p.Promises.Fullest.Resource), inv, p.Before.Fullest, p.Promises.Fullest, none, none))
	}
	for _, row := range rows {
		row[3], row[4] = Nothing, Nothing // bound and gap
	}
	return rows
}

// aimWords says why the peak may be above its bound: without a budget it is not
// to be low.
func aimWords(p *planner.Assignment) string {
	if p.Options.MaxBytes != nil || p.Options.MaxUsers != nil {
		return ""
	}
	if p.Options.Light {
		return "the aim: fewest moves"
	}
	return "the aim: fewest bytes"
}

// amount is a size with a unit of its own, for columns that hold other things too.
func amount(n planner.Number) Cell {
	if !n.Known {
		return Unknown
	}
	return words(BytesText(n.Value))
}

func peakWords(p planner.AssignmentPromises) string {
	if !p.PeakUtilisation.Known {
		return "no store has a capacity"
	}
	return fmt.Sprintf("%s of store %s", p.Resource, p.Store)
}

func assignmentChangeWords(p *planner.Assignment) string {
	if len(p.Changes) == 0 {
		return noneWords(p.Violations)
	}
	groups := map[inventory.GroupID]bool{}
	for _, c := range p.Changes {
		groups[c.Group] = true
	}
	return joined(
		fmt.Sprintf("%s in %s", moversWords(p.UsersInterrupted, len(p.Changes)-p.UsersInterrupted), things(len(groups), "share group", "share groups")),
		BytesText(p.BytesCopied)+" copied",
		things(p.UsersInterrupted, "user", "users")+" interrupted")
}

// moversWords says who moves. Moving a shared tree interrupts nobody.
func moversWords(users, trees int) string {
	switch {
	case trees == 0:
		return things(users, "user moves", "users move")
	case users == 0:
		return things(trees, "shared tree moves", "shared trees move")
	}
	return things(users, "user", "users") + " and " + things(trees, "shared tree", "shared trees") + " move"
}

const fullestShown = 10

// fullestStores shows the stores that are fullest when the plan is carried out.
func fullestStores(p *planner.Assignment) *Table {
	from, to := map[inventory.StoreID]int{}, map[inventory.StoreID]int{}
	for _, c := range p.Changes {
		from[c.From]++
		to[c.To]++
	}
	stores := slices.Clone(p.Stores)
	slices.SortStableFunc(stores, func(a, b planner.StoreLoad) int {
		return cmp.Compare(b.Utilisation.Value, a.Utilisation.Value)
	})
	var rows [][]Cell
	for _, st := range stores[:min(fullestShown, len(stores))] {
		rows = append(rows, []Cell{
			words(string(st.Store)), ratio(st.Utilisation), count(st.Users), count(to[st.Store]), count(from[st.Store]),
		})
	}
	return &Table{
		Columns: []Column{
			left("fullest stores then", "", 0), right("utilisation", "", 0), right("users", "", 0), right("come", "", 1), right("leave", "", 1),
		},
		Rows: slices.Values(rows),
	}
}

// newUsers shows where new users should go.
func newUsers(places []planner.NewUsers) *Table {
	t := &Table{Columns: []Column{
		left("room for new users of average load", "", 0), right("users", "", 0), right("utilisation with them", "", 1),
	}}
	t.Rows = rowsOf(places, func(n planner.NewUsers) []Cell {
		return []Cell{words(string(n.Store)), count(n.Users), ratio(n.Utilisation)}
	})
	return t
}

// UserChanges is the table of what a users plan does.
func UserChanges(changes []planner.UserChange) *Table {
	t := &Table{Columns: []Column{
		left("change", "id", 0), hidden("do"), left("user", "user", 0), left("group", "group", 1),
		left("from", "from", 0), left("to", "to", 0), right("copied", "bytes", 2),
	}}
	t.Rows = rowsOf(changes, func(c planner.UserChange) []Cell {
		return []Cell{
			words(c.ID), words(string(c.Do)), words(string(c.User)), words(string(c.Group)),
			words(string(c.From)), words(string(c.To)), figure(Size, c.Bytes),
		}
	})
	return t
}

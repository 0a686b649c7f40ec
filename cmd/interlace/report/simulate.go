package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Simulation is the screen of every failure, the worst first: servers, then
// domains, top of each.
//
// Among offline are those that take a store offline and must not.
func Simulation(sim *planner.Simulation, inv *inventory.Inventory, offline []planner.Impact, top int) *Screen {
	s := &Screen{}
	var head Lines
	head.add("failures of %s%s", FleetWords(inv), afterWords(sim.After))
	head.addDown(inv, nil)
	head.addOffline(sim.Now.Offline)
	s.add(head)
	servers, domains := bySort(sim.Failures)
	s.addFailures(servers, sim.Now, inv, top)
	s.addFailures(domains, sim.Now, inv, top)
	s.addCharts(SimulationCharts(sim, inv), top)
	s.addPairs(sim, inv, top)
	s.addRandom(sim, inv, top)
	s.addUncertainty(sim)
	s.addOutcome(sim, offline, promisedOutcome(sim, inv))
	return s
}

// addDown says of the servers that are down beside those that fail what that means.
func (l *Lines) addDown(inv *inventory.Inventory, failing []inventory.ServerID) {
	var down []inventory.ServerID
	for i := range inv.Servers {
		if name := inv.Servers[i].Name; inv.Servers[i].State == inventory.Down && !slices.Contains(failing, name) {
			down = append(down, name)
		}
	}
	shown := down[:min(shownWarnings, len(down))]
	for _, name := range shown {
		*l = append(*l, Line{Words: OutageText(inv, name), Tone: Broken})
	}
	if rest := len(down) - len(shown); rest > 0 {
		l.add("… %s down: interlace check -o json lists all", things(rest, "more server is", "more servers are"))
	}
}

func afterWords(after []string) string {
	if len(after) == 0 {
		return ""
	}
	return ", after plan " + strings.Join(after, ", ")
}

// bySort parts failures of single servers from the others.
func bySort(failures []planner.Impact) (servers, domains []planner.Impact) {
	for _, f := range failures {
		if len(f.Failed) == 1 && levelOf(f.Failed[0]) == inventory.LevelServer {
			servers = append(servers, f)
		} else {
			domains = append(domains, f)
		}
	}
	return servers, domains
}

func (s *Screen) addFailures(failures []planner.Impact, now planner.Offline, inv *inventory.Inventory, top int) {
	if len(failures) == 0 {
		return
	}
	shown, rest := atMost(top, failures)
	s.add(failureTable(shown, now, inv))
	if len(rest) > 0 {
		var more Lines
		more.add("… %s more%s", inventory.CountText(len(rest)), noneAbove(rest))
		s.add(more)
	}
}

// atMost parts the first of a list, as many as are shown, from the rest; 0 shows
// all.
func atMost[T any](top int, list []T) (shown, rest []T) {
	if top <= 0 || top > len(list) {
		top = len(list)
	}
	return list[:top], list[top:]
}

// noneAbove says the worst of the failures that are not shown.
func noneAbove(rest []planner.Impact) string {
	worst := slices.MaxFunc(rest, func(a, b planner.Impact) int {
		return cmp.Compare(a.Worst.Utilisation.Value, b.Worst.Utilisation.Value)
	}).Worst.Utilisation
	if !worst.Known {
		return ""
	}
	return ", none above " + PercentText(worst.Value)
}

func anyOffline(failures []planner.Impact) bool {
	return slices.ContainsFunc(failures, func(f planner.Impact) bool { return len(f.Offline) > 0 })
}

// failureTable shows what each failure takes offline beside what is so already.
func failureTable(failures []planner.Impact, now planner.Offline, inv *inventory.Inventory) *Table {
	return &Table{
		Columns: failureColumns(anyOffline(failures), slices.ContainsFunc(failures, func(f planner.Impact) bool { return elsewhere(f.Worst) }), now),
		Rows:    rowsOf(failures, func(f planner.Impact) []Cell { return failureRow(f, now, inv) }),
	}
}

func failureColumns(anyOffline, anyElsewhere bool, now planner.Offline) []Column {
	more := ""
	if now.StoresOffline > 0 {
		more = "more "
	}
	offline := func(heading, key string, drop int) Column {
		c := right(more+heading, key, drop)
		c.Hidden = !anyOffline
		return c
	}
	hour := left("first hour on", "first_hour_server", 3)
	hour.Hidden = !anyElsewhere
	return []Column{
		left("fails", "failed", 0),
		offline("stores offline", "stores_offline", 1), offline("users offline", "users_offline", 0).late(1), // by which they are sorted
		right("worst", "utilisation", 0), left("", "", 5),
		right("first hour", "first_hour", 2),
		left("on", "server", 0).late(2), left("", "resource", 0).late(3), hour, hidden("first_hour_resource"),
		right("stores over", "stores_failed_over", 5), right("users over", "users_failed_over", 4),
		right("to servers", "taken_over_by", 6), right("one takes", "largest_share", 6),
		hidden("service_seconds"), right("one copy", "stores_one_copy", 5),
		hidden("at_risk_seconds"), hidden("at_risk_least_seconds"),
		right("copying ≥", "", 3), hidden("restore_seconds"), hidden("restore_least_seconds"),
	}
}

func failureRow(f planner.Impact, now planner.Offline, inv *inventory.Inventory) []Cell {
	tone := impactTone(f, inv)
	bar := Nothing
	if f.Worst.Utilisation.Known {
		bar = figure(Bar, f.Worst.Utilisation.Value).in(tone)
	}
	return []Cell{
		failedCell(f.Failed), offline(f, f.StoresOffline, now.StoresOffline), offline(f, f.UsersOffline, now.UsersOffline),
		ratio(f.Worst.Utilisation).in(tone), bar, ratio(f.Worst.FirstHour),
		words(string(f.Worst.Server)), words(string(f.Worst.Resource)),
		words(string(f.Worst.FirstHourServer)), words(string(f.Worst.FirstHourResource)),
		count(f.StoresFailedOver), count(f.UsersFailedOver), count(f.TakenOverBy), ratio(f.LargestShare),
		seconds(f.ServiceSeconds), count(f.StoresOneCopy),
		seconds(f.AtRiskSeconds), seconds(f.AtRiskLeastSeconds),
		words(inventory.DurationText(f.RestoreLeastSeconds.Value)), seconds(f.RestoreSeconds), seconds(f.RestoreLeastSeconds),
	}
}

// failedCell names what fails: sets shortly, rack a4 + imap03.
func failedCell(failed []string) Cell {
	c := list(failed)
	if len(failed) > 1 {
		c = c.as(strings.Join(failureNames(failed), " + "))
	}
	return c
}

// offline counts what is offline, and for people what the failure adds to what is so
// already.
func offline(f planner.Impact, n, already int) Cell {
	c := count(n).as(inventory.CountText(n - already))
	if n > already {
		return c.in(Broken)
	}
	return c
}

func seconds(n planner.Number) Cell {
	if !n.Known {
		return Unknown
	}
	return figure(Seconds, n.Value)
}

// impactTone compares the worst survivor with the failure ceiling of the level,
// where it is promised and one domain fails.
func impactTone(f planner.Impact, inv *inventory.Inventory) Tone {
	if len(f.Failed) != 1 {
		return Plain
	}
	return worstTone(inv, levelOf(f.Failed[0]), f.Worst)
}

// Failure is the screen of one set of failures, which is in offline if it takes
// a store offline and must not.
func Failure(sim *planner.Simulation, inv *inventory.Inventory, offline []planner.Impact, top int) *Screen {
	s := &Screen{}
	f := sim.Failures[0]
	var head Lines
	failing := serversIn(f.Failed, inv)
	head.add("%s %s%s%s", failureWords(f.Failed), failsOrIsDown(f.Failed, failing, inv), serversOf(f.Failed, inv), afterWords(sim.After))
	head.addDown(inv, failing)
	head.add("  %s", joined(
		fmt.Sprintf("%s over to %s", things(f.StoresFailedOver, "store fails", "stores fail"), things(f.TakenOverBy, "server", "servers")+shareWords(f)),
		things(f.UsersFailedOver, "user fails over", "users fail over"),
		offlineWords(f, sim.Now)))
	head.add("  worst survivor %s%s", worstText(f.Worst), firstHourText(f.Worst))
	head.addRecovery(f, sim.Recovery)
	head.addOffline(sim.Now.Offline)
	s.add(head)
	if f.Survivors = withWorst(f); len(f.Survivors) > 0 {
		shown, rest := atMost(top, f.Survivors)
		s.add(survivors(f.Failed, shown, inv))
		if len(rest) > 0 {
			var more Lines
			more.add("… %s more, none above %s", inventory.CountText(len(rest)), PercentText(rest[0].Utilisation))
			s.add(more)
		}
	}
	s.addOutcome(sim, offline, failureOutcome(sim, inv))
	return s
}

// withWorst returns the survivors that take load, and before them the worst one
// where it takes none.
func withWorst(f planner.Impact) []planner.Survivor {
	w := f.Worst
	if !w.Utilisation.Known || slices.ContainsFunc(f.Survivors, func(v planner.Survivor) bool { return string(v.Server) == string(w.Server) }) {
		return f.Survivors
	}
	worst := planner.Survivor{
		Server: inventory.ServerID(w.Server), Resource: inventory.ResourceID(w.Resource),
		Before: w.Utilisation.Value, Utilisation: w.Utilisation.Value, FirstHour: w.Utilisation.Value,
	}
	return append([]planner.Survivor{worst}, f.Survivors...)
}

func levelsOf(failed []string) []inventory.Level {
	levels := make([]inventory.Level, len(failed))
	for i, f := range failed {
		levels[i] = levelOf(f)
	}
	return levels
}

func worstText(w planner.Worst) string {
	if !w.Utilisation.Known {
		return "–: no server survives"
	}
	return fmt.Sprintf("%s (%s of %s)", PercentText(w.Utilisation.Value), w.Resource, w.Server)
}

func firstHourText(w planner.Worst) string {
	if !w.FirstHour.Known {
		return ""
	}
	text := ", in the first hour " + PercentText(w.FirstHour.Value)
	if elsewhere(w) {
		text += fmt.Sprintf(" (%s of %s)", w.FirstHourResource, w.FirstHourServer)
	}
	return text
}

// elsewhere reports whether the first hour is worst where the steady state is not.
func elsewhere(w planner.Worst) bool {
	return w.FirstHourServer != w.Server || w.FirstHourResource != w.Resource
}

// offlineWords says what the failure takes offline, beside what is so already.
func offlineWords(f planner.Impact, now planner.Offline) string {
	n, users := len(f.Offline), f.UsersOffline-now.UsersOffline
	switch {
	case n == 0 && now.StoresOffline > 0:
		return "no other store offline"
	case n == 0:
		return "no store offline"
	}
	return fmt.Sprintf("%s offline with %s: %s", things(n, "store", "stores"), things(users, "user", "users"), someOf(f.Offline))
}

// someOf names at most ten of the items.
func someOf[S ~string](items []S) string {
	const most = 10
	var b strings.Builder
	for i, item := range items[:min(len(items), most)] {
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(string(item))
	}
	if len(items) > most {
		b.WriteString(" …")
	}
	return b.String()
}

// serversOf lists the servers of the failed domains other than servers.
func serversOf(failed []string, inv *inventory.Inventory) string {
	domains := slices.DeleteFunc(slices.Clone(failed), func(f string) bool { return levelOf(f) == inventory.LevelServer })
	names := serversIn(domains, inv)
	if len(names) == 0 {
		return ""
	}
	return ": " + someOf(names)
}

// serversIn returns the servers of the failed domains.
func serversIn(failed []string, inv *inventory.Inventory) []inventory.ServerID {
	var names []inventory.ServerID
	for _, f := range failed {
		for i := range inv.Servers {
			if planner.Subject(f).Covers(&inv.Servers[i]) {
				names = append(names, inv.Servers[i].Name)
			}
		}
	}
	return names
}

// failsOrIsDown says what becomes of the failed domains, whose servers are
// given: those that are down have failed before.
func failsOrIsDown(failed []string, servers []inventory.ServerID, inv *inventory.Inventory) string {
	down := downServers(inv)
	still := slices.ContainsFunc(servers, func(s inventory.ServerID) bool { return !down[s] })
	switch {
	case still:
		return failVerb(failed) + downAmong(servers, down)
	case len(servers) == 1:
		return strings.TrimPrefix(OutageText(inv, servers[0]), string(servers[0])+" ")
	case len(failed) == 1:
		return "is down"
	}
	return "are down"
}

// downAmong names those of the servers that were down before.
func downAmong(servers []inventory.ServerID, down map[inventory.ServerID]bool) string {
	before := slices.DeleteFunc(slices.Clone(servers), func(s inventory.ServerID) bool { return !down[s] })
	if len(before) == 0 {
		return ""
	}
	be := "are"
	if len(before) == 1 {
		be = "is"
	}
	return " (" + someOf(before) + " " + be + " down)"
}

// survivors is the table of the survivors, the worst first.
func survivors(failed []string, list []planner.Survivor, inv *inventory.Inventory) *Table {
	row := func(v planner.Survivor) []Cell {
		w := planner.Worst{Utilisation: planner.Known(v.Utilisation), Resource: planner.Text(v.Resource)}
		tone := impactTone(planner.Impact{Failed: failed, Worst: w}, inv)
		return []Cell{
			words(string(v.Server)), words(string(v.Resource)), figure(Ratio, v.Utilisation).in(tone), figure(Bar, v.Utilisation).in(tone),
			figure(Ratio, v.FirstHour), figure(Ratio, v.Before), count(v.Promoted),
		}
	}
	return &Table{
		Columns: []Column{
			left("", "", 0), left("", "", 0), right("steady", "", 0), left("", "", 3),
			right("first hour", "", 1), right("was", "", 2), right("stores taken over", "", 4),
		},
		Rows: rowsOf(list, row),
	}
}

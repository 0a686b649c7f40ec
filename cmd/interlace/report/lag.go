package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// LagRow is how a channel stands, and how it did.
type LagRow struct {
	monitor.Lag
	Silent bool               // nobody looks at it
	Hours  []inventory.Number // how old its oldest entry was at most in each hour of the last day, in seconds
}

// Fine reports whether copying goes as it should.
func (r *LagRow) Fine() bool { return r.Verdict == monitor.OK && r.Level == monitor.LevelOK }

// How many rows the text has of channels that are not fine, of reasons to know
// nothing, and of channels that are fine but for an alert. Of so few channels that
// are shown it has all.
const (
	shownLags    = 20
	shownUnknown = 10
	shownAlerted = 10
	fewLags      = 5
)

// Drawn returns the channels that have a row of their own in the text.
func Drawn(rows []LagRow) []*LagRow {
	var drawn []*LagRow
	for _, g := range lagGroups(rows) {
		if len(g) == 1 {
			drawn = append(drawn, g[0])
		}
	}
	return drawn
}

// Lag is the screen of how channels stand, the worst of them first. Full is the age
// in seconds at which bars have their full height; now has the zone of the reader.
func Lag(rows []LagRow, full float64, now time.Time) *Screen {
	s := &Screen{}
	groups, told := lagGroups(rows), 0
	t := &Table{Columns: lagColumns(), Rows: rowsOf(groups, func(group []*LagRow) []Cell {
		if len(group) == 1 {
			return lagCells(group[0], full, now)
		}
		return groupCells(group)
	})}
	s.add(Legend{t, []Note{{Columns: []string{"last 24 h"}, Words: sparkWords("each hour", full)}}})
	if advice := lagReasons(groups); advice != nil {
		s.add(advice)
	}
	for _, group := range groups {
		if told += len(group); mixed(group) {
			told -= len(group)
		}
	}
	if told < len(rows) {
		s.add(Lines{{Words: inventory.CountText(len(rows)-told) + " more: -o csv lists all"}})
	}
	return s
}

// shownReasons is of how many channels the text says why, and what to do.
const shownReasons = 3

// lagGroups parts rows, the worst first, into those that are told together: what is
// not fine stands alone, what is unknown together with the same of its server, and
// what is fine all together. Of what is not fine and goes beyond a screen the rest
// is one group.
func lagGroups(rows []LagRow) [][]*LagRow {
	type place struct {
		server inventory.ServerID
		reason inventory.Text
	}
	var bad, alerted, unknown [][]*LagRow
	var fine []*LagRow
	at := map[place]int{}
	for i := range rows {
		r := &rows[i]
		switch {
		case r.Fine() && len(r.Alerts) == 0:
			fine = append(fine, r)
		case r.Fine():
			alerted = append(alerted, []*LagRow{r})
		case r.Verdict == monitor.Unknown && r.Level == monitor.LevelUnknown:
			p := place{r.Server, r.Reason}
			if _, known := at[p]; !known {
				at[p] = len(unknown)
				unknown = append(unknown, nil)
			}
			unknown[at[p]] = append(unknown[at[p]], r)
		default:
			bad = append(bad, []*LagRow{r})
		}
	}
	if len(rows) <= fewLags {
		return alone(rows)
	}
	slices.SortStableFunc(unknown, func(a, b []*LagRow) int { return cmp.Compare(len(b), len(a)) })
	list := slices.Concat(summed(bad, shownLags), summed(unknown, shownUnknown), summed(alerted, shownAlerted))
	if fine != nil {
		list = append(list, fine)
	}
	return list
}

// alone are groups of one row each.
func alone(rows []LagRow) [][]*LagRow {
	list := make([][]*LagRow, len(rows))
	for i := range rows {
		list[i] = []*LagRow{&rows[i]}
	}
	return list
}

// summed puts the groups beyond a number of them into one.
func summed(groups [][]*LagRow, most int) [][]*LagRow {
	if len(groups) <= most {
		return groups
	}
	return append(groups[:most:most], slices.Concat(groups[most:]...))
}

// mixed reports whether rows of a group are told together only for want of room.
func mixed(group []*LagRow) bool {
	return len(group) > 1 && slices.ContainsFunc(group, func(r *LagRow) bool {
		fine := r.Fine() && len(r.Alerts) == 0
		unknown := r.Level == monitor.LevelUnknown && r.Server == group[0].Server && r.Reason == group[0].Reason
		return !fine && !unknown
	})
}

// Lags is the table of how channels stand.
func Lags(rows []LagRow) *Table {
	return &Table{Columns: lagColumns(), Rows: rowsOf(rows, func(r LagRow) []Cell { return lagCells(&r, 0, time.Time{}) })}
}

func lagColumns() []Column {
	return []Column{
		left("store", "", 0), hidden("store"), hidden("server"), hidden("channel"),
		hidden("verdict"), hidden("level"), left("verdict", "", 0),
		right("would lose", "would_lose_seconds", 0), hidden("oldest_seconds"),
		left("master → replica", "", 0).late(1), hidden("peer"), right("mailboxes", "mailboxes", 8), hidden("entries"),
		right("backlog", "backlog_bytes", 5), hidden("predicted_seconds"), hidden("predicted_spread_seconds"), left("caught up", "", 2),
		left("last 24 h", "", 4), hidden("since"), hidden("seen"), hidden("reason"), hidden("alerts"), note(),
	}
}

func lagCells(r *LagRow, full float64, now time.Time) []Cell {
	why := alertWords(r.Alerts)
	if r.Level == monitor.LevelUnknown {
		why = joined(string(r.Reason), why)
	}
	tone := lagTone(&r.Lag)
	return []Cell{
		words(channelName(r.Store, r.Channel)), words(string(r.Store)), words(string(r.Server)), words(r.Channel),
		words(string(r.Verdict)), words(string(r.Level)), words(verdictWords(&r.Lag)).in(tone),
		number(Seconds, r.WouldLose).in(tone), number(Seconds, r.Oldest),
		words(string(r.Server) + " → " + cmp.Or(string(r.Peer), "unknown")), words(string(r.Peer)), number(Count, r.Mailboxes), number(Count, r.Entries),
		decimalSize(r.Bytes), number(Seconds, r.Predicted), number(Seconds, r.Spread), caughtUp(&r.Lag, now),
		words(spark(r.Hours, full)), words(string(r.Since)), words(string(r.Seen)), words(string(r.Reason)),
		list(kindsOf(r.Alerts)), words(why),
	}
}

// alertWords says which alerts of a store are open.
func alertWords(alerts []monitor.OpenAlert) string {
	kinds := kindsOf(alerts)
	if kinds == nil {
		return ""
	}
	return "alerts: " + strings.Join(kinds, ", ")
}

// kindsOf returns the kinds of alerts, each once.
func kindsOf(alerts []monitor.OpenAlert) []string {
	kinds := make([]string, len(alerts))
	for i := range alerts {
		kinds[i] = string(alerts[i].Kind)
	}
	return distinct(kinds)
}

// channelName is the name of the store, and of the channel if it has one.
func channelName(store inventory.StoreID, channel string) string {
	if channel == monitor.DefaultChannel {
		return string(store)
	}
	return string(store) + " " + channel
}

// groupCells are one row for several channels.
func groupCells(group []*LagRow) []Cell {
	cells := make([]Cell, len(lagColumns()))
	for i := range cells {
		cells[i] = Nothing
	}
	stores := map[inventory.StoreID]bool{}
	var most inventory.Number
	for _, r := range group {
		stores[r.Store] = true
		if n := r.WouldLose; n.Known && n.Value >= most.Value {
			most = n
		}
	}
	set := func(heading string, c Cell) {
		cells[slices.IndexFunc(lagColumns(), func(column Column) bool { return column.Heading == heading })] = c
	}
	verdict, tone, where := string(group[0].Verdict), lagTone(&group[0].Lag), things(len(stores), "store", "stores")
	switch {
	case mixed(group) && group[0].Level == monitor.LevelUnknown:
	case mixed(group):
		verdict, tone = "others", Soon
	case group[0].Verdict == monitor.Unknown:
		where += " on " + string(group[0].Server)
		cells[len(cells)-1] = words(string(group[0].Reason))
	}
	set("store", words("…"))
	set("master → replica", words(where))
	set("verdict", words(verdict).in(tone))
	set("would lose", Unknown)
	if most.Known {
		set("would lose", words("≤ "+inventory.DurationText(most.Value)))
	}
	return cells
}

// number is a figure that may be unknown.
func number(kind Kind, n inventory.Number) Cell {
	if !n.Known {
		return Unknown
	}
	return figure(kind, n.Value)
}

// decimalSize is a size in the units in which thresholds of backlogs are set.
func decimalSize(n inventory.Number) Cell {
	c := number(Quantity, n)
	if n.Known {
		c.Text = decimalText(n.Value)
	}
	return c
}

// decimalText returns a size with three significant digits: 38.2 kB.
func decimalText(bytes float64) string {
	s := chooseScale(decimalScales, bytes)
	return s.text(bytes) + " " + s.name + "B"
}

// lagTone is red for what is broken now, yellow for what soon may be.
func lagTone(l *monitor.Lag) Tone {
	switch {
	case l.Level == monitor.LevelAlert, l.Verdict == monitor.Stopped, l.Verdict == monitor.Stalled:
		return Broken
	case l.Verdict != monitor.OK, l.Level != monitor.LevelOK:
		return Soon
	}
	return Plain
}

// verdictWords is the verdict, and what the thresholds say where that is worse.
func verdictWords(l *monitor.Lag) string {
	if l.Verdict == monitor.OK && l.Level != monitor.LevelOK {
		return "ok, " + string(l.Level)
	}
	return string(l.Verdict)
}

// caughtUp says at which time of the clock nothing is left of what waits: on the
// day if it is another one.
func caughtUp(l *monitor.Lag, now time.Time) Cell {
	if l.Bytes.Known && l.Bytes.Value == 0 {
		return Nothing
	}
	seen, err := time.Parse(time.RFC3339, string(l.Seen))
	if !l.Predicted.Known || err != nil {
		return Unknown
	}
	at := seen.Add(time.Duration(l.Predicted.Value * float64(time.Second))).In(now.Location())
	form := "15:04"
	if at.Format(time.DateOnly) != now.Format(time.DateOnly) {
		form = "Jan 2 15:04"
	}
	return words(fmt.Sprintf("%s ± %s", at.Format(form), roughText(l.Spread.Value)))
}

// roughText returns a duration in one unit: 1 m.
func roughText(seconds float64) string {
	unit := 1.0
	switch {
	case seconds >= 36*3600:
		unit = 86400
	case seconds >= 90*60:
		unit = 3600
	case seconds >= 60:
		unit = 60
	}
	return inventory.DurationText(max(1, math.Round(seconds/unit)) * unit)
}

// lagReasons says of the worst why it is so, and what to do. Of what is unknown
// the reason stands in the table.
func lagReasons(groups [][]*LagRow) Advice {
	var list Advice
	var silent, blind []inventory.ServerID // servers where nobody looks, and where it is seen too little
	for _, r := range slices.Concat(groups...) {
		switch {
		case r.Silent:
			silent = append(silent, r.Server)
		case r.Level == monitor.LevelUnknown:
			blind = append(blind, r.Server)
		case r.Fine() && len(r.Alerts) == 0:
		case len(list) < shownReasons:
			list = append(list, Advised{channelName(r.Store, r.Channel) + ": " + lagReason(&r.Lag), lagNext(&r.Lag)})
		}
	}
	for _, next := range []struct {
		command string
		on      []inventory.ServerID
	}{{"interlace watch", silent}, {"interlace watch --once", blind}} {
		if on := distinct(next.on); on != nil {
			list = append(list, Advised{"unknown on " + someOf(on), next.command + "  # there"})
		}
	}
	return list
}

// distinct returns what is in a list, each once.
func distinct[S comparable](items []S) []S {
	var once []S
	for _, item := range items {
		if !slices.Contains(once, item) {
			once = append(once, item)
		}
	}
	return once
}

// lagReason says why a channel is not fine.
func lagReason(l *monitor.Lag) string {
	switch {
	case l.Level == monitor.LevelBehind || l.Level == monitor.LevelAlert:
		if l.Reason == "" || l.Verdict == monitor.OK {
			return joined(string(l.Reason), "what waits passes the limit of "+string(l.Level))
		}
	case l.Verdict == monitor.OK:
		return "copying goes on"
	}
	return string(l.Reason)
}

// lagNext is what to run next, and where.
func lagNext(l *monitor.Lag) string {
	command, on := inventory.Paste("interlace", "lag", "--since", "7d", "--store", string(l.Store)), ""
	at := func(line inventory.Text) { command, on = line, "  # on "+string(l.Server) }
	duplicate := advised(l.Alerts, monitor.ClientDuplicate) // ends the one too many
	switch {
	case duplicate != "":
		at(duplicate)
	case slices.ContainsFunc(l.Alerts, tellsMore):
		command = inventory.Paste("interlace", "alerts", "--store", string(l.Store))
	case l.Verdict == monitor.Stopped:
		at(cmp.Or(advised(l.Alerts, monitor.ClientMissing), inventory.Paste("interlace", "watch", "--recover", string(l.Store))))
	case l.Verdict == monitor.Stalled, l.Verdict == monitor.Unknown:
		at(cmp.Or(advised(l.Alerts, monitor.LogOrphaned), "interlace watch --once"))
	}
	if command == "" {
		return ""
	}
	return string(command) + on
}

// advised is the command that the alert of a kind names, if there is one.
func advised(alerts []monitor.OpenAlert, kind monitor.Kind) inventory.Text {
	for _, a := range alerts {
		if a.Kind == kind {
			return a.Command
		}
	}
	return ""
}

// tellsMore reports whether an alert says more than that something waits, or that
// nobody works on it.
func tellsMore(a monitor.OpenAlert) bool {
	return !slices.Contains([]monitor.Kind{monitor.BacklogGrown, monitor.ClientMissing, monitor.LogOrphaned}, a.Kind)
}

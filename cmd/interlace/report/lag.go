package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// LagRow is how a channel stands, and how it did.
type LagRow struct {
	monitor.Lag
	Hours []inventory.Number // how old its oldest entry was at most in each hour of the last day, in seconds
}

// Fine reports whether there is nothing to say of the channel.
func (r *LagRow) Fine() bool { return r.Verdict == monitor.OK && r.Level == monitor.LevelOK }

// ShownLags is how many channels the text has that are not fine, shownGroups how
// many rows for those that are and for reasons to know nothing; fewLags are so few
// channels that it has all.
const (
	ShownLags   = 20
	shownGroups = 11
	fewLags     = 5
)

// Lag is the screen of how channels stand, the worst of them first. Full is the age
// in seconds at which bars have their full height; now has the zone of the reader.
func Lag(rows []LagRow, full float64, now time.Time) *Screen {
	s := &Screen{}
	shown, rest := apartFrom(rows)
	more, others := shown[min(ShownLags, len(shown)):], rest[min(shownGroups, len(rest)):]
	shown, rest = shown[:len(shown)-len(more)], rest[:len(rest)-len(others)]
	cells := make([][]Cell, 0, len(shown)+len(rest)+1)
	for i := range shown {
		cells = append(cells, lagCells(&shown[i], full, now))
	}
	if len(more) > 0 {
		cells = append(cells, groupCells(more, "others", Soon))
	}
	for _, group := range rest {
		cells = append(cells, groupCells(group, string(group[0].Verdict), lagTone(&group[0].Lag)))
	}
	t := &Table{Columns: lagColumns(), Rows: slices.Values(cells)}
	s.add(Legend{t, []Note{{Columns: []string{"last 24 h"}, Words: sparkWords("each hour", full)}}})
	lines := lagReasons(shown, rest)
	if len(more)+len(others) > 0 {
		lines.add("%s more: -o csv lists all", inventory.CountText(len(more)+len(slices.Concat(others...))))
	}
	if lines != nil {
		s.add(lines)
	}
	return s
}

// shownReasons is of how many channels the text says why, and what to do.
const shownReasons = 3

// apartFrom parts the rows that are told one by one from those that are summed up:
// of which nothing is known, by server and reason, and which are fine.
func apartFrom(rows []LagRow) (shown []LagRow, rest [][]LagRow) {
	if len(rows) <= fewLags {
		return rows, nil
	}
	type place struct {
		server inventory.ServerID
		reason inventory.Text
	}
	var fine []LagRow
	unknown, order := map[place][]LagRow{}, []place{}
	for _, r := range rows {
		switch {
		case r.Fine():
			fine = append(fine, r)
		case r.Verdict == monitor.Unknown:
			at := place{r.Server, r.Reason}
			if unknown[at] == nil {
				order = append(order, at)
			}
			unknown[at] = append(unknown[at], r)
		default:
			shown = append(shown, r)
		}
	}
	if fine != nil {
		rest = append(rest, fine)
	}
	slices.SortStableFunc(order, func(a, b place) int { return cmp.Compare(len(unknown[b]), len(unknown[a])) })
	for _, at := range order {
		rest = append(rest, unknown[at])
	}
	return shown, rest
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
		left("last 24 h", "", 4), hidden("since"), hidden("seen"), hidden("reason"), note(),
	}
}

func lagCells(r *LagRow, full float64, now time.Time) []Cell {
	why := Nothing
	if r.Verdict == monitor.Unknown {
		why = words(string(r.Reason))
	}
	tone := lagTone(&r.Lag)
	return []Cell{
		words(channelName(r.Store, r.Channel)), words(string(r.Store)), words(string(r.Server)), words(r.Channel),
		words(string(r.Verdict)), words(string(r.Level)), words(verdictWords(&r.Lag)).in(tone),
		number(Seconds, r.WouldLose).in(tone), number(Seconds, r.Oldest),
		words(string(r.Server) + " → " + orDash(string(r.Peer))), words(string(r.Peer)), number(Count, r.Mailboxes), number(Count, r.Entries),
		decimalSize(r.Bytes), number(Seconds, r.Predicted), number(Seconds, r.Spread), caughtUp(&r.Lag, now),
		words(spark(r.Hours, full)), words(string(r.Since)), words(string(r.Seen)), words(string(r.Reason)), why,
	}
}

// channelName is the name of the store, and of the channel if it has one.
func channelName(store inventory.StoreID, channel string) string {
	if channel == monitor.DefaultChannel {
		return string(store)
	}
	return string(store) + " " + channel
}

// groupCells are one row for several channels.
func groupCells(rows []LagRow, verdict string, tone Tone) []Cell {
	if len(rows) == 1 {
		return lagCells(&rows[0], 0, time.Time{})
	}
	cells := make([]Cell, len(lagColumns()))
	for i := range cells {
		cells[i] = Nothing
	}
	stores := map[inventory.StoreID]bool{}
	var most inventory.Number
	for i := range rows {
		stores[rows[i].Store] = true
		if n := rows[i].WouldLose; n.Known && n.Value >= most.Value {
			most = n
		}
	}
	set := func(heading string, c Cell) {
		cells[slices.IndexFunc(lagColumns(), func(column Column) bool { return column.Heading == heading })] = c
	}
	set("store", words("…"))
	set("master → replica", words(things(len(stores), "store", "stores")))
	set("verdict", words(verdict).in(tone))
	set("would lose", Unknown)
	if most.Known {
		set("would lose", words("≤ "+inventory.DurationText(most.Value)))
	}
	if rows[0].Verdict == monitor.Unknown {
		set("master → replica", words(joined(string(rows[0].Server), things(len(stores), "store", "stores"))))
		cells[len(cells)-1] = words(string(rows[0].Reason))
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
func lagReasons(shown []LagRow, rest [][]LagRow) Lines {
	var lines Lines
	var blind []string
	for _, group := range append([][]LagRow{shown}, rest...) {
		for i := range group {
			r := &group[i]
			switch {
			case r.Fine():
			case r.Verdict == monitor.Unknown:
				if !slices.Contains(blind, string(r.Server)) {
					blind = append(blind, string(r.Server))
				}
			case len(lines) < shownReasons:
				lines.add("%s", joined(channelName(r.Store, r.Channel)+": "+lagReason(&r.Lag), lagNext(&r.Lag)))
			}
		}
	}
	if blind != nil {
		lines.add("unknown · next: interlace watch (on %s)", someOf(blind))
	}
	return lines
}

// lagReason says why a channel is not fine.
func lagReason(l *monitor.Lag) string {
	if l.Reason == "" || l.Verdict == monitor.OK {
		return joined(string(l.Reason), "what waits passes the limit of "+string(l.Level))
	}
	return string(l.Reason)
}

// lagNext is the command to run next, and where.
func lagNext(l *monitor.Lag) string {
	command, on := inventory.Paste("interlace", "lag", "--since", "7d", "--store", string(l.Store)), ""
	switch l.Verdict {
	case monitor.Stopped:
		command, on = inventory.Paste("interlace", "watch", "--recover", string(l.Store)), " (on "+string(l.Server)+")"
	case monitor.Stalled:
		command, on = "interlace watch --once", " (on "+string(l.Server)+")"
	}
	if command == "" {
		return ""
	}
	return "next: " + string(command) + on
}

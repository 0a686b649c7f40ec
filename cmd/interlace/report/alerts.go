package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Alert is an alert and what becomes of telling it.
type Alert struct {
	*monitor.Alert
	Quiet   string // what keeps it quiet, or empty
	Telling Telling
}

// Telling is what became of the messages about an alert.
type Telling struct {
	At      time.Time // when the first was sent; zero: never, or nobody knows
	Waiting []string  // the routes on which none was sent yet, and one waits
	Since   time.Time // since when the first of those waits
	GivenUp bool      // none was sent, and none waits
}

// Outbox is what one route has not got rid of.
type Outbox struct {
	Route   string
	Waiting int
	Oldest  time.Time // since when the first of them waits
	Tries   int       // how often one of them was tried
	Next    time.Time // when one that was tried is tried again
	Trouble string    // why the last try failed, or empty
	GivenUp int
	Refused string // what was said to the last that was given up
}

// Board is what is known of alerts at a time.
type Board struct {
	Now       time.Time
	Alerts    []Alert
	Part      bool // there may be others
	Silences  []monitor.Silence
	Outbox    []Outbox
	Unwatched bool          // no watch has ever written in the database
	Looked    time.Time     // when somebody looked last; zero: not within Lookback
	Lookback  time.Duration // for how long back that was looked up
	// Unheard says why nobody is told by interlace itself, or is empty.
	Unheard string
}

// shownAlerts limits the text, which begins with the worst; CSV and JSON have all.
const shownAlerts = 50

// Alerts is the screen of what is wrong, who was told of it, and what is not told.
func Alerts(b *Board) *Screen {
	s := &Screen{}
	s.add(Lines{b.head(), b.look()})
	s.AddFirst(AlertTable(b), shownAlerts)
	if len(b.Silences) > 0 {
		s.add(Lines{{Words: "silences:"}}, Silences(b.Silences, b.Now))
	}
	if lines := b.outbox(); lines != nil {
		s.add(lines)
	}
	if b.Unheard != "" {
		s.add(Lines{{Words: b.Unheard}})
	}
	return s
}

// head says how many alerts there are, and how bad.
func (b *Board) head() Line {
	stages, severities := map[monitor.Stage]int{}, map[monitor.Severity]int{}
	for _, a := range b.Alerts {
		stages[a.Stage]++
		if a.Stage != monitor.Resolved {
			severities[a.Severity]++
		}
	}
	var counts []string
	for _, severity := range []monitor.Severity{monitor.Critical, monitor.Warning, monitor.Info} {
		if n := severities[severity]; n > 0 {
			counts = append(counts, inventory.CountText(n)+" "+string(severity))
		}
	}
	firing, pending := stages[monitor.Firing], stages[monitor.Pending]
	switch {
	case firing > 0 && pending > 0:
		return Line{things(firing, "alert fires", "alerts fire") + ", " + things(pending, "is", "are") + " pending: " + strings.Join(counts, ", "), Broken}
	case firing > 0:
		return Line{things(firing, "alert fires", "alerts fire") + ": " + strings.Join(counts, ", "), Broken}
	case pending > 0:
		return Line{things(pending, "alert is", "alerts are") + " pending, none fires: " + strings.Join(counts, ", "), Soon}
	case b.Part:
		return Line{"no such alert is open", Plain}
	case b.Looked.IsZero():
		return Line{"no alert is known", Plain}
	}
	return Line{"no alert is open; watch --once makes none, only a watch that runs does", Plain}
}

// look says when somebody looked last: what nobody looks at is not known to be well.
func (b *Board) look() Line {
	switch {
	case b.Unwatched:
		return Line{"no watch has written here yet: run interlace watch on each mail server", Soon}
	case b.Looked.IsZero():
		return Line{"nobody has looked in the last " + span(b.Lookback) + ": does interlace watch run?", Soon}
	}
	return Line{"last look " + clock(b.Looked) + ", " + span(b.Now.Sub(b.Looked)) + " ago", Plain}
}

// AlertTable is the table of alerts.
func AlertTable(b *Board) *Table {
	t := &Table{Columns: []Column{
		right("#", "number", 0), left("severity", "severity", 0), left("stage", "stage", 0).late(1), left("what", "kind", 0),
		left("server", "server", 0), left("store", "store", 0), left("channel", "channel", 1), hidden("subject"),
		left("since", "began", 0).late(2), hidden("since"), hidden("since_by"), hidden("fired"), hidden("resolved"), hidden("told"), hidden("told_at"), hidden("waiting_since"), hidden("quiet"),
		hidden("acknowledged_by"), hidden("acknowledged_comment"), hidden("value"), hidden("peak"), beneath(""), beneath("text"), beneath("said"), command(),
	}}
	t.Rows = rowsOf(b.Alerts, func(a Alert) []Cell { return b.row(&a) })
	return t
}

func (b *Board) row(a *Alert) []Cell {
	taken := monitor.Acknowledgement{}
	if a.Acknowledged != nil {
		taken = *a.Acknowledged
	}
	return []Cell{
		numbered(a.Number), severityCell(a.Severity), words(string(a.Stage)), words(string(a.Kind)),
		words(string(a.Server)), words(string(a.Store)), words(string(a.Channel)), words(string(a.Subject)),
		words(clock(a.Began)), words(string(a.Since)), words(string(a.SinceBy)), words(clock(a.Fired)), words(clock(a.Resolved)), words(string(a.Told)), words(clock(a.Telling.At)), words(clock(a.Telling.Since)), words(a.Quiet),
		words(taken.By), words(taken.Comment), number(Quantity, a.Value), number(Quantity, a.Peak), words(b.course(a)), words(a.Text), saidCell(a.Said), pastable(a.Command),
	}
}

func severityCell(s monitor.Severity) Cell {
	switch s {
	case monitor.Critical:
		return words(string(s)).in(Broken)
	case monitor.Warning:
		return words(string(s)).in(Soon)
	}
	return words(string(s))
}

// saidCell is what a log says of what a look found.
func saidCell(said inventory.Text) Cell {
	if said == "" {
		return Nothing
	}
	return words("the log says: " + string(said)).as(string(said))
}

// command is a column of commands to paste, which no line end may break.
func command() Column {
	c := beneath("command")
	c.Whole = true
	return c
}

// pastable is a command as it is. One that would not reach a shell as it is shown
// is left out.
func pastable(command inventory.Text) Cell {
	if inventory.Clean(string(command)) != string(command) {
		return Nothing
	}
	return words(string(command))
}

// course says how an alert went on: how long, whether it was told, and of what it is.
func (b *Board) course(a *Alert) string {
	lasts, began := "for "+span(b.Now.Sub(a.Began)), ""
	if a.SinceBy != "" {
		began = "began " + a.SinceText(time.RFC3339)
	}
	switch a.Stage {
	case monitor.Pending:
		lasts = "pending " + lasts
	case monitor.Resolved:
		lasts = "lasted " + span(a.Lasted().Sub(a.Began)) + ", until " + clock(a.Lasted())
	}
	about, bad, flaps := "", "", ""
	if a.Subject != "" {
		about = "about " + a.About()
	}
	if a.Value.Known {
		bad = a.Measure(a.Value.Value)
		if a.Peak.Known && a.Peak != a.Value {
			bad += ", at its peak " + a.Measure(a.Peak.Value)
		}
	}
	if a.Flaps > 0 {
		flaps = "came back " + things(a.Flaps, "time", "times")
	}
	return joined(lasts, began, b.telling(a), about, bad, flaps)
}

// telling says who knows of an alert.
func (b *Board) telling(a *Alert) string {
	switch {
	case a.Acknowledged != nil && a.Acknowledged.Comment != "":
		return fmt.Sprintf("acknowledged by %s: %s", a.Acknowledged.By, a.Acknowledged.Comment)
	case a.Acknowledged != nil:
		return "acknowledged by " + a.Acknowledged.By
	case a.Quiet != "":
		return "not told: " + a.Quiet
	case a.Told != "":
		return a.Telling.words()
	case a.Stage == monitor.Firing && b.Unheard == "":
		return "about to be told"
	}
	return ""
}

// words say when an alert was told, and whom not yet.
func (t *Telling) words() string {
	waits := ""
	if len(t.Waiting) > 0 {
		waits = "waits for " + strings.Join(t.Waiting, ", ") + " since " + clock(t.Since)
	}
	switch {
	case t.GivenUp:
		return "told nobody: given up"
	case t.At.IsZero() && waits != "":
		return "told nobody yet: " + waits
	case t.At.IsZero():
		return "told"
	case waits != "":
		return "told " + clock(t.At) + ", and " + waits
	}
	return "told " + clock(t.At)
}

// outbox says which messages have not been sent.
func (b *Board) outbox() Lines {
	var lines Lines
	for _, o := range b.Outbox {
		if o.Waiting > 0 {
			line := Line{o.Waits(), Soon}
			if o.Trouble != "" {
				line.Tone = Broken
			}
			lines = append(lines, line)
		}
		if o.GivenUp > 0 {
			lines = append(lines, Line{things(o.GivenUp, "message was given up", "messages were given up") + " by " + o.Route + ", the last: " + o.Refused, Broken})
		}
	}
	return lines
}

// Waits says what waits, and until when. Whether somebody sends it just now or was
// killed meanwhile nobody knows.
func (o *Outbox) Waits() string {
	text := things(o.Waiting, "message waits to be sent", "messages wait to be sent") + " by " + o.Route + ", the oldest since " + clock(o.Oldest)
	switch {
	case o.Trouble != "" && o.Next.IsZero():
		return text + ", tried " + things(o.Tries, "time", "times") + ": " + o.Trouble
	case o.Trouble != "":
		return text + ", tried " + things(o.Tries, "time", "times") + ", next at " + clock(o.Next) + ": " + o.Trouble
	case o.Tries > 0 && o.Next.IsZero():
		return text + ", and no answer has come yet"
	case o.Tries > 0:
		return text + ", and no answer has come yet; if its sender was killed meanwhile it is tried again at " + clock(o.Next)
	}
	return text
}

// clock is a time to the second, or nothing.
func clock(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// span is a duration to the second.
func span(d time.Duration) string {
	return inventory.DurationText(max(0, d.Truncate(time.Second).Seconds()))
}

// SortAlerts puts those of one server together, the server with the worst first;
// what is over comes last, the latest first.
func SortAlerts(alerts []Alert) {
	worst := map[inventory.Text]int{}
	for _, a := range alerts {
		worst[a.Server] = max(worst[a.Server], urgency(&a))
	}
	slices.SortFunc(alerts, func(a, b Alert) int {
		switch over := a.Stage == monitor.Resolved; {
		case over != (b.Stage == monitor.Resolved):
			return cmp.Compare(urgency(&b), urgency(&a))
		case over:
			return cmp.Or(b.Resolved.Compare(a.Resolved), cmp.Compare(a.Number, b.Number))
		}
		return cmp.Or(
			cmp.Compare(worst[b.Server], worst[a.Server]), cmp.Compare(a.Server, b.Server),
			cmp.Compare(urgency(&b), urgency(&a)), a.Began.Compare(b.Began), cmp.Compare(a.Number, b.Number),
		)
	})
}

// urgency is larger for what is worse, and for what fires; that of what is over is 0.
func urgency(a *Alert) int {
	if a.Stage == monitor.Resolved {
		return 0
	}
	order := 2 * a.Severity.Rank()
	if a.Stage == monitor.Firing {
		order++
	}
	return order
}

// numbered is the number by which something is named, as commands take it.
func numbered(n int64) Cell { return count(n).as(strconv.FormatInt(n, 10)) }

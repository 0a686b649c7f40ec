package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// LagHistory is how channels did in a time, the worst first.
type LagHistory struct {
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
	Begins time.Time `json:"steps_since"` // the first step
	Step   float64   `json:"step_seconds"`
	Stores []LagPast `json:"stores"`
}

// LagPast is how a channel did, and what its sync_client can bear.
type LagPast struct {
	Store   inventory.StoreID  `json:"store"`
	Server  inventory.ServerID `json:"server"`
	Channel string             `json:"channel"`
	Peer    inventory.Text     `json:"peer"`
	Verdict monitor.Verdict    `json:"verdict"` // now, as is the level
	Level   monitor.Level      `json:"level"`

	Looks  int                `json:"looks"` // that saw something
	Blind  int                `json:"blind"` // that could not look
	NotOK  inventory.Number   `json:"not_ok"`
	Oldest monitor.Quantiles  `json:"oldest_seconds"`
	Bytes  monitor.Quantiles  `json:"backlog_bytes"`
	Most   []inventory.Number `json:"oldest_seconds_most"` // in each step

	Model     *LagModel    `json:"model"` // null: nothing has been seen to learn from
	Forecasts LagForecasts `json:"forecasts"`
}

// LagModel is what the sync_client of a channel was seen to need.
type LagModel struct {
	Batches int              `json:"batches"` // of how many it was learnt
	Batch   float64          `json:"batch_seconds"`
	Mailbox float64          `json:"mailbox_seconds"`
	Byte    float64          `json:"byte_seconds"`
	Trip    float64          `json:"trip_seconds"`
	Assumed []string         `json:"assumed"` // batch, mailbox, byte, trip: what is as mostly elsewhere, and not learnt
	Users   inventory.Number `json:"users"`   // of the store
	Now     LagOutlook       `json:"now"`
	WhatIf  []LagWhatIf      `json:"what_if"`
}

// LagOutlook is how a channel does in the long run: what a change waits, null where
// that grows without end, and what is left of the time of its sync_client, from
// sending bytes and if no mailbox were touched twice within a batch.
type LagOutlook struct {
	Cycle         inventory.Number `json:"cycle_seconds"`
	Mean          inventory.Number `json:"mean_seconds"`
	Worst         inventory.Number `json:"worst_seconds"`
	ByteMargin    float64          `json:"byte_margin"`
	MailboxMargin float64          `json:"mailbox_margin"`
}

// LagWhatIf is how it would do with more users or, below 0, with fewer; which part
// of them that is nobody knows of a store without users.
type LagWhatIf struct {
	Part  inventory.Number `json:"part"`
	Users inventory.Number `json:"users"`
	LagOutlook
}

// LagForecasts is how good predictions were: by what part of what happened half of
// them were off at most, and how many held within their spread.
type LagForecasts struct {
	Number int              `json:"number"`
	Median inventory.Number `json:"median_off"`
	Within inventory.Number `json:"within"`
}

// Numbers of channels that the text has, draws and describes.
const (
	shownPast     = 20
	drawnPast     = 6
	describedPast = 3
)

// LagSince is the screen of how channels did. Full is as in [Lag].
func LagSince(h *LagHistory, full float64) *Screen {
	s := &Screen{}
	s.add(h.head())
	s.AddFirst(LagPasts(h), shownPast)
	var means Lines
	means.add("p50, p95, p99: half, 95 and 99 of 100 looks saw no more · not ok: the part of looks at which the verdict or the level was not, alerts aside")
	s.add(means)
	s.add(h.chart(full))
	var unlearnt []string
	for i := range h.Stores[:min(describedPast, len(h.Stores))] {
		if p := &h.Stores[i]; p.Model != nil {
			s.add(p.facts())
		} else {
			unlearnt = append(unlearnt, p.name())
		}
	}
	if unlearnt != nil {
		var lines Lines
		lines.add("no batch has been seen of %s, so nothing is predicted there", strings.Join(unlearnt, ", "))
		s.add(lines)
	}
	return s
}

// head says what was looked at.
func (h *LagHistory) head() Lines {
	looks, blind := 0, 0
	for i := range h.Stores {
		looks, blind = looks+h.Stores[i].Looks, blind+h.Stores[i].Blind
	}
	var head Lines
	head.add("%s from %s: %s", things(len(h.Stores), "channel", "channels"), periodText(h.Since, h.Until),
		joined(things(looks, "look", "looks"), blindWords(blind)))
	return head
}

func blindWords(n int) string {
	if n == 0 {
		return ""
	}
	return Rounded(n) + " more could not look"
}

// periodText is from when to when, for people, in their own zone. That is named where
// clocks were put forward or back in between.
func periodText(since, until time.Time) string {
	form := "2006-01-02 15:04"
	_, before := since.Zone()
	if _, after := until.Zone(); before != after {
		form += " MST"
	}
	return since.Format(form) + " to " + until.Format(form)
}

// LagPasts is the table of how channels did.
func LagPasts(h *LagHistory) *Table {
	t := &Table{Columns: []Column{
		left("store", "", 0), hidden("store"), hidden("server"), hidden("channel"), hidden("peer"),
		hidden("verdict"), left("now", "", 4), hidden("level"), right("not ok", "not_ok", 0),
		right("oldest p50", "oldest_seconds_p50", 3), right("p95", "oldest_seconds_p95", 0), right("p99", "oldest_seconds_p99", 7), right("max", "oldest_seconds_max", 0),
		right("backlog p95", "backlog_bytes_p95", 5), right("max", "backlog_bytes_max", 2),
		hidden("backlog_bytes_p50"), hidden("backlog_bytes_p99"),
		right("looks", "looks", 8), right("blind", "blind", 9),
		hidden("batches"), hidden("batch_seconds"), hidden("mailbox_seconds"), hidden("byte_seconds"), hidden("trip_seconds"), hidden("assumed"),
		hidden("worst_seconds"), hidden("byte_margin"), hidden("mailbox_margin"),
		hidden("forecasts"), hidden("median_off"), hidden("within"),
	}}
	t.Rows = rowsOf(h.Stores, func(p LagPast) []Cell { return p.cells() })
	return t
}

func (p *LagPast) cells() []Cell {
	now := monitor.Lag{Verdict: p.Verdict, Level: p.Level}
	notOK := number(Ratio, p.NotOK)
	switch v := p.NotOK.Value; {
	case v > 0 && v < 0.0005:
		notOK = notOK.as("<0.1 %").in(Soon)
	case v > 0:
		notOK = notOK.in(Soon)
	}
	cells := []Cell{
		words(p.name()), words(string(p.Store)), words(string(p.Server)), words(p.Channel), words(string(p.Peer)),
		words(string(p.Verdict)), words(verdictWords(&now)).in(lagTone(&now)), words(string(p.Level)), notOK,
		number(Seconds, p.Oldest.P50), number(Seconds, p.Oldest.P95), number(Seconds, p.Oldest.P99), number(Seconds, p.Oldest.Max),
		decimalSize(p.Bytes.P95), decimalSize(p.Bytes.Max), number(Size, p.Bytes.P50), number(Size, p.Bytes.P99),
		count(p.Looks), count(p.Blind),
	}
	if m := p.Model; m != nil {
		cells = append(cells, count(m.Batches), figure(Seconds, m.Batch), figure(Seconds, m.Mailbox), figure(Seconds, m.Byte), figure(Seconds, m.Trip), list(m.Assumed),
			number(Seconds, m.Now.Worst), figure(Ratio, m.Now.ByteMargin), figure(Ratio, m.Now.MailboxMargin))
	} else {
		cells = append(cells, count(0), Unknown, Unknown, Unknown, Unknown, Nothing, Unknown, Unknown, Unknown)
	}
	return append(cells, count(p.Forecasts.Number), number(Ratio, p.Forecasts.Median), number(Ratio, p.Forecasts.Within))
}

// chart draws how old the oldest entry was over the time, of the worst channels.
func (h *LagHistory) chart(full float64) Block {
	t := &Table{Columns: []Column{left("store", "", 0), left("over the time", "", 0), right("max", "", 1)}}
	t.Rows = rowsOf(h.Stores[:min(drawnPast, len(h.Stores))], func(p LagPast) []Cell {
		return []Cell{words(p.name()), words(spark(p.Most, full)), number(Seconds, p.Oldest.Max)}
	})
	return Legend{t, []Note{{Columns: []string{"over the time"}, Words: sparkWords(inventory.DurationText(h.Step), full)}}}
}

func (p *LagPast) name() string { return channelName(p.Store, p.Channel) }

// facts say what the sync_client of a channel can bear.
func (p *LagPast) facts() Facts {
	m := p.Model
	facts := Facts{{"store", p.name()}}
	facts.add("needs", "%s for a batch, %s more for each mailbox in it, and sends %s a second; a round trip takes %s (learnt from %s%s)",
		inventory.DurationText(m.Batch), fineText(m.Mailbox), decimalText(1/m.Byte), fineText(m.Trip), things(m.Batches, "batch", "batches"), m.assumed())
	waits := m.Now.words()
	if p.Verdict == monitor.Stopped || p.Verdict == monitor.Stalled {
		waits += " while copying works, which it does not now"
	}
	facts.add("a change waits", "%s", waits)
	facts.add("bears", "%s", m.Now.room(slices.Contains(m.Assumed, "byte")))
	for _, w := range m.WhatIf {
		facts.add(w.users(), "%s", w.words(&m.Now))
	}
	facts.add("forecasts", "%s", p.Forecasts.words())
	return facts
}

// assumed says which costs the batches did not tell.
func (m *LagModel) assumed() string {
	var names []string
	for _, cost := range m.Assumed {
		names = append(names, map[string]string{
			"batch": "the time for a batch", "mailbox": "that for each mailbox", "byte": "the bytes a second", "trip": "the round trip",
		}[cost])
	}
	if names == nil {
		return ""
	}
	return "; these tell little of " + strings.Join(names, ", ") + ": assumed as it mostly is elsewhere"
}

// fineText returns a short time with three significant digits: 4.41 ms.
func fineText(seconds float64) string {
	if seconds >= 1 {
		return inventory.DurationText(seconds)
	}
	return plainText(seconds*1000) + " ms"
}

func (o *LagOutlook) words() string {
	if !o.Worst.Known {
		return "ever longer: more bytes come than its sync_client can send"
	}
	return fmt.Sprintf("%s on average, %s at worst", inventory.DurationText(o.Mean.Value), inventory.DurationText(o.Worst.Value))
}

// room says how many times as much may change as now.
func (o *LagOutlook) room(assumed bool) string {
	single, sending := 1-o.MailboxMargin, 1-o.ByteMargin
	end := timesText(sending) + " changes as now the replica would fall behind for good"
	if assumed {
		end += " (by the assumed bytes a second)"
	}
	switch {
	case single <= 0:
		return "nobody knows: its batches name one mailbox each, which does not tell how much more could come"
	case sending >= 1:
		return "less than it has to: more bytes come than its sync_client can send"
	case single*mostTimes < 1:
		return timesText(single) + " changes as now"
	case single >= 1:
		return "what comes now only because a mailbox that changes several times within a batch is copied once: one by one its sync_client would need " +
			PercentText(single) + " of the time; so batches are long; with " + end
	}
	return timesText(single) + " changes as now while it copies each by itself; with more, batches get long; with " + end
}

// mostTimes is how many times as much nobody wants to know more exactly.
const mostTimes = 1000

// timesText says how many times as much fits, of which a part is used.
func timesText(part float64) string {
	if part*mostTimes < 1 {
		return "over " + inventory.CountText(mostTimes) + " times as many"
	}
	return plainText(1/part) + " times as many"
}

// words say what changes with the users, and why where next to nothing does.
func (w *LagWhatIf) words(now *LagOutlook) string {
	switch {
	case !w.Part.Known:
		return "nobody knows what changes: the inventory has no users of this store"
	case w.Part.Value <= -1:
		return "none are left"
	}
	text := "a change waits " + w.LagOutlook.words()
	if !w.Worst.Known || !now.Worst.Known || math.Abs(w.Worst.Value/now.Worst.Value-1) > 0.02 {
		return text
	}
	if w.MailboxMargin >= 1 {
		return text + ": nobody knows how much more would come"
	}
	return text + ": as now, since it mostly waits for the next batch; there is one every " + inventory.DurationText(w.Cycle.Value) +
		", and it takes " + PercentText((w.Worst.Value-w.Cycle.Value)/w.Cycle.Value) + " of that time"
}

// users says how many users more or fewer there are.
func (w *LagWhatIf) users() string {
	than := "more"
	if w.Part.Value < 0 || w.Users.Value < 0 {
		than = "fewer"
	}
	if !w.Users.Known {
		return fmt.Sprintf("%s %s users", PercentText(math.Abs(w.Part.Value)), than)
	}
	return fmt.Sprintf("%s %s users", inventory.CountText(int64(math.Abs(w.Users.Value))), than)
}

// fewForecasts is how many say nothing of those to come.
const fewForecasts = 20

// words say how far predictions of when a backlog is gone may be relied on.
func (f *LagForecasts) words() string {
	switch {
	case f.Number == 0:
		return "none could be checked yet"
	case f.Number < fewForecasts:
		return fmt.Sprintf("how good they are is unknown: only %d could be checked yet, and %d would tell", f.Number, fewForecasts)
	}
	text := fmt.Sprintf("the backlog was gone when they said, within the ± beside it, %.0f of 10 times", 10*f.Within.Value)
	if f.Within.Value < 0.75 {
		text += ", where it should be 8; so the ± is wider now"
	}
	text += fmt.Sprintf(" (%s were checked). ", inventory.CountText(int64(f.Number)))
	if f.Median.Value < 0.0005 {
		return text + "Half of them were right to the look"
	}
	return text + fmt.Sprintf("Half of them were off by %s or less", PercentText(f.Median.Value))
}

package report_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

var known = inventory.Known

// lagRow is a row of a store on imap1.
func lagRow(store string, verdict monitor.Verdict, level monitor.Level, wouldLose float64) report.LagRow {
	return report.LagRow{Lag: monitor.Lag{
		Store: inventory.StoreID(store), Server: "imap1", Channel: monitor.DefaultChannel, Peer: "imap2", Verdict: verdict, Level: level,
		Bytes: known(38_200), Mailboxes: known(1204), Oldest: known(wouldLose), WouldLose: known(wouldLose), Seen: "2026-11-26T10:12:00Z",
	}}
}

func lagText(t *testing.T, rows []report.LagRow, style report.Style) string {
	t.Helper()
	var b bytes.Buffer
	now := time.Date(2026, 11, 26, 11, 12, 0, 0, time.FixedZone("MEZ", 3600))
	if err := report.Lag(rows, 300, now).Text(&b, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLagTells(t *testing.T) {
	behind := lagRow("s1", monitor.Behind, monitor.LevelBehind, 252)
	behind.Predicted, behind.Spread = known(120), known(65)
	tomorrow := behind
	tomorrow.Predicted, tomorrow.Spread = known(86_400), known(2*86_400)
	idle := lagRow("s1", monitor.OK, monitor.LevelOK, 0)
	idle.Bytes = known(0)
	limit := lagRow("s1", monitor.OK, monitor.LevelAlert, 0)
	busy := limit
	busy.Reason = "its sync_client works on one log"
	odd := behind
	odd.Store, odd.Channel, odd.Reason = "s\x1b[2J", "dr\u202e", "because\r\nof that"
	stopped := lagRow("s1", monitor.Stopped, monitor.LevelAlert, 2460)
	advised := stopped
	advised.Alerts = []monitor.OpenAlert{{Kind: monitor.BacklogGrown}, {Kind: monitor.ClientMissing, Command: "kill -HUP 12"}}
	twice := stopped
	twice.Verdict, twice.Alerts = monitor.Stalled, []monitor.OpenAlert{{Kind: monitor.HotLoop}, {Kind: monitor.ClientDuplicate, Command: "kill -TERM 12"}}
	orphaned := stopped
	orphaned.Verdict, orphaned.Alerts = monitor.Stalled, []monitor.OpenAlert{{Kind: monitor.LogOrphaned, Command: "sync_client -r -1"}}
	bars := behind
	bars.Hours = []inventory.Number{{}, known(0), known(1), known(149), known(299), known(300), known(1e6)}
	for _, c := range []struct {
		name  string
		row   report.LagRow
		wants []string
	}{
		{"when it has caught up, by the reader's clock", behind, []string{"11:14 ± 1 m", "4 m 12 s", "38.2 kB", "imap1 → imap2", "next:\n    interlace lag --since 7d --store s1"}},
		{"on another day", tomorrow, []string{"Nov 27 11:12 ± 48 h"}},
		{"nothing to catch up", idle, []string{"0 B\n"}},
		{"a limit that is passed", limit, []string{"ok, alert", "s1: what waits passes the limit of alert"}},
		{"a limit that is passed, and why", busy, []string{"s1: its sync_client works on one log · what waits passes the limit of alert"}},
		{"no client, and nobody who says more", stopped, []string{"next:\n    interlace watch --recover s1  # on imap1\n"}},
		{"no client, and an alert that says how to start it", advised, []string{"next:\n    kill -HUP 12  # on imap1\n"}},
		{"two clients", twice, []string{"next:\n    kill -TERM 12  # on imap1\n"}},
		{"a log that nobody works on", orphaned, []string{"next:\n    sync_client -r -1  # on imap1\n"}},
		{"bars", bars, []string{"·▁▂▄▇██", "█ from 5 m on"}},
		{"hostile names", odd, []string{`s\x1b[2J dr\u202e: because\x0d\x0aof that`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := lagText(t, []report.LagRow{c.row}, report.Style{})
			for _, want := range c.wants {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			if strings.ContainsAny(text, "\x1b\r\u202e") {
				t.Errorf("control characters get through: %q", text)
			}
			if strings.Contains(text, "interlace lag --since 7d --store 's\\x1b") {
				t.Errorf("a command that cannot be pasted: %s", text)
			}
		})
	}
}

// A row has the same bars whether it is one of few or the only one of its kind
// among many: of hours in which nothing waited the lowest.
func TestLagBars(t *testing.T) {
	only := lagRow("s1", monitor.OK, monitor.LevelOK, 0)
	only.Hours = []inventory.Number{{}, known(0), known(0), known(20)}
	rows := []report.LagRow{only}
	for i := range 9 {
		if text := lagText(t, rows, report.Style{}); !strings.Contains(text, "·▁▁▂\n") {
			t.Errorf("%d others: %s", i, text)
		}
		rows = append([]report.LagRow{lagRow(fmt.Sprintf("bad%d", i), monitor.Stalled, monitor.LevelOK, 9)}, rows...)
	}
	if drawn := report.Drawn(rows); len(drawn) != len(rows) {
		t.Errorf("%d rows are drawn of %d", len(drawn), len(rows))
	}
	rows = append(rows, lagRow("s2", monitor.OK, monitor.LevelOK, 0))
	if drawn := report.Drawn(rows); len(drawn) != len(rows)-2 {
		t.Errorf("%d rows are drawn of %d of which two are one", len(drawn), len(rows))
	}
}

// Open alerts stand below their row, each kind once, and say where to look.
func TestLagAlerts(t *testing.T) {
	alerts := func(kinds ...monitor.Kind) (list []monitor.OpenAlert) {
		for _, kind := range kinds {
			list = append(list, monitor.OpenAlert{Kind: kind})
		}
		return list
	}
	row := func(verdict monitor.Verdict, kinds ...monitor.Kind) report.LagRow {
		r := lagRow("s1", verdict, monitor.LevelOK, 9)
		r.Reason, r.Alerts = "why it is so", alerts(kinds...)
		return r
	}
	for _, c := range []struct {
		row   report.LagRow
		wants []string
	}{
		{row(monitor.Stalled, monitor.MasterDown, monitor.LogLine, monitor.LogLine), []string{"alerts: master_down, log_line\n", "s1: why it is so · next:\n    interlace alerts --store s1\n"}},
		{row(monitor.Stopped, monitor.ClientMissing, monitor.BacklogGrown), []string{"alerts: client_missing, backlog\n", "s1: why it is so · next:\n    interlace watch --recover s1  # on imap1\n"}},
		{row(monitor.Stopped, monitor.ClientMissing, monitor.ReplicaAuth), []string{"next:\n    interlace alerts --store s1\n"}},
		{row(monitor.Unknown), []string{"s1: why it is so · next:\n    interlace watch --once  # on imap1\n"}},
		{row(monitor.OK, monitor.AutocreateOn), []string{"alerts: autocreate_on\n", "s1: copying goes on · next:\n    interlace alerts --store s1\n"}},
	} {
		text := lagText(t, []report.LagRow{c.row}, report.Style{Width: 200})
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	}
}

// A command is pasted as it is: however narrow the terminal, no line end breaks it.
func TestLagCommandIsWhole(t *testing.T) {
	r := lagRow("s1", monitor.Stopped, monitor.LevelOK, 9)
	r.Alerts = []monitor.OpenAlert{{Kind: monitor.ClientMissing, Command: "/usr/lib/cyrus/bin/sync_client -C /etc/cyrus/imapd-s1.conf -r -n default"}}
	for _, width := range []int{0, 30, 80} {
		text := lagText(t, []report.LagRow{r}, report.Style{Width: width})
		if want := "\n    " + string(r.Alerts[0].Command) + "  # on imap1\n"; !strings.HasSuffix(text, want) {
			t.Errorf("%d wide: no %q in\n%s", width, want, text)
		}
	}
}

func TestLagColours(t *testing.T) {
	const red, yellow, plain = "\x1b[31m", "\x1b[33m", ""
	for _, c := range []struct {
		verdict monitor.Verdict
		level   monitor.Level
		want    string
	}{
		{monitor.Stopped, monitor.LevelOK, red},
		{monitor.Stalled, monitor.LevelBehind, red},
		{monitor.Behind, monitor.LevelBehind, yellow},
		{monitor.Behind, monitor.LevelAlert, red},
		{monitor.Flapping, monitor.LevelOK, yellow},
		{monitor.Unknown, monitor.LevelUnknown, yellow},
		{monitor.OK, monitor.LevelBehind, yellow},
		{monitor.OK, monitor.LevelOK, plain},
	} {
		text := lagText(t, []report.LagRow{lagRow("s1", c.verdict, c.level, 1)}, report.Style{Colour: true})
		if !strings.Contains(text, c.want+string(c.verdict)) || c.want == plain && strings.Contains(text, "\x1b") {
			t.Errorf("%s, %s: %q", c.verdict, c.level, text)
		}
	}
}

// What is fine is one row however many there are, so is what is unknown for one
// reason, and of all else there are no more than a screen has.
func TestLagSumsUp(t *testing.T) {
	var rows []report.LagRow
	for i := range 30 {
		rows = append(rows, lagRow(fmt.Sprintf("bad%d", i), monitor.Behind, monitor.LevelBehind, 3600))
	}
	for i := range 1000 {
		rows = append(rows, lagRow(fmt.Sprintf("silent%d", i), monitor.Unknown, monitor.LevelUnknown, 0))
		rows[len(rows)-1].WouldLose, rows[len(rows)-1].Reason, rows[len(rows)-1].Silent = inventory.Number{}, "imap1 silent for 7 m", true
		rows = append(rows, lagRow(fmt.Sprintf("fine%d", i), monitor.OK, monitor.LevelOK, float64(i)/999))
	}
	for i := range 50 {
		r := lagRow(fmt.Sprintf("far%d", i), monitor.Unknown, monitor.LevelUnknown, 0)
		r.WouldLose, r.Server, r.Silent = inventory.Number{}, inventory.ServerID(fmt.Sprintf("imap%d", 100+i)), true
		rows = append(rows, r)
	}
	text := lagText(t, rows, report.Style{Width: 100})
	for _, want := range []string{"bad19", "… +others +≤ 1 h +10 stores", "… +ok +≤ 1 s +1,000 stores", "… +unknown +– +1,000 stores on imap1", "imap1 silent for 7 m", `(?s)far8 .*… +unknown +– +41 stores\n… +ok`, "51 more: -o csv lists all", `unknown on imap1 imap100 .*imap108 … · next:\n    interlace watch  # there\n`} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n"); n > 60 {
		t.Errorf("%d lines:\n%s", n, text)
	}
	var csv bytes.Buffer
	if err := report.Lags(rows).CSV(&csv); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(csv.String(), "\n"); n != len(rows)+1 {
		t.Errorf("%d lines of CSV", n)
	}
}

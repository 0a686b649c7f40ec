package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

var noon = time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)

func hoursAgo(n int) time.Time { return noon.Add(-time.Duration(n) * time.Hour) }

func finding(kind monitor.Kind, severity monitor.Severity, server, store inventory.Text) monitor.Finding {
	return monitor.Finding{Kind: kind, Severity: severity, Server: server, Store: store, Text: "what is wrong"}
}

// board has an alert of every sort.
func board() *Board {
	missing := finding(monitor.ClientMissing, monitor.Critical, "imap2", "s1")
	missing.Channel, missing.Command = "default", inventory.Paste("sync_client", "-r", "-n", "it's", "-f", strings.Repeat("long/", 30))
	missing.Since, missing.SinceBy = monitor.Time(hoursAgo(31)), monitor.Time(hoursAgo(30))
	missing.Text = "store s1 has no rolling client for channel default: nothing is replicated, and what is not would be lost with this server"
	behind := finding(monitor.BacklogGrown, monitor.Warning, "imap1", "s2")
	behind.Value = inventory.Known(90)
	line := finding(monitor.LogLine, monitor.Warning, "imap1", "")
	line.Subject, line.Text, line.Command = "IOERROR \x1b[31m", "twice: \x1b[2J\u202eIOERROR\nimap3 is well", "echo \x1b[2J"
	b := &Board{
		Now: noon, Looked: noon.Add(-90 * time.Second), Lookback: 15 * time.Minute,
		Alerts: []Alert{
			{Alert: &monitor.Alert{Number: 1007, Finding: finding(monitor.MasterDown, monitor.Critical, "imap3", "s7"), Stage: monitor.Resolved, Began: hoursAgo(4), Fired: hoursAgo(4), Resolved: hoursAgo(2), Told: monitor.Critical}, Telling: Telling{At: hoursAgo(2)}},
			{Alert: &monitor.Alert{Number: 3, Finding: line, Stage: monitor.Firing, Began: hoursAgo(1), Fired: hoursAgo(1)}, Quiet: "silence 2"},
			{Alert: &monitor.Alert{Number: 2, Finding: behind, Stage: monitor.Firing, Began: hoursAgo(2), Fired: hoursAgo(2), Peak: inventory.Known(420), Flaps: 2, Told: monitor.Warning, Acknowledged: &monitor.Acknowledgement{By: "an\x1bna", Comment: "on it", At: hoursAgo(1)}}, Quiet: "acknowledged"},
			{Alert: &monitor.Alert{Number: 5, Finding: finding(monitor.ExpireOverdue, monitor.Info, "imap2", "s1"), Stage: monitor.Firing, Began: hoursAgo(9), Fired: hoursAgo(9)}, Quiet: "only info"},
			{Alert: &monitor.Alert{Number: 6, Finding: finding(monitor.ClientHung, monitor.Warning, "imap2", "s3"), Stage: monitor.Pending, Began: noon.Add(-time.Minute)}},
			{Alert: &monitor.Alert{Number: 1, Finding: missing, Stage: monitor.Firing, Began: hoursAgo(30), Fired: hoursAgo(30), Told: monitor.Critical}, Telling: Telling{At: hoursAgo(3), Waiting: []string{"webhook"}, Since: hoursAgo(2)}},
			{Alert: &monitor.Alert{Number: 8, Finding: finding(monitor.WatcherSilent, monitor.Critical, "", ""), Stage: monitor.Firing, Began: noon, Fired: noon}},
		},
		Silences: []monitor.Silence{
			{Number: 2, Matchers: []monitor.Matcher{{Field: "server", Value: "imap*"}, {Field: "kind", Value: "backlog", Not: true}}, Author: "bert", Comment: "new \x1b disks", From: hoursAgo(1), Until: hoursAgo(-1)},
			{Number: 4, Matchers: []monitor.Matcher{{Field: "store", Value: "it's\x1b"}}, Author: "apply 12", Comment: "moves", From: hoursAgo(-2), Until: hoursAgo(-3)},
		},
		Outbox: []Outbox{
			{Route: "mail:ops@example.org", Waiting: 2, Oldest: hoursAgo(1), Tries: 3, Next: noon.Add(time.Minute), Trouble: "connection refused\x1b", GivenUp: 1, Refused: "550 no such user"},
			{Route: "webhook", Waiting: 1, Oldest: noon, Tries: 1, Next: noon.Add(3 * time.Minute)},
		},
	}
	SortAlerts(b.Alerts)
	return b
}

func TestAlerts(t *testing.T) {
	b := board()
	for width, name := range map[int]string{100: "alerts.txt", 50: "alerts-50.txt"} {
		golden(t, name, textOf(t, Alerts(b), Style{Width: width}))
	}
	golden(t, "alerts.csv", csvOf(t, AlertTable(b)))
	coloured := textOf(t, Alerts(b), Style{Width: 100, Colour: true})
	for _, want := range []string{"\x1b[31mcritical\x1b[0m", "\x1b[33mwarning\x1b[0m", "\x1b[31m5 alerts fire, 1 is pending"} {
		if !strings.Contains(coloured, want) {
			t.Errorf("no %q in\n%s", want, coloured)
		}
	}
}

// A storm fills no screens: the worst are shown.
// TestLongSubject checks that people see the beginning of a pattern, and other
// programs all of it.
func TestLongSubject(t *testing.T) {
	line := finding(monitor.LogLine, monitor.Warning, "imap1", "s1")
	line.Subject = inventory.Text(strings.Repeat("Ä", 250))
	b := &Board{Now: noon, Looked: noon, Alerts: []Alert{{Alert: &monitor.Alert{Number: 1, Finding: line, Stage: monitor.Firing, Began: noon, Fired: noon}}}}
	if got := textOf(t, Alerts(b), Style{Width: 200}); strings.Count(got, "Ä") != 80 || !strings.Contains(got, "Ä…") {
		t.Errorf("got %s", got)
	}
	if got := csvOf(t, AlertTable(b)); strings.Count(got, "Ä") != 250 {
		t.Errorf("got %s", got)
	}
}

func TestManyAlerts(t *testing.T) {
	b := &Board{Now: noon, Looked: noon}
	for n := range int64(shownAlerts + 1) {
		f := finding(monitor.LogLine, monitor.Warning, "imap1", "s1")
		if n == shownAlerts {
			f = finding(monitor.MasterDown, monitor.Critical, "imap9", "s1")
		}
		b.Alerts = append(b.Alerts, Alert{Alert: &monitor.Alert{Number: n, Finding: f, Stage: monitor.Firing, Began: hoursAgo(1)}})
	}
	SortAlerts(b.Alerts)
	text := textOf(t, Alerts(b), Style{Width: 100})
	if !strings.Contains(text, "master_down") || strings.Count(text, "log_line") != shownAlerts-1 || !strings.Contains(text, "… 1 more: -o csv lists all") {
		t.Errorf("got\n%s", text)
	}
}

// What is not known to be well is not called well.
func TestAlertsHead(t *testing.T) {
	looked := noon.Add(-time.Minute)
	const none = "no alert is open; watch --once makes none, only a watch that runs does"
	alerts := func(stages ...monitor.Stage) []Alert {
		var list []Alert
		for _, stage := range stages {
			list = append(list, Alert{Alert: &monitor.Alert{Stage: stage, Finding: finding(monitor.HotLoop, monitor.Warning, "imap1", "s1")}})
		}
		return list
	}
	for _, test := range []struct {
		board Board
		want  Line
	}{
		{Board{Looked: looked}, Line{none, Plain}},
		{Board{Looked: looked, Alerts: alerts(monitor.Resolved)}, Line{none, Plain}},
		{Board{}, Line{"no alert is known", Plain}},
		{Board{Looked: looked, Part: true}, Line{"no such alert is open", Plain}},
		{Board{Looked: looked, Alerts: alerts(monitor.Pending, monitor.Pending)}, Line{"2 alerts are pending, none fires: 2 warning", Soon}},
		{Board{Alerts: alerts(monitor.Firing, monitor.Resolved)}, Line{"1 alert fires: 1 warning", Broken}},
		{Board{Alerts: alerts(monitor.Firing, monitor.Pending)}, Line{"1 alert fires, 1 is pending: 2 warning", Broken}},
	} {
		if got := test.board.head(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestTrials(t *testing.T) {
	got := textOf(t, Trials([]Trial{{"mail:a@example.org", nil}, {"webhook", errors.New("403 \x1b[31m")}}), Style{Width: 80})
	want := "route                message     why\nmail:a@example.org   taken\nwebhook              not taken   403 \\x1b[31m\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestFlapping: what comes and goes for a day is told of at its beginning, and
// when it has stayed away; what is critical also each time it comes back.
func TestFlapping(t *testing.T) {
	for _, test := range []struct {
		severity    monitor.Severity
		least, most int
	}{
		{monitor.Warning, 6, 5 + 6}, // two that ended, one that went on, and its repeats
		{monitor.Critical, 48, 48 + 2 + 1},
	} {
		p := newPlay(t)
		f := loop
		f.Severity = test.severity
		for range 24 * 2 {
			p.forth(10*time.Minute, f)
			p.forth(20 * time.Minute)
		}
		p.forth(2 * time.Hour)
		got := p.subjects()
		if len(got) < test.least || len(got) > test.most {
			t.Errorf("%s: %d messages:\n%s", test.severity, len(got), strings.Join(got, "\n"))
		}
		if !strings.HasPrefix(got[len(got)-1], "resolved") {
			t.Errorf("the last message is %q", got[len(got)-1])
		}
	}
}

// TestKeptOpen: an alert that is kept open since it came back says so instead of what
// was found, has no command, hides nothing, and is told again when it comes back.
func TestKeptOpen(t *testing.T) {
	p := newPlay(t)
	nothing := []monitor.Finding{}
	missing := saw(monitor.ClientMissing, monitor.Critical, "no process works on it", "sync_client -r")
	behind := saw(monitor.BacklogGrown, monitor.Warning, "it is behind", "")
	for range 3 {
		p.looks(10*time.Minute, nil, []monitor.Finding{missing})
		p.looks(10*time.Minute, nil, nothing)
	}
	p.sent = nil
	a := &p.state.Alerts[slices.IndexFunc(p.state.Alerts, func(a monitor.Alert) bool { return a.Stage == monitor.Firing })]
	want := "not found since 2026-11-01 09:50:00 UTC, kept open since it came back 2 times, over at 2026-11-01 10:49:00 UTC unless it comes back"
	if a.Text != want || a.Command != "" || a.Value.Known {
		t.Errorf("got %+v, want %q", a.Finding, want)
	}
	p.looks(6*time.Minute, nil, []monitor.Finding{behind})
	if len(p.sent) != 1 || !strings.Contains(p.sent[0].Body, "client_missing, server imap1, store s1, channel default: not found since") {
		t.Errorf("got %+v", p.sent)
	}
	p.wants("warning: backlog on imap1, store s1")

	again := missing
	again.Since = monitor.Time(p.now.Add(-30 * time.Second))
	p.looks(4*time.Minute, nil, []monitor.Finding{again, behind})
	if len(p.sent) != 1 || !strings.Contains(p.sent[0].Body, "since    2026-11-01 10:05:30 UTC") || !strings.Contains(p.sent[0].Body, "run:\n\nsync_client -r\n") {
		t.Errorf("got %+v", p.sent)
	}
	p.wants("critical: client_missing on imap1, store s1")
	p.looks(2*time.Hour, nil, nothing)
	got := p.subjects()
	if len(got) == 0 || !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "resolved: ") && strings.Contains(s, "client_missing") }) {
		t.Errorf("sent %q", got)
	}
}

// TestStaleCommand: what two looks did not find has no command any more, which may do
// harm by then, until it is found again.
func TestStaleCommand(t *testing.T) {
	p := newPlay(t)
	missing := saw(monitor.ClientMissing, monitor.Critical, "no process works on it", "sync_client -r")
	for _, step := range []struct {
		lasts time.Duration
		found []monitor.Finding
		want  inventory.Text
	}{
		{10 * time.Minute, []monitor.Finding{missing}, "sync_client -r"},
		{2 * time.Minute, []monitor.Finding{}, ""},
		{time.Minute, []monitor.Finding{missing}, "sync_client -r"},
	} {
		p.looks(step.lasts, nil, step.found)
		if got := p.state.Alerts[0].Command; got != step.want {
			t.Errorf("at %s: %q, want %q", p.now.Sub(start), got, step.want)
		}
	}
	p.wants("critical: client_missing on imap1, store s1")
}

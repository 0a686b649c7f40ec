package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestFlapping: what comes and goes for a day is told of at its beginning, with the
// reminders of what fires, and when it has stayed away.
func TestFlapping(t *testing.T) {
	for _, severity := range []monitor.Severity{monitor.Warning, monitor.Critical} {
		p := newPlay(t)
		f := loop
		f.Severity = severity
		for range 24 * 2 {
			p.forth(10*time.Minute, f)
			p.forth(20 * time.Minute)
		}
		p.forth(2 * time.Hour)
		is := string(severity) + ": hot_loop on imap1, store s2"
		over := "resolved: hot_loop on imap1, store s2 after "
		want := []string{is, over, is, over, is + ", flapping"}
		for range 5 {
			want = append(want, "still "+is+", flapping")
		}
		if got := p.subjects(); !slices.EqualFunc(got, append(want, over), strings.HasPrefix) {
			t.Errorf("sent\n%s", strings.Join(got, "\n"))
		}
	}
}

// TestComesToStay: what flaps and then stays is told anew when it has stayed for as long
// as it would have to stay away, and flaps no more: its end is told soon. What begins
// after that was told is told at once.
func TestComesToStay(t *testing.T) {
	p := newPlay(t)
	for range 4 {
		p.forth(10*time.Minute, loop)
		p.forth(10 * time.Minute)
	}
	p.sent = nil
	p.forth(50*time.Minute, loop)
	p.wants()
	p.forth(20*time.Minute, loop)
	p.wants("critical: hot_loop on imap1, store s2")
	p.forth(10 * time.Minute)
	p.wants("resolved: hot_loop on imap1, store s2 after 1 h 10 m")
	p.forth(time.Minute, loop)
	p.forth(5*time.Minute, loop)
	p.wants("critical: hot_loop on imap1, store s2")

	p = newPlay(t) // one that stays from its beginning on is told once
	for range 2 {
		p.forth(10*time.Minute, loop)
		p.forth(10 * time.Minute)
	}
	p.sent = nil
	p.forth(2*time.Hour, loop)
	p.wants("critical: hot_loop on imap1, store s2, flapping")
}

// TestCompared: what a comparison found is over at the first look after another that
// does not find it.
func TestCompared(t *testing.T) {
	p := newPlay(t)
	differs := finding(monitor.CopyDiffers, monitor.Critical, "imap1", "s1")
	differs.Probe = monitor.ProbeCompare
	compared := func(found ...monitor.Finding) monitor.Look {
		return monitor.Look{Probe: monitor.ProbeCompare, Watcher: "imap1", Findings: found}
	}
	for range 10 {
		p.step(compared(differs))
		p.now = p.now.Add(time.Minute)
	}
	p.wants("critical: copy_differs on imap1, store s1")
	p.step(compared())
	p.now = p.now.Add(30 * time.Second)
	p.step()
	p.wants("resolved: copy_differs on imap1, store s1 after 10 m 0 s")
}

// TestKeptOpen: an alert that is kept open since it came back says so instead of what
// was found, has no command and hides nothing, until it comes back.
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

	p.looks(4*time.Minute, nil, []monitor.Finding{missing, behind})
	if a := &p.state.Alerts[slices.IndexFunc(p.state.Alerts, func(a monitor.Alert) bool { return a.Kind == monitor.ClientMissing && a.Stage == monitor.Firing })]; a.Command != missing.Command || a.Text != missing.Text {
		t.Errorf("it is back, and says %+v", a)
	}
	p.wants()
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

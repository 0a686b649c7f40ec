package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// wrote is a line of a log, and saw what a look at the processes found.
func wrote(kind monitor.Kind, severity monitor.Severity, text string) monitor.Finding {
	f := finding(kind, severity, "imap1", "s1")
	f.Probe, f.Text = monitor.ProbeLogs, text
	return f
}

func saw(kind monitor.Kind, severity monitor.Severity, text string, command inventory.Text) monitor.Finding {
	f := finding(kind, severity, "imap1", "s1")
	f.Probe, f.Text, f.Command = monitor.ProbeProcesses, text, command
	return f
}

// looks lets time pass with what a log says every ten seconds and what is seen every
// minute; nil: nobody looks.
func (p *play) looks(d time.Duration, lines, seen []monitor.Finding) {
	for end := p.now.Add(d); p.now.Before(end); p.now = p.now.Add(10 * time.Second) {
		list := []monitor.Look{{Probe: monitor.ProbeLogs, Watcher: "imap1", Findings: lines}}
		if seen != nil && p.now.Sub(start)%time.Minute == 0 {
			list = append(list, monitor.Look{Probe: monitor.ProbeProcesses, Watcher: "imap1", Findings: seen})
		}
		p.step(list...)
	}
}

// TestIncident: what a log and a look tell of one fault is one alert with what the
// look found and with its command, whichever comes first; a line ends nothing.
func TestIncident(t *testing.T) {
	line := wrote(monitor.ClientDuplicate, monitor.Critical, "Rename failed")
	two := saw(monitor.ClientDuplicate, monitor.Warning, "2 readers work on it", "kill -TERM 7")
	loop := wrote(monitor.HotLoop, monitor.Critical, "the same batch over and over")
	nowhere := line
	nowhere.Channel = ""
	nothing := []monitor.Finding{}
	for _, test := range []struct {
		name  string
		story func(*play)
	}{
		{"the line first", func(p *play) {
			p.looks(10*time.Second, []monitor.Finding{line}, nil)
			p.now = start.Add(time.Minute)
			p.looks(5*time.Minute, nothing, []monitor.Finding{two})
		}},
		{"the look first", func(p *play) {
			p.looks(10*time.Second, nothing, []monitor.Finding{two})
			p.looks(10*time.Second, []monitor.Finding{line, loop}, nil)
			p.looks(6*time.Minute, nothing, []monitor.Finding{two})
		}},
		{"a line without a channel", func(p *play) {
			p.looks(10*time.Second, nothing, []monitor.Finding{two})
			p.looks(10*time.Second, []monitor.Finding{nowhere}, nil)
			p.looks(6*time.Minute, nothing, []monitor.Finding{two})
		}},
		{"over and over", func(p *play) { p.looks(30*time.Minute, []monitor.Finding{line, loop}, []monitor.Finding{two}) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t)
			test.story(p)
			if len(p.sent) != 1 {
				t.Fatalf("%d messages: %q", len(p.sent), p.subjects())
			}
			for _, want := range []string{"what     2 readers work on it\n", "log says Rename failed\n", "\nkill -TERM 7\n"} {
				if !strings.Contains(p.sent[0].Body, want) {
					t.Errorf("no %q in\n%s", want, p.sent[0].Body)
				}
			}
			p.wants("critical: client_duplicate on imap1, store s1")
			a := p.state.Alerts[0]
			if a.Probe != monitor.ProbeProcesses || a.Stage != monitor.Firing || a.Key != Key(&two) || slices.ContainsFunc(p.state.Alerts[1:], func(b monitor.Alert) bool { return b.Kind == a.Kind }) {
				t.Errorf("got %+v", p.state.Alerts)
			}
			p.looks(30*time.Minute, nothing, nothing)
			if got := p.subjects(); len(got) != 1 || !strings.HasPrefix(got[0], "resolved: client_duplicate on imap1, store s1 after") {
				t.Errorf("sent %q", got)
			}
		})
	}
	t.Run("another channel, store or kind is another incident", func(t *testing.T) {
		p := newPlay(t)
		far, other, unplaced := line, line, line
		far.Channel, other.Store, unplaced.Store = "far", "s2", ""
		p.looks(time.Minute, []monitor.Finding{far, other, unplaced, wrote(monitor.LogLine, monitor.Warning, "x")}, []monitor.Finding{two})
		if len(p.state.Alerts) != 5 {
			t.Errorf("got %+v", p.state.Alerts)
		}
	})
	t.Run("a line leaves the mark", func(t *testing.T) {
		p := newPlay(t)
		written := saw(monitor.ReplicaWritten, monitor.Warning, "its log has 1 entry", "")
		written.Mark = "7:120"
		p.looks(time.Minute, []monitor.Finding{wrote(monitor.ReplicaWritten, monitor.Critical, "higher modseq")}, []monitor.Finding{written})
		if a := p.state.Alerts[0]; len(p.state.Alerts) != 1 || a.Mark != "7:120" || a.Severity != monitor.Critical || a.Said != "higher modseq" {
			t.Errorf("got %+v", p.state.Alerts)
		}
	})
}

// TestLateLine: what a log said before an incident was over, and is taken in a little
// later, begins no other one.
func TestLateLine(t *testing.T) {
	for _, test := range []struct {
		name string
		ago  time.Duration // of the line when it is taken in
		want []string
	}{
		{"before the end", 20 * time.Second, nil},
		{"after the end", 0, []string{"critical: hot_loop on imap1, store s1; resolved: hot_loop on imap1, store s1"}},
		{"by another clock", 3 * time.Hour, []string{"critical: hot_loop on imap1, store s1; resolved: hot_loop on imap1, store s1"}},
	} {
		p := newPlay(t)
		nothing, failed := []monitor.Finding{}, wrote(monitor.BailingOut, monitor.Critical, "it failed")
		p.looks(10*time.Minute, []monitor.Finding{failed}, []monitor.Finding{saw(monitor.HotLoop, monitor.Critical, "it loops", "")})
		p.looks(4*time.Minute+10*time.Second, nothing, nothing)
		if a := p.state.Alerts[1]; a.Stage != monitor.Resolved || !a.Resolved.Equal(p.now.Add(-10*time.Second)) {
			t.Fatalf("the loop is not over: %+v", a)
		}
		p.sent = nil
		again := wrote(monitor.HotLoop, monitor.Critical, "over and over")
		again.Since, failed.Since = monitor.Time(p.now.Add(-test.ago)), monitor.Time(p.now.Add(-test.ago))
		p.looks(10*time.Second, []monitor.Finding{failed, again}, nothing)
		p.looks(10*time.Minute, nothing, nothing)
		got := slices.DeleteFunc(p.subjects(), func(subject string) bool { return strings.HasPrefix(subject, "resolved: ") })
		if !slices.Equal(got, append([]string{}, test.want...)) {
			t.Errorf("%s: sent %q, want %q", test.name, got, test.want)
		}
	}
}

// TestTwoClients: two that a look sees once may be those of a restart.
func TestTwoClients(t *testing.T) {
	p := newPlay(t)
	p.looks(2*time.Minute, nil, []monitor.Finding{saw(monitor.ClientDuplicate, monitor.Critical, "2 readers", "kill 7")})
	p.looks(10*time.Minute, nil, []monitor.Finding{})
	p.wants()
}

// TestEndedAsTold: who ends one of two clients, as the alert says, is not told that
// somebody did; what else its log says is.
func TestEndedAsTold(t *testing.T) {
	ended := wrote(monitor.LogLine, monitor.Warning, "somebody ended it")
	ended.Subject = "graceful shutdown initiated by unexpected process {pid} ({command})"
	other := wrote(monitor.LogLine, monitor.Warning, "something else")
	other.Subject = "Garbage at end of input line"
	for _, test := range []struct {
		line monitor.Finding
		want []string
	}{{ended, nil}, {other, []string{"warning: log_line on imap1, store s1"}}} {
		p := newPlay(t)
		nothing := []monitor.Finding{}
		p.looks(10*time.Minute, nothing, []monitor.Finding{saw(monitor.ClientDuplicate, monitor.Critical, "2 readers", "kill -TERM 7")})
		p.wants("critical: client_duplicate on imap1, store s1")
		p.looks(10*time.Second, []monitor.Finding{test.line}, nothing)
		p.looks(20*time.Minute, nothing, nothing)
		got := slices.DeleteFunc(p.subjects(), func(subject string) bool { return strings.HasPrefix(subject, "resolved: ") })
		if !slices.Equal(got, append([]string{}, test.want...)) {
			t.Errorf("%s: sent %q, want %q", test.line.Subject, got, test.want)
		}
	}
}

// TestReplicaStopped: a replica that is stopped, whose client ends for it, is one
// incident: one mail, which says how the client is started too, and one when the
// replica is back, the client runs and the backlog is gone.
func TestReplicaStopped(t *testing.T) {
	failed := wrote(monitor.BailingOut, monitor.Critical, "LOGOUT received")
	away := saw(monitor.ReplicaUnreachable, monitor.Critical, "it does not answer", "")
	away.Subject = "imap7:2005"
	missing := saw(monitor.ClientMissing, monitor.Critical, "nobody replicates", "sync_client -r")
	left := saw(monitor.LogOrphaned, monitor.Critical, "log-run was left", "sync_client -r -1")
	left.Subject = "/sync/log-run"
	behind := saw(monitor.BacklogGrown, monitor.Critical, "it is behind", "")
	nothing := []monitor.Finding{}
	t.Run("one mail, one all-clear", func(t *testing.T) {
		p := newPlay(t)
		p.looks(10*time.Second, []monitor.Finding{failed}, []monitor.Finding{away})
		p.looks(time.Hour, nothing, []monitor.Finding{away, missing, left, behind})
		if len(p.sent) != 1 || !strings.Contains(p.sent[0].Body, "then     when that is repaired, against client_missing:\n            nobody replicates\n            Run:\n\nsync_client -r\n") {
			t.Fatalf("got %+v", p.sent)
		}
		p.wants("critical: replica_unreachable on imap1, store s1")
		p.looks(4*time.Minute, nothing, []monitor.Finding{missing, left, behind}) // the replica is back
		p.looks(20*time.Minute, nothing, []monitor.Finding{behind})               // and the client
		p.wants()
		p.looks(10*time.Minute, nothing, nothing)
		p.wants("resolved: replica_unreachable on imap1, store s1 after 1 h 1 m")
		p.looks(time.Hour, nothing, nothing)
		p.wants()
	})
	t.Run("what was told from the log is over with it", func(t *testing.T) {
		p := newPlay(t)
		p.looks(time.Minute, []monitor.Finding{failed}, nothing)
		p.wants("critical: bailing_out on imap1, store s1")
		p.looks(time.Hour, nothing, []monitor.Finding{away})
		p.wants("critical: replica_unreachable on imap1, store s1")
		p.looks(20*time.Minute, nothing, nothing)
		got := p.subjects()
		slices.Sort(got)
		if len(got) != 2 || !strings.HasPrefix(got[0], "resolved: bailing_out") || !strings.HasPrefix(got[1], "resolved: replica_unreachable") {
			t.Errorf("sent %q", got)
		}
	})
	t.Run("nobody starts the client", func(t *testing.T) {
		p := newPlay(t)
		p.looks(time.Hour, nothing, []monitor.Finding{away, missing})
		p.wants("critical: replica_unreachable on imap1, store s1")
		p.looks(20*time.Minute, nothing, []monitor.Finding{missing})
		if !strings.Contains(p.sent[1].Body, "\n   left     what it hid is not over: client_missing\n") || !p.sent[0].Made.Equal(p.sent[1].Made) {
			t.Errorf("got %+v", p.sent)
		}
		p.wants("critical: client_missing on imap1, store s1", "resolved: replica_unreachable on imap1, store s1 after 1 h 0 m")
	})
	t.Run("the client ends after that was told", func(t *testing.T) {
		p := newPlay(t)
		p.looks(20*time.Minute, nothing, []monitor.Finding{away})
		p.wants("critical: replica_unreachable on imap1, store s1")
		p.looks(20*time.Minute, nothing, []monitor.Finding{away, missing})
		p.wants("critical: client_missing on imap1, store s1")
		p.looks(20*time.Minute, nothing, nothing)
		got := p.subjects()
		slices.Sort(got)
		if len(got) != 2 || !strings.HasPrefix(got[0], "resolved: client_missing") || !strings.HasPrefix(got[1], "resolved: replica_unreachable") {
			t.Errorf("sent %q", got)
		}
	})
	t.Run("the backlog stays for longer than it took to gather", func(t *testing.T) {
		p := newPlay(t)
		p.looks(20*time.Minute, nothing, []monitor.Finding{away, behind})
		p.looks(15*time.Minute, nothing, []monitor.Finding{behind})
		p.wants("critical: replica_unreachable on imap1, store s1")
		p.looks(15*time.Minute, nothing, []monitor.Finding{behind})
		p.wants("critical: backlog on imap1, store s1", "resolved: replica_unreachable on imap1, store s1 after 20 m 0 s")
	})
}

// TestKnownWrite: what the master's log says of a write that somebody has acknowledged
// is milder than what it says of one that nobody knows of.
func TestKnownWrite(t *testing.T) {
	written := finding(monitor.ReplicaWritten, monitor.Critical, "imap7", "s1")
	written.Mark = "7:120"
	merged := wrote(monitor.ReplicaWritten, monitor.Critical, "CRC failure")
	for _, test := range []struct {
		by   *monitor.Acknowledgement
		want string
	}{
		{nil, "critical: replica_written on imap1, store s1"},
		{&monitor.Acknowledgement{By: "anna", At: start}, "warning: replica_written on imap1, store s1"},
	} {
		p := newPlay(t)
		p.forth(10*time.Minute, written)
		p.sent = nil
		p.state.Alerts[0].Acknowledged = test.by
		p.looks(time.Minute, []monitor.Finding{merged}, nil)
		if got := p.subjects(); !slices.Contains(got, test.want) {
			t.Errorf("sent %q, want %q", got, test.want)
		}
	}
}

// TestReplicaHangs: a client that gets no answer says that it cannot log in, which
// follows from the replica that a look does not reach.
func TestReplicaHangs(t *testing.T) {
	p := newPlay(t)
	away := saw(monitor.ReplicaUnreachable, monitor.Critical, "it does not answer", "")
	away.Subject = "imap7:2005"
	mute := wrote(monitor.ReplicaAuth, monitor.Warning, "no mechanism available")
	mute.Channel = ""
	p.looks(20*time.Minute, []monitor.Finding{mute}, []monitor.Finding{away})
	p.wants("critical: replica_unreachable on imap1, store s1")

	p = newPlay(t)
	p.looks(10*time.Second, []monitor.Finding{mute}, []monitor.Finding{}) // it answers: once is enough to be told
	p.looks(time.Minute, []monitor.Finding{}, []monitor.Finding{})
	p.wants("warning: replica_auth on imap1, store s1")
}

// TestReplicaRestarted: a replica that is back at once, whose client ended for it and
// left its batch, is one incident with one command: that which starts the client.
func TestReplicaRestarted(t *testing.T) {
	p := newPlay(t)
	nothing := []monitor.Finding{}
	failed := wrote(monitor.BailingOut, monitor.Critical, "LOGOUT received")
	missing := saw(monitor.ClientMissing, monitor.Critical, "nobody replicates", "sync_client -r")
	left := saw(monitor.LogOrphaned, monitor.Critical, "log-run was left", "sync_client -r -1")
	left.Subject = "/sync/log-run"
	p.looks(10*time.Second, []monitor.Finding{failed}, []monitor.Finding{missing, left})
	p.looks(20*time.Minute, nothing, []monitor.Finding{missing, left})
	if len(p.sent) != 1 || strings.Contains(p.sent[0].Body, "-r -1") || !strings.Contains(p.sent[0].Body, "it hides log_orphaned,") {
		t.Fatalf("got %+v", p.sent)
	}
	p.wants("critical: client_missing on imap1, store s1")
	p.looks(20*time.Minute, nothing, nothing)
	p.wants("resolved: client_missing on imap1, store s1 after 21 m 0 s")
}

// TestLoop: what a client does in a loop over one log is one incident, that of the loop.
func TestLoop(t *testing.T) {
	p := newPlay(t)
	refused := wrote(monitor.ReplicaRefuses, monitor.Critical, "NO response")
	refused.Channel = ""
	p.looks(20*time.Minute, []monitor.Finding{wrote(monitor.BailingOut, monitor.Critical, "it failed"), refused, wrote(monitor.HotLoop, monitor.Critical, "it fails in user anna")}, []monitor.Finding{saw(monitor.HotLoop, monitor.Critical, "it loops", "")})
	if body := p.sent[0].Body; !strings.Contains(body, "it hides bailing_out, replica_refuses, which follow") || !strings.Contains(body, "log says it fails in user anna") {
		t.Errorf("got\n%s", body)
	}
	p.wants("critical: hot_loop on imap1, store s1")
}

// TestLogClosed: a log that cannot be written explains what its client does.
func TestLogClosed(t *testing.T) {
	p := newPlay(t)
	p.looks(20*time.Minute, []monitor.Finding{wrote(monitor.ClientDuplicate, monitor.Critical, "Rename failed")}, []monitor.Finding{saw(monitor.LogUnwritable, monitor.Critical, "it is closed", "chmod u+rwx /sync")})
	p.wants("critical: log_unwritable on imap1, store s1")
}

// TestRulesHideNothing: nothing hides what is more severe, and no two alerts hide each
// other, so that whatever is found, something of it is told.
func TestRulesHideNothing(t *testing.T) {
	p := newPlay(t)
	mild := saw(monitor.HotLoop, monitor.Warning, "it loops", "")
	p.looks(20*time.Minute, nil, []monitor.Finding{mild, saw(monitor.BacklogGrown, monitor.Critical, "it is behind", "")})
	p.wants("critical: backlog on imap1, store s1", "warning: hot_loop on imap1, store s1")
	for _, subject := range []inventory.Text{"", "imap7:2005"} {
		for _, told := range []monitor.Severity{"", monitor.Critical} {
			r := round{now: start, opts: mailed.filled()}
			for _, host := range []inventory.Text{"imap1", "imap7"} {
				for n, kind := range append(monitor.Kinds(), monitor.Kinds()...) {
					f := finding(kind, monitor.Critical, host, "s1")
					if f.Subject = subject; n >= len(monitor.Kinds()) {
						f.Probe = monitor.ProbeLogs
					}
					r.Alerts = append(r.Alerts, monitor.Alert{Number: int64(len(r.Alerts)), Finding: f, Stage: monitor.Firing, Seen: start, Told: told})
				}
			}
			c := r.causes()
			for i := range r.Alerts {
				a, steps := &r.Alerts[i], 0
				for ; a != nil && steps <= len(r.Alerts); steps++ {
					a = r.cause(a, c)
				}
				if a != nil {
					t.Fatalf("%s follows from itself", r.Alerts[i].Kind)
				}
			}
		}
	}
}

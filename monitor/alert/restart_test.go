package alert

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestRebooted: a replica that was rebooted quickly, whose client ended for it and was
// started again, is told nobody, whatever was hidden meanwhile: not one look finds any
// of that by then.
func TestRebooted(t *testing.T) {
	failed := wrote(monitor.BailingOut, monitor.Critical, "LOGOUT received")
	away := saw(monitor.ReplicaUnreachable, monitor.Critical, "it does not answer", "")
	away.Subject = "imap7:2005"
	missing := saw(monitor.ClientMissing, monitor.Critical, "nobody replicates", "sync_client -r")
	left := saw(monitor.LogOrphaned, monitor.Critical, "log-run was left", "sync_client -r -1")
	left.Subject = "/sync/log-run"
	nothing := []monitor.Finding{}
	t.Run("and the client was started", func(t *testing.T) {
		p := newPlay(t)
		p.looks(10*time.Second, []monitor.Finding{failed}, []monitor.Finding{away, missing})
		p.looks(4*time.Minute, nothing, []monitor.Finding{missing, left})
		p.looks(time.Hour, nothing, nothing)
		p.wants()
	})
	t.Run("and the client was started, but it left its batch", func(t *testing.T) {
		p := newPlay(t)
		p.looks(10*time.Second, []monitor.Finding{failed}, []monitor.Finding{missing, left})
		p.looks(3*time.Minute, nothing, []monitor.Finding{missing, left})
		p.looks(10*time.Minute, nothing, []monitor.Finding{left})
		p.wants("critical: log_orphaned on imap1, store s1")
	})
	t.Run("the line is told where no look explains it", func(t *testing.T) {
		p := newPlay(t)
		p.looks(10*time.Second, []monitor.Finding{failed}, nothing)
		p.looks(time.Minute, nothing, nothing)
		p.wants("critical: bailing_out on imap1, store s1")
	})
	t.Run("Cyrus was restarted", func(t *testing.T) {
		p := newPlay(t)
		p.looks(time.Minute, nothing, []monitor.Finding{saw(monitor.MasterDown, monitor.Critical, "it does not run here", "master -d")})
		p.looks(time.Hour, nothing, nothing)
		p.wants()
		p.looks(3*time.Minute, nothing, []monitor.Finding{saw(monitor.MasterDown, monitor.Critical, "it does not run here", "master -d")})
		p.wants("critical: master_down on imap1, store s1")
	})
	t.Run("nobody was told of the cause", func(t *testing.T) {
		p := newPlay(t)
		p.opts.GroupWait = 2 * time.Minute
		p.looks(5*time.Minute+10*time.Second, nothing, []monitor.Finding{away, missing})
		p.looks(4*time.Minute, nothing, []monitor.Finding{missing})
		p.wants("critical: client_missing on imap1, store s1")
	})
	t.Run("told and hidden alike, it is told in its own right when it is there again", func(t *testing.T) {
		p := newPlay(t)
		p.opts.GroupWait = 3 * time.Minute
		looping := saw(monitor.HotLoop, monitor.Critical, "it loops", "kill 7")
		p.looks(time.Minute, nothing, []monitor.Finding{looping})
		p.looks(4*time.Minute, nothing, nothing)
		p.wants()
		if a := p.state.Alerts[0]; a.Stage != monitor.Firing || a.Command != "" {
			t.Errorf("got %+v", a)
		}
		p.looks(4*time.Minute, nothing, []monitor.Finding{looping})
		p.wants("critical: hot_loop on imap1, store s1")
	})
}

// TestHeld: what a look at the processes may explain is not told before one that began
// after it, however short the wait for others is; where none comes it is told soon.
func TestHeld(t *testing.T) {
	failed := wrote(monitor.BailingOut, monitor.Critical, "LOGOUT received")
	missing := saw(monitor.ClientMissing, monitor.Critical, "nobody replicates", "sync_client -r")
	behind := finding(monitor.BacklogGrown, monitor.Warning, "imap1", "s1")
	behind.Since = monitor.Time(start.Add(-time.Hour))
	left := saw(monitor.LogOrphaned, monitor.Critical, "log-7 was left", "sync_client -r -f log-7")
	left.Subject = "/sync/log-7"
	begin := func() *play {
		p := newPlay(t)
		p.opts.GroupWait = time.Second
		return p
	}
	wait := func(p *play, d time.Duration) {
		for range d / time.Second {
			p.step()
			p.now = p.now.Add(time.Second)
		}
	}
	processes := func(p *play, began time.Time, found ...monitor.Finding) {
		p.step(monitor.Look{Probe: monitor.ProbeProcesses, Watcher: "imap1", At: began, Findings: found})
	}
	lines := monitor.Look{Probe: monitor.ProbeLogs, Watcher: "imap1", Findings: []monitor.Finding{failed}}

	t.Run("a line", func(t *testing.T) {
		p := begin()
		p.step(lines)
		if a := p.state.Alerts[0]; a.Withheld != unconfirmed {
			t.Errorf("got %+v", a)
		}
		wait(p, 20*time.Second)
		processes(p, start.Add(-time.Second)) // it saw what was before
		wait(p, 20*time.Second)
		p.wants()
		processes(p, start.Add(2*time.Second), missing)
		for range 10 {
			wait(p, time.Minute)
			processes(p, p.now, missing)
		}
		p.wants("critical: client_missing on imap1, store s1")
	})
	t.Run("a backlog", func(t *testing.T) {
		p := begin()
		p.step(look(behind))
		wait(p, 20*time.Second)
		p.wants()
		for range 10 {
			processes(p, p.now, left)
			wait(p, time.Minute)
		}
		p.wants("critical: log_orphaned on imap1, store s1")
	})
	t.Run("nobody looks, or not there", func(t *testing.T) {
		p := begin()
		p.step(lines, look(behind))
		p.step(monitor.Look{Probe: monitor.ProbeProcesses, Watcher: "imap1", Blind: []inventory.StoreID{"s1"}}, monitor.Look{Probe: monitor.ProbeProcesses, Watcher: "imap2"})
		wait(p, 55*time.Second)
		p.wants()
		wait(p, 10*time.Second)
		p.wants("critical: 2 alerts on imap1, store s1: bailing_out, backlog")
	})
}

// TestNotFound: what the last look did not find says so, has no command, and began when
// it began first, also when it comes back.
func TestNotFound(t *testing.T) {
	p := newPlay(t)
	missing := saw(monitor.ClientMissing, monitor.Critical, "no client runs", "sync_client -r")
	missing.Since = monitor.Time(start.Add(-10 * time.Minute))
	p.looks(10*time.Minute, nil, []monitor.Finding{missing})
	p.looks(time.Minute, nil, []monitor.Finding{})
	if a := p.state.Alerts[0]; a.Text != "not found since 2026-11-01 09:10:00 UTC; before: no client runs" || a.Command != "" {
		t.Errorf("got %+v", a)
	}
	again := missing
	again.Since, again.SinceBy = monitor.Time(start.Add(10*time.Minute)), monitor.Time(start.Add(11*time.Minute))
	p.looks(time.Minute, nil, []monitor.Finding{again})
	if a := p.state.Alerts[0]; a.Text != missing.Text || a.Command != missing.Command || a.Since != missing.Since || a.SinceBy != "" {
		t.Errorf("got %+v", a)
	}
}

// TestNotLetIn: a client that is not let in by its replica is one incident with what
// waits for it, and not over before that is taken up, however seldom it tries.
func TestNotLetIn(t *testing.T) {
	refused := wrote(monitor.ReplicaAuth, monitor.Critical, "couldn't authenticate")
	refused.Channel = ""
	behind := saw(monitor.BacklogGrown, monitor.Critical, "it is behind", "")
	behind.Since = monitor.Time(start.Add(-time.Minute))
	nothing := []monitor.Finding{}
	p := newPlay(t)
	p.looks(10*time.Second, []monitor.Finding{refused}, nothing)
	p.looks(20*time.Minute, nothing, []monitor.Finding{behind})
	p.looks(10*time.Second, []monitor.Finding{refused}, []monitor.Finding{behind})
	p.looks(20*time.Minute, nothing, []monitor.Finding{behind})
	p.wants("critical: replica_auth on imap1, store s1")
	p.looks(10*time.Minute, nothing, nothing)
	p.wants("resolved: replica_auth on imap1, store s1 after 20 m 10 s")

	p = newPlay(t) // it was let in, and then more came than it can copy
	p.looks(10*time.Second, []monitor.Finding{refused}, nothing)
	p.looks(4*time.Minute, nothing, []monitor.Finding{behind})
	behind.Since = monitor.Time(start.Add(2 * time.Minute))
	p.looks(20*time.Minute, nothing, []monitor.Finding{behind})
	got := strings.Join(p.subjects(), "\n")
	if !strings.Contains(got, "critical: backlog on imap1, store s1") || !strings.Contains(got, "resolved: replica_auth") {
		t.Errorf("sent\n%s", got)
	}
}

// TestHangs: that a client which hangs says it cannot log in follows from that.
func TestHangs(t *testing.T) {
	mute := wrote(monitor.ReplicaAuth, monitor.Warning, "no mechanism available")
	mute.Channel = ""
	hung := saw(monitor.ClientHung, monitor.Critical, "the replica says nothing", "")
	hung.Subject = "imap7:2005"
	p := newPlay(t)
	p.looks(20*time.Minute, []monitor.Finding{mute}, []monitor.Finding{hung})
	p.wants("critical: client_hung on imap1, store s1")
}

// TestServerWentAway: replicas on one server that go away together are one alert;
// one that goes away on its own is another, and so is what a silence leaves.
func TestServerWentAway(t *testing.T) {
	hosts := map[string]inventory.ServerID{"10.0.0.7": "imap7"}
	away := func(kind monitor.Kind, stores ...inventory.Text) (list []monitor.Finding) {
		for _, store := range stores {
			f := far(kind, store)
			f.Probe = monitor.ProbeProcesses
			list = append(list, f)
		}
		return list
	}
	for _, kind := range []monitor.Kind{monitor.ReplicaUnreachable, monitor.ClientHung} {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.looks(time.Minute, nil, away(kind, "s2"))
		p.looks(time.Hour, nil, away(kind, "s1", "s2", "s3"))
		if body := p.sent[0].Body; kind == monitor.ReplicaUnreachable && !strings.Contains(body, "   also     server imap1, store s1, channel default, about 10.0.0.7:2005\n   also     server imap1, store s3, ") {
			t.Errorf("got\n%s", body)
		}
		got := p.subjects()
		if len(got) != 1 || !strings.HasPrefix(got[0], "critical: "+string(kind)+" on imap1, store s2") {
			t.Errorf("sent %q", got)
		}
		p.looks(time.Hour, nil, []monitor.Finding{})
		p.wants("resolved: " + string(kind) + " on imap1, store s2 after 1 h 1 m")
	}
	t.Run("on its own", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.looks(20*time.Minute, nil, away(monitor.ReplicaUnreachable, "s1"))
		p.looks(20*time.Minute, nil, away(monitor.ReplicaUnreachable, "s1", "s2"))
		p.wants("critical: replica_unreachable on imap1, store s1", "critical: replica_unreachable on imap1, store s2")
	})
	t.Run("maintenance", func(t *testing.T) {
		for _, test := range []struct {
			field, value string
			kind         monitor.Kind
			want         []string
		}{
			{"server", "imap7", monitor.ReplicaUnreachable, nil},
			{"server", "imap7", monitor.ClientHung, nil},
			{"store", "s1", monitor.ReplicaUnreachable, []string{"critical: replica_unreachable on imap1, store s2"}},
		} {
			p := newPlay(t)
			p.opts.Hosts = hosts
			p.state.Silences = []monitor.Silence{{Number: 3, From: start, Until: start.Add(2 * time.Hour), Matchers: []monitor.Matcher{{Field: test.field, Value: test.value}}}}
			p.looks(time.Hour, nil, away(test.kind, "s1", "s2"))
			p.looks(30*time.Minute, nil, []monitor.Finding{})
			got := p.subjects()
			if len(test.want) == 0 && len(got) > 0 || len(test.want) > 0 && (len(got) == 0 || got[0] != test.want[0]) {
				t.Errorf("%s: sent %q, want %q", test.value, got, test.want)
			}
		}
	})
}

// TestLineLasted: what a log said lasted until it said so last.
func TestLineLasted(t *testing.T) {
	p := newPlay(t)
	line := wrote(monitor.LogLine, monitor.Warning, "x")
	line.Since = monitor.Time(start.Add(-4 * time.Second))
	p.looks(10*time.Second, []monitor.Finding{line}, nil)
	p.looks(10*time.Minute, nil, nil)
	p.wants("warning: log_line on imap1, store s1", "resolved: log_line on imap1, store s1 after 4 s")
}

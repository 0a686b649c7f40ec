package alert

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// far is what the watch of a master's server finds when the replica is down, near
// what that of the replica's server finds.
func far(kind monitor.Kind, store inventory.Text) monitor.Finding {
	f := finding(kind, monitor.Critical, "imap1", store)
	if kind == monitor.ReplicaUnreachable || kind == monitor.ClientHung {
		f.Subject = "10.0.0.7:2005"
	}
	return f
}

func near(kind monitor.Kind, store inventory.Text) monitor.Finding {
	f := finding(kind, monitor.Critical, "imap7", store)
	f.Channel = ""
	return f
}

// both steps with what the watches of both servers find, which share a database.
func (p *play) both(d time.Duration, here, there []monitor.Finding) {
	for end := p.now.Add(d); p.now.Before(end); p.now = p.now.Add(10 * time.Second) {
		switch {
		case p.now.Sub(start)%(2*time.Minute) == 0:
			p.step(look(here...))
		case p.now.Sub(start)%(2*time.Minute) == time.Minute:
			p.step(monitor.Look{Probe: monitor.ProbeBacklog, Watcher: "imap7", Findings: there})
		default:
			p.step()
		}
	}
}

// TestReplicaDown: a replica that is down is one fault, whoever sees it, and
// whoever sees it first.
func TestReplicaDown(t *testing.T) {
	here := []monitor.Finding{far(monitor.ReplicaUnreachable, "s1"), far(monitor.ClientMissing, "s1"), far(monitor.LogOrphaned, "s1"), far(monitor.BacklogGrown, "s1")}
	there := []monitor.Finding{near(monitor.MasterDown, "s1"), near(monitor.PortSilent, "s1")}
	hosts := map[string]inventory.ServerID{"10.0.0.7": "imap7"}
	t.Run("seen by both at once", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.both(5*time.Hour, here, there)
		p.wants("critical: master_down on imap7, store s1", "still critical: master_down on imap7, store s1")
		p.both(20*time.Minute, nil, nil)
		p.wants("resolved: master_down on imap7, store s1 after 5 h 0 m")
	})
	t.Run("seen from its master's server first", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.both(10*time.Minute, here, nil)
		if body := p.sent[0].Body; !strings.Contains(body, "it hides backlog, client_missing, log_orphaned, which follow and are told only if they stay behind") || !strings.Contains(body, "note     the watch on imap7 may tell the same") {
			t.Errorf("got\n%s", body)
		}
		p.both(5*time.Hour, here, there)
		p.wants("critical: replica_unreachable on imap1, store s1", "still critical: replica_unreachable on imap1, store s1")
		p.both(20*time.Minute, nil, nil)
		p.wants("resolved: replica_unreachable on imap1, store s1 after 5 h 10 m")
	})
	t.Run("seen by one watch only", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.both(10*time.Minute, nil, there)
		if body := p.sent[0].Body; strings.Contains(body, "note") {
			t.Errorf("got\n%s", body)
		}
		p.wants("critical: master_down on imap7, store s1")
	})
	t.Run("it hangs", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.both(20*time.Minute, []monitor.Finding{far(monitor.ClientHung, "s1"), far(monitor.BacklogGrown, "s1")}, there[1:])
		p.wants("critical: client_hung on imap1, store s1")
	})
	t.Run("that of another store explains nothing", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.both(20*time.Minute, here[:1], []monitor.Finding{near(monitor.MasterDown, "s2")})
		p.wants("critical: master_down on imap7, store s2", "critical: replica_unreachable on imap1, store s1")
	})
	t.Run("both were told, and more is found", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.both(20*time.Minute, here[:1], nil)
		p.both(20*time.Minute, here[:1], there[1:])
		for i := range p.state.Alerts {
			p.state.Alerts[i].Told = monitor.Critical
		}
		p.sent = nil
		p.both(20*time.Minute, here[:1], there)
		p.wants("critical: master_down on imap7, store s1")
	})
	t.Run("what stays behind is told", func(t *testing.T) {
		p := newPlay(t)
		p.opts.Hosts = hosts
		p.both(20*time.Minute, here, there)
		p.both(time.Hour, here[1:], nil)
		p.wants("critical: master_down on imap7, store s1", "critical: client_missing on imap1, store s1", "resolved: master_down on imap7, store s1 after 20 m 0 s")
	})
}

// TestStuck: a backlog follows from whatever stops its channel, and no other's.
func TestStuck(t *testing.T) {
	for _, kind := range []monitor.Kind{monitor.ClientHung, monitor.HotLoop, monitor.ClientMissing, monitor.ReplicaUnreachable} {
		p := newPlay(t)
		behind, elsewhere := far(monitor.BacklogGrown, "s1"), far(monitor.BacklogGrown, "s1")
		elsewhere.Channel = "far"
		p.forth(20*time.Minute, far(kind, "s1"), behind)
		p.wants("critical: " + string(kind) + " on imap1, store s1")
		p = newPlay(t)
		p.forth(20*time.Minute, far(kind, "s1"), elsewhere)
		if got := p.subjects(); len(got) == 0 || len(p.state.Alerts) != 2 || p.state.Alerts[1].Told == "" {
			t.Errorf("%s: sent %q", kind, got)
		}
	}
}

// TestBlindProbe: a watcher of which one probe cannot work has not gone away, so
// that what its other probes find is told.
func TestBlindProbe(t *testing.T) {
	p := newPlay(t)
	blind := finding(monitor.WatcherSilent, monitor.Critical, "imap1", "")
	blind.Subject = "usage"
	p.forth(20*time.Minute, blind, loop)
	p.wants("critical: 2 alerts on imap1: watcher_silent, hot_loop")
}

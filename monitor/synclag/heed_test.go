package synclag

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// found is an alert of store s1 that was found last at a minute.
func found(kind monitor.Kind, server inventory.Text, at float64) monitor.Alert {
	return monitor.Alert{
		Number: 5, Stage: monitor.Firing, Began: minute(at - 1), Seen: minute(at),
		Finding: monitor.Finding{Probe: monitor.ProbeProcesses, Kind: kind, Severity: monitor.Critical, Server: server, Store: "s1", Channel: "default", Text: "what is wrong", Command: "mend it"},
	}
}

func TestHeed(t *testing.T) {
	// A client that begins anew at every look, and so looks busy; one that gets on;
	// and one that has nothing to do.
	respawned := course(
		seen{at: 0, client: 7},
		seen{at: 2, run: 1, taken: 1, client: 8, log: 2, first: 2, bytes: 900},
		seen{at: 4, run: 1, taken: 1, client: 9, log: 2, first: 2, bytes: 900},
	)
	busy := course(
		seen{at: 0, run: 1, taken: 0, client: 7, written: 1},
		seen{at: 2, run: 2, taken: 2, client: 7, written: 2},
		seen{at: 4, run: 3, taken: 4, client: 7, written: 3},
	)
	idle := course(seen{at: 0, until: 4, looks: 3, client: 7})
	gone := course(seen{at: 0, client: 7}, seen{at: 2, log: 2, first: 1}, seen{at: 4, log: 2, first: 1})
	blind := course(seen{at: 4, trouble: "permission denied"})
	line := found(monitor.BailingOut, "imap1", 4)
	line.Probe, line.Missed = monitor.ProbeLogs, 5
	missed := found(monitor.ReplicaUnreachable, "imap1", 3)
	missed.Missed = 1
	elsewhere := found(monitor.ReplicaUnreachable, "imap1", 4)
	elsewhere.Channel = "dr"
	following := func(kind monitor.Kind) monitor.Alert {
		a := found(kind, "imap1", 4)
		a.Withheld = "follows from alert 6"
		return a
	}
	looping := found(monitor.HotLoop, "imap1", 4)
	looping.Said = "it fails in mailbox user.anna"
	whole := found(monitor.MasterDown, "imap2", 4)
	whole.Channel = ""
	for _, c := range []struct {
		name    string
		course  []monitor.Stretch
		alerts  []monitor.Alert
		verdict monitor.Verdict
		reason  string
		loses   float64 // minutes; below 0 unknown
	}{
		{"nothing is found", respawned, nil, monitor.OK, "", 4},
		{"the replica is gone", respawned, []monitor.Alert{found(monitor.ReplicaUnreachable, "imap1", 3)}, monitor.Stalled, "the replica does not answer (replica_unreachable on imap1 since 2026-11-20T10:02:00Z); 1.0 kB wait, the oldest for 5 m", 5},
		{"Cyrus of the replica is down, which is why", respawned, []monitor.Alert{found(monitor.ReplicaUnreachable, "imap1", 3), whole}, monitor.Stalled, "Cyrus of the replica does not run (master_down", 5},
		{"the replica is gone, and nothing waits", idle, []monitor.Alert{found(monitor.ReplicaUnreachable, "imap1", 3)}, monitor.Stalled, "nothing waits yet", 0},
		{"what a third server says", respawned, []monitor.Alert{found(monitor.MasterDown, "imap3", 4)}, monitor.OK, "", 4},
		{"another channel", respawned, []monitor.Alert{elsewhere}, monitor.OK, "", 4},
		{"the same log again and again", respawned, []monitor.Alert{found(monitor.HotLoop, "imap1", 4)}, monitor.Stalled, "hot_loop", 5},
		{"two clients, which is why", respawned, []monitor.Alert{found(monitor.HotLoop, "imap1", 4), found(monitor.ClientDuplicate, "imap1", 4)}, monitor.Stalled, "more than one sync_client works on it (client_duplicate on imap1", 5},
		{"two clients that get on", busy, []monitor.Alert{found(monitor.ClientDuplicate, "imap1", 1)}, monitor.OK, "", 1},
		{"two clients that got on up to now", busy, []monitor.Alert{found(monitor.ClientDuplicate, "imap1", 4)}, monitor.OK, "", 1},
		{"two clients, and nothing waits", idle, []monitor.Alert{found(monitor.ClientDuplicate, "imap1", 4)}, monitor.OK, "", 0},
		{"the replica is gone, and so is the client for it", gone, []monitor.Alert{following(monitor.ClientMissing), found(monitor.ReplicaUnreachable, "imap1", 4)}, monitor.Stopped, "the replica does not answer (replica_unreachable on imap1 since 2026-11-20T10:03:00Z); no rolling sync_client runs for it; 1 B", 4},
		{"the same log, and what follows from that", respawned, []monitor.Alert{following(monitor.ReplicaRefuses), looping}, monitor.Stalled, "the same log is taken up again and again (hot_loop on imap1 since 2026-11-20T10:03:00Z); the log says: it fails in mailbox user.anna; 1.0 kB", 5},
		{"it hangs", respawned, []monitor.Alert{found(monitor.ClientHung, "imap1", 4)}, monitor.Stalled, "client_hung", 5},
		{"since then batches have ended", busy, []monitor.Alert{found(monitor.ReplicaUnreachable, "imap1", 1)}, monitor.OK, "", 1},
		{"since then nobody knows", busy, []monitor.Alert{found(monitor.ReplicaUnreachable, "imap1", 3)}, monitor.Stalled, "replica_unreachable", 2},
		{"not found any more", respawned, []monitor.Alert{missed}, monitor.OK, "", 4},
		{"found long ago", idle, []monitor.Alert{found(monitor.ReplicaUnreachable, "imap1", -30)}, monitor.OK, "", 0},
		{"a line of a log, and something waits", respawned, []monitor.Alert{line}, monitor.Stalled, "bailing_out", 5},
		{"a line of a log, and nothing waits", idle, []monitor.Alert{line}, monitor.OK, "", 0},
		{"no client", gone, []monitor.Alert{found(monitor.ClientMissing, "imap1", 3)}, monitor.Stopped, "no rolling sync_client runs for it (client_missing", 4},
		{"no client at the look, and the replica is why", gone, []monitor.Alert{found(monitor.ReplicaUnreachable, "imap1", 3)}, monitor.Stopped, "the replica does not answer (replica_unreachable on imap1 since 2026-11-20T10:02:00Z); no rolling sync_client runs for it; 1 B wait, the oldest for 3 m", 4},
		{"a client that is back", idle, []monitor.Alert{found(monitor.ClientMissing, "imap1", 3)}, monitor.OK, "", 0},
		{"Cyrus is down", gone, []monitor.Alert{found(monitor.MasterDown, "imap1", 4)}, monitor.Stopped, "Cyrus of the master does not run", 4},
		{"changes are not logged", idle, []monitor.Alert{found(monitor.LogUnwritable, "imap1", 4)}, monitor.Unknown, "log_unwritable", -1},
		{"changes are not logged and no client", gone, []monitor.Alert{found(monitor.LogUnwritable, "imap1", 4)}, monitor.Stopped, "log_unwritable", -1},
		{"what has nothing to do with copying", busy, []monitor.Alert{found(monitor.ReplicaWritten, "imap2", 4)}, monitor.OK, "", 1},
		{"nobody can look", blind, []monitor.Alert{found(monitor.ReplicaUnreachable, "imap1", 4)}, monitor.Unknown, "permission denied", -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := minute(5)
			lag := Judge(c.course, nil, Options{}, now)
			lag.Peer = "imap2"
			Heed(&lag, c.course, c.alerts, Options{}, now)
			if lag.Verdict != c.verdict || !strings.Contains(string(lag.Reason), c.reason) {
				t.Errorf("%s: %s, want %s: %s", lag.Verdict, lag.Reason, c.verdict, c.reason)
			}
			loses := inventory.Number{}
			if c.loses >= 0 {
				loses = inventory.Known(c.loses * 60)
			}
			if lag.WouldLose != loses {
				t.Errorf("would lose %+v, want %+v", lag.WouldLose, loses)
			}
			if lag.Verdict == monitor.Stalled && lag.Predicted.Known {
				t.Error("what stands still is predicted to be gone")
			}
			if n := len(lag.Alerts); n != len(c.alerts) && c.name != "another channel" {
				t.Errorf("%d alerts are told, want %d", n, len(c.alerts))
			}
		})
	}
}

// The worst alert comes first, each with when it began.
func TestOpenAlerts(t *testing.T) {
	pending := found(monitor.BacklogGrown, "imap1", 4)
	pending.Number, pending.Severity, pending.Stage, pending.Began = 4, monitor.Warning, monitor.Pending, minute(-60)
	lag := monitor.Lag{Server: "imap1", Channel: monitor.DefaultChannel, Level: monitor.LevelUnknown}
	Heed(&lag, nil, []monitor.Alert{pending, found(monitor.ClientHung, "imap1", 4)}, Options{}, minute(5))
	want := []monitor.OpenAlert{
		{Number: 5, Kind: monitor.ClientHung, Severity: monitor.Critical, Stage: monitor.Firing, Server: "imap1", Since: "2026-11-20T10:03:00Z", Text: "what is wrong", Command: "mend it"},
		{Number: 4, Kind: monitor.BacklogGrown, Severity: monitor.Warning, Stage: monitor.Pending, Server: "imap1", Since: "2026-11-20T09:00:00Z", Text: "what is wrong", Command: "mend it"},
	}
	if !slices.Equal(lag.Alerts, want) {
		t.Errorf("got  %+v\nwant %+v", lag.Alerts, want)
	}
}

// A client that is another one at each look, on one log, gets nowhere.
func TestRestarted(t *testing.T) {
	on := func(clients ...int) []seen {
		return every(len(clients), 2, func(i int, _ float64) seen {
			return seen{run: 1, taken: -1, client: clients[i], written: 9, log: 2, first: 0, bytes: int64(10 + i)}
		})
	}
	other := on(7, 8, 9)
	other[1].run = 3
	for _, c := range []struct {
		name string
		list []seen
		want monitor.Verdict
	}{
		{"another at each look", on(7, 8, 9), monitor.Stalled},
		{"started anew once", on(7, 8), monitor.OK},
		{"the same in between", on(7, 8, 8), monitor.OK},
		{"another log in between", other, monitor.OK},
	} {
		list := c.list
		if c.name == "the same in between" {
			list[2].written = 10
		}
		if lag := Judge(course(list...), nil, Options{}, minute(float64(2*len(list)-2)).Add(time.Second)); lag.Verdict != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, lag.Verdict, lag.Reason, c.want)
		}
	}
}

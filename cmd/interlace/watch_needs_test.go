package main

import (
	"context"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
)

// Whoever wants a log worked off is told at once all that is missing for that.
func TestRecoveryNeeds(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "fleet.yaml", `format: 1
servers: [{name: imap1, capacity: {disk: 1TB, io: 9}}, {name: imap2, capacity: {disk: 1TB, io: 9}}]
stores:
  - {name: s1, instances: [{server: imap1, role: master}, {server: imap2, role: replica, csync: "10.0.0.2:2005"}]}
  - {name: s2, instances: [{server: imap1, role: master}, {server: imap2, role: replica}]}
`)
	l := localOf(t, "imap1")
	job := processes.Job{
		Instance: monitor.Instance{Server: "imap1", Store: "s1"},
		Channel:  monitor.Channel{Name: monitor.DefaultChannel, Peer: "10.0.0.2:2005"},
	}
	l.app.config.Monitor.SyncClient = "/bin/true"
	asked := 0
	recover := l.needing("ops", func(context.Context, processes.Job) (monitor.Action, error) {
		asked++
		return monitor.Action{Outcome: processes.Done}, nil
	})
	refused := func(want ...string) {
		t.Helper()
		a, err := recover(t.Context(), job)
		if err != nil || a.Outcome != processes.Refused || a.By != "ops" || a.Store != "s1" || strings.Contains(a.Text, "\n") {
			t.Errorf("got %+v, %v", a, err)
		}
		for _, part := range want {
			if !strings.Contains(a.Text, part) {
				t.Errorf("%q does not say %q", a.Text, part)
			}
		}
	}
	refused("neither routing_file nor routing_query is set", "the inventory has no user on s1", "where imapd.conf is on imap2 (imapd_conf)",
		`runner.argv is not set, so what runs at 10.0.0.2:2005 cannot be asked`, "(interlace help recovery)")
	job.Channel.Peer = "10.0.0.9:2005"
	refused("the inventory has no other instance of s1 with csync: 10.0.0.9:2005")
	if asked > 0 {
		t.Error("it was tried all the same")
	}
	m := &l.app.config.Monitor
	m.RoutingFile, m.Runner = "routing", []string{"ssh", "{server}"}
	l.users["s1"] = append(l.users["s1"], "anna")
	l.stores.Stores[0].Instances[1].IMAPDConf = "/etc/s1.conf"
	for i, peer := range []string{"10.0.0.2:2005", "10.0.0.2:csync"} { // as imapd.conf has it without sync_port
		job.Channel.Peer = peer
		if a, err := recover(t.Context(), job); err != nil || a.Outcome != processes.Done || asked != i+1 {
			t.Errorf("where nothing is missing: %+v, %v", a, err)
		}
	}
}

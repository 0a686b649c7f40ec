package processes

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestLookAgain has a client that is away in some looks, or has just been started.
func TestLookAgain(t *testing.T) {
	master := monitor.Instance{Conf: "/etc/s1.conf", Role: inventory.Master, Channels: []monitor.Channel{{Name: "default", Peer: "imap2:2005", Logged: true}}}
	replica := master
	replica.Role = inventory.Replica
	other := monitor.Process{Name: "imapd", Conf: "/etc/s1.conf"}
	client := monitor.Process{Name: "sync_client", Conf: "/etc/s1.conf", Channel: "default", Rolling: true}
	away := []monitor.Process{other}
	now := time.Now()
	client.Started = now.Add(-time.Hour)
	fresh, daemon, own := client, client, monitor.Process{PID: 7, Name: "master", Conf: "/etc/s1.conf"}
	fresh.Started, daemon.Started, daemon.Parent = now.Add(-time.Second), now, own.PID
	for _, test := range []struct {
		name   string
		in     monitor.Instance
		looks  [][]monitor.Process
		looked int
		sees   int
	}{
		{"there", master, [][]monitor.Process{{other, client}}, 1, 2},
		{"on its way", master, [][]monitor.Process{away, {other, client}}, 2, 2},
		{"missing", master, [][]monitor.Process{away, away}, 2, 1},
		{"nothing runs", master, [][]monitor.Process{nil}, 1, 0},
		{"a replica has none", replica, [][]monitor.Process{away}, 1, 1},
		{"started by hand", master, [][]monitor.Process{{other, client, fresh}, {other, client}}, 2, 2},
		{"so on a replica", replica, [][]monitor.Process{{fresh}, {other, fresh}}, 2, 2},
		{"started by its master", master, [][]monitor.Process{{own, other, daemon}}, 1, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				looked := 0
				seen, err := lookAgain(t.Context(), []monitor.Instance{test.in}, now, func() ([]monitor.Process, error) {
					looked++
					return test.looks[looked-1], nil
				})
				if err != nil || looked != test.looked || len(seen) != test.sees {
					t.Errorf("after %d looks it sees %d, %v", looked, len(seen), err)
				}
			})
		})
	}
	failed := errors.New("no")
	if _, err := lookAgain(t.Context(), []monitor.Instance{master}, now, func() ([]monitor.Process, error) { return nil, failed }); err != failed {
		t.Errorf("got %v", err)
	}
}

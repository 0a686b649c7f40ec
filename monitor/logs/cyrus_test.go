package logs_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/logs"
)

const (
	devLog = "/dev/log"
	prefix = "logs" // of what the fleet logs: other fleets may log there too
)

// syslog writes what comes to /dev/log into a file, as a syslog daemon does. The
// test is skipped where there is a daemon, or the socket cannot be made.
func syslog(t *testing.T) (path string) {
	t.Helper()
	if _, err := os.Lstat(devLog); err == nil {
		needs.Missing(t, "%s, which is in use", devLog)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: devLog, Net: "unixgram"})
	if err != nil {
		needs.Missing(t, "to listen at %s: %v", devLog, err)
	}
	path = filepath.Join(t.TempDir(), "mail.log")
	file, err := os.Create(path)
	if err = errors.Join(err, os.Chmod(devLog, 0o666)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			if !bytes.Contains(buffer[:n], []byte(" "+prefix)) {
				continue // somebody else's
			}
			line := strings.ReplaceAll(strings.TrimRight(string(buffer[:n]), "\n\x00"), "\n", "#012")
			if _, err := file.WriteString(line + "\n"); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-ended
		file.Close()
		os.Remove(devLog)
	})
	return path
}

// TestRealCyrus lets real Cyrus log while all is well, which gives no finding,
// then ends the replica, which gives the right ones for the right instance.
func TestRealCyrus(t *testing.T) {
	cyrustest.Need(t)
	for name, fault := range map[string]struct {
		end  func(*cyrustest.Instance) error
		want monitor.Kind
	}{
		"killed":  {(*cyrustest.Instance).Kill, monitor.ReplicaUnreachable},
		"stopped": {(*cyrustest.Instance).Stop, monitor.BailingOut},
	} {
		t.Run(name, func(t *testing.T) { endReplica(t, fault.end, fault.want) })
	}
}

func endReplica(t *testing.T, end func(*cyrustest.Instance) error, want monitor.Kind) {
	path := syslog(t)
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: prefix})
	master, replica := fleet.Stores[0].Master(), fleet.Stores[0].Replicas()[0]
	ctx := t.Context()
	memory, err := history.Open(ctx, filepath.Join(t.TempDir(), "interlace.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	l, err := logs.New(ctx, logs.Options{
		Server: "imap1", Whole: true, Files: []string{path}, Zone: time.Local,
		Instances: []monitor.Instance{{Store: "master", Prefix: master.Name}, {Store: "replica", Prefix: replica.Name}},
	}, memory)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := master.Fill(ctx, []cyrustest.Mailbox{{Name: "user.u1", Messages: 2}, {Name: "user.u1.Work", Messages: 3}}); err != nil {
		t.Fatal(err)
	}
	for _, tool := range [][]string{{"cyr_expire", "-E", "1", "-X", "1"}, {"ctl_cyrusdb", "-c"}, {"reconstruct", "user.u1"}, {"quota", "-f"}} {
		if _, err := master.Tool(ctx, tool[0], tool[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(3 * time.Second) // for the changes to reach the replica
	if found := look(t, l, memory); len(found) > 0 {
		t.Errorf("all is well, and found %q", found)
	}
	reached, err := memory.Milestones(ctx)
	if err != nil || len(reached) != 2 || reached[0].What != monitor.Expired || reached[1].What != monitor.Reconstructed {
		t.Errorf("cyr_expire and reconstruct ran, and got %+v, %v", reached, err)
	}
	for _, m := range reached {
		if m.Store != "master" || time.Since(m.At).Abs() > time.Minute {
			t.Errorf("got %+v", m)
		}
	}
	if err := end(replica); err != nil {
		t.Fatal(err)
	}
	if err := master.Fill(ctx, []cyrustest.Mailbox{{Name: "user.u2", Messages: 1}}); err != nil {
		t.Fatal(err)
	}
	var all []string
	wanted := string(want) + " master"
	for range 20 {
		time.Sleep(500 * time.Millisecond)
		if all = append(all, look(t, l, memory)...); slices.Contains(all, wanted) {
			break
		}
	}
	if !slices.Contains(all, wanted) {
		t.Errorf("the replica ended, and found %q", all)
	}
	for _, found := range all {
		if strings.HasPrefix(found, string(monitor.Unclassified)) || strings.HasSuffix(found, " ") {
			t.Errorf("found %q", found)
		}
	}
}

// look returns the kinds and stores of what was found.
func look(t *testing.T, l *logs.Logs, memory *history.History) (found []string) {
	t.Helper()
	ctx := t.Context()
	if err := l.Look(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	notes, err := memory.Notes(ctx, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		t.Logf("%s %s %s: %s", n.Severity, n.Kind, n.Store, n.Text)
		found = append(found, string(n.Kind)+" "+string(n.Store))
		if err := memory.ForgetNotes(ctx, n.Number); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

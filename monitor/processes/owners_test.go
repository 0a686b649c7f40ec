package processes_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
)

// TestOwners takes this test for a master and what it starts for its services.
func TestOwners(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	owners := &processes.Owners{Now: func() time.Time { return now }}
	list := []monitor.Instance{{Server: "imap1", Store: "s1", Conf: "/etc/s1.conf"}, {Server: "imap1", Store: "s2", Conf: "/etc/s2.conf"}}
	owners.Update(list, []monitor.Process{{PID: os.Getpid(), Name: "master", Conf: "/etc/s2.conf"}})
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end := func() {
		if !ended {
			child.Process.Kill()
			child.Wait()
			ended = true
		}
	}
	defer end()
	for pid, want := range map[int]string{os.Getpid(): "s2", child.Process.Pid: "s2", os.Getppid(): "", 1 << 30: ""} {
		if store, ok := owners.Of(pid); string(store) != want || ok != (want != "") {
			t.Errorf("process %d is of %q, %v, not of %q", pid, store, ok, want)
		}
	}
	if written := processes.Written("", os.Getpid()); !written.Known {
		t.Errorf("nobody knows how much this process has written")
	}
	end()
	if store, _ := owners.Of(child.Process.Pid); store != "s2" {
		t.Errorf("a process that has just ended is of %q", store)
	}
	now = now.Add(2 * time.Minute)
	if store, ok := owners.Of(child.Process.Pid); ok {
		t.Errorf("a process that ended long ago is of %q", store)
	}
	if written := processes.Written("", child.Process.Pid); written.Known {
		t.Errorf("a process that has ended has written %v", written)
	}
}

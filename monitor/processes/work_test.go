package processes_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
)

// working returns the clients that work a log off and end.
func (r *rig) working() []monitor.Process {
	r.Helper()
	all, err := processes.Look("/proc", r.list)
	if err != nil {
		r.Fatal(err)
	}
	var list []monitor.Process
	for _, p := range all {
		if p.Name == "sync_client" && p.Conf == r.master.Conf && p.State != "Z" && !p.Rolling {
			list = append(list, p)
		}
	}
	return list
}

// counted is a client that notes each time it is started in a file.
func counted(t *testing.T) (client, starts string) {
	dir := t.TempDir()
	client, starts = filepath.Join(dir, "client"), filepath.Join(dir, "starts")
	write(t, client, fmt.Sprintf("#!/bin/sh\necho start >>%s\nexec %s \"$@\"\n", starts, clientPath), 0o755)
	return client, starts
}

func lines(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

// TestRecoverLongBatch has a replica that takes longer for a batch than output is
// waited for that outlives its program.
func TestRecoverLongBatch(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.leave()
	if err := r.replica.Pause(); err != nil {
		t.Fatal(err)
	}
	resumed := make(chan error, 1)
	time.AfterFunc(7*time.Second, func() { resumed <- r.replica.Resume() })
	a, err := processes.Recover(r.ctx(), r.job(), willing(&journal{}))
	if err != nil || a.Outcome != processes.Done || len(resumed) == 0 || len(r.working()) != 0 {
		t.Errorf("got %+v, %v", a, err)
	}
	if err := <-resumed; err != nil {
		t.Fatal(err)
	}
	if out, err := r.replica.Tool(r.ctx(), "mbpath", "user.anna"); err != nil {
		t.Errorf("the replica does not have anna: %s, %v", out, err)
	}
}

// TestRecoverRefusedByReplica has a batch of which the replica refuses a mailbox:
// it has failed, and the client is started once.
func TestRecoverRefusedByReplica(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.change("anna")
	if err := r.fleet.Settle(r.ctx()); err != nil {
		t.Fatal(err)
	}
	r.end()
	out, err := r.replica.Tool(r.ctx(), "mbpath", "user.anna")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(strings.TrimSpace(out), "cyrus.index"), 0); err != nil {
		t.Fatal(err)
	}
	conn, err := r.master.Dial(r.ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do("SETACL user.anna bob lrs"); err != nil {
		t.Fatal(err)
	}
	opts := willing(&journal{})
	var starts string
	opts.Client, starts = counted(t)
	a, err := processes.Recover(r.ctx(), r.job(), opts)
	run := r.job().Channel.Dir + "/log-run"
	if err != nil || a.Outcome != processes.Failed || !strings.Contains(a.Text, fmt.Sprintf("%q is still there", run)) || !there(run) {
		t.Errorf("got %+v, %v", a, err)
	}
	if n := lines(t, starts); n != 1 {
		t.Errorf("the client was started %d times", n)
	}
}

// TestRecoverEndsItsClient ends a recovery, and lets it take too long, while the
// replica hangs: no client of it lives on.
func TestRecoverEndsItsClient(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.leave()
	if err := r.replica.Pause(); err != nil {
		t.Fatal(err)
	}
	defer r.replica.Resume()
	for _, test := range []struct {
		name, outcome, want string
		timeout             time.Duration
	}{
		{"too long", processes.Failed, "it had not ended after 3 s and was killed", 3 * time.Second},
		{"ended", processes.Interrupted, "it was killed since interlace was ended", 20 * time.Second},
	} {
		ctx, cancel := context.WithCancel(r.ctx())
		defer cancel()
		opts := willing(&journal{})
		opts.Timeout = test.timeout
		ended := make(chan monitor.Action, 1)
		go func() {
			a, err := processes.Recover(ctx, r.job(), opts)
			if err != nil {
				t.Error(err)
			}
			ended <- a
		}()
		r.wait("the client works", func() bool { return len(r.working()) == 1 })
		if test.name == "ended" {
			cancel()
		}
		if a := <-ended; a.Outcome != test.outcome || !strings.Contains(a.Text, test.want) {
			t.Errorf("%s: got %+v", test.name, a)
		}
		if list := r.working(); len(list) != 0 {
			t.Errorf("%s: still there: %+v", test.name, list)
		}
	}
}

// TestRecoverByService has a service that leaves the rolling client in the
// background with its output.
func TestRecoverByService(t *testing.T) {
	r := start(t, cyrustest.ClientStart)
	r.leave()
	opts := willing(&journal{})
	opts.Service = []string{clientPath, "-C", r.master.Conf, "-r"}
	defer r.end()
	a, err := processes.Recover(r.ctx(), r.job(), opts)
	if err != nil || a.Outcome != processes.Done || len(r.clients(r.master)) != 1 {
		t.Errorf("got %+v, %v, %+v", a, err, r.clients(r.master))
	}
	r.wait("the log is worked off", func() bool { return !there(r.job().Channel.Dir + "/log-run") })
}

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/mailtest"
)

// watchedFleet describes a running fleet whose servers are all this machine, with
// mail for whoever has to know.
func watchedFleet(t *testing.T, fleet *cyrustest.Fleet, relay *mailtest.Relay) *place {
	t.Helper()
	p := newPlace(t)
	p.put("fleet.yaml", "users: users.csv\n"+describe(fleet, func(in *cyrustest.Instance) string {
		log := filepath.Join(in.Dir, "mail.log")
		put(t, log, "")
		return fmt.Sprintf(", csync: %q, imapd_conf: %s, log: %s", in.Csync, filepath.Join(in.Dir, "imapd.conf"), log)
	}))
	p.put("users.csv", "user,store,disk,io\nanna,s1,1MB,0\n")
	p.put("roots.pem", string(relay.Certificate))
	p.put("interlace.yaml", "db: facts.db\nfleet: fleet.yaml\nserver: imap1\nrouting_file: routing\n"+
		"probes: {backlog: 1s, processes: 1s, usage: 1s}\n"+
		"alerts: {for: 1s, keep_firing: 5s, group_wait: 1s, group_interval: 1s}\n"+
		"mail: {smtp: \""+relay.Address+"\", from: interlace@example.org, to: [ops@example.org], ca_file: roots.pem}\n")
	return p
}

// eventually waits for something that real servers bring about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within three minutes: %s", what)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// clientOf returns the number of the rolling client of an instance, or 0.
func clientOf(t *testing.T, in *cyrustest.Instance) int {
	t.Helper()
	for _, pid := range running(t, "sync_client", in) {
		return pid
	}
	return 0
}

// running returns the numbers of the processes of an instance with a program.
func running(t *testing.T, program string, in *cyrustest.Instance) (pids []int) {
	t.Helper()
	list, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range list {
		text, _ := os.ReadFile(path) // it may have ended
		if strings.Contains(string(text), program) && strings.Contains(string(text), in.Conf) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestWatchLive watches a store whose client is killed, has its log worked off,
// and brings it back.
func TestWatchLive(t *testing.T) {
	t.Parallel()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{Client: cyrustest.ClientStart}, {}}})
	master, replica := fleet.Stores[0].Master(), fleet.Stores[0].Replicas()[0]
	if err := master.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 3, ACL: []cyrustest.Right{{Identifier: cyrustest.AdminUser, Rights: "lrswi"}}}}); err != nil {
		t.Fatal(err)
	}
	if err := fleet.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	relay := mailtest.Run(t)
	p := watchedFleet(t, fleet, relay)

	watch := p.command(context.Background(), "interlace", "watch")
	var said strings.Builder
	watch.Stderr = &said
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- watch.Wait() }()
	t.Cleanup(func() {
		watch.Process.Kill()
		if t.Failed() {
			_, alerts, _ := p.program("alerts", "--all")
			t.Logf("alerts: %s\nmails: %s", alerts, strings.Join(relay.Received(), "\n---\n"))
		}
	})

	lag := func() (int, string, string) {
		status, stdout, stderr := p.program("lag", "--server", "imap1", "-o", "json")
		var answer struct {
			Stores []struct{ Store, Verdict, Level string }
		}
		if err := json.Unmarshal([]byte(stdout), &answer); err != nil || len(answer.Stores) != 1 {
			return status, "", stderr
		}
		return status, answer.Stores[0].Verdict, answer.Stores[0].Level
	}
	eventually(t, "the store is well", func() bool { status, verdict, level := lag(); return status == 0 && verdict == "ok" && level == "ok" })
	if status, _, stderr := p.program("watch"); status != 2 || !strings.Contains(stderr, "a watch of this server runs already") {
		t.Errorf("a second watch: status %d, %s", status, stderr)
	}
	// Clients of other tests' instances are strangers here.
	if status, stdout, stderr := p.program("watch", "--once", "-o", "json"); status > 1 || strings.Contains(stdout, `"store": "s1"`) {
		t.Errorf("of a healthy store: status %d, %s%s", status, stdout, stderr)
	}

	client := clientOf(t, master)
	if client == 0 {
		t.Fatal("there is no client")
	}
	if err := syscall.Kill(client, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	conn, err := master.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do("APPEND user.anna {12+}\r\nSubject: x\r\n"); err != nil {
		t.Fatal(err)
	}
	mails := func(words ...string) bool {
	next:
		for _, mail := range relay.Received() {
			for _, word := range words {
				if !strings.Contains(mail, word) {
					continue next
				}
			}
			return true
		}
		return false
	}
	eventually(t, "a mail says that the client is gone", func() bool { return mails("client_missing", "s1", "To: <ops@example.org>") })
	eventually(t, "lag says that it is stopped", func() bool { status, verdict, _ := lag(); return status == 1 && verdict == "stopped" })
	if status, stdout, stderr := p.program("alerts"); status != 1 || !strings.Contains(stdout, "client_missing") {
		t.Errorf("alerts: status %d, %s%s", status, stdout, stderr)
	}
	if status, stdout, _ := p.program("watch", "--once", "-o", "json"); status != 1 || !strings.Contains(stdout, `"kind": "client_missing"`) {
		t.Errorf("watch --once: status %d, %s", status, stdout)
	}

	// Nobody works anything off as long as somebody else may be the master.
	p.put("routing", "anna,imap9\n")
	if status, stdout, stderr := p.program("watch", "--recover", "s1"); status != 1 || !strings.Contains(stderr, `users of store s1 are routed to "imap9", not to imap1`) {
		t.Errorf("with another routing: status %d, %s%s", status, stdout, stderr)
	}
	log := filepath.Join(master.Dir, "conf/sync/log")
	if _, err := os.Stat(log); err != nil {
		t.Errorf("the log that must not be worked off: %v", err)
	}
	p.put("routing", "anna,imap1\n")
	if status, stdout, stderr := p.program("watch", "--recover", "s1"); status != 0 || !strings.Contains(stdout, "done") {
		t.Fatalf("recover: status %d, %s%s", status, stdout, stderr)
	}
	if _, err := os.Stat(log); err == nil {
		t.Error("the log is still there")
	}
	other, err := replica.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if answer, err := other.Do(`STATUS user.anna (MESSAGES)`); err != nil || !strings.Contains(strings.Join(answer, " "), "MESSAGES 4") {
		t.Errorf("the replica has %q, %v", answer, err)
	}
	if status, stdout, stderr := p.program("watch", "--recover", "s1"); status != 0 || !strings.Contains(stdout, "nothing lies in the sync logs of s1") {
		t.Errorf("recover where nothing is left: status %d, %s%s", status, stdout, stderr)
	}

	if err := master.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := master.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a mail says that it is over", func() bool { return mails("resolved", "client_missing") })
	eventually(t, "no alert fires", func() bool { status, _, _ := p.program("alerts", "--store", "s1"); return status == 0 })

	begun := time.Now()
	if err := watch.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("ended by TERM the watch says %v: %s", err, said.String())
		}
	case <-time.After(10 * time.Second):
		t.Errorf("after %v the watch has not ended", time.Since(begun))
	}
}

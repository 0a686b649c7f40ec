package compare_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// bringing saves what only the replica has of anna, removes it there, and returns the command that
// brings it to the master, and its list. The master is seen through b.
func (r *rig) bringing(b *between) (command inventory.Text, list string) {
	r.t.Helper()
	dir := r.t.TempDir()
	found, err := r.through(b, true, compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: dir})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, step := range found.Differences[0].Repair {
		if strings.HasPrefix(string(step.Command), "python3 ") {
			command = step.Command
		} else if out, err := r.shell(dir, step.Command); err != nil {
			r.t.Fatalf("%s: %v %s", step.Command, err, out)
		}
	}
	return command, filepath.Join(dir, "s1-imap2-user.anna-messages.csv")
}

// own gives the replica's INBOX of anna messages of its own, and two that are alike, which is to
// be repaired by removing the copy.
func (r *rig) own(count int) {
	r.t.Helper()
	for i := range count {
		r.put(r.replica, "anna", "INBOX", fmt.Sprint("own ", min(i, count-2)))
	}
	r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 1 +FLAGS (\Deleted)`, "UID EXPUNGE 1")
}

// once fails unless the master has as many messages in anna's INBOX.
func (r *rig) once(want int) {
	r.t.Helper()
	got := 0
	for _, count := range r.held(r.master, "anna", "INBOX") {
		got += count
	}
	if got != want {
		r.t.Errorf("the master has %d messages, want %d", got, want)
	}
}

// TestBroughtBackOnceThoughKilled kills what brings messages back each time that the server has
// taken the second one, and before it is told so: each comes back once all the same.
func TestBroughtBackOnceThoughKilled(t *testing.T) {
	t.Parallel()
	needs.Program(t, "python3")
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3})
	r.own(5)
	var mu sync.Mutex
	taken, brings := 0, (*exec.Cmd)(nil)
	b := &between{change: func(line string) string {
		mu.Lock()
		defer mu.Unlock()
		if !strings.Contains(line, "APPENDUID") || brings == nil {
			return line
		}
		if taken++; taken%2 > 0 {
			return line
		}
		syscall.Kill(-brings.Process.Pid, syscall.SIGKILL)
		return ""
	}}
	command, _ := r.bringing(b)
	for range 4 {
		mu.Lock()
		taken = 0
		brings = exec.CommandContext(within(t, time.Minute), "sh", "-c", string(command))
		brings.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		brings.Stdin = strings.NewReader(r.fleet.Password + "\n")
		err := brings.Start()
		mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		brings.Wait()
	}
	out, err := r.shell(t.TempDir(), command)
	if err != nil || !strings.Contains(string(out), "0 brought back, 5 before that, 0 refused") {
		t.Errorf("in the end: %v %s", err, out)
	}
	r.once(3 + 5)
}

// TestNothingIsBroughtThatCannotBeNoted has no room, or no file, for the note of what has been
// brought: it breaks off with the reason, and nothing comes back twice.
func TestNothingIsBroughtThatCannotBeNoted(t *testing.T) {
	t.Parallel()
	needs.Program(t, "python3")
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3})
	r.own(12)
	command, list := r.bringing(&between{})
	if err := os.Mkdir(list+".done", 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := r.shell(t.TempDir(), command)
	if err == nil || !strings.Contains(string(out), "nothing is brought, for that cannot be noted: ") {
		t.Errorf("without a file: %v %s", err, out)
	}
	r.once(3)
	if err := os.Remove(list + ".done"); err != nil {
		t.Fatal(err)
	}
	// There is room for the note that the first one is to be brought, and not that it is.
	if err := os.WriteFile(list+".done", []byte(strings.Repeat("x", 475)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const later, nothing = "when that is mended run it once more: ", "nothing is brought, for that cannot be noted: "
	for _, c := range []struct{ room, says string }{{"1", "1 brought back"}, {"1", nothing}, {"2", later}, {"2", nothing}} {
		out, err = r.shell(t.TempDir(), inventory.Text("ulimit -f "+c.room+"; ")+command) // blocks of 512 bytes
		if err == nil || !strings.Contains(string(out), c.says) || strings.Contains(string(out), "Traceback") {
			t.Errorf("without room: %v %s", err, out)
		}
	}
	if out, err = r.shell(t.TempDir(), command); err != nil {
		t.Errorf("with room: %v %s", err, out)
	}
	r.once(3 + 12)
}

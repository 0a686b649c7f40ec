package processes_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
)

// A password that an apply has left is told with the command that removes it, but not while
// one of its programs runs, or just has.
func TestPasswordLeft(t *testing.T) {
	dir := t.TempDir()
	conf, lock := filepath.Join(dir, "interlace-0123456789ab.conf"), filepath.Join(dir, "interlace-0123456789ab.lock")
	for _, file := range []string{conf, lock, filepath.Join(dir, "imapd.conf"), filepath.Join(dir, "interlace-0123456789ab.claim")} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := []monitor.Instance{{Server: "imap1", Store: "s1", Dir: dir, Trouble: "not read"}}
	look := func(at time.Time) processes.Sight {
		return processes.Survey(context.Background(), list, nil, processes.SurveyOptions{}, at)
	}
	told := func(sights ...processes.Sight) string {
		found := ""
		for _, f := range processes.Check(list, sights, processes.Options{}) {
			if f.Kind == monitor.PasswordLeft {
				found += string(f.Command)
			}
		}
		return found
	}
	now, late := look(time.Now()), look(time.Now().Add(time.Hour))
	if got := told(now, now); got != "" {
		t.Errorf("just written, and told: %s", got)
	}
	if got, want := told(now, late), "rm -- "+conf; got != want {
		t.Errorf("left: %q, want %q", got, want)
	}
	holder, err := os.Open(lock)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if err := syscall.Flock(int(holder.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	used := look(time.Now().Add(time.Hour))
	if got := told(late, used) + told(used, late); got != "" {
		t.Errorf("in use, and told: %s", got)
	}
}

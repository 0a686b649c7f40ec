package logs

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/monitor"
)

// journald is a journal of systemd with a /run of its own.
type journald struct {
	t   *testing.T
	pid int
	to  net.Conn
}

func startJournald(t *testing.T) *journald {
	t.Helper()
	const program = "/lib/systemd/systemd-journald"
	if _, err := os.Stat(program); err != nil || os.Getuid() != 0 {
		needs.Missing(t, "%s, and root to start it", program)
	}
	cmd := exec.Command("unshare", "-m", "sh", "-c", "mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log/journal && exec "+program)
	must(t, cmd.Start())
	d := &journald{t: t, pid: cmd.Process.Pid}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 500 {
		conn, err := net.Dial("unixgram", d.in("/run/systemd/journal/socket"))
		if err == nil {
			d.to = conn
			t.Cleanup(func() { conn.Close() })
			return d
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("journald does not take entries")
	return nil
}

// in is a path as journald sees it.
func (d *journald) in(path string) string { return fmt.Sprintf("/proc/%d/root%s", d.pid, path) }

// log writes an entry in the journal's own protocol, in which a text has its length before
// it and may hold anything (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
func (d *journald) log(identifier, message string) {
	d.t.Helper()
	entry := []byte("PRIORITY=3\nSYSLOG_IDENTIFIER=" + identifier + "\nMESSAGE\n")
	entry = binary.LittleEndian.AppendUint64(entry, uint64(len(message)))
	_, err := d.to.Write(append(append(entry, message...), '\n'))
	must(d.t, err)
}

// rotate begins new files and waits for that.
func (d *journald) rotate() {
	d.t.Helper()
	files := func() int {
		list, _ := filepath.Glob(d.in("/run/log/journal/*/*.journal"))
		return len(list)
	}
	before := files()
	must(d.t, syscall.Kill(d.pid, syscall.SIGUSR2))
	for range 500 {
		if files() > before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.t.Fatal("journald does not rotate")
}

// TestJournald reads a real journal: hostile entries too, through rotation, and from where
// it was left; nothing is lost and nothing is told twice.
func TestJournald(t *testing.T) {
	d := startJournald(t)
	command := []string{"journalctl", "-D", d.in("/run/log/journal"), "-o", "json", "--quiet", "--identifier=cyrus/sync_client"}
	d.log("cyrus/sync_client", "before")
	for range 500 {
		if out, _ := exec.Command(command[0], command[1:]...).Output(); len(out) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	j := newJournal(t.Context(), command, nil, false)
	readJournal(t, j, 0)

	var want, told []string
	for _, message := range []string{"plain", "two\nlines", "\x1b[2J and \xff", "nul \x00 here", "grüße", ""} {
		d.log("cyrus/sync_client", message)
		d.log("other", message)
		want = append(want, message)
	}
	told = readJournal(t, j, len(want))
	d.rotate()
	d.log("cyrus/sync_client", "after rotation")
	told = append(told, readJournal(t, j, 1)...)
	positions := j.positions()
	j.close()

	d.log("cyrus/sync_client", "while nobody reads")
	d.rotate()
	d.log("cyrus/sync_client", "and after one more rotation")
	j = newJournal(t.Context(), command, positions, false)
	told = append(told, readJournal(t, j, 2)...)
	last := j.positions()
	j.close()
	if want = append(want, "after rotation", "while nobody reads", "and after one more rotation"); !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	j = newJournal(t.Context(), command, []monitor.Position{last[0]}, true)
	if again := readJournal(t, j, 0); len(again) > 0 {
		t.Errorf("told twice: %q", again)
	}
}

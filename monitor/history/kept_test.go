package history

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

func openAt(t *testing.T, path string) *History {
	t.Helper()
	h, err := Open(context.Background(), path, Options{})
	must(t, err)
	t.Cleanup(func() { h.Close() })
	return h
}

func advance(h *History) error {
	return h.StepAlerts(context.Background(), time.Now(), func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		s.Last++
		return s, nil
	})
}

// lastAlert is the number of the alert that began last.
func lastAlert(t *testing.T, h *History) (n int64) {
	t.Helper()
	must(t, h.StepAlerts(context.Background(), time.Now(), func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		n = s.Last
		return s, nil
	}))
	return n
}

func remove(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// A database that was deleted is not written to any more, and one that is put in
// its place is.
func TestReplacedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "interlace.db")
	h := openAt(t, path)
	must(t, advance(h))
	backup := path + ".copy"
	must(t, h.facts.file.Backup(context.Background(), backup))
	must(t, advance(h))

	refused := func(want string) {
		t.Helper()
		var trouble *database.Error
		if err := advance(h); !errors.As(err, &trouble) || !strings.Contains(err.Error(), want) || trouble.Hint == "" {
			t.Fatalf("got %v, want that %s", err, want)
		}
		if _, err := h.Alerts(context.Background(), time.Time{}); !errors.As(err, &trouble) {
			t.Errorf("reading: got %v", err)
		}
	}
	remove(t, path)
	refused("was deleted")
	must(t, os.Rename(backup, path))
	refused("the log beside it is that of the former")
	remove(t, path+"-wal", path+"-shm")
	if n := lastAlert(t, h); n != 1 {
		t.Errorf("the backup says %d, want 1", n)
	}
	must(t, advance(h))
	other := openAt(t, path)
	if n := lastAlert(t, other); n != 2 {
		t.Errorf("others read %d, want 2", n)
	}
}

// Samples that were deleted begin anew.
func TestDeletedSamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "interlace.db")
	h := openAt(t, path)
	save := func() {
		t.Helper()
		must(t, h.SaveUsage(context.Background(), []monitor.Usage{{At: time.Now(), Over: time.Second, Server: "imap1", Store: "s1", Role: "master"}}))
	}
	save()
	for _, gone := range [][]string{{""}, {"", "-wal", "-shm"}} {
		for _, suffix := range gone {
			remove(t, SamplesPath(path)+suffix)
		}
		save()
		if list, err := openAt(t, path).Usage(context.Background(), monitor.Span{}); err != nil || len(list) != 1 {
			t.Errorf("without %q: others read %+v, %v", gone, list, err)
		}
	}
}

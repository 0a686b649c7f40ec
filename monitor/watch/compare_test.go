package watch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/watch"
)

// TestWatchCompares has a watch compare a real pair: what differs is an alert until
// it is equal again, and nothing is compared outside of the hours, while a store is
// behind, or while somebody else does it.
func TestWatchCompares(t *testing.T) {
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{Client: cyrustest.ClientNone}, {}}})
	master, replica := fleet.Stores[0].Master(), fleet.Stores[0].Replicas()[0]
	if err := master.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 2}, {Name: "user.bob", Messages: 1}}); err != nil {
		t.Fatal(err)
	}
	if out, err := master.Tool(t.Context(), "sync_client", "-A"); err != nil {
		t.Fatal(out, err)
	}
	conn, err := replica.DialAs(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	flag := func(command string) {
		t.Helper()
		if _, err := conn.Do("SELECT INBOX", command); err != nil {
			t.Fatal(err)
		}
	}
	flag(`UID STORE 1 +FLAGS (\Flagged)`)

	w := newWorld(t)
	var open, claimed atomic.Bool
	var asked atomic.Int32
	side := func(in *cyrustest.Instance) cyrus.Options {
		return cyrus.Options{Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(fleet.Password), TLS: cyrus.None}
	}
	w.opts.Compare = watch.Comparing{
		Every: 50 * time.Millisecond, Within: 7 * 24 * time.Hour, For: time.Minute, Look: compare.Options{Level: "2", Pause: time.Millisecond},
		Open: func(time.Time) bool { return open.Load() },
		Copies: func() []monitor.Copy {
			return []monitor.Copy{{Store: "s1", Server: "imap2"}, {Store: "s1", Server: "imap3"}}
		},
		Pairs: func(context.Context) ([]compare.Pair, error) {
			asked.Add(1)
			return []compare.Pair{{Store: "s1", Master: compare.Side{Server: "imap1", IMAP: side(master)}, Replica: compare.Side{Server: "imap2", IMAP: side(replica)}}}, nil
		},
		Claim: func(c monitor.Copy) (func(), error) {
			if claimed.Load() || c != (monitor.Copy{Store: "s1", Server: "imap2"}) {
				return nil, errors.New("another one compares it")
			}
			return func() {}, nil
		},
	}
	runs := func() int {
		list, err := w.history.Comparisons(t.Context(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, r := range list {
			if r.Copies > 0 {
				n++
			}
		}
		return n
	}
	began := time.Now()
	w.run("outside of the hours", func() bool { return time.Since(began) > time.Second })
	if asked.Load() > 0 {
		t.Error("pairs are asked for outside of the hours")
	}
	open.Store(true)
	claimed.Store(true)
	w.run("while somebody else compares", func() bool { return asked.Load() > 3 })
	claimed.Store(false)
	// That something waits is seen before anything is compared.
	w.write("sync/log", "APPEND user.anna\n")
	w.opts.Backlog = time.Hour
	open.Store(false)
	w.run("while the store is behind", func() bool {
		if !open.Load() {
			stretches, err := w.history.Backlog(t.Context(), monitor.Span{Store: "s1"})
			open.Store(err == nil && len(stretches) > 0 && stretches[len(stretches)-1].Log.Bytes > 0)
			asked.Store(0)
		}
		return open.Load() && asked.Load() > 10
	})
	if n := runs(); n > 0 {
		t.Errorf("%d comparisons were made before they should", n)
	}
	if err := os.Remove(filepath.Join(w.dir, "sync", "log")); err != nil {
		t.Fatal(err)
	}
	w.run("a difference", func() bool { _, _, found := w.desk.found(monitor.CopyDiffers); return found })
	if known, err := w.history.Copies(t.Context()); err != nil || len(known) != 2 {
		t.Errorf("copies that are to be compared: %v, %v", known, err)
	}
	look, f, _ := w.desk.found(monitor.CopyDiffers)
	if look.Probe != monitor.ProbeCompare || f.Severity != monitor.Warning || f.Subject != "imap2" || f.Store != "s1" || f.Server != "imap1" || f.Command == "" {
		t.Errorf("%+v", f)
	}

	for _, command := range [][]string{{"sync_reset", "-f", "--", "anna"}} {
		if out, err := replica.Tool(t.Context(), command[0], command[1:]...); err != nil {
			t.Fatal(out, err)
		}
	}
	if out, err := master.Tool(t.Context(), "sync_client", "-u", "--", "anna"); err != nil {
		t.Fatal(out, err)
	}
	w.run("after the repair", func() bool {
		list, err := w.history.Differences(t.Context(), w.opts.Now())
		return err == nil && len(list) == 0
	})
	w.desk.mu.Lock()
	w.desk.looks = nil
	w.desk.mu.Unlock()
	looked := func() bool {
		w.desk.mu.Lock()
		defer w.desk.mu.Unlock()
		n := 0
		for _, look := range w.desk.looks {
			if look.Probe == monitor.ProbeCompare {
				n++
			}
		}
		return n > 1
	}
	w.run("looks after that", looked)
	if _, f, found := w.desk.found(monitor.CopyDiffers); found {
		t.Errorf("what was repaired is found: %+v", f)
	}
	// Nobody is compared for so long that it is overdue.
	w.opts.Now = func() time.Time { return time.Now().Add(11 * 24 * time.Hour) }
	w.opts.Compare.Open = func(time.Time) bool { return false }
	w.run("overdue", func() bool { _, _, found := w.desk.found(monitor.CompareOverdue); return found })
}

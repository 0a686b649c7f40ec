package synclag

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watching watches until the test ends.
func watching(t *testing.T, b *Batches, list ...monitor.Instance) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Watch(ctx, list) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("watch: %v", err)
		}
	})
}

// workOff does what a client does with a log.
func workOff(t *testing.T, dir, run, text string, takes time.Duration) {
	t.Helper()
	write(t, dir+"/log", text)
	if err := os.Rename(dir+"/log", filepath.Join(dir, run)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(takes)
	if err := os.Remove(filepath.Join(dir, run)); err != nil {
		t.Fatal(err)
	}
}

// take waits until there are so many batches.
func take(t *testing.T, b *Batches, want int) []monitor.Batch {
	t.Helper()
	var list []monitor.Batch
	for deadline := time.Now().Add(10 * time.Second); len(list) < want; time.Sleep(5 * time.Millisecond) {
		list = append(list, b.Take()...)
		if time.Now().After(deadline) {
			t.Fatalf("got %d batches, want %d: %+v", len(list), want, list)
		}
	}
	return list
}

func TestBatches(t *testing.T) {
	in, dir := store(t)
	squatter, far, old := dir+"/squatter", dir+"/far", dir+"/old"
	for _, dir := range []string{squatter, old} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	in.Channels = append(in.Channels,
		monitor.Channel{Name: "squatter", Kind: monitor.Squatter, Dir: squatter},
		monitor.Channel{Name: "old", Kind: monitor.Replication, Dir: old},
		monitor.Channel{Name: "odd", Kind: monitor.Replication, Dir: in.Conf}, // no directory
		monitor.Channel{Name: "far", Kind: monitor.Replication, Dir: far},     // not there yet
	)
	replica, other := store(t)
	replica.Role = inventory.Replica
	write(t, in.Conf, "")
	failed := make(chan error, 1)
	sent := 0.0
	b := &Batches{Failed: func(err error) { failed <- err }, Now: time.Now, Written: func(_ inventory.ServerID, store inventory.StoreID, channel string) inventory.Number {
		if store != "s1" || channel == "old" {
			return inventory.Number{}
		}
		sent += 500
		return inventory.Known(sent)
	}}
	watching(t, b, *in, *replica)
	for ready := false; !ready; { // until the watch stands
		workOff(t, dir, runName, "MAILBOX user.a\n", 20*time.Millisecond)
		time.Sleep(20 * time.Millisecond)
		ready = len(b.Take()) > 0
	}
	if err := <-failed; !strings.Contains(err.Error(), in.Conf) {
		t.Errorf("got %v, want it to name %s", err, in.Conf)
	}
	workOff(t, dir, runName, "MAILBOX user.a\nMAILBOX user.b\nAPPEND user.a\n", 50*time.Millisecond)
	workOff(t, other, runName, "MAILBOX user.a\n", 50*time.Millisecond)
	workOff(t, squatter, runName, "APPEND user.a\n", 50*time.Millisecond)
	workOff(t, old, "log-4711", "MAILBOX user.c\n", 50*time.Millisecond)
	if err := os.Mkdir(far, 0o755); err != nil {
		t.Fatal(err)
	}
	workOff(t, far, runName, "MAILBOX user.d\n", 50*time.Millisecond)
	got := map[string]monitor.Batch{}
	for _, batch := range take(t, b, 3) {
		if batch.Store != "s1" || batch.Lasted < 30*time.Millisecond || batch.Lasted > 5*time.Second || batch.First.After(batch.Begun) || batch.First.IsZero() {
			t.Errorf("got %+v", batch)
		}
		batch.Lasted, batch.First, batch.Begun = 0, time.Time{}, time.Time{}
		got[batch.Channel] = batch
	}
	named := monitor.Batch{Server: "imap1", Store: "s1", Role: inventory.Master, Kind: monitor.Replication}
	first, second, third := named, named, named
	first.Channel, first.Bytes, first.Entries, first.Mailboxes, first.Sent = "default", 44, 3, 2, inventory.Known(500)
	second.Channel, second.Bytes, second.Entries, second.Mailboxes = "old", 15, 1, 1
	third.Channel, third.Bytes, third.Entries, third.Mailboxes, third.Sent = "far", 15, 1, 1, inventory.Known(500)
	if want := map[string]monitor.Batch{"default": first, "old": second, "far": third}; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestBatchesHostile checks that what is no log is no batch and stops nothing.
func TestBatchesHostile(t *testing.T) {
	in, dir := store(t)
	b := &Batches{Now: time.Now}
	watching(t, b, *in)
	for ready := false; !ready; {
		if err := os.Symlink("/etc/passwd", dir+"/log-run"); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(dir + "/log-run"); err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			write(t, fmt.Sprintf("%s/log-%d", dir, i), "")
		}
		workOff(t, dir, runName, strings.Repeat("MAILBOX user.a\n", 10), 20*time.Millisecond)
		for i := range 50 {
			if err := os.Remove(fmt.Sprintf("%s/log-%d", dir, i)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Millisecond)
		for _, batch := range b.Take() {
			ready = true
			if batch.Entries != 0 && batch.Entries != 10 {
				t.Errorf("got %+v", batch)
			}
		}
	}
}

// TestThinned checks that batches are dropped regularly, whatever they are.
func TestThinned(t *testing.T) {
	thin := thinned{every: 1}
	number := 0
	play := func(n int) []int {
		number = 0
		for range n {
			number++
			if thin.next() {
				thin.add(monitor.Batch{Entries: number}, 5)
			}
		}
		var kept []int
		for _, b := range thin.take(5) {
			kept = append(kept, b.Entries)
		}
		return kept
	}
	for _, test := range []struct {
		n    int
		want []int
	}{
		{0, nil},
		{4, []int{1, 2, 3, 4}},
		{9, []int{1, 3, 5, 7, 9}},
		{30, []int{1, 5, 9, 13, 17}},
		{30, nil},
	} {
		got := play(test.n)
		if test.want == nil && test.n > 0 {
			if len(got) < 3 || len(got) > 5 {
				t.Errorf("%d: got %v", test.n, got)
			}
			continue
		}
		if len(got) > 5 || test.n < 20 && !reflect.DeepEqual(got, test.want) {
			t.Errorf("%d: got %v, want %v", test.n, got, test.want)
		}
		for i := 2; i < len(got); i++ {
			if got[i]-got[i-1] != got[1]-got[0] {
				t.Errorf("%d: got %v, not evenly", test.n, got)
			}
		}
	}
	for range 10 {
		play(0)
	}
	if thin.every != 1 {
		t.Errorf("after a quiet time every %d is kept", thin.every)
	}
}

package synclag_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// processes reads what this package needs of the sync_clients of this server.
func processes(t *testing.T) synclag.Processes {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var list []monitor.Process
	for _, path := range paths {
		line, err := os.ReadFile(path + "/cmdline")
		words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
		if err != nil || !strings.HasSuffix(words[0], "sync_client") {
			continue
		}
		p := monitor.Process{Name: "sync_client", Command: words, Channel: monitor.DefaultChannel, Rolling: slices.Contains(words, "-r"), OpenKnown: true}
		p.PID, _ = strconv.Atoi(filepath.Base(path))
		for i, word := range words[:len(words)-1] {
			switch word {
			case "-C":
				p.Conf = words[i+1]
			case "-n":
				p.Channel = words[i+1]
			}
		}
		links, _ := filepath.Glob(path + "/fd/*")
		for _, link := range links {
			if target, err := os.Readlink(link); err == nil {
				p.Open = append(p.Open, target)
			}
		}
		p.IO, p.Started = counters(path), started(t, path)
		list = append(list, p)
	}
	return synclag.Processes{List: list, Known: true}
}

func counters(path string) *monitor.IO {
	var count monitor.IO
	text, err := os.ReadFile(path + "/io")
	if err != nil {
		return nil
	}
	fmt.Sscanf(string(text), "rchar: %d\nwchar: %d\n", &count.Read, &count.Written)
	return &count
}

// started returns when a process started, or the zero time if it is gone.
func started(t *testing.T, path string) time.Time {
	t.Helper()
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	up, err := strconv.ParseFloat(strings.Fields(string(uptime))[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	stat, _ := os.ReadFile(path + "/stat")
	fields := strings.Fields(string(stat))
	if len(fields) < 22 {
		return time.Time{}
	}
	ticks, err := strconv.ParseFloat(fields[21], 64)
	if err != nil {
		t.Fatal(err)
	}
	return now.Add(time.Duration((ticks/100 - up) * float64(time.Second)))
}

// rig is a store on real Cyrus.
type rig struct {
	*testing.T
	ctx             context.Context
	master, replica *cyrustest.Instance
	list            []monitor.Instance // the master
}

func newRig(t *testing.T) *rig {
	t.Helper()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	r := &rig{T: t, ctx: ctx, master: fleet.Stores[0].Master(), replica: fleet.Stores[0].Replicas()[0]}
	r.list = []monitor.Instance{instances.Read("s1", &inventory.Instance{Server: "imap1", Role: inventory.Master, IMAPDConf: r.master.Conf})}
	return r
}

func (r *rig) look(earlier ...monitor.Backlog) monitor.Backlog {
	r.Helper()
	looks := synclag.Measure(r.list, processes(r.T), earlier, time.Now())
	if len(looks) != 1 || looks[0].Trouble != "" {
		r.Fatalf("got %+v", looks)
	}
	return looks[0]
}

// fill creates users with a message each.
func (r *rig) fill(prefix string, users int) {
	r.Helper()
	var boxes []cyrustest.Mailbox
	for i := range users {
		boxes = append(boxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.%s%d", prefix, i), Messages: 1})
	}
	if err := r.master.Fill(r.ctx, boxes); err != nil {
		r.Error(err)
	}
}

// until looks until what is seen is as wanted.
func (r *rig) until(what string, ok func(monitor.Backlog) bool) monitor.Backlog {
	r.Helper()
	for {
		b := r.look()
		if ok(b) {
			return b
		}
		select {
		case <-r.ctx.Done():
			r.Fatalf("never seen that %s; the last look: %+v", what, b)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func empty(b monitor.Backlog) bool { return !b.Log.Exists() && !b.Run.Exists() }

// TestReal looks at a busy master, and at one whose replica is stopped; and
// predicts when the backlog of that is gone once the replica is back.
func TestReal(t *testing.T) {
	r := newRig(t)
	watched := &synclag.Batches{Now: time.Now, Most: 100, Written: func(inventory.ServerID, inventory.StoreID, string) inventory.Number {
		for _, p := range processes(t).List {
			if p.Conf == r.master.Conf && p.IO != nil {
				return inventory.Known(float64(p.IO.Written))
			}
		}
		return inventory.Number{}
	}}
	ctx, cancel := context.WithCancel(r.ctx)
	done := make(chan error, 1)
	go func() { done <- watched.Watch(ctx, r.list) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("watch: %v", err)
		}
	}()

	filled, seen := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(filled)
		for round := 0; ; round++ {
			select {
			case <-seen:
				return
			default:
				r.fill(fmt.Sprintf("busy%dx", round), 200)
			}
		}
	}()
	busy := r.until("a client works on a log", func(b monitor.Backlog) bool { return b.Worker != 0 && b.Run.Exists() })
	if len(busy.Clients) != 1 || busy.Clients[0].PID != busy.Worker || busy.Age() > 10*time.Second || busy.Run.Taken.IsZero() {
		t.Errorf("of a busy master: got %+v", busy)
	}
	close(seen)
	<-filled
	r.until("all is replicated", empty)
	for _, users := range []int{1, 5, 20, 60} { // batches of all sizes to learn from
		r.fill(fmt.Sprintf("some%dx", users), users)
		r.until("all is replicated", empty)
	}
	batches := watched.Take()
	if len(batches) < 3 {
		t.Fatalf("got only %d batches", len(batches))
	}
	sent := 0
	for _, b := range batches {
		if b.Entries < b.Mailboxes || b.Mailboxes == 0 || b.Lasted <= 0 || b.Lasted > 20*time.Second || b.Begun.Before(b.First) {
			t.Errorf("got the batch %+v", b)
		}
		if b.Sent.Known {
			sent++
		}
	}
	m := synclag.Fit(batches, trip(t, r.replica.Csync), r.list[0].RepeatInterval)
	t.Logf("%d batches, %d with bytes: %.1f ms a batch, %.2f ms a mailbox, %.2f ms a 100 kB, %.0f bytes an entry",
		len(batches), sent, m.Batch*1e3, m.Mailbox*1e3, m.Byte*1e8, m.Arrivals.Bytes)

	if err := r.replica.Stop(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r.fill("first", 1)
	left := r.until("a log is left behind", func(b monitor.Backlog) bool { return b.Run.Exists() && b.Age() > 1500*time.Millisecond })
	r.fill("late", 500)
	left = r.look(left)
	if age := time.Since(began); left.Age() > age || left.Age() < age-time.Second {
		t.Errorf("got an age of %v, want about %v", left.Age(), age)
	}
	if left.Mailboxes.Value < 501 || left.Users.Value < 501 || left.Entries.Value < 501 {
		t.Errorf("got %+v", left)
	}
	course := []monitor.Stretch{{Backlog: left, Until: left.At, Looks: 1}}
	if lag := synclag.Judge(course, m, synclag.Options{}, time.Now()); lag.Level == monitor.LevelOK {
		t.Errorf("got %+v", lag)
	}

	if err := r.replica.Start(r.ctx); err != nil {
		t.Fatal(err)
	}
	// From when it works again: how long a client waits until it tries is not the model's.
	working := r.until("a client works again", func(b monitor.Backlog) bool { return b.Worker != 0 && b.Mailboxes.Value > 400 })
	predicted, spread := m.Gone(&working, time.Now())
	begun := time.Now()
	r.until("all is replicated", empty)
	happened := time.Since(begun).Seconds()
	t.Logf("predicted %.2f s ± %.2f s, happened %.2f s", predicted.Value, spread.Value, happened)
	// The machine is others' too, and may be twice as fast by then as when the batches were seen.
	if !predicted.Known || happened > 2*(predicted.Value+spread.Value) || happened < (predicted.Value-spread.Value)/2 {
		t.Errorf("predicted %.2f s ± %.2f s, happened %.2f s: off by more than a factor of 2", predicted.Value, spread.Value, happened)
	}
}

// TestRealHung looks at a master whose replica hangs while changes arrive.
func TestRealHung(t *testing.T) {
	r := newRig(t)
	r.fill("u", 1)
	r.until("all is replicated", empty)
	if err := r.replica.Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.replica.Resume(); err != nil {
			t.Error(err)
		}
	}()
	r.fill("v", 1)
	var course []monitor.Stretch
	for i := range 2 {
		b := r.until("a client works on a log", func(b monitor.Backlog) bool { return b.Run.Exists() && b.Worker != 0 })
		time.Sleep(200 * time.Millisecond) // until all is written that can be
		b = r.look(b)
		course = append(course, monitor.Stretch{Backlog: b, Until: b.At, Looks: 1})
		r.fill(fmt.Sprintf("w%d", i), 1)
	}
	if lag := synclag.Judge(course, nil, synclag.Options{}, time.Now()); lag.Verdict != monitor.Stalled {
		t.Errorf("got %+v of %+v", lag, course)
	}
}

// trip measures a round trip, as a TCP connection takes one.
func trip(t *testing.T, address string) inventory.Number {
	t.Helper()
	begun := time.Now()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return inventory.Known(time.Since(begun).Seconds())
}

// TestRealReplica looks at a replica on which somebody writes.
func TestRealReplica(t *testing.T) {
	r := newRig(t)
	r.fill("u", 3)
	r.until("all is replicated", empty)
	replica := instances.Read("s1", &inventory.Instance{Server: "imap2", Role: inventory.Replica, IMAPDConf: r.replica.Conf})
	look := func() monitor.Stretch {
		looks := synclag.Measure([]monitor.Instance{replica}, processes(t), nil, time.Now())
		if len(looks) != 1 || looks[0].Trouble != "" {
			t.Fatalf("got %+v", looks)
		}
		return monitor.Stretch{Backlog: looks[0], Until: looks[0].At, Looks: 1}
	}
	names := func(in *monitor.Instance) *synclag.Names {
		names, err := synclag.ReadNames(in, in.Channels[0])
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	course := []monitor.Stretch{look()}
	if f := synclag.Written(&replica, course, names(&replica), names(&r.list[0]), time.Time{}); f != nil {
		t.Errorf("of a healthy replica: got %+v", f)
	}
	conn, err := r.replica.Dial(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do("SETACL user.u1 admin lrswi", "APPEND user.u1 {12+}\r\nSubject: x\r\n"); err != nil {
		t.Fatal(err)
	}
	course = append(course, look())
	f := synclag.Written(&replica, course, names(&replica), names(&r.list[0]), time.Time{})
	if f == nil || f.Severity != monitor.Critical || !strings.Contains(f.Text, "user.u1, which the master's log does not name") {
		t.Errorf("got %+v", f)
	}
	lag := synclag.Judge(course, nil, synclag.Options{}, time.Now())
	if f := synclag.Behind(nil, &course[1].Backlog, &lag); f != nil {
		t.Errorf("of a replica: got %+v", f)
	}
}

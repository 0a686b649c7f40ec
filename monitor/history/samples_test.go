package history

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

var begin = time.Date(2026, 11, 1, 9, 30, 0, 0, time.UTC)

func at(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }

func mustOpen(t *testing.T) *History {
	t.Helper()
	h, err := Open(context.Background(), filepath.Join(t.TempDir(), "interlace.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// look is a look at a channel without a backlog.
func look(minutes int, store inventory.StoreID) monitor.Backlog {
	return monitor.Backlog{
		At: at(minutes), Server: "imap1", Store: store, Role: inventory.Master, Channel: monitor.DefaultChannel, Kind: monitor.Replication,
		Entries: inventory.Known(0), Mailboxes: inventory.Known(0), Users: inventory.Known(0), ProcessesKnown: true,
		Clients: []monitor.Process{{PID: 7, Name: "sync_client", Channel: monitor.DefaultChannel, Rolling: true, Started: begin}},
	}
}

// busy is a look at a channel with a backlog whose oldest entry is a minute old.
func busy(minutes int, store inventory.StoreID, bytes int64) monitor.Backlog {
	b := look(minutes, store)
	b.Log = monitor.LogFile{Bytes: 100, Inode: 1<<63 + 5, First: at(minutes).Add(-time.Second), Last: at(minutes)}
	b.Run = monitor.LogFile{Bytes: bytes - 100, Inode: 9, First: at(minutes - 1), Last: at(minutes), Taken: at(minutes)}
	b.Entries, b.Mailboxes, b.Users = inventory.Known(12), inventory.Known(3), inventory.Number{}
	b.Worker = 7
	b.Clients[0].State, b.Clients[0].IO = "S", &monitor.IO{Read: 1, Written: int64(minutes)}
	return b
}

func TestBacklog(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	blind := monitor.Backlog{At: at(4), Server: "imap1", Store: "s1", Channel: "far", Kind: monitor.Replication, Role: inventory.Master, Trouble: "permission denied"}
	must(t, h.SaveBacklog(ctx, []monitor.Backlog{busy(2, "s2", 5000), look(2, "s1"), blind}))
	got, err := h.Backlog(ctx, monitor.Span{From: at(0)})
	must(t, err)
	want := []monitor.Stretch{
		{Backlog: look(2, "s1"), Until: at(2), Looks: 1},
		{Backlog: blind, Until: at(4), Looks: 1},
		{Backlog: busy(2, "s2", 5000), Until: at(2), Looks: 1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, test := range []struct {
		span monitor.Span
		want int
	}{
		{monitor.Span{}, 3},
		{monitor.Span{Until: at(2)}, 0},
		{monitor.Span{Until: at(4)}, 2},
		{monitor.Span{From: at(3)}, 1},
		{monitor.Span{Store: "s1"}, 2},
		{monitor.Span{Store: "s1", Channel: "far"}, 1},
		{monitor.Span{Server: "imap2"}, 0},
	} {
		if got, err := h.Backlog(ctx, test.span); err != nil || len(got) != test.want {
			t.Errorf("%+v: got %d stretches, error %v, want %d", test.span, len(got), err, test.want)
		}
	}
}

// TestChannels checks that the last look at a channel is told, also where all that
// is kept of it has been forgotten.
func TestChannels(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	must(t, h.SaveBacklog(ctx, []monitor.Backlog{busy(2, "s2", 5000), look(2, "s1"), busy(4, "s1", 200)}))
	master := func(store inventory.StoreID, seen time.Time) monitor.Watched {
		return monitor.Watched{Server: "imap1", Store: store, Role: inventory.Master, Channel: monitor.DefaultChannel, Kind: monitor.Replication, Seen: seen}
	}
	got, err := h.Channels(ctx)
	must(t, err)
	if want := []monitor.Watched{master("s1", at(4)), master("s2", at(2))}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	must(t, h.Tidy(ctx, at(3).Add(KeepWhole)))
	got, err = h.Channels(ctx)
	must(t, err)
	if want := []monitor.Watched{master("s1", at(4)), master("s2", time.Time{})}; !reflect.DeepEqual(got, want) {
		t.Errorf("after a month: got %+v, want %+v", got, want)
	}
}

// TestStretches checks that looks that saw the same are kept as one, within an
// hour, that a look is kept once, and that a clock that was set back loses nothing.
func TestStretches(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	for _, minutes := range []int{0, 2, 4, 4, 3} {
		must(t, h.SaveBacklog(ctx, []monitor.Backlog{look(minutes, "s1")}))
	}
	must(t, h.SaveBacklog(ctx, []monitor.Backlog{busy(6, "s1", 200), look(28, "s1"), look(29, "s1"), look(30, "s1"), look(31, "s1")}))
	got, err := h.Backlog(ctx, monitor.Span{})
	must(t, err)
	want := []monitor.Stretch{
		{Backlog: look(0, "s1"), Until: at(4), Looks: 3},
		{Backlog: look(3, "s1"), Until: at(3), Looks: 1},
		{Backlog: busy(6, "s1", 200), Until: at(6), Looks: 1},
		{Backlog: look(28, "s1"), Until: at(29), Looks: 2}, // until 10:00
		{Backlog: look(30, "s1"), Until: at(31), Looks: 2},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// A span has a stretch that began before it, and ended within.
	if got, err := h.Backlog(ctx, monitor.Span{From: at(29), Until: at(30)}); err != nil || !reflect.DeepEqual(got, want[3:4]) {
		t.Errorf("within a stretch: got %+v, error %v", got, err)
	}
}

// TestHours compares the sums of hours with those of the looks themselves.
func TestHours(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	rng := rand.New(rand.NewPCG(1, 2))
	type sums struct {
		looks, blind                int
		bytes, most, age, oldestAge float64
	}
	want := map[time.Time]*sums{}
	for minutes := 0; minutes < 400; minutes += 2 {
		b := look(minutes, "s1")
		switch rng.IntN(4) {
		case 0:
			b = busy(minutes, "s1", 200+rng.Int64N(1000))
		case 1:
			b = monitor.Backlog{At: b.At, Server: b.Server, Store: b.Store, Role: b.Role, Channel: b.Channel, Kind: b.Kind, Trouble: "gone"}
		}
		hour := b.At.Truncate(time.Hour)
		if want[hour] == nil {
			want[hour] = &sums{}
		}
		s := want[hour]
		if b.Trouble != "" {
			s.blind++
		} else {
			s.looks++
			s.bytes += float64(b.Bytes())
			s.most = max(s.most, float64(b.Bytes()))
			s.age += b.Age().Seconds()
			s.oldestAge = max(s.oldestAge, b.Age().Seconds())
		}
		must(t, h.SaveBacklog(ctx, []monitor.Backlog{b}))
		if minutes%70 == 0 {
			must(t, h.Tidy(ctx, at(minutes)))
		}
	}
	now := at(400)
	must(t, h.Tidy(ctx, now))
	hours, err := h.Hours(ctx, monitor.Span{})
	must(t, err)
	if len(hours) != len(want)-1 {
		t.Fatalf("got %d hours, want %d, all but the one that has not ended", len(hours), len(want)-1)
	}
	for _, o := range hours {
		s := want[o.Begins]
		if o.Looks != s.looks || o.Blind != s.blind || !near(o.BytesMean.Value, s.bytes/float64(s.looks)) || !near(o.BytesMost.Value, s.most) ||
			!near(o.AgeMean.Value, s.age/float64(s.looks)) || !near(o.AgeMost.Value, s.oldestAge) {
			t.Errorf("%s: got %+v, want %+v", o.Begins, o, *s)
		}
	}
}

func near(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }

// TestRetention checks that whole samples are kept for 30 days, and hours for 400.
func TestRetention(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	must(t, h.SaveBacklog(ctx, []monitor.Backlog{look(0, "s1"), look(60*24, "s1")}))
	must(t, h.SaveUsage(ctx, []monitor.Usage{{At: at(0), Server: "imap1", Store: "s1", Role: inventory.Master, IO: inventory.Known(3)}}))
	must(t, h.SaveBatches(ctx, []monitor.Batch{{Begun: at(0), Server: "imap1", Store: "s1", Channel: monitor.DefaultChannel}}))
	for _, test := range []struct {
		days                                  int
		looks, hours, usage, usageHours, many int
	}{
		{2, 2, 2, 1, 1, 1},
		{32, 0, 2, 0, 1, 0},
		{402, 0, 0, 0, 0, 0},
	} {
		must(t, h.Tidy(ctx, begin.Add(time.Duration(test.days)*day)))
		looks, _ := h.Backlog(ctx, monitor.Span{})
		hours, _ := h.Hours(ctx, monitor.Span{})
		usage, _ := h.Usage(ctx, monitor.Span{})
		usageHours, _ := h.UsageHours(ctx, monitor.Span{})
		batches, _ := h.Batches(ctx, monitor.Span{}, 10)
		got := []int{len(looks), len(hours), len(usage), len(usageHours), len(batches)}
		if want := []int{test.looks, test.hours, test.usage, test.usageHours, test.many}; !reflect.DeepEqual(got, want) {
			t.Errorf("after %d days: got %v looks, hours, usage, its hours, batches; want %v", test.days, got, want)
		}
	}
}

func TestBatchesAndUsage(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	batches := []monitor.Batch{
		{Server: "imap1", Store: "s1", Role: inventory.Master, Channel: monitor.DefaultChannel, Kind: monitor.Replication, Begun: at(1), Lasted: 1500 * time.Microsecond, First: at(0), Bytes: 300, Entries: 9, Mailboxes: 4, Sent: inventory.Known(12345), Trip: inventory.Known(0.002)},
		{Server: "imap1", Store: "s1", Role: inventory.Master, Channel: monitor.DefaultChannel, Kind: monitor.Replication, Begun: at(2), Lasted: time.Second},
	}
	must(t, h.SaveBatches(ctx, batches))
	must(t, h.SaveBatches(ctx, batches)) // what is known already is known once
	if got, err := h.Batches(ctx, monitor.Span{Store: "s1"}, 10); err != nil || !reflect.DeepEqual(got, batches) {
		t.Errorf("got %+v, error %v", got, err)
	}

	far := batches[1]
	far.Channel = "far"
	must(t, h.SaveBatches(ctx, []monitor.Batch{far}))
	if got, err := h.Batches(ctx, monitor.Span{Until: at(3)}, 1); err != nil || !reflect.DeepEqual(got, []monitor.Batch{batches[1], far}) {
		t.Errorf("the newest of each channel: %+v, error %v", got, err)
	}
	if got, err := h.Batches(ctx, monitor.Span{Until: at(2)}, 1); err != nil || !reflect.DeepEqual(got, batches[:1]) {
		t.Errorf("the newest before a time: %+v, error %v", got, err)
	}

	var usage []monitor.Usage
	for i := range 20 {
		usage = append(usage, monitor.Usage{
			At: at(i), Over: time.Minute, Server: "imap1", Store: "s1", Role: inventory.Master,
			IO: inventory.Known(float64(100 - i)), Disk: inventory.Known(5), DiskFill: inventory.Known(0.5),
		})
	}
	must(t, h.SaveUsage(ctx, usage))
	if got, err := h.Usage(ctx, monitor.Span{}); err != nil || !reflect.DeepEqual(got, usage) {
		t.Errorf("got %+v, error %v", got, err)
	}
	must(t, h.Tidy(ctx, at(60)))
	got, err := h.UsageHours(ctx, monitor.Span{})
	must(t, err)
	want := []monitor.UsageHour{
		{Server: "imap1", Store: "s1", Role: inventory.Master, Begins: at(-30), Resource: "disk", Samples: 20, Mean: 5, P95: 5, Most: 5},
		{Server: "imap1", Store: "s1", Role: inventory.Master, Begins: at(-30), Resource: "disk_fill", Samples: 20, Mean: 0.5, P95: 0.5, Most: 0.5},
		{Server: "imap1", Store: "s1", Role: inventory.Master, Begins: at(-30), Resource: "io", Samples: 20, Mean: 90.5, P95: 99, Most: 100},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestActions(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	a := monitor.Action{At: at(0), By: "cyrus: interlace watch", What: "recover", Server: "imap1", Store: "s1", Channel: "default", Command: []string{"sync_client", "-r", "-1"}, Outcome: "begun"}
	must(t, h.BeginAction(ctx, &a))
	if got, err := h.Actions(ctx, time.Time{}); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], a) {
		t.Fatalf("got %+v, error %v, want %+v", got, err, a)
	}
	a.Ended, a.Outcome, a.Text = at(1), "done", "exit status 0"
	must(t, h.EndAction(ctx, &a))
	b := a
	b.At = at(2)
	must(t, h.BeginAction(ctx, &b))
	if got, err := h.Actions(ctx, at(1)); err != nil || len(got) != 1 || got[0].Number != 2 {
		t.Errorf("got %+v, error %v, want the second action", got, err)
	}
	if got, err := h.Actions(ctx, time.Time{}); err != nil || len(got) != 2 || !reflect.DeepEqual(got[0], a) {
		t.Errorf("got %+v, error %v", got, err)
	}
}

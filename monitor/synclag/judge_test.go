package synclag

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// start is when the courses of these tests begin.
var start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func minute(m float64) time.Time { return start.Add(time.Duration(m * float64(time.Minute))) }

// seen is one look of a course, in short.
type seen struct {
	at      float64 // minutes
	run     uint64  // inode, 0 for none
	taken   float64 // when that was renamed, and its first entry came a minute before
	log     uint64
	first   float64 // of the log
	bytes   int64   // of the log
	client  int     // pid, 0 for none
	written int64   // by the client
	blind   bool    // its counters cannot be read
	unseen  bool    // processes could not be looked at
	trouble string
	looks   int
	until   float64
}

func course(list ...seen) []monitor.Stretch {
	var course []monitor.Stretch
	for _, l := range list {
		s := monitor.Stretch{Until: minute(max(l.at, l.until)), Looks: max(1, l.looks)}
		s.Backlog = monitor.Backlog{
			At: minute(l.at), Server: "imap1", Store: "s1", Role: inventory.Master, Channel: "default", Kind: monitor.Replication,
			Entries: inventory.Known(10), Mailboxes: inventory.Known(5), ProcessesKnown: !l.unseen, Trouble: l.trouble,
		}
		if l.run != 0 {
			s.Run = monitor.LogFile{Inode: l.run, Bytes: 100, First: minute(l.taken - 1), Last: minute(l.taken), Taken: minute(l.taken)}
		}
		if l.log != 0 {
			s.Log = monitor.LogFile{Inode: l.log, Bytes: max(1, l.bytes), First: minute(l.first), Last: minute(l.at)}
		}
		if l.client != 0 && !l.unseen {
			p := monitor.Process{PID: l.client, Started: start, Rolling: true}
			if !l.blind {
				p.IO = &monitor.IO{Written: l.written}
			}
			s.Clients = []monitor.Process{p}
		}
		course = append(course, s)
	}
	return course
}

// every repeats a look with what changes.
func every(n int, step float64, change func(i int, at float64) seen) []seen {
	var list []seen
	for i := range n {
		at := float64(i) * step
		s := change(i, at)
		s.at = at
		list = append(list, s)
	}
	return list
}

func TestVerdict(t *testing.T) {
	falling := func(n int, client int) []seen {
		return every(n, 2, func(i int, at float64) seen {
			return seen{run: uint64(10 + i), taken: at - 0.2*float64(i), client: client, written: int64(i), log: uint64(50 + i), first: at}
		})
	}
	steady := every(12, 2, func(i int, at float64) seen {
		return seen{run: uint64(10 + i), taken: at - 0.3*float64(1+i*7%4), client: 7, written: int64(i)}
	})
	for _, test := range []struct {
		name   string
		course []seen
		now    float64
		want   monitor.Verdict
		reason string
		since  float64
	}{
		{"never seen", nil, 0, monitor.Unknown, "nobody has looked", 0},
		{"idle", []seen{{at: 0, client: 7}}, 1, monitor.OK, "", 0},
		{"idle for hours", []seen{{at: 0, client: 7, looks: 30, until: 58}}, 59, monitor.OK, "", 0},
		{"one look at a batch", []seen{{at: 2, client: 7, run: 5, taken: 1.9}}, 2, monitor.OK, "", 2},
		{"stale", []seen{{at: 0, client: 7}}, 6.1, monitor.Unknown, "6 m 6 s ago", 0},
		{"not yet stale", []seen{{at: 0, client: 7}}, 6, monitor.OK, "", 0},
		{"from the future", []seen{{at: 10, client: 7}}, 0, monitor.Unknown, "clock", 0},
		{"in trouble", []seen{{at: 0, client: 7}, {at: 2, trouble: "permission denied"}}, 2, monitor.Unknown, "permission denied", 0},
		{"stopped, idle", []seen{{at: 0, client: 7}, {at: 2}, {at: 4}}, 4, monitor.Stopped, "no rolling sync_client", 2},
		{"stopped, with a log left behind", []seen{{at: 0}, {at: 2, run: 5, taken: 1}}, 2, monitor.Stopped, "the oldest for 2 m", 0},
		{"processes not seen", []seen{{at: 0, unseen: true}}, 0, monitor.Unknown, "nobody could see", 0},
		{"behind, processes not seen", every(6, 2, func(i int, at float64) seen {
			return seen{run: uint64(10 + i), taken: at - 0.2*float64(i), unseen: true, looks: 1}
		}), 10, monitor.Behind, "batches end", 6},
		{"stalled", []seen{
			{at: 0, run: 5, taken: -1, client: 7, written: 9, log: 6, first: 0, bytes: 10},
			{at: 2, run: 5, taken: -1, client: 7, written: 9, log: 6, first: 0, bytes: 20},
		}, 2, monitor.Stalled, "read and written nothing", 2},
		{"stalled, log appears", []seen{{at: 0, run: 5, taken: -1, client: 7}, {at: 2, run: 5, taken: -1, client: 7, log: 6, first: 1}}, 2, monitor.Stalled, "", 2},
		{"stalled, and for hours nothing more arrives", []seen{
			{at: 0, run: 5, taken: -1, client: 7, log: 6, first: 0, bytes: 10},
			{at: 2, run: 5, taken: -1, client: 7, log: 6, first: 0, bytes: 20, looks: 20, until: 42},
		}, 42, monitor.Stalled, "", 2},
		{"stands still, nothing arrives", []seen{{at: 0, run: 5, taken: -1, client: 7, looks: 3, until: 4}}, 4, monitor.Unknown, "nothing arrived", 0},
		{"works", []seen{
			{at: 0, run: 5, taken: -1, client: 7, written: 9, log: 6, bytes: 10},
			{at: 2, run: 5, taken: -1, client: 7, written: 10, log: 6, bytes: 20},
		}, 2, monitor.OK, "works on one log since 2026-11-20T09:59:00Z", 0},
		{"worked, then stood still", []seen{
			{at: 0, run: 5, taken: -1, client: 7, written: 9},
			{at: 2, run: 5, taken: -1, client: 7, written: 10, log: 6, first: 1},
			{at: 4, run: 5, taken: -1, client: 7, written: 10, log: 6, first: 1, bytes: 9},
		}, 4, monitor.Stalled, "", 4},
		{"stood still, then works", []seen{
			{at: 0, run: 5, taken: -1, client: 7, written: 9},
			{at: 2, run: 5, taken: -1, client: 7, written: 9, log: 6, first: 1},
			{at: 4, run: 5, taken: -1, client: 7, written: 10, log: 6, first: 1, bytes: 9},
		}, 4, monitor.OK, "", 4},
		{"another client on the same log", []seen{
			{at: 0, run: 5, taken: -1, client: 7, log: 6, bytes: 10}, {at: 2, run: 5, taken: -1, client: 8, log: 6, bytes: 20},
		}, 2, monitor.OK, "", 0},
		{"counters unreadable", []seen{
			{at: 0, run: 5, taken: -1, client: 7, blind: true, log: 6, bytes: 10}, {at: 2, run: 5, taken: -1, client: 7, blind: true, log: 6, bytes: 20},
		}, 2, monitor.Unknown, "counters", 2},
		{"counters unreadable, idle", []seen{{at: 0, client: 7, blind: true, looks: 3, until: 4}}, 4, monitor.OK, "", 0},
		{"another log of the same number", []seen{
			{at: 0, run: 5, taken: -1, client: 7, log: 6, bytes: 10}, {at: 2, run: 5, taken: 1, client: 7, log: 6, bytes: 20},
		}, 2, monitor.OK, "", 0},
		{"a log that nobody takes up", []seen{
			{at: 0, client: 7}, {at: 2, client: 7, log: 6, first: 1.9}, {at: 4, client: 7, written: 5, log: 6, first: 1.9, bytes: 20},
		}, 4, monitor.Stalled, "takes up no log", 4},
		{"a log that is new each time", []seen{{at: 0, client: 7, log: 6, first: -0.01}, {at: 2, client: 7, log: 6, first: 1.99}}, 2, monitor.OK, "", 0},
		{"falls behind", falling(6, 7), 10, monitor.Behind, "gets older", 6},
		{"falls behind, but stopped", falling(6, 0), 10, monitor.Stopped, "", 0},
		{"too short to tell", falling(3, 7), 4, monitor.OK, "", 0},
		{"as long as ever", steady, 22, monitor.OK, "", 0},
		{"one long batch after an outage", every(8, 2, func(i int, at float64) seen {
			if i == 0 {
				return seen{client: 7}
			}
			return seen{run: 5, taken: 1, client: 7, written: int64(i), log: 6, first: 2, bytes: int64(i)}
		}), 14, monitor.OK, "works on one log", 0},
		{"catching up", every(8, 2, func(i int, at float64) seen {
			return seen{run: uint64(10 + i), taken: at - 8 + float64(i), client: 7, written: int64(i)}
		}), 14, monitor.OK, "", 0},
		{"flapping", every(12, 2, func(i int, _ float64) seen { return seen{client: 7 * (i / 2 % 2)} }), 22, monitor.Flapping, "has changed 5 times within 18 m; the last: ok", 4},
		{"flapping ended", append(every(12, 2, func(i int, _ float64) seen { return seen{client: 7 * (i / 2 % 2)} }),
			seen{at: 24, client: 7, looks: 20, until: 64}), 64, monitor.OK, "", 20},
		{"looks that see nothing are no change", every(12, 2, func(i int, _ float64) seen {
			if i%2 == 0 {
				return seen{trouble: "gone"}
			}
			return seen{client: 7}
		}), 22, monitor.OK, "", 22},
	} {
		t.Run(test.name, func(t *testing.T) {
			lag := Judge(course(test.course...), nil, Options{}, minute(test.now))
			if lag.Verdict != test.want || !strings.Contains(string(lag.Reason), test.reason) {
				t.Errorf("got %s (%s), want %s (%s)", lag.Verdict, lag.Reason, test.want, test.reason)
			}
			if lag.Since != "" && lag.Since != monitor.Time(minute(test.since)) {
				t.Errorf("got since %s, want %s", lag.Since, monitor.Time(minute(test.since)))
			}
		})
	}
}

func TestLevel(t *testing.T) {
	for _, test := range []struct {
		bytes int64
		age   time.Duration
		opts  Options
		want  monitor.Level
	}{
		{0, 0, Options{}, monitor.LevelOK},
		{9_999, 59 * time.Second, Options{}, monitor.LevelOK},
		{10_000, 0, Options{}, monitor.LevelBehind},
		{1, time.Minute, Options{}, monitor.LevelBehind},
		{99_999, 299 * time.Second, Options{}, monitor.LevelBehind},
		{100_000, 0, Options{}, monitor.LevelAlert},
		{1, 5 * time.Minute, Options{}, monitor.LevelAlert},
		{5_000, 0, Options{Behind: Limit{Bytes: 5_000}}, monitor.LevelBehind},
		{1, 2 * time.Minute, Options{Behind: Limit{Bytes: 5_000}, Alert: Limit{Age: 2 * time.Minute}}, monitor.LevelAlert},
		{1, -time.Hour, Options{}, monitor.LevelOK}, // clocks differ
	} {
		s := course(seen{client: 7, written: 1, log: 3})
		s[0].Log.Bytes, s[0].Log.First = test.bytes, start.Add(-test.age)
		if test.bytes == 0 {
			s[0].Log = monitor.LogFile{}
		} else if test.bytes > 1 {
			s[0].Run = monitor.LogFile{Inode: 4, Bytes: 1, First: s[0].Log.First}
			s[0].Log.Bytes--
		}
		lag := Judge(s, nil, test.opts, start)
		if lag.Level != test.want || lag.Bytes != inventory.Known(float64(test.bytes)) || lag.Oldest != inventory.Known(max(0, test.age).Seconds()) {
			t.Errorf("%d bytes, %v: got %+v, want %s", test.bytes, test.age, lag, test.want)
		}
	}
}

// TestLose checks what the loss of a server would lose: of a client that stands,
// all since the oldest entry until now; of one that works, what it was a moment ago.
func TestLose(t *testing.T) {
	stopped := course(seen{at: 2, log: 3, first: 1})
	if lag := Judge(stopped, nil, Options{}, minute(4)); lag.WouldLose != inventory.Known(180) || lag.Predicted.Known {
		t.Errorf("got %+v", lag)
	}
	works := course(seen{at: 2, client: 7, log: 3, first: 1.9})
	m := Fit(nil, inventory.Known(0.001), 0)
	lag := Judge(works, m, Options{}, minute(4))
	if lag.WouldLose != inventory.Known(6) || !lag.Predicted.Known || lag.Predicted.Value <= 0 || lag.Spread.Value <= 0 {
		t.Errorf("got %+v", lag)
	}
	// Where nothing waits, nothing is to be waited for, also if no batch was ever seen.
	zero := inventory.Known(0)
	for _, model := range []*Model{m, nil} {
		if lag := Judge(course(seen{at: 2, client: 7}), model, Options{}, minute(4)); lag.WouldLose != zero || lag.Predicted != zero || lag.Spread != zero {
			t.Errorf("got %+v", lag)
		}
	}
	blind := course(seen{at: 2})
	blind[0].Trouble = "permission denied"
	if lag := Judge(blind, m, Options{}, minute(4)); lag.Predicted.Known || lag.Spread.Known {
		t.Errorf("got %+v", lag)
	}
	if lag := Judge(nil, m, Options{}, minute(4)); lag.WouldLose.Known || lag.Bytes.Known || lag.Level != monitor.LevelUnknown {
		t.Errorf("got %+v", lag)
	}
	unread := works
	unread[0].Mailboxes = inventory.Number{}
	if lag := Judge(unread, m, Options{}, minute(4)); lag.Predicted.Known || lag.Spread.Known || lag.Mailboxes.Known {
		t.Errorf("got %+v", lag)
	}
}

func TestBehind(t *testing.T) {
	for _, test := range []struct {
		name     string
		look     seen
		change   func(*monitor.Backlog)
		severity monitor.Severity // empty: no finding
		text     string
	}{
		{"idle", seen{client: 7}, nil, "", ""},
		{"stopped and idle", seen{}, nil, "", ""},
		{"a minute", seen{at: 1, client: 7, log: 3, written: 1}, nil, monitor.Warning, "1 B of sync log (5 mailboxes), the oldest entry 1 m old"},
		{"a long batch", seen{at: 5, client: 7, run: 3, taken: 3}, nil, monitor.Warning, "the oldest entry 3 m old; its sync_client works on one log since"},
		{"five minutes", seen{at: 5, log: 3}, nil, monitor.Critical, "stopped: no rolling sync_client"},
		{"squatter's", seen{at: 5, log: 3}, func(b *monitor.Backlog) { b.Kind = monitor.Squatter }, "", ""},
		{"what is left over", seen{at: 5, log: 3}, func(b *monitor.Backlog) { b.Kind = monitor.Leftover }, "", ""},
		{"a backup", seen{at: 5, log: 3}, func(b *monitor.Backlog) { b.Kind = monitor.Backup }, monitor.Critical, ""},
		{"a replica's", seen{at: 5, log: 3}, func(b *monitor.Backlog) { b.Role = inventory.Replica }, "", ""},
		{"unknown", seen{trouble: "permission denied"}, nil, monitor.Warning, "nobody knows whether the replica of s1 is behind: it cannot be looked at: permission denied"},
		{"entries unknown", seen{at: 5, log: 3}, func(b *monitor.Backlog) { b.Mailboxes = inventory.Number{} }, monitor.Critical, "1 B of sync log, the"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := course(test.look)
			if test.change != nil {
				test.change(&s[0].Backlog)
			}
			lag := Judge(s, nil, Options{}, s[0].Until)
			f := Behind(&monitor.Channel{Name: "default", Kind: monitor.Replication, Peer: "imap2:2005", Logged: true}, &s[0].Backlog, &lag)
			switch {
			case test.severity == "" && f == nil:
			case f == nil:
				t.Error("got no finding")
			case f.Severity != test.severity || !strings.Contains(f.Text, test.text) || f.Kind != monitor.BacklogGrown || f.Store != "s1" || f.Server != "imap1":
				t.Errorf("got %+v", f)
			}
		})
	}
}

// TestBehindAdvice: what is said of a channel that nobody reads is so, by its imapd.conf.
func TestBehindAdvice(t *testing.T) {
	const behind, nowhere = "the replica of s1 is behind: ", "changes of store s1 are sent to no replica: "
	for _, test := range []struct {
		ch          *monitor.Channel
		client      int
		begins, has string
	}{
		{&monitor.Channel{Logged: true, Peer: "imap2:2005"}, 0, behind, "the alert client_missing"},
		{&monitor.Channel{Peer: "imap2:2005"}, 0, behind, "sync_log is off"},
		{&monitor.Channel{Logged: true}, 0, nowhere, "no sync_host"},
		{&monitor.Channel{Logged: true}, 7, behind, ""}, // its client may have been told where
		{nil, 0, behind, "the alert client_missing"},
	} {
		s := course(seen{at: 5, log: 3, client: test.client})
		lag := Judge(s, nil, Options{}, s[0].Until)
		f := Behind(test.ch, &s[0].Backlog, &lag)
		if f == nil || !strings.HasPrefix(f.Text, test.begins) || !strings.Contains(f.Text, test.has) || strings.Contains(f.Text, "client_missing") != strings.Contains(test.has, "client_missing") {
			t.Errorf("of %+v: got %+v", test.ch, f)
		}
	}
}

func TestWritten(t *testing.T) {
	replica, same, other := newNames(), newNames(), newNames()
	for _, line := range []string{"MAILBOX user.a$(id)", "MAILBOX user.b"} {
		replica.add([]byte(line))
		same.add([]byte(line))
	}
	other.add([]byte("MAILBOX user.b"))
	growing := []seen{{at: 0}, {at: 2, log: 3, first: 1}, {at: 4, log: 3, first: 1, bytes: 40}}
	left := []seen{{at: 0, log: 3, first: -9, looks: 9, until: 20}}
	var never time.Time
	for _, test := range []struct {
		name     string
		course   []seen
		change   func(*monitor.Instance)
		names    *Names
		master   *Names
		repaired time.Time
		severity monitor.Severity
		text     string
	}{
		{"nothing there", []seen{{at: 0}}, nil, newNames(), nil, never, "", ""},
		{"grown", growing, nil, replica, nil, never, monitor.Critical, "its sync log has 2 entries, such as a$(id), b, user.a$(id), user.b; what the master's log names is not known here; it grew between 2026-11-20T10:00:00Z and 2026-11-20T10:02:00Z"},
		{"grown, master's log names some", growing, nil, replica, other, never, monitor.Critical, "such as a$(id), user.a$(id), which the master's log does not name"},
		{"grown, master's log names all", growing, nil, replica, same, never, "", ""},
		{"left", left, nil, replica, newNames(), never, monitor.Warning, "may be left from when this was the master"},
		{"a chain", growing, func(in *monitor.Instance) { in.Chained = true }, replica, nil, never, "", ""},
		{"a master", growing, func(in *monitor.Instance) { in.Role = inventory.Master }, replica, nil, never, "", ""},
		{"names unknown", growing, nil, nil, nil, never, "", ""},
		{"trouble", []seen{{at: 0, trouble: "x"}}, nil, replica, nil, never, "", ""},
		{"grown by a reconstruct", growing, nil, replica, nil, minute(1), monitor.Warning, "the replica of s1 was written to, most likely by the reconstruct that ran here at 2026-11-20T10:01:00Z: its sync log has 2 entries"},
		{"grown long after a reconstruct", growing, nil, replica, nil, minute(-30), monitor.Critical, "somebody writes to the replica"},
		{"grown long before a reconstruct", growing, nil, replica, nil, minute(30), monitor.Critical, "somebody writes to the replica"},
		{"grown after a reconstruct too", []seen{{at: 0}, {at: 2, log: 3, first: 1}, {at: 40, log: 3, first: 1, bytes: 40}}, nil, replica, nil, minute(1), monitor.Critical, "somebody writes to the replica"},
		{"left by a reconstruct", left, nil, replica, newNames(), minute(-9), monitor.Warning, "most likely by the reconstruct"},
		{"never looked at", nil, nil, replica, nil, never, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &monitor.Instance{Server: "imap2", Store: "s1", Role: inventory.Replica}
			if test.change != nil {
				test.change(in)
			}
			looks := course(test.course...)
			for i := range looks {
				looks[i].Role = in.Role
			}
			f := Written(in, looks, test.names, test.master, test.repaired)
			switch {
			case test.severity == "" && f == nil:
			case f == nil || test.severity == "":
				t.Errorf("got %+v", f)
			case f.Mark == "" || f.Command != "interlace compare --store s1" || f.Severity != test.severity || !strings.Contains(f.Text, test.text) || f.Kind != monitor.ReplicaWritten:
				t.Errorf("got %+v", f)
			}
		})
	}
}

// TestSquatter checks that squatter's log on a replica is no sign of anything.
func TestSquatter(t *testing.T) {
	looks := course(seen{at: 0}, seen{at: 2, log: 3})
	for i := range looks {
		looks[i].Channel, looks[i].Kind, looks[i].Role = "squatter", monitor.Squatter, inventory.Replica
	}
	names := newNames()
	names.add([]byte("MAILBOX user.a"))
	if f := Written(&monitor.Instance{Role: inventory.Replica}, looks, names, nil, time.Time{}); f != nil {
		t.Errorf("got %+v", f)
	}
}

func TestErrors(t *testing.T) {
	if e := ErrorsOf(nil); e.Median.Known || e.Within.Known || e.Widen != 1 {
		t.Errorf("got %+v", e)
	}
	e := ErrorsOf([]Forecast{
		{Predicted: 10, Spread: 2, After: 11, By: 11}, // within
		{Predicted: 10, Spread: 2, After: 0, By: 120}, // between two looks
		{Predicted: 10, Spread: 2, After: 20, By: 20}, // off by half
	})
	if e.Forecasts != 3 || e.Within.Value < 0.66 || e.Within.Value > 0.67 || e.Median.Value != 1.0/11 || e.Widen != 1 {
		t.Errorf("got %+v", e)
	}
	var many []Forecast
	for i := range 100 {
		many = append(many, Forecast{Predicted: 100, Spread: 10, After: 100 + float64(i)/2, By: 100 + float64(i)/2})
	}
	if e := ErrorsOf(many); e.Within.Value != 0.21 || e.Widen != 3.95 {
		t.Errorf("got %+v", e)
	}
}

func TestHappened(t *testing.T) {
	looks := course(
		seen{at: 0, run: 5, taken: -1}, seen{at: 2, run: 5, taken: -1, looks: 2, until: 4}, seen{at: 6, run: 6, taken: 3}, seen{at: 8, trouble: "x"}, seen{at: 10, run: 7, taken: 9},
	)
	after, by, known := Happened(looks, minute(0))
	if !known || !after.Equal(minute(4)) || !by.Equal(minute(6)) {
		t.Errorf("got %v, %v, %v", after, by, known)
	}
	if _, _, known := Happened(looks, minute(6)); known {
		t.Error("known beyond a look that saw nothing")
	}
	if _, _, known := Happened(looks[:2], minute(0)); known {
		t.Error("known while it is there")
	}
}

func TestSizeText(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 38_213: "38.2 kB", 999_949: "999.9 kB", 999_951: "1.0 MB", 10e9: "10.0 GB", 9e18: "9000.0 PB"} {
		if got := sizeText(bytes); got != want {
			t.Errorf("%d: got %q, want %q", bytes, got, want)
		}
	}
}

package watch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/monitor/watch"
)

// desk notes what it is told.
type desk struct {
	mu        sync.Mutex
	looks     []monitor.Look
	delivered int
	fails     error
}

func (d *desk) Judge(_ context.Context, looks []monitor.Look, _ time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks = append(d.looks, looks...)
	return d.fails
}

func (d *desk) Deliver(context.Context, func() time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delivered++
	return nil
}

func (d *desk) Troubles(time.Time) []monitor.Finding { return nil }

// found returns the first look that found something of a kind, and that.
func (d *desk) found(kind monitor.Kind) (monitor.Look, monitor.Finding, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, look := range d.looks {
		for _, f := range look.Findings {
			if f.Kind == kind {
				return look, f, true
			}
		}
	}
	return monitor.Look{}, monitor.Finding{}, false
}

// world is a server with one store's master, of which only files exist.
type world struct {
	t        *testing.T
	dir      string
	instance monitor.Instance
	history  *history.History
	desk     *desk
	opts     watch.Options

	mu     sync.Mutex
	states []string
	said   []error
}

func newWorld(t *testing.T) *world {
	watch.SetPace(t, 50*time.Millisecond)
	w := &world{t: t, dir: t.TempDir(), desk: &desk{}}
	h, err := history.Open(t.Context(), filepath.Join(w.dir, "interlace.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	w.history = h
	sync := filepath.Join(w.dir, "sync")
	if err := os.Mkdir(sync, 0o700); err != nil {
		t.Fatal(err)
	}
	w.instance = monitor.Instance{
		Server: "imap1", Store: "s1", Role: inventory.Master, Conf: filepath.Join(w.dir, "imapd.conf"), Dir: w.dir, SyncDir: sync,
		Log: filepath.Join(w.dir, "mail.log"), Logging: true, RepeatInterval: time.Second, Prefix: "s1m",
		Channels: []monitor.Channel{{Name: monitor.DefaultChannel, Kind: monitor.Replication, Dir: sync, Peer: "127.0.0.1:1", Logged: true}},
	}
	w.write("mail.log", "")
	w.opts = watch.Options{
		Server: "imap1", Instances: func(context.Context) ([]monitor.Instance, error) { return []monitor.Instance{w.instance}, nil },
		Memory: w.history, Desk: w.desk, Backlog: 50 * time.Millisecond, Processes: 50 * time.Millisecond, Usage: 50 * time.Millisecond, Now: time.Now,
		Service:  func(state string) { w.mu.Lock(); defer w.mu.Unlock(); w.states = append(w.states, state) },
		Complain: func(err error) { w.mu.Lock(); defer w.mu.Unlock(); w.said = append(w.said, err) },
	}
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	f, err := os.OpenFile(filepath.Join(w.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		w.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// run watches until a condition holds, and fails where it does not in time or the
// watch does not end in time.
func (w *world) run(name string, done func() bool) {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- watch.New(w.opts).Run(ctx) }()
	deadline := time.After(30 * time.Second)
	for held := false; !held; {
		select {
		case err := <-ended:
			w.t.Fatalf("%s: the watch ended: %v", name, err)
		case <-deadline:
			stop()
			<-ended
			w.t.Fatalf("%s: not within 30 s; complaints %v", name, w.said)
		case <-time.After(20 * time.Millisecond):
			held = done()
		}
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			w.t.Errorf("%s: it ended with %v", name, err)
		}
	case <-time.After(10 * time.Second):
		w.t.Fatalf("%s: it had not ended after 10 s", name)
	}
}

func TestRunRecordsAndTells(t *testing.T) {
	w := newWorld(t)
	w.write("sync/log", strings.Repeat("MAILBOX user.anna\n", 10_000))
	begun := time.Now()
	w.run("all probes", func() bool {
		_, _, backlog := w.desk.found(monitor.BacklogGrown)
		_, _, missing := w.desk.found(monitor.MasterDown)
		_, _, line := w.desk.found(monitor.BailingOut)
		if !line {
			w.write("mail.log", "Nov 20 10:00:00 imap1 s1m/sync_client[7]: Error in do_sync(): bailing out! Bad protocol\n")
		}
		notes, err := w.history.Notes(t.Context(), 1)
		return backlog && missing && line && len(notes) == 0 && err == nil
	})
	look, f, _ := w.desk.found(monitor.BacklogGrown)
	if look.Probe != monitor.ProbeBacklog || look.Watcher != "imap1" || f.Severity != monitor.Critical || f.Store != "s1" {
		t.Errorf("backlog: %+v of %+v", f, look)
	}
	if look, f, _ := w.desk.found(monitor.BailingOut); look.Probe != monitor.ProbeLogs || f.Store != "s1" {
		t.Errorf("bailing out: %+v of %+v", f, look)
	}
	if course, err := w.history.Backlog(t.Context(), monitor.Span{From: begun.Add(-time.Minute)}); err != nil || len(course) == 0 || course[0].Bytes() != 180_000 {
		t.Errorf("recorded %+v, %v", course, err)
	}
	if used, err := w.history.Usage(t.Context(), monitor.Span{}); err != nil || len(used) == 0 {
		t.Errorf("recorded use %+v, %v", used, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.states) != 2 || !strings.HasPrefix(w.states[0], "READY=1") || w.states[1] != "STOPPING=1" {
		t.Errorf("the service was told %q", w.states)
	}
	if w.desk.delivered == 0 {
		t.Error("nothing was delivered")
	}
}

// TestLooksAtOnce: where a log or a backlog tells of trouble, processes are looked at
// long before it is due, and again until it is known what becomes of it; what such a
// look finds has them looked at again too.
func TestLooksAtOnce(t *testing.T) {
	for name, trouble := range map[string]func(*world){
		"a line": func(w *world) {
			w.write("mail.log", "Nov 20 10:00:00 imap1 s1m/sync_client[7]: Error in do_sync(): bailing out! Bad protocol\n")
		},
		"a backlog": func(w *world) { w.write("sync/log", strings.Repeat("MAILBOX user.anna\n", 10_000)) },
		"a look":    nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.opts.Processes = time.Hour
			if trouble != nil { // nothing is found at first
				w.instance.Conf, w.instance.Channels[0].Peer = "", ""
			}
			looks := func() (n int) {
				w.desk.mu.Lock()
				defer w.desk.mu.Unlock()
				for _, look := range w.desk.looks {
					if look.Probe == monitor.ProbeProcesses {
						n++
					}
				}
				return n
			}
			calm, happened := time.Time{}, trouble == nil
			w.run("looks again", func() bool {
				switch {
				case looks() == 0 || happened:
				case calm.IsZero():
					calm = time.Now()
					w.write("mail.log", "Nov 20 10:00:00 imap1 s1m/imap[7]: DBERROR: opening /x: cyrusdb error\n") // a look does not show more of that
				case time.Since(calm) > time.Second:
					if looks() > 1 {
						t.Errorf("%d looks without a reason", looks())
					}
					trouble(w)
					happened = true
				}
				return looks() > 3
			})
		})
	}
}

// broken is a memory that cannot keep samples.
type broken struct{ watch.Memory }

func (broken) SaveBacklog(context.Context, []monitor.Backlog) error {
	return errors.New("the disk is full\nreally")
}

func TestABrokenDatabaseIsAFinding(t *testing.T) {
	w := newWorld(t)
	w.opts.Memory = broken{w.history}
	w.run("a broken database", func() bool {
		_, _, found := w.desk.found(monitor.OwnDatabase)
		return found
	})
	if _, f, _ := w.desk.found(monitor.OwnDatabase); f.Subject != "backlog" || !strings.Contains(f.Text, "the disk is full; really") {
		t.Errorf("got %+v", f)
	}
	// Nothing that was found before has gone away.
	for _, look := range w.desk.looks {
		if look.Probe == monitor.ProbeBacklog && !slices.Contains(look.Blind, "s1") {
			t.Errorf("a look that could not be recorded sees: %+v", look)
		}
	}
	said := 0
	for _, err := range w.said {
		if strings.Contains(err.Error(), "the disk is full") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("it was said %d times", said)
	}
}

func TestNotesStayUntilAlertsAreKept(t *testing.T) {
	w := newWorld(t)
	w.desk.fails = errors.New("no room")
	w.run("a desk that cannot keep alerts", func() bool {
		w.write("mail.log", "Nov 20 10:00:00 imap1 s1m/sync_client[7]: Error in do_sync(): bailing out! Bad protocol\n")
		_, _, found := w.desk.found(monitor.BailingOut)
		return found
	})
	if notes, err := w.history.Notes(t.Context(), 10); err != nil || len(notes) == 0 {
		t.Errorf("%d findings of logs are left, %v", len(notes), err)
	}
	if !slices.ContainsFunc(w.said, func(err error) bool { return err.Error() == "no room" }) {
		t.Errorf("it said %v", w.said)
	}
}

func TestUnreadableInstances(t *testing.T) {
	w := newWorld(t)
	readable := w.opts.Instances
	w.opts.Instances = func(context.Context) ([]monitor.Instance, error) { return nil, errors.New("no inventory") }
	if err := watch.New(w.opts).Run(t.Context()); err == nil || err.Error() != "no inventory" {
		t.Errorf("without instances the watch ends with %v", err)
	}
	// Later it goes on with those that there were.
	calls := 0
	w.opts.Instances = func(ctx context.Context) ([]monitor.Instance, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if calls++; calls > 1 {
			return nil, errors.New("no inventory")
		}
		return readable(ctx)
	}
	w.run("instances that cannot be read later", func() bool {
		_, stale, found := w.desk.found(monitor.InventoryStale)
		_, _, missing := w.desk.found(monitor.MasterDown)
		return found && missing && stale.Severity == monitor.Warning && stale.Text == "no inventory"
	})
	if look, f, found := w.desk.found(monitor.WatcherSilent); found || len(look.Blind) > 0 {
		t.Errorf("probes that can do their work tell %q, and are blind for %v", f.Text, look.Blind)
	}
}

// An inventory that is not that of now may not know that the master is elsewhere by
// now, so nothing is worked off.
func TestNothingIsRecoveredByAnOldInventory(t *testing.T) {
	w := newWorld(t)
	w.write("sync/log-4194305", "MAILBOX user.anna\n") // Cyrus 2.3; Linux has no such process
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(w.dir, "sync/log-4194305"), old, old); err != nil {
		t.Fatal(err)
	}
	var calls, tried atomic.Int32
	w.opts.Instances = func(context.Context) ([]monitor.Instance, error) {
		if calls.Add(1) == 1 {
			return []monitor.Instance{w.instance}, nil
		}
		return []monitor.Instance{w.instance}, errors.New("no inventory")
	}
	w.opts.Recover = func(context.Context, processes.Job) (monitor.Action, error) {
		tried.Add(1)
		return monitor.Action{}, nil
	}
	w.run("a log that nobody works on", func() bool {
		_, _, found := w.desk.found(monitor.LogOrphaned)
		_, _, stale := w.desk.found(monitor.InventoryStale)
		return found && stale
	})
	if tried.Load() > 0 {
		t.Error("it was worked off")
	}
}

func TestOnce(t *testing.T) {
	w := newWorld(t)
	w.write("sync/log", strings.Repeat("MAILBOX user.anna\n", 10_000))
	kinds := func(withLogs bool) []string {
		t.Helper()
		found, err := watch.New(w.opts).Once(t.Context(), withLogs)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, f := range found {
			list = append(list, string(f.Kind))
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	kinds(true) // from here on logs are read
	if used, err := w.history.Usage(t.Context(), monitor.Span{}); err != nil || len(used) != 1 || used[0].Over == 0 {
		t.Errorf("got %+v, %v, want one sample of what was used since an earlier one", used, err)
	}
	w.write("mail.log", "Nov 20 10:00:00 imap1 s1m/sync_client[7]: Error in do_sync(): bailing out! Bad protocol\n")
	if got := kinds(false); !slices.Contains(got, "backlog") || !slices.Contains(got, "master_down") || slices.Contains(got, "bailing_out") {
		t.Errorf("without logs: %v", got)
	}
	if got := kinds(true); !slices.Contains(got, "bailing_out") {
		t.Errorf("with logs: %v", got)
	}
	if got := kinds(true); slices.Contains(got, "bailing_out") {
		t.Errorf("a line was told twice: %v", got)
	}
	if len(w.desk.looks) > 0 {
		t.Errorf("the desk was told %+v", w.desk.looks)
	}
}

// TestLeftChannels: of channels that an imapd.conf does not name any more no replica is behind,
// whether something lies there or they are gone; how the store's replica is doing is seen in the
// others.
func TestLeftChannels(t *testing.T) {
	w := newWorld(t)
	old := func(channel string) monitor.Backlog {
		return monitor.Backlog{
			At: time.Now().Add(-time.Hour), Server: "imap1", Store: "s1", Role: inventory.Master, Channel: channel, Kind: monitor.Replication, ProcessesKnown: true,
		}
	}
	if err := w.history.SaveBacklog(t.Context(), []monitor.Backlog{old("default"), old("imap9")}); err != nil {
		t.Fatal(err)
	}
	w.write("sync/log", strings.Repeat("MAILBOX user.anna\n", 10_000))
	w.write("imapd.conf", "configdirectory: "+w.dir+"\nsync_log: yes\nsync_log_channels: imap2\nimap2_sync_host: 127.0.0.1\nimap2_sync_port: 1\n")
	w.instance = instances.Read("s1", &inventory.Instance{Server: "imap1", Role: inventory.Master, IMAPDConf: w.instance.Conf})
	found, err := watch.New(w.opts).Once(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Kind == monitor.BacklogGrown {
			t.Errorf("got %+v", f)
		}
	}
	if waits, err := watch.New(w.opts).Waits(t.Context(), "s1", time.Now()); waits || err != nil {
		t.Errorf("comparisons wait: %v, %v", waits, err)
	}
	channels, err := w.history.Channels(t.Context())
	var got []string
	for _, c := range channels {
		got = append(got, fmt.Sprintf("%s %s", c.Channel, c.Kind))
	}
	if text := strings.Join(got, ", "); err != nil || text != "default leftover, imap2 replication, imap9 leftover" {
		t.Errorf("the channels are %s, %v", text, err)
	}
}

// TestBackAgain: a store that was away from a server, where it had its master, comes back to it:
// of the channels that it had then nobody waits to hear.
func TestBackAgain(t *testing.T) {
	w := newWorld(t)
	w.instance.Channels[0].Name = "imap2"
	here, other := true, w.instance
	other.Store, other.Channels = "s2", slices.Clone(w.instance.Channels)
	w.opts.Instances = func(context.Context) ([]monitor.Instance, error) {
		if !here {
			return []monitor.Instance{other}, nil
		}
		return []monitor.Instance{w.instance, other}, nil
	}
	at := time.Now()
	w.opts.Now = func() time.Time { return at }
	watcher := watch.New(w.opts)
	looks := func() {
		t.Helper()
		look, err := watcher.LookAtBacklog(t.Context())
		if err != nil || len(look.Findings) > 0 {
			t.Errorf("got %+v, %v", look.Findings, err)
		}
		at = at.Add(10 * time.Minute)
	}
	looks()
	here = false
	looks()
	here, w.instance.Channels[0].Name = true, "imap3"
	looks()
}

// TestPromotedMeanwhile: an instance whose role changes while its processes are looked at is judged
// in its role by then.
func TestPromotedMeanwhile(t *testing.T) {
	for first := range 6 {
		w := newWorld(t)
		calls, role := 0, inventory.Replica
		w.opts.Instances = func(context.Context) ([]monitor.Instance, error) {
			if calls++; calls > first {
				role = inventory.Master
			}
			in := w.instance
			in.Role = role
			return []monitor.Instance{in}, nil
		}
		look, err := watch.New(w.opts).LookAtProcesses(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("Cyrus of store s1 (%s) does not run here", role)
		if !slices.ContainsFunc(look.Findings, func(f monitor.Finding) bool { return strings.Contains(f.Text, want) }) {
			t.Errorf("a replica %d times: got %+v, want %s", first, look.Findings, want)
		}
	}
}

// TestRecover checks that what nobody works on is handed over, and that a channel
// is left alone after three failures.
func TestRecover(t *testing.T) {
	w := newWorld(t)
	w.write("sync/log-4194305", "MAILBOX user.anna\n") // Cyrus 2.3; Linux has no such process
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(w.dir, "sync/log-4194305"), old, old); err != nil {
		t.Fatal(err)
	}
	tried := 0
	w.opts.Recover = func(ctx context.Context, job processes.Job) (monitor.Action, error) {
		a := monitor.Action{At: time.Now(), What: "recover", Server: job.Instance.Server, Store: job.Instance.Store, Channel: job.Channel.Name}
		if err := w.history.BeginAction(ctx, &a); err != nil {
			return a, err
		}
		w.mu.Lock()
		tried++
		a.Outcome, a.Text, a.Ended = processes.Failed, `"/var/lib/cyrus/`+strings.Repeat("far/", 20)+`log-run" is in the way`+"\nand more", time.Now()
		if tried == 1 {
			a.Outcome = processes.Interrupted // by the end of a watch, which is no failure
		}
		w.mu.Unlock()
		return a, w.history.EndAction(context.WithoutCancel(ctx), &a)
	}
	w.run("three failures", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return tried >= 4 && len(w.states) > 0
	})
	w.desk.looks = nil
	w.run("no more after three failures", func() bool {
		_, f, found := w.desk.found(monitor.LogOrphaned)
		return found && strings.Contains(f.Text, "working it off was tried at") && strings.HasSuffix(f.Text, `log-run" is in the way`)
	})
	if tried != 4 {
		t.Errorf("it was tried %d times", tried)
	}
}

// TestRefusalIsTold checks that who allows recovery is told why nothing is worked off.
func TestRefusalIsTold(t *testing.T) {
	w := newWorld(t)
	w.write("sync/log-4194305", "MAILBOX user.anna\n")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(w.dir, "sync/log-4194305"), old, old); err != nil {
		t.Fatal(err)
	}
	w.opts.Recover = func(_ context.Context, job processes.Job) (monitor.Action, error) {
		return monitor.Action{Outcome: processes.Refused, Text: "the routing does not say that this is the master\nand more"}, nil
	}
	w.run("the reason", func() bool {
		w.desk.mu.Lock()
		defer w.desk.mu.Unlock()
		return slices.ContainsFunc(w.desk.looks, func(look monitor.Look) bool {
			return slices.ContainsFunc(look.Findings, func(f monitor.Finding) bool {
				return f.Kind == monitor.LogOrphaned && strings.HasSuffix(f.Text, "by itself: the routing does not say that this is the master")
			})
		})
	})
}

// TestFormerMaster checks that no command is given that the routing or the replica
// speaks against, also where recovery is not allowed.
func TestFormerMaster(t *testing.T) {
	for _, test := range []struct {
		routed inventory.ServerID
		peer   inventory.Role
		want   string
	}{
		{"imap2", inventory.Replica, "served by imap2, so this may be a former master"},
		{"imap1", inventory.Master, `At "127.0.0.1:1" a rolling sync_client runs, as on a master, so this may be a former master`},
	} {
		w := newWorld(t)
		w.write("sync/log-4194305", "MAILBOX user.anna\n")
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(w.dir, "sync/log-4194305"), old, old); err != nil {
			t.Fatal(err)
		}
		w.opts.Routing = func(_ context.Context, store inventory.StoreID) (inventory.ServerID, error) {
			if store != "s1" {
				return "", errors.New("no such store")
			}
			return test.routed, nil
		}
		w.opts.Peer = func(_ context.Context, job *processes.Job) (inventory.Role, error) {
			if job.Channel.Peer != "127.0.0.1:1" {
				return "", errors.New("no such replica")
			}
			return test.peer, nil
		}
		w.run("the log", func() bool {
			_, f, found := w.desk.found(monitor.LogOrphaned)
			if found && (f.Command != "" || !strings.Contains(f.Text, test.want)) {
				t.Errorf("got %+v", f)
			}
			return found
		})
	}
}

// TestOwnAttemptsAreNoLoop has the log say of two channels that they are taken up again
// and again, of one of them while it was worked off from here.
func TestOwnAttemptsAreNoLoop(t *testing.T) {
	w := newWorld(t)
	far := w.instance.Channels[0]
	far.Name, far.Dir = "far", filepath.Join(w.dir, "sync/far")
	w.instance.Channels = append(w.instance.Channels, far)
	if err := os.Mkdir(far.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w.write("sync/log-run", "MAILBOX user.anna\n")
	w.write("sync/far/log-run", "MAILBOX user.anna\n")
	a := monitor.Action{At: time.Now(), What: "recover", Server: "imap1", Store: "s1", Channel: monitor.DefaultChannel}
	if err := w.history.BeginAction(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	var written time.Time
	w.run("the loop of the other channel", func() bool {
		if time.Since(written) > time.Second { // what stands in the log before the watch opens it is not told
			at := time.Now().UTC().Format("Jan _2 15:04:05")
			for range 40 {
				for _, file := range []string{"/v/sync/log-run", "/v/sync/far/log-run"} {
					w.write("mail.log", at+" imap1 s1m/sync_client[7]: Reprocessing sync log file "+file+"\n")
				}
			}
			written = time.Now()
		}
		w.desk.mu.Lock()
		defer w.desk.mu.Unlock()
		return slices.ContainsFunc(w.desk.looks, func(look monitor.Look) bool {
			of := func(channel inventory.Text) bool {
				return look.Probe == monitor.ProbeProcesses && slices.ContainsFunc(look.Findings, func(f monitor.Finding) bool { return f.Kind == monitor.HotLoop && f.Channel == channel })
			}
			if of(monitor.DefaultChannel) {
				t.Errorf("got %+v", look)
			}
			return of("far")
		})
	})
}

// hanging is a memory that does not come back once it is told to hang.
type hanging struct {
	watch.Memory
	hang atomic.Bool
}

func (h *hanging) SaveBacklog(ctx context.Context, looks []monitor.Backlog) error {
	if h.hang.Load() {
		<-ctx.Done()
	}
	return h.Memory.SaveBacklog(ctx, looks)
}

// TestNoSignOfLifeWhileAProbeHangs checks that systemd restarts a watch of which
// one probe hangs, although the others go on.
func TestNoSignOfLifeWhileAProbeHangs(t *testing.T) {
	w := newWorld(t)
	memory := &hanging{Memory: w.history}
	w.opts.Memory, w.opts.Watchdog = memory, 100*time.Millisecond
	signs := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		n := 0
		for _, state := range w.states {
			if state == "WATCHDOG=1" {
				n++
			}
		}
		return n
	}
	before, quiet := 0, time.Time{}
	w.run("signs of life until a probe hangs", func() bool {
		switch n := signs(); {
		case n < 3:
		case !memory.hang.Load():
			memory.hang.Store(true)
			quiet = time.Now()
		case n != before:
			before, quiet = n, time.Now()
		default:
			return time.Since(quiet) > time.Second
		}
		return false
	})
}

// TestEndsWhileALookHangs has a look hang that hears of nothing, as one does at a
// file system whose server is gone.
func TestEndsWhileALookHangs(t *testing.T) {
	watch.SetLeaves(t, 200*time.Millisecond)
	w := newWorld(t)
	release := make(chan struct{})
	defer close(release)
	list, calls := w.opts.Instances, atomic.Int32{}
	w.opts.Instances = func(ctx context.Context) ([]monitor.Instance, error) {
		if calls.Add(1) > 1 {
			<-release
		}
		return list(ctx)
	}
	w.run("looks that hang", func() bool { return calls.Load() > 3 })
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.said) != 1 || !strings.Contains(w.said[0].Error(), "something hangs") {
		t.Errorf("it said %v", w.said)
	}
}

// brokenOnce is a memory that cannot keep the first samples.
type brokenOnce struct {
	watch.Memory
	calls atomic.Int32
}

func (b *brokenOnce) SaveBacklog(ctx context.Context, looks []monitor.Backlog) error {
	if b.calls.Add(1) == 1 {
		return errors.New("the disk is full")
	}
	return b.Memory.SaveBacklog(ctx, looks)
}

// TestAlertsAreKeptAgain checks that what could not be recorded while alerts could
// not be kept either is not told when all works again: it was told with those.
func TestAlertsAreKeptAgain(t *testing.T) {
	w := newWorld(t)
	w.opts.Memory, w.opts.Backlog = &brokenOnce{Memory: w.history}, time.Hour
	w.desk.fails = errors.New("no room")
	last := func() (monitor.Look, int) {
		w.desk.mu.Lock()
		defer w.desk.mu.Unlock()
		for i, look := range slices.Backward(w.desk.looks) {
			if look.Probe == monitor.ProbeWatch {
				return look, i
			}
		}
		return monitor.Look{}, 0
	}
	mended := 0
	w.run("a look at itself after alerts are kept again", func() bool {
		_, at := last()
		if _, _, found := w.desk.found(monitor.OwnDatabase); found && mended == 0 {
			w.desk.mu.Lock()
			w.desk.fails = nil
			mended = len(w.desk.looks) + 20
			w.desk.mu.Unlock()
		}
		return mended > 0 && at > mended
	})
	if look, _ := last(); len(look.Findings) > 0 {
		t.Errorf("it finds %+v", look.Findings)
	}
}

// mending is a memory that cannot keep the first samples, and a desk that keeps alerts
// again when it has failed and those are told.
type mending struct {
	watch.Memory
	desk  *desk
	calls atomic.Int32
}

func (m *mending) SaveBacklog(ctx context.Context, looks []monitor.Backlog) error {
	if m.calls.Add(1) > 1 {
		return m.Memory.SaveBacklog(ctx, looks)
	}
	for judged := 0; judged == 0 && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		m.desk.mu.Lock()
		if judged = len(m.desk.looks); judged > 0 {
			m.desk.fails = nil
		}
		m.desk.mu.Unlock()
	}
	return errors.New("the disk is full")
}

// TestMendedMeanwhile checks that a look which began before alerts were kept again, and
// could not be recorded, is not told either.
func TestMendedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.opts.Memory, w.opts.Backlog = &mending{Memory: w.history, desk: w.desk}, time.Hour
	w.desk.fails = errors.New("no room")
	count, backlog := 0, func() bool {
		w.desk.mu.Lock()
		defer w.desk.mu.Unlock()
		return slices.ContainsFunc(w.desk.looks, func(l monitor.Look) bool { return l.Probe == monitor.ProbeBacklog })
	}
	w.run("looks at itself after that", func() bool {
		if backlog() {
			count++
		}
		return count > 50
	})
	if _, f, found := w.desk.found(monitor.OwnDatabase); found {
		t.Errorf("it finds %+v", f)
	}
}

// Who is asked to end while the inventory cannot be read yet has ended well.
func TestEndsBeforeItBegan(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.opts.Instances = func(ctx context.Context) ([]monitor.Instance, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := watch.New(w.opts).Run(ctx); err != nil {
		t.Errorf("ended with %v", err)
	}
}

package watch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/watch"
)

// TestDays watches a server for 72 hours, or 6 without INTERLACE_SOAK, while sync
// logs come and go, stay for hours, and a relay is down for a while: neither
// goroutines nor descriptors nor what SQLite keeps beside its files become more.
func TestDays(t *testing.T) {
	lasts := 6 * time.Hour
	if os.Getenv("INTERLACE_SOAK") != "" {
		lasts = 72 * time.Hour
	}
	dir := t.TempDir()
	begun := time.Now()
	synctest.Test(t, func(t *testing.T) {
		offset := time.Until(begun) // a bubble's time begins in 2000, and files are of today
		now := func() time.Time { return time.Now().Add(offset) }
		h, err := history.Open(t.Context(), filepath.Join(dir, "interlace.db"), history.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		s := &server{T: t, dir: dir, history: h, now: now}
		for i := range stores {
			s.add(i)
		}
		s.fillPast()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		relay := &relay{down: func() bool { hour := int(now().Sub(begun) / time.Hour); return hour%12 == 2 }}
		go func() {
			ended <- watch.New(watch.Options{
				Server: "imap1", Instances: func(context.Context) ([]monitor.Instance, error) { return s.list, nil },
				Memory: h, Now: now, Complain: s.complain,
				Desk: &alert.Desk{Ledger: h, Options: alert.Options{Host: "imap1"}, Routes: map[string]alert.Route{"mail:ops@example.org": relay}},
			}).RunAlone(ctx)
		}()
		time.Sleep(2 * time.Second) // no probe looks then
		var first, last use
		for minute := range int(lasts / time.Minute) {
			s.live(minute)
			time.Sleep(time.Minute)
			switch {
			case minute == 60:
				first = s.use()
			case minute > 60 && minute%60 == 0:
				last = last.most(s.use())
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
		t.Logf("after an hour %+v, at most %+v; %d messages", first, last, relay.taken)
		if last.goroutines > first.goroutines+3 || last.descriptors > first.descriptors+3 || last.logs > 16<<20 {
			t.Errorf("after an hour there were %+v, later %+v", first, last)
		}
		if relay.taken < 5 {
			t.Errorf("only %d messages came", relay.taken)
		}
		if kept, err := h.Usage(t.Context(), monitor.Span{Until: now().Add(-history.KeepWhole - time.Hour)}); err != nil || len(kept) > 0 {
			t.Errorf("%d samples are kept for longer than they are to be, %v", len(kept), err)
		}
		for _, err := range s.said {
			t.Errorf("it said %v", err)
		}
	})
	t.Logf("%v took %v", lasts, time.Since(begun).Round(time.Second))
}

var errDown = errors.New("connection refused")

// relay is a route that is down at times.
type relay struct {
	down  func() bool
	taken int
}

func (r *relay) Deliver(context.Context, *monitor.Message) error {
	if r.down() {
		return errDown
	}
	r.taken++
	return nil
}

const stores = 8

// server is a server with masters, of which only files exist.
type server struct {
	*testing.T
	dir     string
	history *history.History
	now     func() time.Time
	list    []monitor.Instance

	mu   sync.Mutex
	said []error
}

func (s *server) complain(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.said) < 10 && !errors.Is(err, errDown) {
		s.said = append(s.said, err)
	}
}

func (s *server) add(number int) {
	dir := filepath.Join(s.dir, fmt.Sprint("store", number))
	sync := filepath.Join(dir, "sync")
	s.must(os.MkdirAll(sync, 0o700))
	s.list = append(s.list, monitor.Instance{
		Server: "imap1", Store: inventory.StoreID(fmt.Sprint("s", number)), Role: inventory.Master, Dir: dir, SyncDir: sync,
		Logging: true, RepeatInterval: time.Second,
		Channels: []monitor.Channel{{Name: monitor.DefaultChannel, Kind: monitor.Replication, Dir: sync, Logged: true}},
	})
}

func (s *server) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// fillPast keeps samples of the last 30 days, the oldest of which are to go.
func (s *server) fillPast() {
	s.Helper()
	var list []monitor.Usage
	for at := s.now().Add(-history.KeepWhole - 48*time.Hour); at.Before(s.now()); at = at.Add(time.Hour) {
		list = append(list, monitor.Usage{At: at, Over: time.Minute, Server: "imap1", Store: "s1", Role: inventory.Master, CPU: inventory.Known(1)})
	}
	s.must(s.history.SaveUsage(s.Context(), list))
}

// live lets a minute pass: logs grow, are taken, are worked off, or stay for hours;
// and what mail logs say is found now and then.
func (s *server) live(minute int) {
	s.Helper()
	for i := range s.list {
		log, run := filepath.Join(s.list[i].SyncDir, "log"), filepath.Join(s.list[i].SyncDir, "log-run")
		switch phase := (minute + 37*i) % 300; {
		case phase < 200 && phase%3 == 0:
			f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			s.must(err)
			for n := range 1 + phase {
				fmt.Fprintf(f, "MAILBOX user.u%d\n", n)
			}
			s.must(f.Close())
		case phase < 100 && phase%3 == 1:
			os.Rename(log, run) // it may not be there
		case phase < 100 || phase == 200:
			os.Remove(log)
			os.Remove(run)
		}
	}
	told := monitor.Told{Positions: []monitor.Position{{Log: "/var/log/mail.log", Inode: 7, Offset: int64(minute), Seen: s.now()}}}
	if minute%90 == 5 {
		told.Findings = []monitor.Finding{{
			Probe: monitor.ProbeLogs, Kind: monitor.BailingOut, Severity: monitor.Critical, Server: "imap1",
			Store: inventory.Text(fmt.Sprint("s", minute%stores)), Text: "bailing out",
		}}
	}
	s.must(s.history.SaveTold(s.Context(), s.now(), &told))
}

// use is what a watch holds.
type use struct {
	goroutines, descriptors int
	logs                    int64 // bytes of what SQLite keeps beside its files
}

func (s *server) use() use {
	s.Helper()
	synctest.Wait()
	entries, err := os.ReadDir("/proc/self/fd")
	s.must(err)
	u := use{goroutines: runtime.NumGoroutine(), descriptors: len(entries)}
	logs, err := filepath.Glob(filepath.Join(s.dir, "*-wal"))
	s.must(err)
	for _, path := range logs {
		info, err := os.Stat(path)
		s.must(err)
		u.logs = max(u.logs, info.Size())
	}
	return u
}

func (u use) most(v use) use {
	return use{max(u.goroutines, v.goroutines), max(u.descriptors, v.descriptors), max(u.logs, v.logs)}
}

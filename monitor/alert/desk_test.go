package alert_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/interlacemail/interlace/fixtures/mailtest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/history"
)

// inbox is a route that takes messages, or does not.
type inbox struct {
	mutex sync.Mutex
	fails func(*monitor.Message) error
	got   []monitor.Message
	tries int
}

func (i *inbox) Deliver(_ context.Context, m *monitor.Message) error {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.tries++
	if i.fails != nil {
		if err := i.fails(m); err != nil {
			return err
		}
	}
	i.got = append(i.got, *m)
	return nil
}

func (i *inbox) ids() []string {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	var list []string
	for _, m := range i.got {
		list = append(list, m.ID)
	}
	return list
}

func mustOpen(t *testing.T) *history.History {
	t.Helper()
	h, err := history.Open(context.Background(), filepath.Join(t.TempDir(), "interlace.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// watch runs a desk as a watcher does, for some time: a look every two minutes, a
// step every fifteen seconds.
func watch(ctx context.Context, desk *alert.Desk, lasts time.Duration, looks func() []monitor.Look) {
	ticker := time.NewTicker(15 * time.Second)
	defer ticker.Stop()
	began := time.Now()
	for n := 0; time.Since(began) < lasts; n++ {
		var some []monitor.Look
		if n%8 == 0 {
			some = looks()
		}
		_ = desk.Judge(ctx, some, time.Now())
		_ = desk.Deliver(ctx, time.Now)
		<-ticker.C
	}
}

// TestRelayDownForADay loses nothing, and keeps the order of each thread.
func TestRelayDownForADay(t *testing.T) {
	h := mustOpen(t)
	synctest.Test(t, func(t *testing.T) {
		down := true
		mail, hook := &inbox{}, &inbox{}
		mail.fails = func(*monitor.Message) error {
			if down {
				return errors.New("connection refused")
			}
			return nil
		}
		desk := &alert.Desk{Ledger: h, Options: alert.Options{Host: "imap1"}, Routes: map[string]alert.Route{"mail:ops@example.org": mail, "webhook": hook}}
		n := 0
		looks := func() []monitor.Look {
			n++
			var findings []monitor.Finding
			if n%60 < 30 { // an hour of trouble, an hour of peace
				findings = incidents()[0].Findings
			}
			return []monitor.Look{{Probe: monitor.ProbeLogs, Watcher: "imap1", Findings: findings}}
		}
		watch(t.Context(), desk, 24*time.Hour, looks)
		if mail.tries > 24*60*6 || len(hook.got) == 0 {
			t.Errorf("%d tries by mail, %d messages by the webhook", mail.tries, len(hook.got))
		}
		troubles := desk.Troubles(time.Now())
		if len(troubles) != 1 || !strings.Contains(troubles[0].Text, "connection refused") || troubles[0].Since == "" {
			t.Errorf("troubles: %+v", troubles)
		}
		down = false
		watch(t.Context(), desk, 30*time.Minute, looks)
		if troubles := desk.Troubles(time.Now()); len(troubles) != 0 {
			t.Errorf("troubles: %+v", troubles)
		}
		want := hook.ids()
		got := mail.ids()
		for _, m := range hook.got {
			if !slices.Contains(got, m.ID) && (m.Until.IsZero() || m.Until.After(time.Now())) {
				t.Errorf("lost: %s %s", m.Made, m.Subject)
			}
		}
		if slices.Sort(got); len(slices.Compact(got)) != len(mail.got) || len(got) > len(want) {
			t.Errorf("%d messages by mail, %d by the webhook", len(mail.got), len(want))
		}
		made := map[string]time.Time{}
		for _, m := range mail.got {
			if m.Made.Before(made[m.Thread]) {
				t.Errorf("out of order: %s", m.Subject)
			}
			made[m.Thread] = m.Made
		}
	})
}

// TestRefusals gives up a message that is refused again and again, says so, and
// goes on with the others.
func TestRefusals(t *testing.T) {
	h := mustOpen(t)
	synctest.Test(t, func(t *testing.T) {
		mail := &inbox{fails: func(m *monitor.Message) error {
			if strings.Contains(m.Subject, "imap3") {
				return &alert.Refusal{Err: errors.New("554 I do not like\r\nthat")}
			}
			return nil
		}}
		desk := &alert.Desk{Ledger: h, Routes: map[string]alert.Route{"mail:ops@example.org": mail}}
		watch(t.Context(), desk, 3*time.Hour, incidents)
		if len(mail.got) != 4 || mail.tries != 4+10 {
			t.Errorf("%d messages, %d tries", len(mail.got), mail.tries)
		}
		troubles := desk.Troubles(time.Now())
		if len(troubles) != 1 || !strings.Contains(troubles[0].Text, "given up: 554 I do not like  that") {
			t.Errorf("troubles: %+v", troubles)
		}
		messages, err := h.Messages(t.Context(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		dropped := slices.DeleteFunc(messages, func(m monitor.Message) bool { return m.Dropped.IsZero() })
		if len(dropped) != 1 || dropped[0].Tries != 10 || dropped[0].Trouble == "" {
			t.Errorf("dropped: %+v", dropped)
		}
	})
}

// TestRestart: what was told is not told again by the next process, and two at
// once tell it once.
func TestRestart(t *testing.T) {
	h := mustOpen(t)
	synctest.Test(t, func(t *testing.T) {
		mail := &inbox{}
		for range 20 {
			desks := []*alert.Desk{}
			for range 2 {
				desks = append(desks, &alert.Desk{Ledger: h, Routes: map[string]alert.Route{"mail:ops@example.org": mail}})
			}
			for _, desk := range desks {
				watch(t.Context(), desk, time.Minute, incidents)
			}
		}
		if len(mail.got) != 5 {
			t.Errorf("%d messages", len(mail.got))
		}
	})
}

// TestTwoSenders lets two processes send from one outbox at the same time.
func TestTwoSenders(t *testing.T) {
	h := mustOpen(t)
	mail := &inbox{}
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	routes := map[string]alert.Route{"mail:ops@example.org": mail}
	err := h.StepAlerts(t.Context(), now, func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		var list []monitor.Message
		for n := range 100 {
			list = append(list, monitor.Message{Route: "mail:ops@example.org", Thread: fmt.Sprint(n % 7), ID: fmt.Sprint(n), Made: now, Due: now})
		}
		return s, list
	})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			desk := &alert.Desk{Ledger: h, Routes: routes}
			if err := desk.Deliver(t.Context(), func() time.Time { return now }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ids := mail.ids()
	slices.Sort(ids)
	if len(ids) != 100 || len(slices.Compact(ids)) != 100 {
		t.Errorf("%d messages", len(ids))
	}
}

// TestClockSetBack: a message that was put off by a clock an hour ahead is sent
// when the clock is right again.
func TestClockSetBack(t *testing.T) {
	h := mustOpen(t)
	mail := &inbox{fails: func(*monitor.Message) error { return errors.New("not now") }}
	desk := &alert.Desk{Ledger: h, Routes: map[string]alert.Route{"mail:ops@example.org": mail}}
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for range 2 {
		if err := desk.Judge(t.Context(), incidents(), now); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	for range 3 {
		_ = desk.Deliver(t.Context(), func() time.Time { return now.Add(time.Hour) })
	}
	mail.fails = nil
	if err := desk.Deliver(t.Context(), func() time.Time { return now }); err != nil || len(mail.got) != 5 {
		t.Errorf("%d messages, error %v", len(mail.got), err)
	}
}

// full is a ledger in which nothing can be changed, until there is room again.
type full struct {
	alert.Ledger
	room bool
}

func (l *full) StepAlerts(ctx context.Context, now time.Time, step func(monitor.AlertState) (monitor.AlertState, []monitor.Message)) error {
	if l.room {
		return l.Ledger.StepAlerts(ctx, now, step)
	}
	changed := false
	err := l.Ledger.StepAlerts(ctx, now, func(before monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		after, messages := step(before)
		changed = len(messages) > 0 || !reflect.DeepEqual(before, after)
		return before, nil
	})
	if err == nil && changed {
		err = &noRoom{}
	}
	return err
}

type noRoom struct{}

func (*noRoom) Error() string  { return "database or disk is full" }
func (*noRoom) Remedy() string { return "make room" }

// TestFullLedger: the operators hear of a ledger that keeps nothing all the same,
// once in a while, and of its end.
func TestFullLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mail := &inbox{}
		ledger := &full{Ledger: mustOpen(t)}
		desk := &alert.Desk{Ledger: ledger, Options: alert.Options{Host: "imap1"}, Routes: map[string]alert.Route{"mail:ops@example.org": mail}}
		watch(t.Context(), desk, 9*time.Hour, incidents)
		if len(mail.got) != 3 || !strings.Contains(mail.got[0].Body, "disk is full; make room") || mail.got[0].ID == mail.got[1].ID {
			t.Errorf("%d messages: %+v", len(mail.got), mail.got)
		}
		mail.got, ledger.room = nil, true
		watch(t.Context(), desk, time.Hour, func() []monitor.Look { return nil })
		if len(mail.got) != 6 || !strings.HasPrefix(mail.got[0].Subject, "[interlace] resolved: own_database after 9 h") || !strings.Contains(mail.got[0].Body, "keeps alerts again") {
			t.Errorf("%d messages: %+v", len(mail.got), mail.got) // and what was found last
		}
	})
}

// TestFullNoMore: what looks said of the database while it kept nothing is over when it
// keeps them, and is not told anew.
func TestFullNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mail, ledger := &inbox{}, &full{Ledger: mustOpen(t)}
		desk := &alert.Desk{Ledger: ledger, Options: alert.Options{Host: "imap1"}, Routes: map[string]alert.Route{"mail:ops@example.org": mail}}
		broken := monitor.Finding{Probe: monitor.ProbeWatch, Kind: monitor.OwnDatabase, Severity: monitor.Critical, Server: "imap1", Subject: "backlog", Text: "the disk is full"}
		itself := func() []monitor.Look {
			return []monitor.Look{{Probe: monitor.ProbeWatch, Watcher: "imap1", Findings: []monitor.Finding{broken}}}
		}
		watch(t.Context(), desk, 10*time.Minute, itself)
		mail.got, ledger.room = nil, true
		watch(t.Context(), desk, time.Second, itself) // it began before there was room
		watch(t.Context(), desk, 10*time.Minute, func() []monitor.Look { return nil })
		if len(mail.got) != 1 || !strings.HasPrefix(mail.got[0].Subject, "[interlace] resolved: own_database") {
			t.Errorf("%d messages: %+v", len(mail.got), mail.got)
		}
	})
}

// TestDeskWithAlertmanager: it is told each minute, of what is new at once, and nothing
// goes elsewhere.
func TestDeskWithAlertmanager(t *testing.T) {
	h := mustOpen(t)
	var names []string
	broken := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var some []struct{ Labels map[string]string }
		_ = json.NewDecoder(r.Body).Decode(&some)
		for _, one := range some {
			names = append(names, one.Labels["alertname"])
		}
	}))
	defer server.Close()
	mail := &inbox{}
	desk := &alert.Desk{Ledger: h, Alertmanager: &alert.Alertmanager{URL: server.URL}, Routes: map[string]alert.Route{"mail:ops@example.org": mail}}
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for range 12 {
		if err := errors.Join(desk.Judge(t.Context(), incidents(), now), desk.Deliver(t.Context(), func() time.Time { return now })); err != nil {
			t.Fatal(err)
		}
		now = now.Add(10 * time.Second)
	}
	if len(mail.got) != 0 || len(names) != 12 || names[0] != "Watchdog" || names[1] != "bailing_out" {
		t.Errorf("%d mails, told %v", len(mail.got), names)
	}
	// An alert that begins just after it was told does not wait for a minute.
	deliver := func(want int) {
		t.Helper()
		names = nil
		if err := desk.Deliver(t.Context(), func() time.Time { return now }); err != nil || len(names) != want {
			t.Errorf("told %v, %v, not %d", names, err, want)
		}
		now = now.Add(time.Second)
	}
	deliver(len(names) / 2)
	deliver(0)
	fresh := []monitor.Look{{Probe: monitor.ProbeWatch, Watcher: "imap1", Findings: []monitor.Finding{{
		Probe: monitor.ProbeWatch, Kind: monitor.OwnDatabase, Severity: monitor.Critical, Server: "imap1", Text: "new",
	}}}}
	if err := desk.Judge(t.Context(), fresh, now); err != nil {
		t.Fatal(err)
	}
	deliver(7)
	deliver(0)
	now = now.Add(time.Minute)
	broken = true
	for range 6 {
		if desk.Deliver(t.Context(), func() time.Time { return now }) == nil {
			t.Error("no error")
		}
	}
	if troubles := desk.Troubles(now); len(troubles) != 1 || troubles[0].Subject != inventory.Text("messages by alertmanager") {
		t.Errorf("troubles: %+v", troubles)
	}
}

// TestStormByMail finds 10,000 things on 2,000 servers within a minute; a relay
// gets ten mails at most, for all addresses together.
func TestStormByMail(t *testing.T) {
	r := mailtest.Run(t)
	another := routeTo(r)
	another.To = "boss@example.org"
	desk := &alert.Desk{Ledger: mustOpen(t), Routes: map[string]alert.Route{"mail:ops@example.org": routeTo(r), "mail:boss@example.org": another}}
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for n := range 7 {
		look := monitor.Look{Probe: monitor.ProbeLogs, Watcher: "imap1"}
		for n := range min(10_000, (n+1)*2000) {
			look.Findings = append(look.Findings, monitor.Finding{
				Probe: monitor.ProbeLogs, Kind: monitor.Unclassified, Severity: monitor.Warning,
				Server: inventory.Text(fmt.Sprint("imap", n%2000)), Subject: inventory.Text(fmt.Sprint("line ", n)), Text: "nobody knows this line",
			})
		}
		if err := errors.Join(desk.Judge(t.Context(), []monitor.Look{look}, now), desk.Deliver(t.Context(), func() time.Time { return now })); err != nil {
			t.Fatal(err)
		}
		now = now.Add(10 * time.Second)
	}
	if got := len(r.Received()); got == 0 || got > 10 {
		t.Errorf("%d mails", got)
	}
}

// TestHostsFollow: which server is behind an address is what is known at the time.
func TestHostsFollow(t *testing.T) {
	h := mustOpen(t)
	mail := &inbox{}
	hosts := map[string]inventory.ServerID{"10.0.0.7": "imap7"}
	desk := &alert.Desk{
		Ledger: h, Routes: map[string]alert.Route{"mail:ops@example.org": mail}, Options: alert.Options{For: time.Second},
		Hosts: func() map[string]inventory.ServerID { return hosts },
	}
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	round := func(stores ...inventory.Text) {
		t.Helper()
		look := monitor.Look{Probe: monitor.ProbeProcesses, Watcher: "imap1"}
		for _, store := range stores {
			look.Findings = append(look.Findings, monitor.Finding{
				Probe: monitor.ProbeProcesses, Kind: monitor.ReplicaUnreachable, Severity: monitor.Critical, Server: "imap1", Store: store, Channel: "default",
				Subject: inventory.Text(fmt.Sprintf("10.0.0.%c:2005", store[1])), Text: "it does not answer",
			})
		}
		for range 4 {
			if err := errors.Join(desk.Judge(t.Context(), []monitor.Look{look}, now), desk.Deliver(t.Context(), func() time.Time { return now })); err != nil {
				t.Fatal(err)
			}
			now = now.Add(20 * time.Second)
		}
	}
	round("s7")
	hosts = map[string]inventory.ServerID{"10.0.0.7": "imap7", "10.0.0.8": "imap7"} // it has got another address
	now = now.Add(10 * time.Minute)
	round("s7", "s8")
	if len(mail.got) != 2 || mail.got[1].Thread != "imap7" {
		t.Errorf("%d messages: %+v", len(mail.got), mail.got)
	}
}

// TestSettledKept: what was acknowledged as it is stays so for the next process,
// until it changes.
func TestSettledKept(t *testing.T) {
	h := mustOpen(t)
	mail := &inbox{}
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	look := monitor.Look{Probe: monitor.ProbeBacklog, Watcher: "imap7", Findings: []monitor.Finding{{
		Probe: monitor.ProbeBacklog, Kind: monitor.ReplicaWritten, Severity: monitor.Critical, Server: "imap7", Store: "s1", Channel: "default",
		Mark: "7:120:0:0", Text: "somebody writes to the replica",
	}}}
	hours := func(n int) {
		t.Helper()
		desk := &alert.Desk{Ledger: h, Routes: map[string]alert.Route{"mail:ops@example.org": mail}}
		for range n * 30 {
			if err := errors.Join(desk.Judge(t.Context(), []monitor.Look{look}, now), desk.Deliver(t.Context(), func() time.Time { return now })); err != nil {
				t.Fatal(err)
			}
			now = now.Add(2 * time.Minute)
		}
	}
	hours(1)
	if err := h.Acknowledge(t.Context(), 1, monitor.Acknowledgement{By: "anna", At: now}); err != nil {
		t.Fatal(err)
	}
	hours(3)
	hours(3)
	if alerts, err := h.Alerts(t.Context(), now.Add(-24*time.Hour)); err != nil || len(alerts) != 1 || !alerts[0].Settled() || len(mail.got) != 2 {
		t.Errorf("%d messages, alerts %+v, error %v", len(mail.got), alerts, err)
	}
	look.Findings[0].Mark = "7:240:0:0"
	hours(1)
	if len(mail.got) != 3 || !strings.Contains(mail.got[2].Subject, "critical: replica_written on imap7") {
		t.Errorf("%d messages: %+v", len(mail.got), mail.got)
	}
}

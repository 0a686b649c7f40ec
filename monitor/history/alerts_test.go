package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

func oneAlert(number int64) monitor.Alert {
	return monitor.Alert{
		Number: number, Key: fmt.Sprint("key", number),
		Finding: monitor.Finding{
			Probe: monitor.ProbeLogs, Kind: monitor.LogLine, Severity: monitor.Warning, Server: "imap1", Store: "s'1", Channel: "default",
			Subject: "\"DROP\u2028", Since: monitor.Time(at(0)), Text: "what", Command: "do 'it'", Value: inventory.Known(2.5),
		},
		Watcher: "imap1", Stage: monitor.Firing, Began: at(0), Seen: at(3), Missed: 1, Gone: at(4), Fired: at(1), Peak: inventory.Known(7), Flaps: 2,
		Told: monitor.Warning, Withheld: "acknowledged",
	}
}

// step replaces what is known.
func step(t *testing.T, h *History, now time.Time, change func(*monitor.AlertState) []monitor.Message) {
	t.Helper()
	must(t, h.StepAlerts(context.Background(), now, func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		s.Alerts, s.Groups = append([]monitor.Alert{}, s.Alerts...), append([]monitor.AlertGroup{}, s.Groups...)
		messages := change(&s)
		return s, messages
	}))
}

func known(t *testing.T, h *History, now time.Time) (state monitor.AlertState) {
	t.Helper()
	must(t, h.StepAlerts(context.Background(), now, func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		state = s
		return s, nil
	}))
	return state
}

func TestAlerts(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	silence := monitor.Silence{
		Matchers: []monitor.Matcher{{Field: "store", Value: "s*"}, {Field: "kind", Value: "backlog", Not: true}},
		Author:   "apply 12", Comment: "moving", From: at(0), Until: at(60),
	}
	must(t, h.AddSilence(ctx, &silence))
	if silence.Number != 1 {
		t.Errorf("the first silence has number %d", silence.Number)
	}
	pending := oneAlert(2)
	pending.Stage, pending.Fired = monitor.Pending, time.Time{}
	want := monitor.AlertState{
		Last: 2, Alerts: []monitor.Alert{oneAlert(1), pending}, Budget: at(2), Beat: at(1), Silences: []monitor.Silence{silence},
		Groups: []monitor.AlertGroup{{Key: "imap1", Waits: at(1), Told: at(2), Worst: monitor.Critical, Messages: 3, Root: "a@b"}, {Key: "imap2"}},
	}
	step(t, h, at(0), func(s *monitor.AlertState) []monitor.Message { *s = want; return nil })
	if got := known(t, h, at(0)); !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}

	if groups, err := h.AlertGroups(ctx); err != nil || !reflect.DeepEqual(groups, want.Groups) {
		t.Errorf("groups %+v, error %v", groups, err)
	}

	// A look takes over what a log told.
	step(t, h, at(1), func(s *monitor.AlertState) []monitor.Message {
		s.Alerts[0].Key, s.Alerts[0].Said = "another", "a line"
		return nil
	})
	want.Alerts[0].Key, want.Alerts[0].Said = "another", "a line"
	if got := known(t, h, at(1)); !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
	step(t, h, at(1), func(s *monitor.AlertState) []monitor.Message { s.Alerts[0] = oneAlert(1); return nil })

	// Somebody takes care, between two steps.
	taken := monitor.Acknowledgement{By: "me", Comment: "on it", At: at(4)}
	must(t, h.Acknowledge(ctx, 1, taken))
	if err := h.Acknowledge(ctx, 9, taken); !errors.Is(err, ErrNoAlert) {
		t.Errorf("acknowledging what there is not: %v", err)
	}
	if got := known(t, h, at(61)); !reflect.DeepEqual(got.Alerts[0].Acknowledged, &taken) || got.Silences != nil {
		t.Errorf("got %+v", got)
	}

	// One is over, one came to nothing, a group ends.
	step(t, h, at(5), func(s *monitor.AlertState) []monitor.Message {
		s.Alerts[0].Stage, s.Alerts[0].Resolved, s.Alerts[0].Closed = monitor.Resolved, at(5), true
		s.Groups = s.Groups[:1]
		s.Alerts = s.Alerts[:1]
		return nil
	})
	if err := h.Acknowledge(ctx, 1, taken); !errors.Is(err, ErrNoAlert) {
		t.Errorf("acknowledging what is over: %v", err)
	}
	step(t, h, at(5), func(s *monitor.AlertState) []monitor.Message { s.Alerts, s.Groups = nil, nil; return nil })
	if got := known(t, h, at(5)); len(got.Alerts)+len(got.Groups) != 0 || got.Last != 2 {
		t.Errorf("got %+v", got)
	}
	for since, want := range map[time.Time]int{at(0): 1, at(6): 0} {
		if got, err := h.Alerts(ctx, since); err != nil || len(got) != want {
			t.Errorf("since %s: %+v, error %v", since, got, err)
		}
	}
	must(t, h.EndSilence(ctx, 1, at(10)))
	must(t, h.EndSilence(ctx, 1, at(20)))
	if got, err := h.Silences(ctx, time.Time{}); err != nil || len(got) != 1 || !got[0].Until.Equal(at(10)) {
		t.Errorf("got %+v, error %v", got, err)
	}
	must(t, h.Tidy(ctx, at(0).Add(399*day)))
	if got, _ := h.Alerts(ctx, time.Time{}); len(got) != 1 {
		t.Errorf("%d alerts after 399 days", len(got))
	}
	must(t, h.Tidy(ctx, at(0).Add(402*day)))
	if got, _ := h.Alerts(ctx, time.Time{}); len(got) != 0 {
		t.Errorf("%d alerts after 402 days", len(got))
	}
}

// TestStepWritesNothing checks that a step which changes nothing does not touch
// the file.
func TestStepWritesNothing(t *testing.T) {
	h := mustOpen(t)
	step(t, h, at(0), func(s *monitor.AlertState) []monitor.Message {
		s.Last, s.Alerts = 1, []monitor.Alert{oneAlert(1)}
		return nil
	})
	version := func() (n int64) {
		must(t, h.facts.Read(context.Background(), func(tx *sql.Tx) error { return tx.QueryRow(loadAlertSteps).Scan(&n) }))
		return n
	}
	before := version()
	for range 5 {
		known(t, h, at(1))
	}
	if got := version(); got != before {
		t.Errorf("%d steps, then %d", before, got)
	}
}

func message(id, thread string) monitor.Message {
	return monitor.Message{Route: "mail:x@example.org", Thread: thread, ID: id, Subject: "s", Body: "b\x00", Made: at(0), Due: at(0), Until: at(500)}
}

func TestMessages(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	late := message("4", "b")
	late.Answers, late.Thread = "1", "c"
	other := message("1", "a")
	other.Route = "webhook"
	add := func() {
		step(t, h, at(0), func(s *monitor.AlertState) []monitor.Message {
			s.Last++
			return []monitor.Message{message("1", "a"), message("2", "a"), message("3", "b"), late, other}
		})
	}
	add()
	add() // the same once more
	if got, err := h.Messages(ctx, at(0)); err != nil || len(got) != 5 {
		t.Fatalf("%d messages, error %v", len(got), err)
	}
	claim := func(minutes int) string {
		m, err := h.ClaimMessage(ctx, "mail:x@example.org", at(minutes), at(minutes+3), at(minutes+15))
		must(t, err)
		if m == nil {
			return ""
		}
		return m.ID
	}
	for i, want := range []string{"1", "3", "", "1"} { // 2 and 4 wait for 1, which is free again after three minutes
		if got := claim([]int{0, 0, 0, 3}[i]); got != want {
			t.Errorf("claim %d: got %q, want %q", i, got, want)
		}
	}
	first, err := h.Messages(ctx, at(0))
	must(t, err)
	m := first[0]
	if m.Tries != 2 || !m.Due.Equal(at(6)) || m.Body != "b\x00" {
		t.Errorf("got %+v", m)
	}
	m.Sent = at(4)
	must(t, h.EndMessage(ctx, &m))
	if got := claim(4); got != "2" {
		t.Errorf("then %q, want 2", got)
	}
	if got := claim(4); got != "3" {
		t.Errorf("then %q, want 3, whose time is over", got)
	}
	if got := claim(4); got != "4" {
		t.Errorf("then %q, want 4", got)
	}
	// The clock is set back by an hour: what is due far ahead is due now.
	if got := claim(-60); got != "2" {
		t.Errorf("with the clock set back: %q, want 2", got)
	}
	if got, err := h.Messages(ctx, at(5)); err != nil || len(got) != 4 {
		t.Errorf("%d messages wait, error %v", len(got), err)
	}
	must(t, h.Tidy(ctx, at(0).Add(31*day)))
	if got, _ := h.Messages(ctx, time.Time{}); len(got) != 0 {
		t.Errorf("%d messages after 31 days", len(got))
	}
}

// TestMostWaiting checks that the outbox does not grow without end: the oldest
// are given up, and say so.
func TestMostWaiting(t *testing.T) {
	h := mustOpen(t)
	for batch := range 2 {
		step(t, h, at(0), func(s *monitor.AlertState) []monitor.Message {
			s.Last++
			var list []monitor.Message
			for n := range mostWaiting/2 + 5 {
				list = append(list, message(fmt.Sprint(batch, ".", n), fmt.Sprint(n)))
			}
			return list
		})
	}
	list, err := h.Messages(context.Background(), time.Time{})
	must(t, err)
	dropped := 0
	for i, m := range list {
		if !m.Dropped.IsZero() {
			dropped++
			if i >= 10 || m.Trouble == "" {
				t.Errorf("message %d of %d is dropped: %q", i, len(list), m.Trouble)
			}
		}
	}
	if dropped != 10 || len(list) != mostWaiting+10 {
		t.Errorf("%d of %d dropped", dropped, len(list))
	}
}

// TestAlertsReopened checks that everything is there after the file was closed.
func TestAlertsReopened(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "interlace.db")
	h, err := Open(ctx, path, Options{})
	must(t, err)
	step(t, h, at(0), func(s *monitor.AlertState) []monitor.Message {
		s.Last, s.Alerts = 1, []monitor.Alert{oneAlert(1)}
		return []monitor.Message{message("1", "a")}
	})
	must(t, h.Close())
	h, err = Open(ctx, path, Options{})
	must(t, err)
	defer h.Close()
	if got := known(t, h, at(0)); len(got.Alerts) != 1 || !reflect.DeepEqual(got.Alerts[0], oneAlert(1)) {
		t.Errorf("got %+v", got)
	}
	if got, err := h.Messages(ctx, at(0)); err != nil || len(got) != 1 {
		t.Errorf("%d messages, error %v", len(got), err)
	}
}

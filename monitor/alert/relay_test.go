package alert_test

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/mailtest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
)

// TestRelayFaults has a relay misbehave for a quarter of an hour while five
// servers have something critical each. Of each incident each address gets one
// mail, and one that it is over; twice only what the relay took without its answer
// arriving here, and then with the same Message-ID.
func TestRelayFaults(t *testing.T) {
	for _, test := range []struct {
		name      string
		fault     func(*mailtest.Relay)
		doubled   bool
		patiently bool // the fault lasts for a quarter of an hour, else for one round of deliveries
		trouble   string
	}{
		{name: "busy", fault: func(r *mailtest.Relay) { r.Says["greeting"] = "421 too busy" }, patiently: true, trouble: "421"},
		{name: "sender put off", fault: func(r *mailtest.Relay) { r.Says["MAIL"] = "452 no space" }, patiently: true, trouble: `452 "no space"`},
		{name: "greylisted", fault: func(r *mailtest.Relay) { r.Says["RCPT"] = "450 come back" }, patiently: true, trouble: `450 "come back"`},
		{name: "no data", fault: func(r *mailtest.Relay) { r.Says["DATA"] = "451 not now" }, patiently: true, trouble: `451 "not now"`},
		{name: "refused at the end", fault: func(r *mailtest.Relay) { r.Says["."] = "451 scanner down" }, patiently: true, trouble: `451 "scanner down"`},
		{name: "cut before its answer", fault: func(r *mailtest.Relay) { r.Cut = true }, doubled: true, trouble: "EOF"},
		{name: "cut after its answer", fault: func(r *mailtest.Relay) { r.CutAfter = true }, patiently: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := mailtest.Run(t)
			r.Set(func() { r.Plain = true; test.fault(r) })
			routes := map[string]alert.Route{}
			for _, to := range []string{"anna@example.org", "bert@example.org"} {
				routes["mail:"+to] = &alert.Mail{Relay: r.Address, From: "interlace@example.org", To: to, TLS: alert.NoTLS}
			}
			h := mustOpen(t)
			desk := &alert.Desk{Ledger: h, Options: alert.Options{Host: "imap1"}, Routes: routes}
			now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
			said := map[string]bool{}
			pass := func(lasts time.Duration, looks []monitor.Look) {
				for end := now.Add(lasts); now.Before(end); now = now.Add(10 * time.Second) {
					if err := desk.Judge(t.Context(), looks, now); err != nil {
						t.Fatal(err)
					}
					if err := desk.Deliver(t.Context(), func() time.Time { return now }); err != nil {
						said[err.Error()] = true
					}
				}
			}
			lasts := 40 * time.Second
			if test.patiently {
				lasts = 15 * time.Minute
			}
			pass(lasts, incidents())
			waiting, err := h.Messages(t.Context(), now)
			if err != nil {
				t.Fatal(err)
			}
			if test.patiently && test.trouble != "" && (len(waiting) == 0 || !strings.Contains(waiting[0].Trouble, test.trouble) || len(desk.Troubles(now)) != 2) {
				t.Errorf("%d messages wait, troubles %+v", len(waiting), desk.Troubles(now))
			}
			r.Set(func() { clear(r.Says); r.Cut = false })
			pass(time.Hour, incidents())
			pass(time.Hour, []monitor.Look{{Probe: monitor.ProbeLogs, Watcher: "imap1"}})
			if troubles := desk.Troubles(now); len(troubles) != 0 {
				t.Errorf("troubles: %+v", troubles)
			}
			for words := range said {
				if !strings.Contains(words, test.trouble) || strings.Contains(words, "Message-ID") || len(said) > 4 {
					t.Errorf("said %v", said)
				}
			}
			arrivals(t, r, test.doubled)
		})
	}
}

var (
	opened = regexp.MustCompile(`(?m)^ +where +server (imap[0-9])`)
	ended  = regexp.MustCompile(`(?m)^[0-9]+\. bailing_out, server (imap[0-9])`)
)

// arrivals counts what came to whom: each incident once, but what came twice with
// the same Message-ID.
func arrivals(t *testing.T, r *mailtest.Relay, doubled bool) {
	t.Helper()
	seen, told, over := map[string]int{}, map[string]int{}, map[string]int{}
	again := false
	for _, text := range r.Received() {
		m, err := mail.ReadMessage(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		to := m.Header.Get("To")
		id := to + m.Header.Get("Message-Id")
		if seen[id]++; seen[id] > 1 {
			again = true
			continue
		}
		_, body, _ := strings.Cut(text, "\r\n\r\n")
		body, _, _ = strings.Cut(strings.ReplaceAll(body, "\r", ""), "STILL FIRING")
		for _, found := range opened.FindAllStringSubmatch(body, -1) {
			told[to+found[1]]++
		}
		for _, found := range ended.FindAllStringSubmatch(body, -1) {
			over[to+found[1]]++
		}
	}
	for id, n := range seen {
		if n > 1 && !doubled || n > 2 {
			t.Errorf("%d times: %s", n, id)
		}
	}
	if again != doubled {
		t.Errorf("mails came twice: %v, want %v", again, doubled)
	}
	for _, to := range []string{"<anna@example.org>", "<bert@example.org>"} {
		for n := range 5 {
			of := fmt.Sprint(to, "imap", n)
			if told[of] != 1 || over[of] != 1 {
				t.Errorf("%s: told %d times, over %d times", of, told[of], over[of])
			}
		}
	}
	if len(told) != 10 || len(over) != 10 {
		t.Errorf("told %v, over %v", told, over)
	}
}

// TestDroppedAddress: what waits for an address that the configuration does not
// name any more is given up by the watch that made it, and that is said once.
func TestDroppedAddress(t *testing.T) {
	h := mustOpen(t)
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	down := &inbox{fails: func(*monitor.Message) error { return errors.New("connection refused") }}
	start := func(host string, routes ...string) *alert.Desk {
		desk := &alert.Desk{Ledger: h, Options: alert.Options{Host: host}, Routes: map[string]alert.Route{}}
		for _, route := range routes {
			desk.Routes[route] = down
		}
		return desk
	}
	waiting := func() string {
		t.Helper()
		messages, err := h.Messages(t.Context(), now.Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		for _, m := range messages {
			switch {
			case !m.Dropped.IsZero() && m.Trouble != "the configuration does not name it any more":
				t.Errorf("%+v", m)
			case m.Dropped.IsZero():
				counts[m.Host+" "+m.Route]++
			}
		}
		return fmt.Sprint(counts)
	}
	looks := incidents()
	for _, desk := range []*alert.Desk{start("imap1", "mail:old@example.org", "mail:ops@example.org"), start("imap2", "mail:old@example.org")} {
		for range 2 {
			if err := desk.Judge(t.Context(), looks, now); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Minute)
		}
		looks[0].Watcher = "imap2"
		for i := range looks[0].Findings { // other incidents for the other
			looks[0].Findings[i].Server += "b"
		}
	}
	if got, want := waiting(), "map[imap1 mail:old@example.org:4 imap1 mail:ops@example.org:4 imap2 mail:old@example.org:2]"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	desk := start("imap1", "mail:ops@example.org")
	const words = "4 messages that waited to be sent by mail:old@example.org: given up, since the configuration does not name it any more"
	if err := desk.Deliver(t.Context(), clock); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("said %v", err)
	}
	if err := desk.Deliver(t.Context(), clock); err != nil && strings.Contains(err.Error(), "given up") {
		t.Errorf("said again: %v", err)
	}
	if err := start("imap1", "mail:ops@example.org").Deliver(t.Context(), clock); err != nil && strings.Contains(err.Error(), "given up") {
		t.Errorf("said again: %v", err)
	}
	if got, want := waiting(), "map[imap1 mail:ops@example.org:4 imap2 mail:old@example.org:2]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

package alert

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestMailText reads one whole mail.
func TestMailText(t *testing.T) {
	p := newPlay(t)
	f := finding(monitor.ClientMissing, monitor.Critical, "imap31", "s0214")
	f.Since, f.Value = monitor.Time(start.Add(-41*time.Minute)), inventory.Known(2460)
	f.Text, f.Command = "sync_client is not running; log-run has had no owner", "sync_client -C '/etc/imapd s0214.conf' -r -1"
	p.forth(time.Minute, f)
	m := p.sent[0]
	if want := "[interlace] critical: client_missing on imap31, store s0214"; m.Subject != want {
		t.Errorf("subject %q, want %q", m.Subject, want)
	}
	want := `1. CRITICAL client_missing
   where    server imap31, store s0214, channel default
   since    2026-11-01 08:19:00 UTC (41 m 30 s)
   how bad  2460
   what     sync_client is not running; log-run has had no owner
   to do    run:

sync_client -C '/etc/imapd s0214.conf' -r -1

To take care of one until it ends, without being reminded:
  interlace alerts acknowledge 1
To hear nothing of such alerts for a while:
  interlace alerts silence --for 2h --comment WHY kind=client_missing server=imap31 store=s0214
All alerts: interlace alerts
`
	if m.Body != want {
		t.Errorf("got\n%s\nwant\n%s", m.Body, want)
	}
	p.sent = nil
	p.forth(10 * time.Minute)
	want = `OVER
1. client_missing, server imap31, store s0214, channel default: lasted 43 m 0 s, until 2026-11-01 09:02:00 UTC, at its peak 2460

All alerts: interlace alerts
`
	if m := p.sent[0]; m.Body != want {
		t.Errorf("got\n%s\nwant\n%s", m.Body, want)
	}
}

// TestMailSince: what two looks enclose is not told to have begun at one of them.
func TestMailSince(t *testing.T) {
	for _, test := range []struct {
		since, by inventory.Text
		want      string
	}{
		{monitor.Time(start.Add(-41 * time.Minute)), monitor.Time(start.Add(-31 * time.Minute)), "between 2026-11-01 08:19:00 UTC and 2026-11-01 08:29:00 UTC (31 m 30 s at least)"},
		{"", monitor.Time(start.Add(-31 * time.Minute)), "2026-11-01 08:29:00 UTC or before (31 m 30 s at least)"},
		{monitor.Time(start.Add(-31 * time.Minute)), "", "2026-11-01 08:29:00 UTC (31 m 30 s)"},
	} {
		p := newPlay(t)
		f := finding(monitor.ClientMissing, monitor.Critical, "imap31", "s0214")
		f.Since, f.SinceBy = test.since, test.by
		p.forth(time.Minute, f)
		if m := p.sent[0]; !strings.Contains(m.Body, "\n   since    "+test.want+"\n") {
			t.Errorf("got\n%s\nwant %s", m.Body, test.want)
		}
	}
}

// TestMailOfMany lists the worst first, ten of them, and counts the rest.
func TestMailOfMany(t *testing.T) {
	p := newPlay(t)
	var findings []monitor.Finding
	for n := range 30 {
		f := finding(monitor.LogLine, monitor.Warning, "imap1", "s1")
		f.Subject = inventory.Text(strings.Repeat("x", n+1))
		if n == 25 {
			f.Severity = monitor.Critical
		}
		findings = append(findings, f)
	}
	p.forth(time.Minute, findings...)
	m := p.sent[0]
	if m.Subject != "[interlace] critical: 30 alerts on imap1, store s1: log_line" || !strings.HasPrefix(m.Body, "26. CRITICAL") ||
		strings.Count(m.Body, "   where ") != 10 || !strings.Contains(m.Body, "… and 20 more\n") {
		t.Errorf("%s\n%s", m.Subject, m.Body)
	}
}

// TestLongSubject: a pattern is told by its beginning.
func TestLongSubject(t *testing.T) {
	p := newPlay(t)
	f := finding(monitor.LogLine, monitor.Warning, "imap1", "s1")
	f.Subject = inventory.Text(strings.Repeat("Ä", 250))
	p.forth(time.Minute, f)
	if body := p.sent[0].Body; strings.Count(body, "Ä") != 80 || !strings.Contains(body, "Ä…") {
		t.Errorf("%s", body)
	}
}

// TestHostileNames: whatever names and texts hold, a message stays within its
// lines, its length and its JSON, and what it wants run runs as one word.
func TestHostileNames(t *testing.T) {
	for _, evil := range []string{
		"a\r\nBcc: all@example.org", "\x1b[2Jgone", "$(touch /tmp/x)`id`", "it's", "\u202egpj", "\xff\xfe", "\x00", strings.Repeat("ü", 5000),
		"OVER\n1. fake", "\u2028\u2029", `"},{"status":"resolved`, "*", "",
	} {
		p := newPlay(t)
		p.opts.Routes = []string{"mail:ops@example.org", "webhook"}
		f := monitor.Finding{
			Probe: monitor.ProbeLogs, Kind: monitor.Kind("log_line" + evil), Severity: "evil", Server: inventory.Text(evil), Store: inventory.Text(evil),
			Channel: inventory.Text(evil), Subject: inventory.Text(evil), Since: inventory.Text(evil), Text: evil, Command: inventory.Text(evil),
			Value: inventory.Known(math.NaN()),
		}
		p.opts.Kinds = map[monitor.Kind]time.Duration{tidied(f).Kind: 0}
		p.forth(time.Minute, f)
		if len(p.sent) != 2 {
			t.Fatalf("%q: %d messages", evil, len(p.sent))
		}
		for _, m := range p.sent {
			if len(m.Subject) > 120 || strings.ContainsFunc(m.Subject, unprintable) || !utf8.ValidString(m.Subject) {
				t.Errorf("%q: subject %q", evil, m.Subject)
			}
			if len(m.Body) > 20_000 || strings.ContainsFunc(strings.ReplaceAll(m.Body, "\n", ""), unprintable) {
				t.Errorf("%q: body %q", evil, m.Body)
			}
		}
		if strings.Contains(p.sent[0].Body, "\nOVER") || strings.Contains(p.sent[0].Body, "\nBcc") {
			t.Errorf("%q: a forged line:\n%s", evil, p.sent[0].Body)
		}
		var hook payload
		if err := json.Unmarshal([]byte(p.sent[1].Body), &hook); err != nil || len(hook.Alerts) != 1 || hook.Version != "4" || hook.Status != "firing" {
			t.Errorf("%q: webhook %+v, error %v", evil, hook, err)
		}
	}
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// TestCommandSurvives: a command is told as it is, or not at all.
func TestCommandSurvives(t *testing.T) {
	for command, want := range map[inventory.Text]inventory.Text{
		"sync_client -r -n 'a b'": "sync_client -r -n 'a b'", "rm 'a\nb'": "", "x\t": "", "\x1b": "", inventory.Text(strings.Repeat("x", 9000)): "",
	} {
		if got := tidied(monitor.Finding{Command: command}).Command; got != want {
			t.Errorf("%.20q: got %.20q", command, got)
		}
	}
}

// TestTidiedNames: a name is written as people are shown it elsewhere.
func TestTidiedNames(t *testing.T) {
	f := tidied(monitor.Finding{Channel: "a\x1b[2J\"b", Subject: "/x\ny"})
	if f.Channel != `a\x1b[2J"b` || f.Subject != `/x\x0ay` {
		t.Errorf("got %q, %q", f.Channel, f.Subject)
	}
}

// TestWebhookBody compares the fields with those of Alertmanager's version 4.
func TestWebhookBody(t *testing.T) {
	p := newPlay(t)
	p.opts.Routes = []string{"webhook"}
	second := loop
	second.Store = "s3"
	p.forth(time.Minute, loop, second)
	p.forth(20 * time.Minute)
	if len(p.sent) != 2 {
		t.Fatalf("%d messages", len(p.sent))
	}
	for i, status := range []string{"firing", "resolved"} {
		var got map[string]any
		if err := json.Unmarshal([]byte(p.sent[i].Body), &got); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "alerts"} {
			if _, ok := got[name]; !ok {
				t.Errorf("no %s", name)
			}
		}
		alerts := got["alerts"].([]any)
		first := alerts[0].(map[string]any)
		common := got["commonLabels"].(map[string]any)
		if got["status"] != status || len(alerts) != 2 || first["status"] != status || common["alertname"] != "hot_loop" || common["store"] != nil || common["server"] != "imap1" {
			t.Errorf("got %s", p.sent[i].Body)
		}
		if ends := first["endsAt"].(string); (ends == "0001-01-01T00:00:00Z") != (status == "firing") {
			t.Errorf("%s: it ends %s", status, ends)
		}
	}
}

func TestKey(t *testing.T) {
	base := finding(monitor.HotLoop, monitor.Warning, "a", "b")
	same := base
	same.Severity, same.Text, same.Value, same.Since = monitor.Critical, "other", inventory.Known(1), "2026-11-01T09:00:00Z"
	if Key(&base) != Key(&same) {
		t.Error("severity, text, value or time are part of the key")
	}
	seen := map[string]string{Key(&base): "base"}
	for name, change := range map[string]func(*monitor.Finding){
		"kind": func(f *monitor.Finding) { f.Kind = monitor.LogLine }, "server": func(f *monitor.Finding) { f.Server = "x" },
		"store": func(f *monitor.Finding) { f.Store = "x" }, "channel": func(f *monitor.Finding) { f.Channel = "x" },
		"subject": func(f *monitor.Finding) { f.Subject = "x" }, "moved": func(f *monitor.Finding) { f.Server, f.Store = "ab", "" },
	} {
		f := base
		change(&f)
		if other := seen[Key(&f)]; other != "" {
			t.Errorf("%s and %s have the same key", name, other)
		}
		seen[Key(&f)] = name
	}
}

// What began and ended before anybody was told is told in full, with how bad it was.
func TestMailOfWhatWasOverBeforeItWasTold(t *testing.T) {
	p := newPlay(t)
	p.opts.GroupInterval, p.opts.KeepFiring = time.Hour, time.Minute
	first, brief := finding(monitor.ClientMissing, monitor.Critical, "imap31", "s1"), finding(monitor.LogLine, monitor.Critical, "imap31", "s1")
	brief.Text, brief.Command = "IOERROR: the disk is failing", "dmesg"
	p.forth(5*time.Minute, first)
	p.forth(5*time.Minute, first, brief)
	p.sent = nil
	p.forth(5 * time.Minute)
	p.forth(time.Hour)
	if len(p.sent) == 0 {
		t.Fatal("nothing is told")
	}
	m := p.sent[0]
	for _, want := range []string{"log_line, server imap31", "   was      critical, told only now\n", "   what     IOERROR: the disk is failing\n", "\ndmesg\n"} {
		if !strings.Contains(m.Body, want) {
			t.Errorf("no %q in\n%s", want, m.Body)
		}
	}
	if strings.Count(m.Body, "told only now") != 1 {
		t.Errorf("what was told before is told again in full:\n%s", m.Body)
	}
}

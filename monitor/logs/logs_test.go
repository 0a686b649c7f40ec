package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
)

func mustHistory(t *testing.T) *history.History {
	t.Helper()
	h, err := history.Open(context.Background(), filepath.Join(t.TempDir(), "interlace.db"), history.Options{})
	must(t, err)
	t.Cleanup(func() { h.Close() })
	return h
}

// findings returns what lines of one log come to, in short.
func findings(t *testing.T, opts Options, lines string) []string {
	t.Helper()
	c, err := newCatalogue(opts.Patterns)
	must(t, err)
	tally := newTally("imap1", newInstances(&opts), c)
	for line := range strings.Lines(lines) {
		tally.add(parse(Line{Log: "/var/log/mail.log", Text: []byte(strings.TrimSuffix(line, "\n"))}, now, zone), now)
	}
	return short(tally.findings())
}

func short(findings []monitor.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%s %s %s %s ×%v", f.Kind, f.Store, f.Channel, f.Subject, f.Value.Value))
	}
	return list
}

func TestFindings(t *testing.T) {
	two := []monitor.Instance{{Store: "s1", Prefix: "s1m"}, {Store: "s2", Prefix: "s2r"}}
	same := []monitor.Instance{{Store: "s1", Prefix: "cyrus"}, {Store: "s2", Prefix: "cyrus"}}
	const at = "Nov 22 09:35:59 imap1 "
	for _, test := range []struct {
		name  string
		opts  Options
		lines string
		want  []string
	}{
		{
			"grouped by instance and channel",
			Options{Instances: two},
			at + "s1m/sync_client[1]: Error in do_sync(): bailing out! Bad protocol\n" +
				at + "s1m/sync_client[1]: Processing sync log file /v/sync/log-run failed: Bad protocol\n" +
				at + "s1m/sync_client[1]: Processing sync log file /v/sync/far/log-run failed: Bad protocol\n" +
				at + "s2r/sync_client[1]: Error in do_sync(): bailing out! Bad protocol\n",
			[]string{"bailing_out s1 default  ×1", "bailing_out s1 far  ×1", "bailing_out s2   ×1"},
		},
		{
			"a prefix of several instances",
			Options{Instances: same, PID: func(pid int) (inventory.StoreID, bool) { return "s2", pid == 7 }},
			at + "cyrus/imap[1]: Fatal error: x\n" + at + "cyrus/imap[7]: Fatal error: x\n",
			[]string{"log_line   Fatal error: {reason} ×1", "log_line s2  Fatal error: {reason} ×1"},
		},
		{
			"a log of its own",
			Options{Instances: []monitor.Instance{{Store: "s1", Prefix: "cyrus", Log: "/var/log/mail.log"}, {Store: "s2", Prefix: "cyrus"}}},
			at + "cyrus/imap[1]: Fatal error: x\n",
			[]string{"log_line s1  Fatal error: {reason} ×1"},
		},
		{
			"forged tags",
			Options{Instances: two},
			at + "s1m/lmtp[1]: Delivered: <s1m/sync_client[1]: Error in do_sync(): bailing out!> to mailbox: user.x\n" +
				at + "postfix/cleanup[1]: 4B1: warning: header Subject: s1m/sync_client[1]: Error in do_sync(): bailing out! from x\n" +
				"s1m/sync_client[1]: Error in do_sync(): bailing out!\n",
			nil,
		},
		{
			"hot loop",
			Options{Instances: two},
			strings.Repeat(at+"s1m/sync_client[1]: Reprocessing sync log file /v/sync/log-run\n", 4) +
				strings.Repeat(at+"s2r/sync_client[1]: Reprocessing sync log file /v/sync/log-run\n", 3) +
				"Nov 22 09:36:00 imap1 s2r/sync_client[1]: Reprocessing sync log file /v/sync/log-run\n",
			[]string{"hot_loop s1 default /v/sync/log-run ×4"},
		},
		{
			"folded lines",
			Options{Instances: two},
			at + "s1m/imap[1]: Fatal error: x\n" + at + "s1m/imap[1]: message repeated 3 times: [ Fatal error: x]\n" + at + "last message repeated 2 times\n" +
				at + "imap1 last message repeated 2 times\n",
			[]string{"log_line s1  Fatal error: {reason} ×8"},
		},
		{
			"unknown lines by shape",
			Options{Instances: two},
			at + "s1m/imap[1]: flux of user.u1 is 17\n" + at + "s1m/imap[2]: flux of user.u2 is 18\n" + at + "kernel: flux\n",
			[]string{"unclassified s1  imap: flux of … is … ×2"},
		},
		{
			"lines that were lost",
			Options{Instances: two},
			at + "rsyslogd: imuxsock lost 123 messages from pid 456 due to rate-limiting\n" +
				at + "systemd-journald[1]: Suppressed 3140 messages from cyrus-imapd.service\n",
			[]string{"lines_lost    ×2"},
		},
		{
			"2.3 without a prefix",
			Options{},
			at + "sync_client[1]: Error in do_sync(): bailing out!\n" + at + "master[1]: process 27542 exited, signaled to death by 11\n" + at + "httpd[1]: whatever\n",
			[]string{"bailing_out    ×1", "log_line   process {pid} exited, signaled to death by ×1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := findings(t, test.opts, test.lines); !slices.Equal(got, test.want) {
				t.Errorf("\ngot  %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestBounded counts a million kinds of lines, and keeps a thousand apart.
func TestBounded(t *testing.T) {
	opts := Options{Instances: []monitor.Instance{{Store: "s1", Prefix: "s1m"}}}
	c, err := newCatalogue(nil)
	must(t, err)
	tally := newTally("imap1", newInstances(&opts), c)
	for i := range 3 * mostGroups {
		word := strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i))
		tally.add(Entry{Prefix: "s1m", Process: "imap", Message: "strange " + word, Times: 1}, now)
		tally.add(Entry{Prefix: "s1m", Process: "sync_client", Message: "Reprocessing sync log file " + word, Times: 1}, now)
	}
	all := tally.findings()
	if len(all) != mostGroups+1 || len(tally.rates) > mostGroups {
		t.Errorf("%d findings, %d rates", len(all), len(tally.rates))
	}
	if all[0].Subject != "others" || all[0].Value.Value != 2*mostGroups {
		t.Errorf("got %+v", all[0])
	}
}

// TestShown shows a hostile line: nothing of it reaches a terminal, and it is short.
func TestShown(t *testing.T) {
	opts := Options{Instances: []monitor.Instance{{Store: "s1", Prefix: "s1m"}}}
	c, err := newCatalogue(nil)
	must(t, err)
	tally := newTally("imap1", newInstances(&opts), c)
	tally.add(Entry{Prefix: "s1m", Process: "im\x1bap", Message: "\x1b]0;owned\x07\x00\u202e\xff" + strings.Repeat("x ", 1<<19), Times: 1, Cut: true}, now)
	f := tally.findings()[0]
	for _, text := range []string{f.Text, string(f.Subject)} {
		if len(text) > 1000 || strings.ContainsAny(text, "\x1b\x07\x00\u202e") {
			t.Errorf("shown: %q", text)
		}
	}
}

// failing is a memory that fails as a test wants.
type failing struct {
	*history.History
	before, after bool // SaveTold returns an error before or after it has saved
}

func (f *failing) SaveTold(ctx context.Context, now time.Time, told *monitor.Told) error {
	if f.before {
		return errors.New("no room")
	}
	err := f.History.SaveTold(ctx, now, told)
	if f.after {
		panic("kill -9")
	}
	return err
}

// TestTold kills the follower before and after it has saved what it found: each
// line is told once in the end.
func TestTold(t *testing.T) {
	ctx := context.Background()
	memory := &failing{History: mustHistory(t)}
	path := filepath.Join(t.TempDir(), "mail.log")
	opts := Options{Server: "imap1", Whole: true, Instances: []monitor.Instance{{Store: "s1", Prefix: "s1m", Log: path}}}
	line := func(n int) {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		must(t, err)
		for range n {
			fmt.Fprintf(file, "%s imap1 s1m/imap[1]: Fatal error: x\n", time.Now().Format(time.RFC3339))
		}
		must(t, file.Close())
	}
	look := func() {
		defer func() { _ = recover() }()
		l, err := New(ctx, opts, memory)
		must(t, err)
		defer l.Close()
		_ = l.Look(ctx, time.Now()) // whatever became of it
	}
	line(1)
	memory.before = true
	look()
	line(2)
	memory.before, memory.after = false, true
	look()
	line(4)
	memory.after = false
	look()
	look()
	notes, err := memory.Notes(ctx, 100)
	must(t, err)
	var counts []float64
	for _, n := range notes {
		counts = append(counts, n.Value.Value)
	}
	if !slices.Equal(counts, []float64{3, 4}) {
		t.Errorf("told %v lines, want 3 and 4", counts)
	}
}

// TestMilestone keeps the last success of cyr_expire.
func TestMilestone(t *testing.T) {
	ctx := context.Background()
	memory := mustHistory(t)
	path := filepath.Join(t.TempDir(), "mail.log")
	must(t, os.WriteFile(path, []byte("2026-11-22T04:00:00Z imap1 cyrus/cyr_expire[1]: Expired 0 and expunged 3 out of 17 messages from 5 mailboxes\n"+
		"2026-11-21T04:00:00Z imap1 cyrus/cyr_expire[1]: Removed 2 deleted mailboxes\n"), 0o600))
	l, err := New(ctx, Options{Server: "imap1", Whole: true, Instances: []monitor.Instance{{Store: "s1", Log: path}}}, memory)
	must(t, err)
	defer l.Close()
	must(t, l.Look(ctx, now))
	got, err := memory.Milestones(ctx)
	must(t, err)
	if len(got) != 1 || got[0].Store != "s1" || got[0].What != "expire" || got[0].At.UTC().Format(time.DateOnly) != "2026-11-22" {
		t.Errorf("got %+v", got)
	}
}

// notes is a memory that keeps only what it was told last.
type notes struct{ told []monitor.Told }

func (*notes) Positions(context.Context) ([]monitor.Position, error) { return nil, nil }

func (n *notes) SaveTold(_ context.Context, _ time.Time, told *monitor.Told) error {
	n.told = append(n.told, *told)
	return nil
}

// TestTrouble says that a log cannot be followed, once in two minutes, and that one
// is not there when it has not been there for a while.
func TestTrouble(t *testing.T) {
	memory := &notes{}
	l, err := New(context.Background(), Options{Server: "imap1", Files: []string{"/dev/null", filepath.Join(t.TempDir(), "misspelt.log")}}, memory)
	must(t, err)
	defer l.Close()
	for minutes := range 12 {
		must(t, l.Look(context.Background(), now.Add(time.Duration(minutes)*time.Minute)))
	}
	var got []string
	for _, told := range memory.told {
		got = append(got, short(told.Findings)...)
	}
	counts := map[string]int{}
	for _, finding := range got {
		counts[filepath.Base(finding)]++
	}
	if len(counts) != 2 || counts["null ×1"] != 6 || counts["misspelt.log ×1"] != 6 {
		t.Errorf("got %q", got)
	}
}

// TestRun follows a log until it is told to end, and saves what it has.
func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	must(t, os.WriteFile(path, nil, 0o600))
	memory := mustHistory(t)
	ctx, cancel := context.WithCancel(context.Background())
	l, err := New(ctx, Options{Server: "imap1", Instances: []monitor.Instance{{Store: "s1", Log: path}}}, memory)
	must(t, err)
	defer l.Close()
	must(t, l.Look(ctx, time.Now()))
	ended := make(chan error)
	go func() { ended <- l.Run(ctx, time.Now) }()
	must(t, os.WriteFile(path, []byte("Nov 22 09:35:59 h cyrus/imap[1]: Fatal error: x\n"), 0o600))
	for range 100 {
		if found, err := memory.Notes(ctx, 1); err != nil || len(found) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	must(t, <-ended)
	found, err := memory.Notes(context.Background(), 10)
	must(t, err)
	if len(found) != 1 {
		t.Errorf("got %+v", found)
	}
}

// TestUrgent: what is critical is kept at once, and so is that a mailbox was repaired,
// since that writes to a replica what would be told as somebody else's.
func TestUrgent(t *testing.T) {
	for line, want := range map[string]bool{
		"reconstruct[1]: reconstructing user.anna": true, "imap[1]: Fatal error: x": true, "imap[1]: something unknown": false,
	} {
		path := filepath.Join(t.TempDir(), "mail.log")
		must(t, os.WriteFile(path, []byte("Nov 22 09:35:59 h cyrus/"+line+"\n"), 0o600))
		l, err := New(t.Context(), Options{Whole: true, Instances: []monitor.Instance{{Store: "s1", Log: path}}}, &notes{})
		must(t, err)
		l.read(time.Now())
		if got := l.urgent(); got != want {
			t.Errorf("%s: urgent %t", line, got)
		}
		l.Close()
	}
}

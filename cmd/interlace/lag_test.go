package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
)

// watched lets a story have been watched: watched DB FILE records the looks that the
// file describes.
func watched(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: watched DB FILE")
	}
	clock, err := time.Parse(time.RFC3339, ts.Getenv("CLOCK"))
	ts.Check(err)
	ts.Check(record(context.Background(), ts.MkAbs(args[0]), ts.ReadFile(args[1]), clock))
}

// recordSamples is a command for tests that run the program: recordsamples DB FILE
// records, up to now, what the file describes.
func recordSamples() {
	lines, err := os.ReadFile(os.Args[2])
	if err == nil {
		err = record(context.Background(), os.Args[1], string(lines), time.Now().UTC())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailed)
	}
}

// record records looks as lines describe them, 2 minutes apart, what was used, 5
// minutes apart, and what became of their hours:
//
//	FROM UNTIL SERVER STORE [channel=dr] [kind=squatter] [role=replica] [client=7|none|unseen]
//	    [oldest=5s|09:21] [bytes=100] [grows=10] [mailboxes=3] [run=9] [io=1] [trouble=why]
//	batches FROM UNTIL SERVER STORE [mailboxes=3] [lasted=20ms]
//	alert KIND SERVER STORE [channel=dr] [subject=imap2] [seen=1m] [began=1h] [probe=logs] [severity=warning] [stage=pending]
//	uses FROM UNTIL SERVER STORE [role=replica] [busy=9] [every=5m] [io=30] [cpu=0.1] [memory=1e7]
//	    [disk=2e9] [free=1e9] [fill=0.9]
//
// Times are the last such times of the clock, or as long before it as they say: 24h. The
// oldest entry is as old at every look, or of a time. In other hours than the busy one
// a third of io and cpu is used.
func record(ctx context.Context, path, lines string, clock time.Time) error {
	h, err := history.Open(ctx, path, history.Options{})
	if err != nil {
		return err
	}
	defer h.Close()
	var looks []monitor.Backlog
	var batches []monitor.Batch
	var used []monitor.Usage
	var alerts []monitor.Alert
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "batches":
			batches = append(batches, batchesOf(words[1:], clock)...)
		case "alert":
			alerts = append(alerts, alertOf(words[1:], clock))
		case "uses":
			used = append(used, usesOf(words[1:], clock)...)
		default:
			looks = append(looks, looksOf(words, clock)...)
		}
	}
	if err := h.SaveBacklog(ctx, looks); err != nil {
		return err
	}
	if err := h.SaveBatches(ctx, batches); err != nil {
		return err
	}
	if err := h.SaveUsage(ctx, used); err != nil {
		return err
	}
	err = h.StepAlerts(ctx, clock, func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		for i := range alerts {
			s.Last++
			alerts[i].Number, alerts[i].Key = s.Last, fmt.Sprint(s.Last)
			s.Alerts = append(s.Alerts, alerts[i])
		}
		return s, nil
	})
	if err != nil {
		return err
	}
	return h.Tidy(ctx, clock)
}

// alertOf is an alert that was last found a second ago if nothing else is said.
func alertOf(words []string, clock time.Time) monitor.Alert {
	s := saidBy(words[3:])
	or := func(key, otherwise string) string { return cmp.Or(s[key], otherwise) }
	return monitor.Alert{
		Finding: monitor.Finding{
			Kind: monitor.Kind(words[0]), Server: inventory.Text(words[1]), Store: inventory.Text(words[2]), Channel: inventory.Text(s["channel"]), Subject: inventory.Text(s["subject"]),
			Probe: monitor.Probe(or("probe", "processes")), Severity: monitor.Severity(or("severity", "critical")), Text: words[0] + " of " + words[2],
		},
		Watcher: inventory.ServerID(words[1]), Stage: monitor.Stage(or("stage", "firing")),
		Began: clocked(or("began", "1h"), clock), Seen: clocked(or("seen", "1s"), clock),
	}
}

// said are the words of a line.
type said map[string]string

func saidBy(words []string) said {
	s := said{"channel": monitor.DefaultChannel, "kind": string(monitor.Replication), "role": string(inventory.Master), "client": "7"}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		s[key] = strings.ReplaceAll(value, "_", " ")
	}
	return s
}

func (s said) number(key string) float64 {
	v, _ := strconv.ParseFloat(s[key], 64)
	return v
}

// clocked returns a time of the clock's day, or so long before the clock.
func clocked(word string, clock time.Time) time.Time {
	if before, err := time.ParseDuration(word); err == nil {
		return clock.Add(-before)
	}
	at, err := time.Parse("15:04", word)
	if err != nil {
		panic(err)
	}
	of := clock.Truncate(24 * time.Hour).Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
	if of.After(clock) {
		of = of.Add(-24 * time.Hour)
	}
	return of
}

func looksOf(words []string, clock time.Time) []monitor.Backlog {
	from, until, s := clocked(words[0], clock), clocked(words[1], clock), saidBy(words[4:])
	var list []monitor.Backlog
	for n := 0; ; n++ {
		at := from.Add(time.Duration(n) * 2 * time.Minute)
		if at.After(until) {
			return list
		}
		b := monitor.Backlog{
			At: at, Server: inventory.ServerID(words[2]), Store: inventory.StoreID(words[3]),
			Role: inventory.Role(s["role"]), Channel: s["channel"], Kind: monitor.ChannelKind(s["kind"]), Trouble: s["trouble"],
		}
		if b.Trouble == "" {
			s.fill(&b, n, clock)
		}
		list = append(list, b)
	}
}

// fill says what the n-th look saw.
func (s said) fill(b *monitor.Backlog, n int, clock time.Time) {
	b.Entries, b.Mailboxes, b.Users = inventory.Known(s.number("mailboxes")), inventory.Known(s.number("mailboxes")), inventory.Known(0)
	if b.ProcessesKnown = s["client"] != "unseen"; b.ProcessesKnown && s["client"] != "none" {
		written := int64(s.number("io")) * int64(n)
		b.Clients = []monitor.Process{{PID: int(s.number("client")), Started: clock.Add(-100 * time.Hour), IO: &monitor.IO{Written: written}}}
	}
	if s["oldest"] == "" {
		return
	}
	file := monitor.LogFile{Bytes: int64(s.number("bytes") + float64(n)*s.number("grows")), Inode: uint64(100 + n), Last: b.At}
	if age, err := time.ParseDuration(s["oldest"]); err == nil {
		file.First = b.At.Add(-age)
	} else {
		file.First, file.Inode = clocked(s["oldest"], clock), 99
	}
	if run := s.number("run"); run > 0 {
		b.Log = monitor.LogFile{Bytes: 10 * int64(n+1), Inode: uint64(200 + n), First: b.At, Last: b.At}
		file.Inode, file.Taken = uint64(run), file.First
		b.Run = file
		return
	}
	b.Log = file
}

func batchesOf(words []string, clock time.Time) []monitor.Batch {
	from, until, s := clocked(words[0], clock), clocked(words[1], clock), saidBy(words[4:])
	lasted, _ := time.ParseDuration(s["lasted"])
	var list []monitor.Batch
	for at := from; !at.After(until); at = at.Add(10 * time.Minute) {
		list = append(list, monitor.Batch{
			Server: inventory.ServerID(words[2]), Store: inventory.StoreID(words[3]), Role: inventory.Master,
			Channel: monitor.DefaultChannel, Kind: monitor.Replication, Begun: at, Lasted: lasted, First: at.Add(-time.Second),
			Bytes: 300, Entries: int(s.number("mailboxes")), Mailboxes: int(s.number("mailboxes")), Trip: inventory.Known(0.003),
		})
	}
	return list
}

func usesOf(words []string, clock time.Time) []monitor.Usage {
	from, until, s := clocked(words[0], clock), clocked(words[1], clock), saidBy(words[4:])
	every := 5 * time.Minute
	if d, err := time.ParseDuration(s["every"]); err == nil {
		every = d
	}
	var list []monitor.Usage
	for at := from; !at.After(until); at = at.Add(every) {
		number := func(key string) inventory.Number {
			n := inventory.Number{Value: s.number(key), Known: s[key] != ""}
			if s["busy"] != "" && int(s.number("busy")) != at.Hour() && (key == "io" || key == "cpu") {
				n.Value /= 3
			}
			return n
		}
		list = append(list, monitor.Usage{
			At: at, Over: every, Server: inventory.ServerID(words[2]), Store: inventory.StoreID(words[3]), Role: inventory.Role(s["role"]),
			IO: number("io"), CPU: number("cpu"), Memory: number("memory"), Disk: number("disk"), DiskFree: number("free"), DiskFill: number("fill"),
		})
	}
	return list
}

// recordLooks lets the commands of the monitor have something to tell: of a store
// that is fine, one that is stopped and one that nobody has looked at for a while.
func recordLooks(t *testing.T, path string) {
	t.Helper()
	const lines = `
100m 0m imap01 s001 oldest=1s bytes=100 mailboxes=2 io=5
batches 100m 0m imap01 s001 mailboxes=5 lasted=30ms
100m 0m imap02 s002 client=none oldest=90m bytes=100000 mailboxes=2000
100m 0m imap02 s002 channel=another_site oldest=80m bytes=5000 mailboxes=700
batches 100m 0m imap02 s002 mailboxes=5 lasted=30ms
100m 20m imap03 s003
100m 0m imap04 s004
100m 0m imap04 s005 trouble=open_/var/lib/cyrus-s005/sync:_permission_denied
100m 0m imap04 s006
uses 48h 0m imap01 s001 busy=9 io=120 cpu=0.25 memory=3e7 free=4e11 fill=0.42
uses 48h 0m imap02 s001 role=replica busy=9 io=50 cpu=0.05 memory=1e7 free=2e10 fill=0.97
uses 48h 0m imap1 s1 io=7 memory=1e7 free=4e11 fill=0.42
uses 48h 0m imap02 s002 io=3 cpu=0.01 memory=1e7 disk=3e11 free=2e10 fill=0.97
`
	if err := record(t.Context(), path, lines, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
}

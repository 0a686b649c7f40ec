package logs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// canned plays a journal of so many entries.
func canned(t *testing.T, entries int) []string {
	var b strings.Builder
	for i := range entries {
		b.WriteString(entry(i, "cyrus.service", "cyrus/imap", fmt.Sprintf("line %d", i)))
	}
	return played(t, b.String())
}

func entry(number int, unit, identifier, message string) string {
	return fmt.Sprintf(`{"__CURSOR":"c%03d","__REALTIME_TIMESTAMP":"%d","_SYSTEMD_UNIT":"%s","SYSLOG_IDENTIFIER":"%s","_PID":"7","MESSAGE":"%s"}`+"\n",
		number, time.Now().Add(-time.Hour).UnixMicro(), unit, identifier, message)
}

// played writes a program that does what journalctl does with a stream of
// entries: everything after a cursor or the last one, and waits with --follow.
func played(t *testing.T, entries string) []string {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "entries"), []byte(entries), 0o600))
	script := `#!/bin/sh
after= lines=all follow=
for a; do
	case $a in
	--after-cursor=*) after=${a#*=} ;;
	--lines=*) lines=${a#*=} ;;
	--follow) follow=1 ;;
	esac
done
if [ -n "$after" ]; then sed "1,/\"$after\"/d" "$0.d"
elif [ $lines = 1 ]; then tail -n 1 "$0.d"
else cat "$0.d"; fi
[ -z "$follow" ] || exec sleep 60
`
	program := filepath.Join(dir, "journalctl")
	must(t, os.WriteFile(program, []byte(script), 0o700))
	must(t, os.Rename(filepath.Join(dir, "entries"), program+".d"))
	return []string{program, "-o", "json"}
}

// TestJournalUnits tells instances of one prefix apart by their services.
func TestJournalUnits(t *testing.T) {
	const hook = "a line that nobody knows"
	command := played(t, entry(-2, "cyrus.service", "cyrus/imap", "long before")+entry(-1, "cyrus.service", "cyrus/imap", "before")+
		entry(1, "cyrus@s1.service", "cyrus/sync_client", "Error in do_sync(): bailing out! Bad protocol")+
		entry(2, "cyrus@s2.service", "cyrus/sync_client", "Error in do_sync(): bailing out! Bad protocol")+
		entry(3, "cyrus@s2.service", "hook", hook)+
		entry(4, "postfix.service", "hook", hook)+
		entry(5, "cyrus.service", "cyrus/sync_client", "Error in do_sync(): bailing out! Bad protocol"))
	memory := mustHistory(t)
	must(t, memory.SaveTold(t.Context(), time.Now(), &monitor.Told{Positions: []monitor.Position{{Log: journalLog, Cursor: "c-01", Seen: time.Now()}}}))
	l, err := New(t.Context(), Options{
		Server: "imap1", Once: true, Journal: command,
		Instances: []monitor.Instance{{Store: "s1", Prefix: "cyrus"}, {Store: "s2", Prefix: "cyrus"}},
		Unit: func(name string) (inventory.StoreID, bool) {
			store, found := strings.CutPrefix(strings.TrimSuffix(name, ".service"), "cyrus@")
			return inventory.StoreID(store), found
		},
	}, memory)
	must(t, err)
	defer l.Close()
	must(t, l.Look(t.Context(), time.Now()))
	notes, err := memory.Notes(t.Context(), 100)
	must(t, err)
	var got []string
	for i := range notes {
		got = append(got, string(notes[i].Kind)+" "+string(notes[i].Store))
	}
	slices.Sort(got)
	if want := []string{"bailing_out ", "bailing_out s1", "bailing_out s2", "unclassified s2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func readJournal(t *testing.T, j *journal, want int) (told []string) {
	t.Helper()
	for range 200 {
		_, err := j.read(time.Now(), 1<<20, func(l Line) { told = append(told, l.Entry.Message) })
		must(t, err)
		if len(told) >= want || j.whole {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return told
}

func TestJournal(t *testing.T) {
	command := canned(t, 10)
	j := newJournal(t.Context(), command, nil, true)
	if told := readJournal(t, j, 0); len(told) > 0 {
		t.Errorf("what was there before the first look was told: %q", told)
	}
	positions := j.positions()
	if positions[0].Cursor != "c009" {
		t.Fatalf("got %+v", positions)
	}
	positions[0].Cursor = "c006"
	for _, once := range []bool{true, false} {
		j := newJournal(t.Context(), command, positions, once)
		told := readJournal(t, j, 3)
		j.close()
		if want := []string{"line 7", "line 8", "line 9"}; !slices.Equal(told, want) {
			t.Errorf("once %v: got %q", once, told)
		}
		if got := j.positions()[0].Cursor; got != "c009" {
			t.Errorf("once %v: cursor %q", once, got)
		}
	}
}

// TestJournalFails waits longer and longer before it starts the program again.
func TestJournalFails(t *testing.T) {
	for _, command := range [][]string{{"/no/such/journalctl"}, {"/bin/sh", "-c", "echo no journal >&2; exit 1", "--"}} {
		j := newJournal(t.Context(), command, nil, true)
		var troubles []int
		for second := range 20 {
			if _, err := j.read(time.Unix(int64(second), 0), 1, func(Line) {}); err != nil {
				troubles = append(troubles, second)
			}
		}
		if want := []int{0, 1, 3, 7, 15}; !slices.Equal(troubles, want) {
			t.Errorf("%v: tried at %v, want %v", command, troubles, want)
		}
	}
}

// TestJournalLongEntry leaves out an entry that is too long and goes on.
func TestJournalLongEntry(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "entries")
	long := `{"__CURSOR":"c1","MESSAGE":"` + strings.Repeat("x", 2*mostEntry) + `"}`
	must(t, os.WriteFile(file, []byte(`{"__CURSOR":"c0","MESSAGE":"a"}`+"\n"+long+"\n"+`{"__CURSOR":"c2","MESSAGE":"b"}`+"\n"), 0o600))
	j := newJournal(t.Context(), []string{"/bin/sh", "-c", "cat " + file}, nil, true)
	j.known = true
	if told := readJournal(t, j, 0); !slices.Equal(told, []string{"a", "b"}) {
		t.Errorf("got %q", told)
	}
}

// A journalctl that does not answer is no longer waited for when the context ends.
func TestJournalEndsWithTheContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	j := newJournal(ctx, []string{"/bin/sh", "-c", "exec sleep 1000"}, nil, true)
	defer j.close()
	ended := make(chan struct{})
	go func() {
		j.read(time.Now(), portion, func(Line) {})
		close(ended)
	}()
	time.AfterFunc(100*time.Millisecond, stop)
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("it is still waited for")
	}
}

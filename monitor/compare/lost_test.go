package compare_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestOneLostConnection has the replica end one connection, at the n-th command of a
// kind: it is asked again, and nothing is said of any mailbox.
func TestOneLostConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t, append(anna, cyrustest.Mailbox{Name: "user.anna.Large", Messages: 120})...)
	r.settle()
	// Sieve scripts are in files that nobody can be asked for.
	r.do(r.master, "anna", `SELECT INBOX`, `UID STORE 3 +FLAGS (\Flagged)`)
	r.sync("-A")
	for _, c := range []struct {
		level   monitor.CompareLevel
		command string
		nth     int
	}{
		{"1", `LIST "" ""`, 1},
		{"1", "LIST", 1},
		{"2", `LIST "" ""`, 1},
		{"2", "SYNCGET", 1},
		{"2", "GETQUOTA", 1},
		{"3", "UNSELECT", 1},
		{"3", "STATUS", 1},
		{"3", "SYNCGET FULLMAILBOX", 1},
		{"3", "SYNCGET FULLMAILBOX", 3},
		{"3", "EXAMINE", 1},
		{"3", "FETCH", 1},
		{"2", "UID SEARCH", 1},
		{"2", "LSUB", 2},
		{"2", "NOOP", 1},
		{"4", "FETCH", 4},
		{"4", "EXAMINE", 3},
		{"user", "LIST", 3},
		{"user", "EXAMINE", 1},
		{"user", "EXAMINE", 4},
		{"user", "FETCH", 2},
		{"user", "GETMETADATA", 3},
	} {
		var mu sync.Mutex
		seen := 0
		b := &between{answer: func(command string) string {
			mu.Lock()
			defer mu.Unlock()
			if !strings.HasPrefix(command, c.command) || c.command == "LIST" && strings.HasPrefix(command, `LIST "" ""`) {
				return ""
			}
			if seen++; seen == c.nth {
				return "die"
			}
			return ""
		}}
		found, err := r.through(b, false, compare.Options{Level: c.level, Sample: 1})
		if err != nil {
			t.Errorf("level %s, %s %d: %v", c.level, c.command, c.nth, err)
			continue
		}
		if only(t, found); !allOf(found, monitor.Identical) || seen < c.nth {
			t.Errorf("level %s, %s %d of %d: %s %+v", c.level, c.command, c.nth, seen, outcomes(found), found.Uncompared)
		}
	}
}

// TestDeniedAtEveryLevel: a user who is denied cannot be compared as himself, and what he
// owns is not damaged. What others may read is read as them.
func TestDeniedAtEveryLevel(t *testing.T) {
	t.Parallel()
	right := func(who string) []cyrustest.Right { return []cyrustest.Right{{Identifier: who, Rights: "lrs"}} }
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 2}, cyrustest.Mailbox{Name: "user.bob", Messages: 200}, cyrustest.Mailbox{Name: "user.bob.Work", Messages: 2},
		cyrustest.Mailbox{Name: "team", Messages: 200, ACL: append(right("bob"), right("anna")...)})
	r.tool(r.master, "cyr_deny", "-m", "moving", "bob")
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "4", "user"} {
		found := r.compare(compare.Options{Level: level, Sample: 1})
		only(t, found)
		want := "anna=identical bob=unknown team=identical"
		if level == "1" {
			want = "anna=identical bob=identical team=identical"
		}
		if got := outcomes(found); got != want {
			t.Errorf("level %s: %s, want %s: %+v", level, got, want, found.Uncompared)
		}
		for _, u := range found.Uncompared {
			if u.User != "bob" || !strings.Contains(u.Why, "denies") {
				t.Errorf("level %s: %+v", level, u)
			}
		}
	}
}

// TestEmptySides compares a replica without any mailbox, and a pair without.
func TestEmptySides(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "4", "user"} {
		if found := r.compare(compare.Options{Level: level}); len(found.Owners)+len(found.Differences) > 0 {
			t.Errorf("level %s: %+v", level, found)
		}
	}
	if err := r.master.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 1, Quota: 1000}, {Name: "team"}}); err != nil {
		t.Fatal(err)
	}
	for _, level := range []monitor.CompareLevel{"1", "2", "3", "4", "user"} {
		found := r.compare(compare.Options{Level: level})
		if !allOf(found, monitor.Different) || len(found.Owners) != 2 {
			t.Errorf("level %s: %s", level, outcomes(found))
		}
	}
}

// TestServerGone has a replica that dies for good in the middle: the pair is not compared
// to the end, what was found before is told, and nothing is said of the users after that.
func TestServerGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, anna...)
	r.settle()
	r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
	for _, c := range []struct {
		level   monitor.CompareLevel
		command string
	}{{"2", "LSUB"}, {"3", "SYNCGET FULLMAILBOX \"user.bob\""}, {"4", "FETCH"}, {"user", "EXAMINE"}} {
		t.Run(string(c.level), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			gone := false
			b := &between{answer: func(command string) string {
				mu.Lock()
				defer mu.Unlock()
				if gone = gone || strings.HasPrefix(command, c.command); gone {
					return "die"
				}
				return ""
			}}
			found, err := r.through(b, false, compare.Options{Level: c.level, Sample: 1})
			if err == nil || !strings.Contains(err.Error(), "imap2") {
				t.Fatalf("no error: %+v, %v", found, err)
			}
			only(t, found, "flags user.anna")
			if d := found.Differences[0]; len(d.Repair) != 1 || !strings.Contains(string(d.Repair[0].Command), "interlace compare") {
				t.Errorf("of a user who was not compared to the end: %+v", d.Repair)
			}
			if len(found.Uncompared) > 1 || strings.Contains(outcomes(found), "unknown") {
				t.Errorf("%s, %+v", outcomes(found), found.Uncompared)
			}
		})
	}
}

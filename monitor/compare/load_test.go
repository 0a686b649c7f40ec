package compare_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestHealthyPairUnderLoad compares a pair at every level while its rolling client
// replicates deliveries, flags, expunges, renames, creations and deletions of
// folders, subscriptions and rights, and users who come and go: nothing of that is a difference,
// since the sync log is asked, nor is it called not comparable. It takes ten
// minutes with INTERLACE_SOAK, else some seconds.
func TestHealthyPairUnderLoad(t *testing.T) {
	limit := 20 * time.Second
	if os.Getenv("INTERLACE_SOAK") != "" {
		limit = 10 * time.Minute
	}
	var mailboxes []cyrustest.Mailbox
	for i := range 20 {
		user := fmt.Sprintf("user.u%02d", i)
		var shared []cyrustest.Right
		if i > 0 {
			shared = []cyrustest.Right{{Identifier: "u00", Rights: "lrs"}}
		}
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: user, Messages: 4, Quota: 100000, ACL: shared}, cyrustest.Mailbox{Name: user + ".Work", Messages: 2})
	}
	mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "team", Messages: 3, ACL: []cyrustest.Right{{Identifier: "u00", Rights: "lrswi"}}})
	r := startRig(t, cyrustest.Settings{}, mailboxes...)
	if err := r.fleet.Settle(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), limit)
	defer stop()
	var work sync.WaitGroup
	changes := 0
	work.Go(func() { changes = r.load(ctx) })
	work.Go(func() { r.comeAndGo(ctx) })
	runs, flying := 0, 0
	for ctx.Err() == nil {
		for _, level := range []monitor.CompareLevel{"1", "2", "3", "4", "user"} {
			found, err := compare.Store(context.Background(), r.pair(), compare.Options{Level: level, Carried: r.carried, Pause: 100 * time.Millisecond, Tries: 2, Connections: 2})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found.Differences {
				t.Errorf("level %s, run %d: %+v", level, runs, d)
			}
			for _, u := range found.Uncompared {
				if u.User != "" || u.Mailbox != "" {
					t.Errorf("level %s, run %d: not compared %+v", level, runs, u)
				}
			}
			runs, flying = runs+1, flying+len(found.InFlight)
		}
	}
	work.Wait()
	if err := r.fleet.Settle(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if found := r.compare(compare.Options{Level: monitor.CompareMessages}); len(found.Differences)+len(found.InFlight) > 0 || !allOf(found, monitor.Identical) {
		t.Errorf("when all is done: %+v", found)
	}
	t.Logf("%d comparisons during %d changes, %d times something was in flight", runs, changes, flying)
	if changes < 100 {
		t.Errorf("only %d changes were made", changes)
	}
}

// comeAndGo makes users and deletes them on the master until the context ends.
func (r *rig) comeAndGo(ctx context.Context) {
	conn, err := r.master.Dial(context.Background())
	if err != nil {
		r.t.Error(err)
		return
	}
	defer conn.Close()
	const alive = 4 // for less than a second: no two are deleted under one name
	for n := 0; ctx.Err() == nil; n++ {
		user := fmt.Sprintf("user.churn%d", n)
		message := "APPEND " + user + " " + cyrustest.Literal("Subject: new\r\n\r\nx\r\n")
		if _, err := conn.Do("CREATE "+user, "SETACL "+user+" admin lrswipkxtecda", message); err != nil {
			r.t.Error(err)
		}
		if n >= alive {
			if _, err := conn.Do(fmt.Sprintf("DELETE user.churn%d", n-alive)); err != nil {
				r.t.Error(err)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// load makes changes on the master until the context ends.
func (r *rig) load(ctx context.Context) (changes int) {
	random := rand.New(rand.NewPCG(1, 2))
	folders := map[string]int{}
	for ctx.Err() == nil {
		user := fmt.Sprintf("u%02d", random.IntN(20))
		conn, err := r.master.DialAs(context.Background(), user)
		if err != nil {
			r.t.Error(err)
			return changes
		}
		n := folders[user]
		text := cyrustest.Literal("Subject: " + inventory.FormatNumber(random.Float64()) + "\r\n\r\nx\r\n")
		var commands []string
		switch random.IntN(8) {
		case 0, 1:
			commands = []string{"APPEND INBOX " + text, "APPEND INBOX.Work " + text}
		case 2:
			commands = []string{"SELECT INBOX", `STORE 1 FLAGS (\Seen \Answered)`, "STORE 2 -FLAGS.SILENT ($Label)", "STORE 2 +FLAGS ($Label)"}
		case 3:
			commands = []string{"APPEND INBOX " + text, "SELECT INBOX", `STORE 1 +FLAGS (\Deleted)`, "EXPUNGE"}
		case 4:
			folders[user]++
			commands = []string{fmt.Sprintf("CREATE INBOX.f%d", n), fmt.Sprintf("APPEND INBOX.f%d %s", n, text), fmt.Sprintf("SUBSCRIBE INBOX.f%d", n)}
		case 5:
			if n > 0 {
				folders[user]++
				commands = []string{fmt.Sprintf("RENAME INBOX.f%d INBOX.f%d", n-1, n)}
			}
		case 6:
			if n > 0 {
				folders[user] = 0
				commands = []string{fmt.Sprintf("DELETE INBOX.f%d", n-1)}
			}
		case 7:
			commands = []string{"SETACL INBOX.Work u01 lr", "DELETEACL INBOX.Work u01", `SETMETADATA INBOX (/private/comment "` + inventory.FormatNumber(random.Float64()) + `")`}
			if user == "u00" {
				commands = append(commands, "SELECT team", `STORE 1:* +FLAGS (\Seen)`, "SELECT user.u05", `STORE 1 +FLAGS (\Seen)`)
			}
		}
		if _, err := conn.Do(commands...); err != nil {
			r.t.Log(err) // such as a folder that is still there
		}
		changes += len(commands)
		conn.Close()
		time.Sleep(20 * time.Millisecond)
	}
	return changes
}

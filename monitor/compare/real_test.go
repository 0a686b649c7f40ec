package compare_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

var anna = []cyrustest.Mailbox{
	{Name: "user.anna", Messages: 5, Quota: 10240, ACL: []cyrustest.Right{{Identifier: "bob", Rights: "lrs"}}},
	{Name: "user.anna.Work", Messages: 3},
	{Name: "user.anna.Trash", ACL: []cyrustest.Right{{Identifier: "bob", Rights: "l"}}},
	{Name: "user.bob", Messages: 2},
	{Name: "team", Messages: 2, ACL: []cyrustest.Right{{Identifier: "bob", Rights: "lrsw"}}},
}

// TestDivergences damages a replica in one way at a time, by what its clients can
// do behind the master's back and by what a disk can.
func TestDivergences(t *testing.T) {
	message := func(text string) string {
		return "{" + inventory.FormatNumber(float64(len(text))) + "+}\r\n" + text
	}
	for _, c := range []struct {
		name    string
		damage  func(*rig)
		level   monitor.CompareLevel
		kind    monitor.DifferenceKind
		mailbox string
		uids    string
		byHand  bool // no command alone repairs it
	}{
		{"an extra message", func(r *rig) { r.do(r.replica, "anna", "APPEND INBOX "+message("Subject: extra\r\n\r\nx\r\n")) }, "1", monitor.MessageExtra, "user.anna", "6", false},
		{"a missing message", func(r *rig) {
			r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 2 +FLAGS (\Deleted)`, "EXPUNGE")
		}, "1", monitor.MessageMissing, "user.anna", "2", false},
		{"a flag", func(r *rig) { r.do(r.replica, "anna", "SELECT INBOX", `UID STORE 3 +FLAGS (\Flagged)`) }, "1", monitor.FlagsDiffer, "user.anna", "3", false},
		{"other content under the same UID", func(r *rig) {
			r.do(r.replica, "bob", "APPEND INBOX "+message("Subject: one\r\n\r\nx\r\n"))
			r.do(r.master, "bob", "APPEND INBOX "+message("Subject: two\r\n\r\ny\r\n"))
		}, "1", monitor.ContentDiffers, "user.bob", "3", false},
		{"rights", func(r *rig) { r.do(r.replica, cyrustest.AdminUser, "SETACL user.anna.Work carol lrs") }, "2", monitor.RightsDiffer, "user.anna.Work", "", false},
		{"a folder that was deleted", func(r *rig) { r.do(r.replica, "anna", "DELETE INBOX.Trash") }, "1", monitor.MailboxMissing, "user.anna.Trash", "", false},
		{"an extra folder", func(r *rig) { r.do(r.replica, "anna", "CREATE INBOX.Odd") }, "1", monitor.MailboxExtra, "user.anna.Odd", "", false},
		{"a shared folder's flag", func(r *rig) {
			r.do(r.replica, "bob", "SELECT team", `UID STORE 1 +FLAGS (\Flagged)`)
		}, "1", monitor.FlagsDiffer, "team", "1", true},
		{"a limit of a quota", func(r *rig) { r.do(r.replica, cyrustest.AdminUser, "SETQUOTA user.anna (STORAGE 5000)") }, "2", monitor.QuotaDiffers, "user.anna", "", false},
		{"a count of what is used", func(r *rig) {
			r.tool(r.replica, "cyr_dbtool", r.replica.Dir+"/conf/quotas.db", "twoskip", "set", "user.anna", "%(S (9999 10240) M 5)")
		}, "2", monitor.QuotaDiffers, "user.anna", "", false},
		{"a subscription", func(r *rig) { r.do(r.replica, "anna", "UNSUBSCRIBE INBOX.Work") }, "2", monitor.Subscription, "", "", false},
		{"what was seen of a shared tree", func(r *rig) { r.do(r.replica, "bob", "SELECT team", `UID STORE 2 +FLAGS (\Seen)`) }, "2", monitor.SeenDiffers, "team", "", true},
		{"what was seen of somebody's folder", func(r *rig) { r.do(r.replica, "bob", "SELECT user.anna", `UID STORE 2 +FLAGS (\Seen)`) }, "2", monitor.SeenDiffers, "user.anna", "", false},
		{"a user's own annotation", func(r *rig) { r.do(r.replica, "anna", `SETMETADATA INBOX.Work (/private/comment "other")`) }, "2", monitor.Annotated, "user.anna.Work", "", false},
		{"a shared annotation", func(r *rig) { r.do(r.replica, "anna", `SETMETADATA INBOX.Work (/shared/comment "other")`) }, "2", monitor.Annotated, "user.anna.Work", "", false},
		{"a script", func(r *rig) { r.script(r.replica, "anna", "keep;\r\n") }, "2", monitor.SieveDiffers, "user.anna.#sieve", "2", false},
		{"a file that is gone on the replica", func(r *rig) { remove(r, r.replica, "user.anna", 2) }, "4", monitor.SpoolDamaged, "user.anna", "2", false},
		{"a file that was cut on the master", func(r *rig) { truncate(r, r.master, "team", 1) }, "4", monitor.SpoolDamaged, "team", "1", true},
		{"a folder that a user may see and not open", func(r *rig) { r.do(r.replica, cyrustest.AdminUser, "SETACL user.anna bob l") }, "user", monitor.RightsDiffer, "user.anna", "", false},
		{"what a user sees of a shared tree", func(r *rig) {
			r.do(r.replica, "bob", "SELECT team", `UID STORE 1 -FLAGS (\Seen)`, `UID STORE 2 +FLAGS (\Seen)`)
		}, "user", monitor.SeenDiffers, "team", "1:2", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, anna...)
			r.settle()
			healthy := r.compare(compare.Options{Level: c.level, Sample: 1})
			healthy.Uncompared = slices.DeleteFunc(healthy.Uncompared, func(u monitor.Uncompared) bool { return strings.Contains(u.What, "Sieve") && c.level == "4" })
			if len(healthy.Differences)+len(healthy.InFlight)+len(healthy.Uncompared) > 0 || !allOf(healthy, monitor.Identical) {
				t.Fatalf("before the damage: %+v", healthy)
			}
			c.damage(r)
			found := r.compare(compare.Options{Level: c.level, Sample: 1})
			if allOf(found, monitor.Identical) {
				t.Errorf("all are identical: %+v", found.Owners)
			}
			var named bool
			for _, d := range found.Differences {
				t.Logf("%+v", d)
				named = named || d.Kind == c.kind && string(d.Mailbox) == c.mailbox && string(d.UIDs) == c.uids && d.Certainty == monitor.Confirmed
				if len(d.Repair) == 0 && d.Warning == "" {
					t.Errorf("nothing said about the repair of %+v", d)
				}
			}
			if !named {
				t.Errorf("not named: %+v", found)
			}
			if n := len(found.Differences); n > 2 {
				t.Errorf("%d differences", n)
			}
			r.repair(found, compare.Options{Level: monitor.CompareSpool, Sample: 1, Save: t.TempDir()})
			if repaired := r.compare(compare.Options{Level: c.level, Sample: 1}); !c.byHand && (len(repaired.Differences) > 0 || !allOf(repaired, monitor.Identical)) {
				t.Errorf("after the repair: %+v", repaired)
			}
		})
	}
}

// settle gives the accounts something to differ in, and replicates it.
func (r *rig) settle() {
	r.t.Helper()
	r.do(r.master, "anna", "SUBSCRIBE INBOX", "SUBSCRIBE INBOX.Work", `SETMETADATA INBOX.Work (/private/comment "mine" /shared/comment "ours")`)
	r.do(r.master, "bob", "SUBSCRIBE team", "SELECT team", `UID STORE 1 +FLAGS (\Seen)`, "SELECT user.anna", `UID STORE 1 +FLAGS (\Seen)`)
	r.script(r.master, "anna", "discard;\r\n")
	r.tool(r.master, "quota", "-f") // those who append at once may lose what one of them counts
	r.sync("-A")
}

func allOf(c *monitor.Comparison, outcome monitor.Outcome) bool {
	for _, owner := range c.Owners {
		if owner.Outcome != outcome {
			return false
		}
	}
	return len(c.Owners) > 0
}

// repair runs the commands of all differences, each once, in their order. Where one is to
// look closely first, what that finds is repaired before the rest.
func (r *rig) repair(found *monitor.Comparison, closely compare.Options) {
	r.t.Helper()
	ran := map[string]bool{}
	for _, d := range found.Differences {
		for _, step := range d.Repair {
			if step.Server == "" {
				if !ran[string(step.Command)] {
					ran[string(step.Command)] = true
					r.repair(r.compare(closely), closely)
				}
				continue
			}
			in := r.master
			if step.Server == "imap2" {
				in = r.replica
			}
			if strings.HasPrefix(string(step.Command), "cp ") {
				if !ran[string(step.Command)] {
					ran[string(step.Command)] = true
					r.paste(r.t.TempDir(), []monitor.RepairStep{step})
				}
				continue
			}
			words := strings.Fields(string(step.Command))
			if len(words) < 4 || words[1] != "-C" || words[2] != in.Conf {
				r.t.Fatalf("%q is no command for %s", step.Command, step.Server)
			}
			if !ran[string(step.Command)] {
				ran[string(step.Command)] = true
				if out, err := in.Tool(within(r.t, time.Minute), words[0], words[3:]...); err != nil {
					r.t.Logf("%s: %v %s", step.Command, err, out)
				}
			}
		}
	}
}

package compare_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestRepairsOfWhatIsMissingThere repairs mailboxes that the replica has deleted or renamed, after
// messages were changed in them there: what sync_client brings back of them would win. The
// master has as many messages as before after each command that is pasted.
func TestRepairsOfWhatIsMissingThere(t *testing.T) {
	t.Parallel()
	const all, one, gone = "UID STORE 1:* +FLAGS (%s)", "UID STORE 1 +FLAGS (%s)", `\Deleted`
	expunge := []string{fmt.Sprintf(all, gone), "EXPUNGE"}
	in := func(box string, commands ...string) []string { return append([]string{"SELECT " + box}, commands...) }
	deleteUser := func(r *rig, u string) {
		r.do(r.replica, cyrustest.AdminUser, "SETACL user."+u+" "+cyrustest.AdminUser+allRights, "DELETE user."+u)
	}
	cases := []struct {
		user   string
		damage func(*rig, string)
		says   string
		mend   func(*rig, string) // what is said to be done by hand
	}{
		{user: "plain", damage: on("r", "DELETE INBOX.Sent")},
		{user: "one", damage: func(r *rig, u string) {
			on("r", in("INBOX.Sent", fmt.Sprintf(one, gone), "EXPUNGE", "UNSELECT", "DELETE INBOX.Sent")...)(r, u)
			r.put(r.master, u, "INBOX.Sent", "later")
		}, says: "lacks 2 of its messages"},
		{user: "every", damage: on("r", append(in("INBOX.Sent", expunge...), "UNSELECT", "DELETE INBOX.Sent")...), says: "lacks all of its messages"},
		{user: "flagged", damage: on("r", in("INBOX.Sent", fmt.Sprintf(one, gone), "UNSELECT", "DELETE INBOX.Sent")...), says: "other flags"},
		{user: "moved", damage: on("r", in("INBOX.Sent", "UID MOVE 1 INBOX", "UNSELECT", "DELETE INBOX.Sent")...)},
		{user: "quota", damage: func(r *rig, u string) {
			r.do(r.replica, cyrustest.AdminUser, "SETQUOTA user."+u+".Sent (STORAGE 9999)")
			on("r", append(in("INBOX.Sent", expunge...), "UNSELECT", "DELETE INBOX.Sent")...)(r, u)
		}},
		{user: "renamed", damage: on("r", append(in("INBOX.Sent", expunge...), "UNSELECT", "RENAME INBOX.Sent INBOX.New")...), says: "user.renamed.New"},
		{user: "twice", damage: on("r", append(in("INBOX.Sent", expunge...), "UNSELECT", "RENAME INBOX.Sent INBOX.New", "DELETE INBOX.New")...), says: "DELETED.user.twice.New."},
		{user: "wholly", damage: func(r *rig, u string) {
			on("r", append(in("INBOX", expunge...), in("INBOX.Sent", fmt.Sprintf(one, gone), "EXPUNGE")...)...)(r, u)
			deleteUser(r, u)
		}},
		{user: "unharmed", damage: deleteUser},
		{user: "expired", damage: func(r *rig, u string) {
			on("r", append(in("INBOX.Sent", expunge...), "UNSELECT", "DELETE INBOX.Sent")...)(r, u)
			r.tool(r.replica, "cyr_expire", "-D", "0s", "-u", u)
		}},
		{user: "own", damage: func(r *rig, u string) {
			r.put(r.replica, u, "INBOX.Sent", "only there")
			on("r", in("INBOX.Sent", fmt.Sprintf(one, gone), "EXPUNGE", "UNSELECT", "DELETE INBOX.Sent")...)(r, u)
		}, says: "rename it to user.own.Sent", mend: func(r *rig, u string) {
			r.rename(r.deleted("user."+u+".Sent"), "user."+u+".Sent")
		}},
	}
	var mailboxes []cyrustest.Mailbox
	for _, c := range cases {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "user." + c.user, Messages: 3}, cyrustest.Mailbox{Name: "user." + c.user + ".Sent", Messages: 5})
	}
	r := newRig(t, mailboxes...)
	r.sync("-r", "-1")
	for _, c := range cases {
		t.Run(c.user, func(t *testing.T) {
			r := r.under(t)
			c.damage(r, c.user)
			before := r.holdings(c.user, r.master)
			dir, said := t.TempDir(), ""
			follow := func() {
				r.follow(owner(c.user), dir, &said)
				after := r.holdings(c.user, r.master)
				for what := range before {
					if !after[what] {
						t.Errorf("the master loses %s", what)
					}
				}
			}
			follow()
			if c.mend != nil {
				if after := r.holdings(c.user, r.master); !maps.Equal(before, after) {
					t.Errorf("what is printed changes the master from %v to %v", before, after)
				}
				c.mend(r, c.user)
				follow()
				if after := r.holdings(c.user, r.master); !after["INBOX.Sent: only there"] {
					t.Errorf("the replica's own message is lost: %v", after)
				}
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("nothing says %q: %s", c.says, said)
			}
			only(t, r.compare(compare.Options{Level: monitor.CompareMessages, Choose: owner(c.user)}))
		})
	}
	// Nobody's mailbox stops the replication, or goes with what was deleted before.
	r.expire()
	only(t, r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1}))
}

// TestRepairsWhereNothingIsKept does the same where the replica keeps nothing of what is deleted.
func TestRepairsWhereNothingIsKept(t *testing.T) {
	t.Parallel()
	all := slices.Repeat([]cyrustest.Settings{{Client: cyrustest.ClientNone, Extra: map[string]string{"delete_mode": "immediate", "expunge_mode": "immediate"}}}, 2)
	r := startRigOf(t, all, cyrustest.Mailbox{Name: "user.anna", Messages: 3}, cyrustest.Mailbox{Name: "user.anna.Sent", Messages: 5}, cyrustest.Mailbox{Name: "user.ben", Messages: 3})
	r.sync("-r", "-1")
	r.do(r.replica, "anna", "SELECT INBOX.Sent", `UID STORE 1:* +FLAGS (\Deleted)`, "EXPUNGE", "UNSELECT", "DELETE INBOX.Sent")
	r.do(r.replica, "ben", "SELECT INBOX", `UID STORE 1:* +FLAGS (\Deleted)`, "EXPUNGE")
	r.do(r.replica, cyrustest.AdminUser, "SETACL user.ben "+cyrustest.AdminUser+allRights, "DELETE user.ben")
	for user, want := range map[string]int{"anna": 8, "ben": 3} {
		dir, said := t.TempDir(), ""
		r.follow(owner(user), dir, &said)
		if has := r.holdings(user, r.master); len(has) != want {
			t.Errorf("the master has %v of %s: %s", has, user, said)
		}
		only(t, r.compare(compare.Options{Level: monitor.CompareMessages, Choose: owner(user)}))
	}
}

// TestDeletedWhileListed has the replica list a folder under neither name, as it does when that is
// deleted while it lists: what it has left of it is seen all the same.
func TestDeletedWhileListed(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3}, cyrustest.Mailbox{Name: "user.anna.Sent", Messages: 5})
	r.do(r.replica, "anna", "SELECT INBOX.Sent", `UID STORE 1:* +FLAGS (\Deleted)`, "EXPUNGE", "UNSELECT", "DELETE INBOX.Sent")
	var listed atomic.Bool
	b := &between{answer: func(command string) string {
		if strings.HasPrefix(command, `SYNCGET MAILBOXES ("user.anna.Sent")`) {
			listed.Store(true)
		}
		return ""
	}, change: func(line string) string {
		if strings.Contains(line, "DELETED.") && !listed.Load() {
			return ""
		}
		return line
	}}
	found, err := r.through(b, false, compare.Options{Level: monitor.CompareMarks})
	if err != nil {
		t.Fatal(err)
	}
	only(t, found, "mailbox_missing user.anna.Sent")
	for _, d := range found.Differences {
		if len(d.Repair) != 1 || !strings.Contains(string(d.Repair[0].Command), "--save") {
			t.Errorf("not careful: %+v", d)
		}
	}
}

// TestTreesOfWhatIsMissingThere has mailboxes of shared trees deleted or renamed on the replica
// after messages were expunged there: no command is printed that carries that to the master.
func TestTreesOfWhatIsMissingThere(t *testing.T) {
	t.Parallel()
	acl := []cyrustest.Right{{Identifier: "bob", Rights: "lrswipkxtecd"}, {Identifier: cyrustest.AdminUser, Rights: "lrswipkxtecda"}}
	r := newRig(t, cyrustest.Mailbox{Name: "user.bob"}, cyrustest.Mailbox{Name: "gone.sub", Messages: 3, ACL: acl}, cyrustest.Mailbox{Name: "named.sub", Messages: 3, ACL: acl})
	for tree, last := range map[string]string{"gone": "DELETE gone.sub", "named": "RENAME named.sub named.new"} {
		r.do(r.replica, "bob", "SELECT "+tree+".sub", `UID STORE 2 +FLAGS (\Deleted)`, "EXPUNGE")
		r.do(r.replica, cyrustest.AdminUser, last)
		dir, said := t.TempDir(), ""
		r.follow(owner(tree), dir, &said)
		if has := r.holdingsOf("bob", tree+".*", r.master); len(has) != 3 {
			t.Errorf("the master has %v: %s", has, said)
		}
		was := tree + ".new"
		if tree == "gone" {
			was = r.deleted("gone.sub")
		}
		if !strings.Contains(said, "on "+was+", rename it to "+tree+".sub") {
			t.Errorf("of %s nothing says what it is renamed to: %s", was, said)
		}
		r.do(r.replica, cyrustest.AdminUser, "RENAME "+was+" "+tree+".sub")
		r.follow(owner(tree), dir, &said)
		if has := r.holdingsOf("bob", tree+".*", r.master); len(has) != 3 {
			t.Errorf("then the master has %v: %s", has, said)
		}
		only(t, r.compare(compare.Options{Level: monitor.CompareMarks, Choose: owner(tree)}), "message_missing "+tree+".sub")
	}
}

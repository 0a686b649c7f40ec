package compare_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

const allRights = " lrswipkxtecdan"

// rename gives the administrator all rights on a mailbox of the replica, and renames it.
func (r *rig) rename(from, to string) {
	r.t.Helper()
	r.do(r.replica, cyrustest.AdminUser, "SETACL "+from+" "+cyrustest.AdminUser+allRights, "RENAME "+from+" "+to, "DELETEACL "+to+" "+cyrustest.AdminUser)
}

// put appends a message of this subject.
func (r *rig) put(in *cyrustest.Instance, user, box, subject string) {
	r.t.Helper()
	r.do(in, user, "APPEND "+box+" "+cyrustest.Literal("Subject: "+subject+"\r\n\r\nx\r\n"))
}

// TestRepairsOfWhatWasDeleted repairs users whose folders were deleted where the other side does
// not know of it: what is deleted has the directory of what is not.
func TestRepairsOfWhatWasDeleted(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		damage func(r *rig, a, b string)
		hand   func(r *rig, a, b string) // what is said to be done
		says   string                    // A and B are the users
		then   func(r *rig, b string)    // what is said to be done after that
		hint   string
	}{
		{name: "away", damage: func(r *rig, a, b string) {
			r.rename("user."+a+".Work", "user."+b+".Werk")
			r.do(r.replica, b, "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
			r.do(r.replica, cyrustest.AdminUser, "SETACL user."+b+".Werk "+cyrustest.AdminUser+allRights, "DELETE user."+b+".Werk")
		}, hand: func(r *rig, a, b string) {
			r.rename(r.deleted("user."+b+".Werk"), "user."+a+".Work")
		}, says: "what imap1 calls user.A.Work is called DELETED.user.B.Werk."},
		{name: "taken", damage: func(r *rig, a, b string) {
			r.rename("user."+a+".Work", "user."+b+".Werk")
			r.do(r.replica, cyrustest.AdminUser, "SETACL user."+b+".Werk "+b+allRights)
			r.put(r.replica, b, "INBOX.Werk", "in Werk")
			r.do(r.replica, b, "DELETE INBOX.Werk")
			r.do(r.replica, a, "CREATE INBOX.Work")
			r.put(r.replica, a, "INBOX.Work", "in the new one")
		}, hand: func(r *rig, a, b string) {
			r.rename(r.deleted("user."+b+".Werk"), "user."+a+".Free")
			r.do(r.replica, cyrustest.AdminUser, "SETACL user."+a+".Free "+a+allRights)
		}, says: "to a free name of the same owner instead"},
		{name: "exchanged", damage: func(r *rig, a, b string) {
			r.rename("user."+a+".Work", "user."+b+".Between")
			r.rename("user."+b+".Work", "user."+a+".Work")
			r.rename("user."+b+".Between", "user."+b+".Work")
		}, hand: func(r *rig, a, b string) {
			r.rename("user."+b+".Work", "user."+a+".Free")
			r.rename("user."+a+".Work", "user."+b+".Work")
		}, says: "what imap1 calls user.B.Work is called user.A.Work on imap2"},
		{name: "both", damage: func(r *rig, a, b string) {
			r.rename("user."+a+".Work", "user."+b+".Werk")
			r.do(r.replica, cyrustest.AdminUser, "SETACL user."+b+".Werk "+cyrustest.AdminUser+allRights, "DELETE user."+b+".Werk")
			r.do(r.master, a, "DELETE INBOX.Work")
			r.do(r.replica, a, "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
		}, hand: func(r *rig, a, b string) {
			r.rename(r.deleted("user."+b+".Werk"), "user."+a+".Free")
		}, says: "to a free name among the mailboxes of A"},
		{name: "given", damage: func(r *rig, a, b string) {
			r.do(r.master, cyrustest.AdminUser, "SETACL user."+a+".Work "+cyrustest.AdminUser+allRights, "RENAME user."+a+".Work user."+b+".Werk", "DELETE user."+b+".Werk")
		}, hand: func(r *rig, a, b string) { // and the rights are forgotten
			r.rename("user."+a+".Work", "user."+b+".Free")
		}, says: "to a free name among the mailboxes of B, give B all rights on it (SETACL … B lrswipkxtecdan)", then: func(r *rig, b string) {
			r.do(r.replica, cyrustest.AdminUser, "SETACL user."+b+".Free "+b+allRights)
		}, hint: `"Mailbox does not exist", which it also says without the right l, give the user the rights l and r`},
		{name: "apart", damage: func(r *rig, a, b string) {
			r.do(r.master, a, "DELETE INBOX.Work")
			r.do(r.replica, a, "DELETE INBOX.Work", "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
			r.do(r.master, b, "DELETE INBOX.Work")
			r.do(r.replica, b, "DELETE INBOX.Work")
			r.tool(r.replica, "cyr_expire", "-D", "0s", "-u", b)
			r.do(r.replica, b, "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
		}, says: "removes records of mailboxes that were deleted on imap2"},
	}
	mailboxes := []cyrustest.Mailbox{}
	for _, c := range cases {
		for _, u := range []string{c.name + "a", c.name + "b"} {
			mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "user." + u, Messages: 2}, cyrustest.Mailbox{Name: "user." + u + ".Work", Messages: 3})
		}
	}
	r := newRig(t, mailboxes...)
	r.sync("-r", "-1")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := r.under(t)
			a, b := c.name+"a", c.name+"b"
			c.damage(r, a, b)
			before := map[string]bool{}
			for _, u := range []string{a, b} {
				for _, in := range []*cyrustest.Instance{r.master, r.replica} {
					for what := range r.holdings(u, in) {
						before[what] = true
					}
				}
			}
			dir, said := t.TempDir(), ""
			follow := func() {
				for _, u := range []string{a, b, a} {
					r.follow(owner(u), dir, &said)
				}
			}
			follow()
			if c.hand != nil {
				c.hand(r, a, b)
				follow()
			}
			if c.then != nil {
				c.then(r, b)
				follow()
			}
			if said = strings.NewReplacer(a, "A", b, "B").Replace(said); !strings.Contains(said, c.says) || !strings.Contains(said, c.hint) {
				t.Errorf("nothing says %q and %q: %s", c.says, c.hint, said)
			}
			saved := contents(t, dir)
			after := r.holdings(a, r.master)
			for what := range r.holdings(b, r.master) {
				after[what] = true
			}
			for what := range before {
				if _, text, _ := strings.Cut(what, ": "); !after[what] && !strings.Contains(saved, text) {
					t.Errorf("lost: %s; saved is %q", what, saved)
				}
			}
			for _, u := range []string{a, b} {
				r.sync("-u", u)
				only(t, r.compare(compare.Options{Level: monitor.CompareMessages, Choose: owner(u)}))
			}
		})
	}
	// What is deleted takes nothing with it that is not.
	r.expire()
	only(t, r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1}))
}

package compare_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// repairCase is a user who is damaged and repaired.
type repairCase struct {
	user   string
	damage func(*rig, string)
	breaks func(*rig, string)   // on the disk, when it is known who has what
	left   string               // what must still differ, since no command is printed for it
	mend   func(*rig, string)   // what is said to be done by hand; then nothing must differ
	says   string               // what is said before anything is destroyed
	gone   string               // the message that nobody can save
	again  monitor.CompareLevel // at which it is said to compare then; empty: at any
}

// TestRepairsLoseNothing damages users in several ways at once, runs what is printed, in
// that order, and looks for every message, flag and script that either side had.
func TestRepairsLoseNothing(t *testing.T) {
	t.Parallel()
	const gone, flagged = `UID STORE 2 +FLAGS (\Deleted)`, `UID STORE 2 +FLAGS (\Flagged)`
	only := func(box, text string) string {
		return "APPEND " + box + " " + cyrustest.Literal("Subject: only "+text+"\r\n\r\n"+text+"\r\n")
	}
	index := func(box string) func(*rig, string) {
		return func(r *rig, u string) {
			name := filepath.Join(r.directory(r.replica, "user."+u+box), "cyrus.index")
			if err := os.WriteFile(name, []byte(strings.Repeat("garbage", 40)), 0o600); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	cases := []repairCase{
		{user: "miss-extra", damage: on("r", "SELECT INBOX", gone, "EXPUNGE", only("INBOX.Work", "1")), says: "the messages that only the replica has"},
		{user: "miss-acl", damage: func(r *rig, u string) {
			on("r", "SELECT INBOX", gone, "EXPUNGE")(r, u)
			r.do(r.replica, cyrustest.AdminUser, "SETACL user."+u+" bob lrs")
		}, says: "expunges the messages on the master"},
		{user: "flag-extra", damage: on("r", "SELECT INBOX", flagged, only("INBOX.Work", "3")), says: "its own flags"},
		{user: "extra-miss", damage: on("r", only("INBOX", "4"), "SELECT INBOX.Sent", gone, "EXPUNGE")},
		{user: "folder-extra", damage: on("r", "CREATE INBOX.Odd", only("INBOX.Odd", "5"), only("INBOX.Sent", "6"))},
		{user: "sub-miss", damage: on("r", "SELECT INBOX.Work", gone, "EXPUNGE", "UNSUBSCRIBE INBOX", "SUBSCRIBE INBOX.Work"), says: "its own subscriptions"},
		{user: "deleted", damage: on("r", "DELETE INBOX.Sent")},
		{user: "deleted-flag", damage: on("r", "DELETE INBOX.Sent", "SELECT INBOX", flagged), says: "where that fails nothing is removed"},
		{user: "expired", damage: func(r *rig, u string) {
			on("r", "DELETE INBOX.Sent")(r, u)
			r.tool(r.replica, "cyr_expire", "-D", "0s", "-u", u)
		}},
		{user: "anew", damage: on("r", "DELETE INBOX.Sent", "CREATE INBOX.Sent", only("INBOX.Sent", "7")), says: "made anew"},
		{user: "anew-empty", damage: on("r", "DELETE INBOX.Sent", "CREATE INBOX.Sent")},
		{user: "content", damage: func(r *rig, u string) {
			on("r", only("INBOX", "8"))(r, u)
			on("m", only("INBOX", "9"))(r, u)
		}},
		{user: "script", damage: func(r *rig, u string) { r.script(r.replica, u, "stop;\r\n") }, says: "its own scripts"},
		{user: "script-extra", damage: func(r *rig, u string) {
			r.script(r.replica, u, "stop;\r\n")
			on("r", only("INBOX", "10"))(r, u)
		}},
		{user: "new-root", damage: func(r *rig, u string) {
			r.do(r.replica, cyrustest.AdminUser, "SETQUOTA user."+u+".Work (STORAGE 100)")
		}},
		{user: "seen", damage: func(r *rig, u string) {
			r.do(r.replica, u, "SELECT user.host", `UID STORE 2 +FLAGS (\Seen)`)
		}, says: "what was seen only there"},
		{user: "note", damage: func(r *rig, u string) {
			r.do(r.replica, u, `SETMETADATA user.host (/private/comment "mine")`)
		}, left: "annotation", says: "none is claimed"},
		{user: "lost-file", damage: func(r *rig, u string) {
			on("r", "SELECT INBOX", `UID STORE 3 +FLAGS (\Flagged)`)(r, u)
			remove(r, r.master, "user."+u, 2)
		}, left: "flags", says: "copy the files of these UIDs", mend: func(r *rig, u string) { r.copyFiles(r.replica, r.master, "user."+u, "2.") }},
		{user: "lost-index", damage: func(r *rig, u string) {
			on("r", only("INBOX.Work", "11"))(r, u)
			if err := os.Remove(filepath.Join(r.directory(r.master, "user."+u), "cyrus.index")); err != nil {
				r.t.Fatal(err)
			}
		}, left: "unreadable", says: "reconstruct, without -G", mend: func(r *rig, u string) {
			r.copyFiles(r.replica, r.master, "user."+u, "cyrus.*")
			r.tool(r.master, "reconstruct", "--", "user."+u)
		}},
	}
	cases = append(cases, []repairCase{
		{user: "x-index", damage: func(r *rig, u string) {
			on("r", only("INBOX", "12"))(r, u)
			on("m", only("INBOX", "18"))(r, u)
		}, breaks: index(""), left: "unreadable", says: "as long as what is in it cannot be read", again: monitor.CompareSpool, mend: func(r *rig, u string) {
			r.copyFiles(r.master, r.replica, "user."+u, "cyrus.*")
			r.tool(r.replica, "reconstruct", "--", "user."+u)
		}},
		{user: "x-folder", damage: on("r", "CREATE INBOX.Odd", only("INBOX.Odd", "13")), breaks: index(".Odd"), left: "unreadable mailbox_extra", says: "imap1 does not have the mailbox", mend: func(r *rig, u string) {
			r.tool(r.replica, "reconstruct", "--", "user."+u+".Odd")
		}},
		{user: "x-expunged", damage: on("m", "SELECT INBOX", gone, "EXPUNGE"), says: "may have expunged them"},
		{user: "x-file", damage: on("r", only("INBOX", "14")), breaks: func(r *rig, u string) { remove(r, r.replica, "user."+u, 5) }, left: "message_extra", says: "gives the message up", gone: "only 14", mend: func(r *rig, u string) {
			r.tool(r.replica, "reconstruct", "--", "user."+u)
		}},
		{user: "x-garbled", damage: on("r", only("INBOX", "15")), breaks: func(r *rig, u string) { garble(r, r.replica, "user."+u, 5) }},
		{user: "x-right", damage: func(r *rig, u string) {
			on("r", only("INBOX", "16"), "SELECT INBOX.Work", flagged)(r, u)
		}, breaks: func(r *rig, u string) {
			r.do(r.replica, cyrustest.AdminUser, "SETACL user."+u+" "+u+" lswipkxtecda")
		}, left: "message_extra acl flags", says: "give the user the rights l and r", mend: func(r *rig, u string) {
			r.do(r.replica, cyrustest.AdminUser, "SETACL user."+u+" "+u+" lrswipkxtecda")
		}},
		{user: "x-anew", damage: func(r *rig, u string) {
			on("r", "DELETE INBOX.Work", "CREATE INBOX.Work", only("INBOX.Work", "19"))(r, u)
			remove(r, r.master, "user."+u+".Work", 2)
		}, left: "spool", says: "copy the files of these UIDs", again: monitor.CompareSpool, mend: func(r *rig, u string) {
			r.copyBetween(r.replica, r.deleted("user."+u+".Work"), r.master, "user."+u+".Work", "2.")
		}},
		{user: "x-alone", damage: func(r *rig, u string) {
			on("r", "DELETE INBOX.Work", "SELECT INBOX", flagged)(r, u)
			r.tool(r.replica, "cyr_expire", "-D", "0s", "-u", u)
			remove(r, r.master, "user."+u+".Work", 2)
		}, left: "spool", says: "UID 2 comes from a backup only", again: monitor.CompareSpool, mend: func(r *rig, u string) {
			r.tool(r.master, "reconstruct", "--", "user."+u+".Work")
		}},
		{user: "x-two", damage: on("r", "DELETE INBOX.Sent", "DELETE INBOX.Work", "CREATE INBOX.Sent", "CREATE INBOX.Work", only("INBOX.Work", "17"))},
	}...)
	mailboxes := []cyrustest.Mailbox{{Name: "user.bob"}, {Name: "user.host", Messages: 2, ACL: []cyrustest.Right{{Identifier: "seen", Rights: "lrsw"}, {Identifier: "note", Rights: "lrsw"}}}}
	for _, c := range cases {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "user." + c.user, Messages: 4}, cyrustest.Mailbox{Name: "user." + c.user + ".Work", Messages: 3}, cyrustest.Mailbox{Name: "user." + c.user + ".Sent", Messages: 3})
	}
	r := newRig(t, mailboxes...)
	for _, c := range cases {
		if strings.HasPrefix(c.user, "script") {
			r.script(r.master, c.user, "keep;\r\n")
			r.sync("-u", c.user)
		}
	}
	r.sync("-r", "-1")
	for _, c := range cases {
		t.Run(c.user, func(t *testing.T) {
			r := r.under(t)
			c.damage(r, c.user)
			before := r.holdings(c.user, r.master)
			maps.Copy(before, r.holdings(c.user, r.replica))
			if c.breaks != nil {
				c.breaks(r, c.user)
			}
			o := owner(c.user)
			dir, said := t.TempDir(), ""
			r.follow(o, dir, &said)
			if c.mend != nil {
				if len(r.compare(compare.Options{Level: "2", Choose: o}).Differences) == 0 {
					t.Errorf("%s is repaired by what was printed", c.left)
				}
				c.mend(r, c.user)
				r.followFrom(compare.Options{Level: c.again, Choose: o}, dir, &said)
			}
			after := r.holdings(c.user, r.master)
			maps.Copy(after, r.holdings(c.user, r.replica))
			saved := contents(t, dir)
			for what := range before {
				if _, text, _ := strings.Cut(what, ": "); !after[what] && !strings.Contains(saved, text) && text != c.gone {
					t.Errorf("lost: %s; saved is %q", what, saved)
				}
			}
			if strings.HasPrefix(c.user, "script") && !strings.Contains(saved, "stop;") {
				t.Errorf("the replica's script is not saved: %q", saved)
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("nothing says %q: %s", c.says, said)
			}
			for _, level := range []monitor.CompareLevel{"3", "2"} {
				found := r.compare(compare.Options{Level: level, Choose: o})
				for _, d := range found.Differences {
					if c.left != string(d.Kind) || c.mend != nil {
						t.Errorf("left: %+v", d)
					}
				}
			}
		})
	}
	// No user is left at whom the replication of the others stops, nor a folder that is
	// removed when what was deleted before is.
	for _, c := range cases {
		if c.left == "" || c.mend != nil {
			r.do(r.master, c.user, only("INBOX.Sent", "late"))
		}
	}
	r.expire()
	for _, c := range cases {
		if c.left == "" || c.mend != nil {
			if found := r.compare(compare.Options{Level: "4", Sample: 1, Choose: owner(c.user)}); len(found.Differences) > 0 {
				t.Errorf("later, %s: %+v", c.user, found.Differences)
			}
		}
	}
}

// TestTreeRepairsLoseNothing does the same with shared trees, where no command of Cyrus
// removes a replica's copy.
func TestTreeRepairsLoseNothing(t *testing.T) {
	t.Parallel()
	only := "APPEND %s " + cyrustest.Literal("Subject: only there\r\n\r\nx\r\n")
	expunge := func(r *rig, name string) {
		r.do(r.replica, "bob", "SELECT "+name, `UID STORE 2 +FLAGS (\Deleted)`, "EXPUNGE")
	}
	cases := []struct {
		tree   string
		damage func(*rig, string)
		says   string
		mend   func(*rig, string) // what is said to be done by hand
	}{
		{"tmissing", expunge, "sync_client -m expunges on the master", func(r *rig, name string) {
			r.do(r.master, "bob", "SELECT "+name, "UID COPY 2 "+name)
			r.raise(name)
			r.sync("-m", name)
		}},
		{"tboth", func(r *rig, name string) {
			expunge(r, name)
			r.do(r.replica, "bob", fmt.Sprintf(only, name))
		}, "first saves the messages", func(r *rig, name string) {
			r.do(r.master, "bob", "SELECT "+name, "UID COPY 2 "+name)
			r.raise(name)
			r.sync("-m", name)
		}},
		{"textra", func(r *rig, name string) {
			r.do(r.replica, "bob", fmt.Sprintf(only, name))
			r.raise(name)
		}, "is copied to the master", nil},
		{"tflag", func(r *rig, name string) {
			r.do(r.replica, "bob", "SELECT "+name, `UID STORE 2 +FLAGS (\Flagged)`)
			r.raise(name)
		}, "flags of the older side are lost", nil},
		{"tindex", func(r *rig, name string) {
			if err := os.Remove(filepath.Join(r.directory(r.replica, name), "cyrus.index")); err != nil {
				r.t.Fatal(err)
			}
		}, "reconstruct, without -G", func(r *rig, name string) {
			r.copyFiles(r.master, r.replica, name, "cyrus.*")
			r.tool(r.replica, "reconstruct", "--", name)
		}},
		{"tquota", func(r *rig, name string) {
			r.do(r.replica, cyrustest.AdminUser, "SETQUOTA "+name+" (STORAGE 77)")
		}, "worked off", nil},
		{"tgone", func(r *rig, name string) {
			r.do(r.replica, cyrustest.AdminUser, "DELETE "+name)
		}, "rename it to tgone", func(r *rig, name string) {
			r.undelete(name)
			r.raise(name)
		}},
		{"tanew", func(r *rig, name string) {
			r.do(r.replica, cyrustest.AdminUser, "DELETE "+name, "CREATE "+name, "SETACL "+name+" bob lrswipkxtecd")
			r.do(r.replica, "bob", fmt.Sprintf(only, name))
		}, "no command repairs this", func(r *rig, name string) {
			was := r.deleted(name)
			r.do(r.replica, cyrustest.AdminUser, "SETACL "+name+" "+cyrustest.AdminUser+" lrswipkxtecda", "DELETE "+name, "RENAME "+was+" "+name)
			r.raise(name)
		}},
	}
	mailboxes := []cyrustest.Mailbox{{Name: "user.bob", Messages: 1}}
	for _, c := range cases {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: c.tree, Messages: 3, ACL: []cyrustest.Right{{Identifier: "bob", Rights: "lrswipkxtecd"}, {Identifier: cyrustest.AdminUser, Rights: "lrswipkxtecda"}}})
	}
	r := newRig(t, mailboxes...)
	r.sync("-r", "-1")
	for _, c := range cases {
		t.Run(c.tree, func(t *testing.T) {
			r := r.under(t)
			if c.tree == "tindex" {
				r.do(r.master, "bob", "SELECT "+c.tree, `UID STORE 1 +FLAGS (\Flagged)`)
				r.sync("-m", c.tree)
				r.sync("-r", "-1")
			}
			c.damage(r, c.tree)
			before := r.holdingsOf("bob", c.tree, r.master)
			maps.Copy(before, r.holdingsOf("bob", c.tree, r.replica))
			dir, said := t.TempDir(), ""
			r.follow(owner(c.tree), dir, &said)
			if c.mend != nil {
				if len(r.compare(compare.Options{Level: "3", Choose: owner(c.tree)}).Differences) == 0 {
					t.Error("it is repaired by what was printed")
				}
				c.mend(r, c.tree)
				r.follow(owner(c.tree), dir, &said)
			}
			r.sync("-r", "-1") // the rolling client's next batch
			after := r.holdingsOf("bob", c.tree, r.master)
			maps.Copy(after, r.holdingsOf("bob", c.tree, r.replica))
			for what := range before {
				if _, text, _ := strings.Cut(what, ": "); !after[what] && !strings.Contains(contents(t, dir), text) {
					t.Errorf("lost: %s", what)
				}
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("nothing says %q: %s", c.says, said)
			}
			raises := fmt.Sprintf("as STATUS %[1]q (HIGHESTMODSEQ) tells an administrator on each side: as one on the master repeat SETACL %[1]q zz-nobody lr and DELETEACL %[1]q zz-nobody until", c.tree)
			if c.mend == nil && c.tree != "tquota" && !strings.Contains(said, raises) {
				t.Errorf("no commands that raise the counter: %s", said)
			}
			if found := r.compare(compare.Options{Level: "3", Choose: owner(c.tree)}); len(found.Differences) > 0 {
				t.Errorf("in the end: %+v", found.Differences)
			}
		})
	}
}

// TestRepairsOfAllNames pastes repairs of names that need care.
func TestRepairsOfAllNames(t *testing.T) {
	t.Parallel()
	users := []string{"jane.doe", "o'brien", "a$(id)", "sp ace"}
	var mailboxes []cyrustest.Mailbox
	for _, u := range users {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "user/" + u, Messages: 3}, cyrustest.Mailbox{Name: "user/" + u + "/Old Mail", Messages: 2})
	}
	mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "team"}, cyrustest.Mailbox{Name: "team/a plan.b"})
	r := startRig(t, cyrustest.Settings{Client: cyrustest.ClientNone, UnixHierarchySep: true}, mailboxes...)
	scripted := users[:2] // timsieved lets the others not in
	for _, u := range scripted {
		r.script(r.master, u, "keep;\r\n")
	}
	r.sync("-A")
	r.sync("-r", "-1")
	for _, u := range users {
		if slices.Contains(scripted, u) {
			r.script(r.replica, u, "stop;\r\n")
		}
		r.do(r.replica, u, "SELECT INBOX", `UID STORE 2 +FLAGS (\Flagged)`, "APPEND INBOX "+cyrustest.Literal("Subject: only\r\n\r\nx\r\n"), `DELETE "INBOX/Old Mail"`)
	}
	r.do(r.replica, cyrustest.AdminUser, `SETQUOTA "team/a plan.b" (STORAGE 50)`)
	for _, name := range append(users, "team") {
		dir, said := t.TempDir(), ""
		r.follow(owner(name), dir, &said)
		r.sync("-r", "-1")
		if found := r.compare(compare.Options{Level: "3", Choose: owner(name)}); len(found.Differences) > 0 || !allOf(found, monitor.Identical) {
			t.Errorf("%s: %+v", name, found)
		}
		if saved := contents(t, dir); name != "team" && !strings.Contains(saved, "Subject: only") || slices.Contains(scripted, name) && !strings.Contains(saved, "stop;") {
			t.Errorf("%s: saved is %q", name, saved)
		}
	}
}

// deleted returns the name under which a mailbox of the replica is kept that was deleted.
func (r *rig) deleted(mailbox string) string {
	r.t.Helper()
	conn, err := r.replica.DialAs(within(r.t, 30*time.Second), cyrustest.AdminUser)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	lines, err := conn.Do(`LIST "" "DELETED.` + mailbox + `.%"`)
	if err != nil || len(lines) == 0 {
		r.t.Fatal(lines, err)
	}
	return lines[0][strings.LastIndex(lines[0], " ")+1:]
}

func (r *rig) undelete(mailbox string) {
	r.t.Helper()
	r.do(r.replica, cyrustest.AdminUser, "RENAME "+r.deleted(mailbox)+" "+mailbox)
}

// raise makes the master's HIGHESTMODSEQ of a mailbox the larger one, as the warning says.
func (r *rig) raise(mailbox string) {
	for range 4 {
		r.do(r.master, cyrustest.AdminUser, "SETACL "+mailbox+" zz-nobody lr", "DELETEACL "+mailbox+" zz-nobody")
	}
	if err := os.Remove(filepath.Join(r.master.Dir, "conf/sync/log")); err != nil {
		r.t.Fatal(err)
	}
}

// on sends commands to a side as the user.
func on(side string, commands ...string) func(*rig, string) {
	return func(r *rig, user string) {
		in := r.master
		if side == "r" {
			in = r.replica
		}
		r.do(in, user, commands...)
	}
}

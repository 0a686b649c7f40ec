package compare_test

import (
	"os"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestTheSideThatCountsWrong has a quota of either side count something else as used than
// there is: that side counts anew, and the other one is left alone.
func TestTheSideThatCountsWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 5, Quota: 10240}, cyrustest.Mailbox{Name: "user.anna.Work", Messages: 3})
	for server, in := range map[inventory.ServerID]*cyrustest.Instance{"imap1": r.master, "imap2": r.replica} {
		r.tool(in, "cyr_dbtool", in.Dir+"/conf/quotas.db", "twoskip", "set", "user.anna", "%(S (9999 10240) M 5)")
		found := r.compare(compare.Options{Level: monitor.CompareAccounts})
		only(t, found, "quota user.anna")
		d := found.Differences[0]
		if len(d.Repair) != 1 || d.Repair[0].Server != server || !strings.HasSuffix(string(d.Repair[0].Command), " -f -- user.anna") {
			t.Fatalf("when %s counts wrong: %+v", server, d)
		}
		r.repair(found, compare.Options{})
		only(t, r.compare(compare.Options{Level: monitor.CompareAccounts}))
	}
}

// TestQuotaRootsApart has mailboxes count for quota roots that the other side does not have, or
// that are not there at all: nothing is removed for that, and what is printed ends it.
func TestQuotaRootsApart(t *testing.T) {
	t.Parallel()
	limit := func(in *cyrustest.Instance, r *rig, name string) {
		r.do(in, cyrustest.AdminUser, "SETQUOTA "+name+" (STORAGE 9999)")
	}
	cases := map[string]func(r *rig, tree string){
		"user.own":  func(r *rig, tree string) { limit(r.replica, r, tree+".Work") },
		"user.none": func(r *rig, tree string) { limit(r.replica, r, tree+".Work") },
		"user.copied": func(r *rig, tree string) {
			limit(r.replica, r, tree+".Work")
			if err := os.Remove(r.directory(r.master, tree+".Work") + "/cyrus.index"); err != nil {
				r.t.Fatal(err)
			}
			r.copyFiles(r.replica, r.master, tree+".Work", "cyrus.*")
			r.tool(r.master, "reconstruct", "--", tree+".Work")
		},
		"tree": func(r *rig, tree string) { limit(r.replica, r, tree+".Work") },
	}
	var mailboxes []cyrustest.Mailbox
	for tree := range cases {
		quota := int64(10000)
		if tree == "user.none" {
			quota = 0
		}
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: tree, Messages: 3, Quota: quota}, cyrustest.Mailbox{Name: tree + ".Work", Messages: 5})
	}
	r := newRig(t, mailboxes...)
	r.sync("-r", "-1")
	for tree, damage := range cases {
		damage(r, tree)
		dir, said := t.TempDir(), ""
		name := owner(strings.TrimPrefix(tree, "user."))
		for range 4 {
			found := r.compare(compare.Options{Level: monitor.CompareAccounts, Choose: name})
			if len(found.Differences) == 0 {
				break
			}
			steps := found.Differences[0].Repair
			for _, step := range steps {
				if command := string(step.Command); strings.Contains(command, "sync_reset") || strings.Contains(command, "--save") || command == "" {
					t.Errorf("%s: for quotas alone: %+v", tree, found.Differences)
				}
			}
			if failed, _ := r.paste(dir, steps); failed {
				t.Errorf("%s: %+v fails", tree, steps)
			}
			r.sync("-r", "-1") // the rolling client's next batch
			said += string(found.Differences[0].Warning)
		}
		t.Log(tree, said)
		only(t, r.compare(compare.Options{Level: monitor.CompareMessages, Choose: name}))
	}
}

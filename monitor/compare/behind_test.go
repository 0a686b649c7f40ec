package compare_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestRepairsOfWhatIsOnlyBehind repairs a user and a shared tree of whom the replica only lacks
// what came last: sync_client alone brings it, and nothing is removed or doubled.
func TestRepairsOfWhatIsOnlyBehind(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 3}, cyrustest.Mailbox{Name: "user.ben", Messages: 3},
		cyrustest.Mailbox{Name: "team", Messages: 3, ACL: []cyrustest.Right{{Identifier: "anna", Rights: "lrswipkxtecd"}}})
	r.put(r.master, "anna", "INBOX", "new")
	r.do(r.master, "anna", "SELECT INBOX", `UID STORE 2 +FLAGS (\Flagged)`, "CREATE INBOX.New")
	r.put(r.master, "anna", "INBOX.New", "new")
	r.do(r.master, "ben", "SELECT INBOX", `UID STORE 2 +FLAGS (\Flagged)`)
	r.put(r.master, "anna", "team", "new")
	// The log is lost.
	for _, c := range []struct{ name, want string }{{"anna", "-u -- anna"}, {"ben", "-u -- ben"}, {"team", "-m -- team"}} {
		t.Run(c.name, func(t *testing.T) {
			r := r.under(t)
			user, pattern := c.name, "INBOX*"
			if c.name == "team" {
				user, pattern = "anna", "team"
			}
			before := r.holdingsOf(user, pattern, r.master)
			found := r.compare(compare.Options{Level: monitor.CompareAccounts, Choose: owner(c.name)})
			if len(found.Differences) == 0 {
				t.Fatal("nothing differs")
			}
			for _, d := range found.Differences {
				if len(d.Repair) != 1 || !strings.Contains(string(d.Repair[0].Command), c.want) || strings.Contains(string(d.Warning), "xpunges") {
					t.Errorf("%s: %+v: %s", d.Kind, d.Repair, d.Warning)
				}
			}
			r.paste(t.TempDir(), found.Differences[0].Repair)
			only(t, r.compare(compare.Options{Level: monitor.CompareMessages, Choose: owner(c.name)}))
			if after := r.holdingsOf(user, pattern, r.replica); !maps.Equal(after, before) {
				t.Errorf("the master has %v, the replica %v", before, after)
			}
		})
	}
}

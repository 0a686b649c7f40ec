package compare_test

import (
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

package apply_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// A quota that counts something else as used than its copy does is told, with what has it
// count anew, and stops no move.
func TestAQuotaThatCountsWrong(t *testing.T) {
	t.Parallel()
	r, ctx := newRig(t, 2, cyrustest.Settings{}), t.Context()
	from := r.Stores[0].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3, Quota: 100000}}))
	r.routes["anna"] = inventory.ServerID(from.Name)
	if out, err := from.Tool(ctx, "cyr_dbtool", from.Dir+"/conf/quotas.db", "twoskip", "set", "user.anna", "%(S (999999 100000) M 3)"); err != nil {
		t.Fatal(out, err)
	}
	j, u := &journal{left: -1}, unit("anna", "s1", "s2", "anna")
	if outcome, err := r.options(j).Carry(ctx, u, false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	records, err := j.Steps(ctx, u.Plan, u.Name)
	must(t, err)
	told := strings.Join((&course.Result{Unit: u, Records: records}).Miscounts(), "\n")
	if want := "on " + from.Name + " /usr/lib/cyrus/bin/quota -C " + from.Conf + " -f -- user.anna counts anew"; !strings.Contains(told, want) || !strings.Contains(told, "{STORAGE 976 100000}") {
		t.Errorf("of a quota that counts wrong is told %q", told)
	}
}

package apply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/apply"
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

func TestLimitsDecide(t *testing.T) {
	quota := func(used, limit int64) map[cyrus.InternalName][]cyrus.Use {
		return map[cyrus.InternalName][]cyrus.Use{"user.anna": {{Resource: "STORAGE", Used: used, Limit: limit}}}
	}
	for _, c := range []struct {
		copy                  map[cyrus.InternalName][]cyrus.Use
		different, miscounted int
	}{{quota(7, 10), 0, 0}, {quota(8, 10), 0, 1}, {quota(7, 11), 1, 0}, {quota(8, 11), 1, 0}, {nil, 1, 0}} {
		different, miscounted := apply.Quotas(quota(7, 10), c.copy)
		if len(different) != c.different || miscounted != c.miscounted || slices.Contains(different, "") {
			t.Errorf("%v: %q, %d", c.copy, different, miscounted)
		}
	}
}

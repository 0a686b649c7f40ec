package apply_test

import (
	"context"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// Who is to move to where interlace keeps a copy of him is told so: of which plan, until when,
// and what can be done. Another denial there is another reason.
func TestCheckNamesKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 1}, {Name: "user.ben"}}))
	must(t, r.Settle(t.Context()))
	j := &journal{left: -1}
	o := r.options(j)
	u := unit("moved", "s1", "s2", "anna", "ben")
	done, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
	if err != nil || done[0].Outcome != course.Moved {
		t.Fatalf("%+v, %v", done, err)
	}
	o.Whereabouts = func(ctx context.Context) (map[inventory.UserID]course.Whereabouts, error) {
		return course.Find(ctx, []course.Unit{*u}, j)
	}
	must(t, r.Stores[1].Settle(t.Context()))
	check := func(o *apply.Options, user string, want ...string) string {
		t.Helper()
		_, err := o.Check(t.Context(), unit("again", "s2", "s1", user))
		text := "nothing"
		if err != nil {
			text = err.Error()
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%q lacks %q", text, w)
			}
		}
		return text
	}
	routed, _ := course.Ended(done[0].Records, "route")
	until := routed.Add(o.Keep).UTC().Format("2006-01-02 15:04 UTC")
	said := check(o, "anna",
		"user anna is on "+r.Stores[0].Master().Name+" already, with 1 mailbox: interlace keeps this copy of plan "+u.Plan+" until "+until+" (keep_source), and interlace apply --resume --yes deletes it then; until then let another plan take another store",
		"move back there with interlace apply --rollback and that plan", "user anna is on "+r.Stores[0].Replicas()[0].Name)
	if strings.Count(said, "interlace keeps") != 1 || strings.Contains(said, "denied on") {
		t.Errorf("said twice, or of the denial too: %s", said)
	}
	late := later(o)
	check(late, "anna", "until "+until+" (keep_source), and interlace apply --resume --yes deletes it now, or says why not")
	_, err = r.Stores[0].Master().Tool(t.Context(), "cyr_deny", "-m", "unpaid", "ben")
	must(t, err)
	check(o, "ben", "user ben is denied on "+r.Stores[0].Master().Name+" already (cyr_deny -l shows it)")
	o.Whereabouts = func(context.Context) (map[inventory.UserID]course.Whereabouts, error) {
		return nil, context.DeadlineExceeded
	}
	check(o, "anna", "what is kept on s1 is not known: context deadline exceeded")
}

package apply_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// A copy to a server that has died is given up.
func TestCopyToTheDead(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	r.reroute("anna", from)
	j := &journal{left: -1}
	o := r.options(j)
	o.Limits.Silence = 2 * time.Second
	inner, killed := o.Run, false
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if !killed && j.at() == monitor.StepCopy && strings.Contains(strings.Join(words, " "), "/sync_client ") {
			killed = true
			must(t, to.Kill())
		}
		return inner(ctx, server, input, words...)
	}
	u := unit("anna", "s1", "s2", "anna")
	outcome, err := o.Carry(ctx, u, false)
	if outcome != course.Back || err == nil || !strings.Contains(err.Error(), "anna: copy: given up after ") || !strings.Contains(err.Error(), to.Name+" does not answer") {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	r.look(t, "anna", 1, 0)
}

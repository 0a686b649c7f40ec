package apply_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// Where denials can't be lifted on the new store, and all are there still, all is taken back.
func TestNobodyIsLetIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	r.reroute("anna", from)
	j := &journal{left: -1}
	o := r.options(j)
	conf := filepath.Join(to.Dir, "conf")
	t.Cleanup(func() { _ = os.Chmod(conf, 0o755) })
	route := o.Route
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		if routes[0].To.Server == inventory.ServerID(to.Name) {
			must(t, os.Chmod(conf, 0o555)) // as of a disk that has become read-only
		}
		return route(ctx, routes)
	}
	u := unit("anna", "s1", "s2", "anna")
	outcome, err := o.Carry(ctx, u, false)
	if outcome != course.Broken || err == nil || !strings.Contains(err.Error(), "(it is taken back since anna: allow_target: cyr_deny on "+to.Name) {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	r.look(t, "anna", 1, 0)
	if u.Executed(j.steps) {
		t.Error("who is routed back counts as moved")
	}
	must(t, os.Chmod(conf, 0o755))
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Back {
		t.Errorf("when it can be written to: %s, %v\n%v", outcome, err, j)
	}
	r.look(t, "anna", 1, 0)
	for _, in := range r.Stores[1].Instances {
		if denied, err := in.Tool(ctx, "cyr_deny", "-l"); err != nil || strings.Contains(denied, "anna") {
			t.Errorf("on %s is denied: %s, %v", in.Name, denied, err)
		}
	}
}

// Where some users are let in on the new store, or that can't be known, nothing is taken
// back any more.
func TestSomeAreLetIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}, {Name: "user.ben", Messages: 1}}))
	j := &journal{left: -1}
	o := r.options(j)
	deaf, fails := false, true
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		command := strings.Join(words, " ")
		switch allows := strings.Contains(command, "cyr_deny -C "+to.Conf+" -a"); {
		case !fails || j.at() != monitor.StepAllowTarget:
		case allows:
			_, err := run(ctx, server, "anna\n", words...)
			must(t, err)
			return "", errDown
		case deaf && strings.Contains(command, "cyr_deny -C "+to.Conf+" -l"):
			return "", errDown
		}
		return run(ctx, server, input, words...)
	}
	u := unit("both", "s1", "s2", "anna", "ben")
	for _, says := range []string{"user anna is let in on " + to.Name + " already, or kept out by somebody else, so that nothing is taken back", "list who is denied on " + to.Name + ": no route to host"} {
		if outcome, err := o.Carry(ctx, u, false); outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s, %v, want %s\n%v", outcome, err, says, j)
		}
		deaf = true
	}
	fails = false
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	r.look(t, "anna", 0, 1)
	r.look(t, "ben", 0, 1)
}

package apply_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// clients are the rolling clients of an instance.
func clients(t *testing.T, in *cyrustest.Instance) (pids []int) {
	t.Helper()
	text, err := run(t.Context(), "", "", "ps", "-A", "-ww", "-o", "pid=,args=")
	must(t, err)
	for line := range strings.Lines(text) {
		if pid, args, _ := strings.Cut(strings.TrimSpace(line), " "); strings.Contains(args, "sync_client") && strings.Contains(args, in.Conf) && strings.Contains(args, " -r") {
			n, err := strconv.Atoi(pid)
			must(t, err)
			pids = append(pids, n)
		}
	}
	return pids
}

// A unit that has come back is begun anew though a replica has not heard yet that the copy
// was removed.
func TestBegunAnewBeforeTheCopyIsGone(t *testing.T) {
	t.Parallel()
	r := anna(t)
	to := r.Stores[1]
	rolling := clients(t, to.Master())
	if len(rolling) == 0 {
		t.Fatal("there is no rolling client")
	}
	signal := func(s syscall.Signal) {
		for _, pid := range rolling {
			_ = syscall.Kill(pid, s)
		}
	}
	t.Cleanup(func() { signal(syscall.SIGCONT) })
	j := &journal{left: -1}
	u := unit("anna", "s1", "s2", "anna")
	o := r.options(j)
	o.Denied, o.Live.Served = 4*time.Second, nil
	route := o.Route
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		if string(routes[0].To.Server) == to.Master().Name {
			return errors.New("the hook fails")
		}
		return route(ctx, routes)
	}
	// The replica, too, hears nothing: else the way back removes the copy there itself.
	replica := to.Replicas()[0]
	t.Cleanup(func() { _ = replica.Resume() })
	at(o, "/usr/lib/cyrus/bin/sync_reset", func() {
		signal(syscall.SIGSTOP)
		must(t, replica.Pause())
	})
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Back {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	must(t, replica.Resume())
	if there := talk(t, replica, "", `LIST "" "user.anna"`); !strings.Contains(there, "user.anna") {
		t.Fatalf("the replica has removed the copy already: %s", there)
	}
	time.AfterFunc(2*time.Second, func() { signal(syscall.SIGCONT) })
	if done := carryOut(t, r.options(j), u, false); done.Outcome != course.Moved {
		t.Errorf("begun anew: %s, %s\n%v", done.Outcome, done.Why, j)
	}
	r.look(t, "anna", 0, 1)
}

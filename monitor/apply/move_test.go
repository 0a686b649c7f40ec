package apply_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// A unit that is killed at any step comes to the same end when it is carried on: all is
// moved or, where a step before the pivot fails, all is as it was. With INTERLACE_SOAK it
// is killed everywhere.
func TestMoveWhateverKillsIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	j := &journal{}
	for i, test := range []struct{ name, fails string }{
		{"nothing fails", ""},
		{"push fails", "sync_client -C " + r.Stores[1].Master().Conf},
		{"deny_source fails", "cyr_deny -C " + r.Stores[0].Replicas()[0].Conf + " -m"},
		{"route fails", noRoute},
		{"allow_target fails", noAllow},
	} {
		step := 1
		if !soak() {
			step = 5
		}
		if test.fails == noRoute { // which is tried for a while
			if step = 2; !soak() {
				continue
			}
		}
		if test.fails == noAllow && !soak() {
			step = 15 // among them is where that is about to be written down
		}
		t.Run(test.name, func(t *testing.T) {
			for n := i; ; n += step {
				killed := false
				for _, before := range []bool{true, false} {
					if !soak() && before != (n%2 == 0) {
						continue
					}
					j.left, j.before = n, before
					killed = r.move(t, fmt.Sprintf("%d%v%d", n, before, i), test.fails, j) || killed
				}
				if !killed {
					if n < 12 {
						t.Errorf("a move has only %d records", n)
					}
					break
				}
			}
		})
	}
}

// noRoute and noAllow stand, in place of a command that fails, for routing to the new store
// and for letting users in there.
const noRoute, noAllow = "route", "allow"

// move moves two users who share a folder; the journal kills it, and it is carried on. A
// command with these words fails.
func (r *rig) move(t *testing.T, name, fails string, j *journal) (killed bool) {
	ctx := t.Context()
	anna, ben := "anna'"+name, "$(ben)"+name
	from := r.Stores[0]
	must(t, from.Master().Fill(ctx, []cyrustest.Mailbox{
		{Name: "user." + anna, Messages: 3, Quota: 100000},
		{Name: "user." + anna + ".Work", Messages: 2, ACL: []cyrustest.Right{{Identifier: ben, Rights: "lrswi"}}},
		{Name: "user." + ben, Messages: 1},
	}))
	u := unit(anna, "s1", "s2", anna, ben)
	o := r.options(j)
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		command := strings.Join(words, " ")
		allows := j.at() == monitor.StepAllowTarget && strings.Contains(command, "cyr_deny") && strings.Contains(command, " -a ")
		if fails == noAllow && allows || fails != "" && strings.Contains(command, fails) {
			return "", errors.New("it fails")
		}
		return run(ctx, server, input, words...)
	}
	if route := o.Route; fails == noRoute {
		o.Denied = 2 * time.Second
		o.Route = func(ctx context.Context, routes []apply.Route) error {
			if err := route(ctx, routes); err != nil || routes[0].To.Server == inventory.ServerID(from.Master().Name) {
				return err
			}
			return errors.New("it fails")
		}
	}
	outcome, err := o.Carry(ctx, u, false)
	if killed = errors.Is(err, errCrash); killed {
		j.left = -1
		outcome, err = o.Carry(ctx, u, false)
	}
	want, wrong := course.Moved, fails != ""
	if wrong {
		want = course.Back
		for _, u := range []string{anna, ben} {
			if fails != noRoute && fails != noAllow || r.routed(u) == "" {
				r.reroute(u, from.Master())
			}
		}
	}
	if outcome != want {
		t.Fatalf("%s: %s, %v\n%v", name, outcome, err, j)
	}
	for _, u := range []string{anna, ben} {
		if wrong {
			r.look(t, u, 1, 0)
		} else {
			r.look(t, u, 0, 1)
		}
	}
	for _, in := range r.Instances() {
		if left, _ := filepath.Glob(filepath.Join(in.Dir, "conf", "interlace-*.conf")); left != nil {
			t.Errorf("%s: %v is left", name, left)
		}
	}
	return killed
}

package apply_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// A server that hangs keeps nothing from being done that does not need it, forth or back, and
// nobody waits for it more than once.
func TestHungServerIsNotNeeded(t *testing.T) {
	t.Parallel()
	r := newRig(t, 3, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}, {Name: "user.ann", Messages: 3}, {Name: "user.ben", Messages: 3}}))
	j := &journal{left: -1}
	units := []course.Unit{*unit("anna", "s1", "s2", "anna"), *unit("ann", "s1", "s2", "ann"), *unit("ben", "s1", "s3", "ben")}
	carryAll := func(o *apply.Options, units []course.Unit, want ...course.Outcome) {
		t.Helper()
		results, err := apply.CarryOut(t.Context(), units, false, o)
		must(t, err)
		var outcomes []course.Outcome
		for i := range results {
			outcomes = append(outcomes, results[i].Outcome)
		}
		if !slices.Equal(outcomes, want) {
			t.Errorf("%+v, want %v\n%v", results, want, j)
		}
	}
	carryAll(r.options(j), units[:2], course.Moved, course.Moved)
	down := downs{r.Stores[1].Master().Name: true, r.Stores[1].Replicas()[0].Name: true}
	o := r.options(j)
	down.in(o)
	waited := down.waited(o)
	o.Limits.StopFile = "/nonexistent"
	carryAll(o, units, course.Moved, course.Moved, course.Moved)
	if took := waited(); took < 9*time.Second || took > 25*time.Second {
		t.Errorf("it waited for the hung server for %v\n%v", took, j)
	}
	r.look(t, "ben", 0, 2)
	var back []course.Unit
	for i := range units {
		back = append(back, course.Reverse(&units[i])...)
	}
	carryAll(o, back, course.Waiting, course.Waiting, course.Moved)
	if took := waited(); took < 9*time.Second || took > 30*time.Second {
		t.Errorf("on the way back it waited for the hung server for %v\n%v", took, j)
	}
	r.look(t, "ben", 2, 0)
}

// All that cannot be reached is told at once, as soon as one server alone would be.
func TestReachAsksAllAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	hung := r.Stores[0].Master()
	down := downs{r.Stores[0].Replicas()[0].Name: false, r.Stores[1].Master().Name: true}
	o := r.options(&journal{left: -1})
	down.in(o)
	must(t, hung.Pause())
	defer func() { must(t, hung.Resume()) }()
	waited := idle(o, func(server inventory.ServerID, words []string) bool {
		return down[string(server)] || string(server) == hung.Name && words == nil
	})
	err := apply.Reach(t.Context(), []*course.Unit{unit("anna", "s1", "s2", "anna"), unit("ben", "s2", "s1", "ben")}, o)
	if took := waited(); err == nil || took < 9*time.Second || took > 14*time.Second {
		t.Fatalf("waited for %v: %v", took, err)
	}
	told := apply.Mistakes(err)
	for i, want := range []string{"cyr_info did not end within 10s", "it has not answered within 10s", "no route to host"} {
		if server := []string{r.Stores[1].Master().Name, hung.Name, r.Stores[0].Replicas()[0].Name}[i]; len(told) != 3 || !strings.Contains(told[i], want) || !strings.Contains(told[i], server) {
			t.Errorf("told is %q, want %s of %s", told, want, server)
		}
	}
}

// Where claims can't be removed at the end of a unit that is told, and they are removed
// later.
func TestClaimsThatAreLeft(t *testing.T) {
	t.Parallel()
	r := anna(t)
	u := unit("anna", "s1", "s2", "anna")
	j := r.killedInDelta(t, u)
	o := r.options(j)
	down := downs{}
	down.in(o)
	o.Live.Roles = nil
	gone := r.Stores[1].Replicas()[0]
	run := o.Run
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if server == inventory.ServerID(gone.Name) && slices.Contains(words, ".lock") || strings.HasSuffix(words[len(words)-1], ".lock") && j.at() == "check" {
			down[gone.Name] = false
		}
		return run(ctx, server, input, words...)
	}
	done := carryOut(t, o, u, true)
	if left := r.claims(t); done.Outcome != course.Back || !strings.Contains(done.Claims, gone.Name) || len(left) != 1 {
		t.Errorf("%s, %s, told is %q, left are %v\n%v", done.Outcome, done.Why, done.Claims, left, j)
	}
	left, err := r.options(j).Leftovers(t.Context(), []inventory.StoreID{"s1", "s2"})
	must(t, err)
	must(t, left.Remove(t.Context()))
	if left := r.claims(t); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// Whom a run that was killed has left kept out does not wait for a master that hangs when
// that is gone on with.
func TestResumedBesideHungMaster(t *testing.T) {
	t.Parallel()
	r := anna(t)
	hung := r.Stores[1].Master()
	u := unit("anna", "s1", "s2", "anna")
	j := r.killedInDelta(t, u)
	must(t, hung.Pause())
	defer func() { must(t, hung.Resume()) }()
	o := r.options(j)
	waited := idle(o, func(server inventory.ServerID, words []string) bool {
		return string(server) == hung.Name && words == nil || slices.Contains(words, o.Tools+"/sync_client")
	})
	results, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
	must(t, err)
	if took := waited(); took < 9*time.Second || took > 25*time.Second || !strings.Contains(results[0].Why, hung.Name+" does not answer: ") || !results[0].Out().IsZero() {
		t.Errorf("waited for %v: %+v\n%v", took, results[0], j)
	}
	if _, err := login(t.Context(), r.Stores[0].Master(), "anna"); err != nil {
		t.Error(err)
	}
}

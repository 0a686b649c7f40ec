package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// paper is a fleet whose servers run nothing: units that pass their gates fail at their check,
// and come back.
func paper(t *testing.T, j *journal, behind ...inventory.StoreID) (*apply.Options, *[]string) {
	var mu sync.Mutex
	var said []string
	o := &apply.Options{
		Inventory: inventory.New(), Journal: j, Now: time.Now, Run: run, Tools: "/usr/lib/cyrus/bin",
		Dial: func(context.Context, inventory.Instance, inventory.UserID) (*cyrus.Client, error) {
			return nil, errors.New("nothing runs")
		},
		Limits: apply.Limits{Patience: 300 * time.Millisecond, Poll: 10 * time.Millisecond},
		Gates: apply.Gates{Lags: func(context.Context) (lags []monitor.Lag, _ error) {
			for _, s := range behind {
				lags = append(lags, monitor.Lag{Store: s, Verdict: monitor.Stopped})
			}
			return lags, nil
		}},
	}
	o.Progress = func(p apply.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Over || p.Outcome == course.Waiting {
			said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s %s", p.Unit.Name, p.Outcome, p.Why)))
		}
	}
	for i, name := range []inventory.StoreID{"s1", "s2", "s3", "s4"} {
		dir, err := os.MkdirTemp("", "interlace-test")
		must(t, err)
		t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
		must(t, os.Chmod(dir, 0o777)) // of Cyrus's account, too
		conf := filepath.Join(dir, "imapd.conf")
		must(t, os.WriteFile(conf, []byte("configdirectory: "+dir+"\n"), 0o644))
		in := inventory.Instance{Server: inventory.ServerID(fmt.Sprint("m", i+1)), Role: inventory.Master, IMAP: "localhost:9", IMAPDConf: conf}
		o.Inventory.Stores = append(o.Inventory.Stores, inventory.Store{Name: name, Instances: []inventory.Instance{in}})
	}
	return o, &said
}

func outcomes(t *testing.T, o *apply.Options, back bool, units ...*course.Unit) (all []course.Result) {
	t.Helper()
	var list []course.Unit
	for _, u := range units {
		list = append(list, *u)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	all, err := apply.CarryOut(ctx, list, back, o)
	must(t, err)
	return all
}

// written has a journal say that steps of a unit are done.
func written(j *journal, u *course.Unit, steps ...monitor.Step) {
	for _, step := range steps {
		for _, state := range []monitor.StepState{monitor.StepBegan, monitor.StepDone} {
			j.steps = append(j.steps, monitor.StepRecord{Plan: u.Plan, Unit: u.Name, Step: step, State: state, At: time.Now()})
		}
	}
}

var deleted = []monitor.Step{
	monitor.StepCheck, monitor.StepDenyTarget, monitor.StepCopy, monitor.StepDenySource, monitor.StepDelta, monitor.StepProveTarget, monitor.StepPush,
	monitor.StepProveReplica, monitor.StepRoute, monitor.StepAllowTarget, monitor.StepAllowWriters, monitor.StepCanary,
	monitor.StepKeep, monitor.StepDeleteSource, // and all but the denials
}

// A change of a layout that waits holds up those of its own store, and no others; a unit that
// waits takes nobody's place.
func TestWhoWaitsHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	drop := func(name string, store inventory.StoreID) *course.Unit {
		return &course.Unit{Plan: "l", Name: name, Do: &planner.LayoutChange{ID: name, Do: planner.Drop, Store: store, Server: "m9"}, Copies: 1}
	}
	o, said := paper(t, &journal{left: -1}, "s1")
	all := outcomes(t, o, false, drop("c1", "s1"), drop("c2", "s2"), drop("c3", "s1"))
	if len(*said) < 3 || !strings.HasPrefix((*said)[0], "c1 waiting store s1 is behind: stopped (interlace lag); until ") || !strings.HasPrefix((*said)[1], "c2 back") {
		t.Errorf("in this order: %q", *said)
	}
	if why := all[0].Why; all[0].Outcome != course.Waiting || !strings.Contains(why, "store s1 is behind: stopped (interlace lag); interlace apply --resume --yes goes on with it") {
		t.Errorf("c1: %s %s", all[0].Outcome, why)
	}
	if all[1].Outcome != course.Back {
		t.Errorf("c2 was not begun: %+v", all[1])
	}
	if all[2].Outcome != course.Waiting || all[2].Why != "c1 comes before and is not done" {
		t.Errorf("c3: %s %s", all[2].Outcome, all[2].Why)
	}

	o, said = paper(t, &journal{left: -1}, "s1")
	o.Limits.AtOnce = 1
	outcomes(t, o, false, unit("anna", "s1", "s2", "anna"), unit("ben", "s3", "s2", "ben"))
	if !slices.ContainsFunc((*said)[:2], func(s string) bool { return strings.HasPrefix(s, "ben back") }) {
		t.Errorf("in this order: %q", *said)
	}
}

// In a wave of a schedule a change is not begun while the one of its store before it is not done; it
// is no failure, and keeps nothing else from being begun.
func TestOneOfAStoreFollowsTheOther(t *testing.T) {
	t.Parallel()
	drop := func(name string) *course.Unit {
		return &course.Unit{Plan: "l", Name: name, Wave: 1, Do: &planner.LayoutChange{ID: name, Do: planner.Drop, Store: "s1", Server: "m9"}, Copies: 1}
	}
	to, beside := unit("to", "s2", "s1", "anna"), unit("elsewhere", "s3", "s4", "ben")
	to.Wave, beside.Wave = 1, 1
	o, _ := paper(t, &journal{left: -1})
	o.Limits.AtOnce = 1
	all := outcomes(t, o, false, drop("c1"), drop("c2"), to, beside)
	for i, want := range []string{"back", "waiting: c1 comes before and is not done", "waiting: c1 comes before and is not done", "back"} {
		got := string(all[i].Outcome)
		if len(all[i].Records) == 0 {
			got += ": " + all[i].Why
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%s)", all[i].Unit.Name, got, want, all[i].Why)
		}
	}
}

// That a store is not what it is taken to be, or that this is not known, keeps what concerns it, at
// once, and nothing else. Where it is known already nothing is asked.
func TestDoubtKeepsItsStoreOnly(t *testing.T) {
	t.Parallel()
	for _, doubt := range []func(o *apply.Options){
		func(o *apply.Options) {
			o.Doubts = map[inventory.StoreID]string{"s1": "nobody knows"}
			o.Live.Roles = func(_ context.Context, s *inventory.Store) error {
				if s.Name == "s1" || s.Name == "s2" {
					t.Errorf("the roles of %s are asked for", s.Name)
				}
				return nil
			}
		},
		func(o *apply.Options) {
			o.Live.Roles = func(_ context.Context, s *inventory.Store) error {
				if s.Name == "s1" {
					return errors.New("nobody knows")
				}
				return nil
			}
		},
	} {
		o, _ := paper(t, &journal{left: -1})
		o.Limits.AtOnce, o.Limits.Patience = 1, time.Minute
		doubt(o)
		all := outcomes(t, o, false, unit("anna", "s1", "s2", "anna"), unit("ben", "s3", "s4", "ben"))
		if all[0].Outcome != course.Waiting || all[0].Why != "nobody knows; interlace apply --resume --yes goes on with it when that is over" || all[1].Outcome != course.Back {
			t.Errorf("%s %s, %s %s", all[0].Outcome, all[0].Why, all[1].Outcome, all[1].Why)
		}
	}
}

// Who waits for another night says so once, and until when, however the number of users who move
// this night changes meanwhile; others who wait are not among them.
func TestWaitingForAnotherNight(t *testing.T) {
	t.Parallel()
	o, said := paper(t, &journal{left: -1})
	evening := time.Now().Add(-time.Hour)
	asked := 0
	var mu sync.Mutex
	o.Limits.UsersPerNight = 3
	o.Gates.Night = func(time.Time) (began, ends time.Time) { return evening, evening.Add(24 * time.Hour) }
	o.Gates.Begun = func(context.Context, time.Time) ([]apply.Begun, error) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return []apply.Begun{{Plan: "other", Unit: "x", Users: 2 + asked%2}}, nil // it flips
	}
	o.Gates.Asked = func(context.Context) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		return asked > 20, nil
	}
	outcomes(t, o, false, unit("first", "s1", "s2", "anna", "ben"), unit("second", "s3", "s4", "carl", "dora"))
	waits := slices.DeleteFunc(slices.Clone(*said), func(s string) bool { return !strings.Contains(s, "users move this night already") })
	if until := ", and no more than 3 may: until " + evening.Add(24*time.Hour).Format("2006-01-02 15:04 MST") + ","; len(waits) != 2 || !strings.Contains(waits[0], until) || !strings.Contains(waits[1], until) {
		t.Errorf("asked %d times, said: %q", asked, *said)
	}
}

// Facts that have changed keep back what is not begun, each by its own reason, and nothing
// else.
func TestBarred(t *testing.T) {
	t.Parallel()
	j := &journal{left: -1}
	anna, ben, carl := unit("anna", "s1", "s2", "anna"), unit("ben", "s1", "s2", "ben"), unit("carl", "s3", "s4", "carl")
	anna.Barred, ben.Barred = "store s2 is not as it was", "store s2 is not as it was"
	j.steps = append(j.steps, monitor.StepRecord{Plan: ben.Plan, Unit: ben.Name, Step: monitor.StepCheck, State: monitor.StepBegan, At: time.Now()})
	o, _ := paper(t, j)
	all := outcomes(t, o, false, anna, ben, carl)
	if all[0].Outcome != course.Waiting || all[0].Why != anna.Barred || len(all[0].Records) > 0 {
		t.Errorf("what is not begun: %+v", all[0])
	}
	for _, r := range all[1:] {
		if r.Outcome != course.Back || len(r.Records) < 3 {
			t.Errorf("%s was not gone on with: %+v", r.Unit.Name, r)
		}
	}
	if all := outcomes(t, o, true, anna); all[0].Outcome != course.Back {
		t.Errorf("taken back: %+v", all[0])
	}
	r, err := apply.Rehearse(t.Context(), anna, nil, false, o)
	if must(t, err); !slices.Equal(r.Refused, []string{anna.Barred}) || len(r.Steps) > 0 {
		t.Errorf("rehearsed: %+v", r)
	}

	// A wave that waits for the one before it says why.
	first, second := unit("first", "s1", "s2", "fritz"), unit("second", "s3", "s4", "gerd")
	first.Wave, second.Wave = 1, 2
	if all := outcomes(t, o, false, first, second); !strings.HasPrefix(all[1].Why, "first, of wave 1, comes before and is not done: the waves of a schedule are an order") {
		t.Errorf("the second wave: %+v", all[1])
	}

	// What was given up is not waited for, but where a change of its store is to build on it.
	seed := &course.Unit{Plan: "l", Name: "c1", Wave: 1, Do: &planner.LayoutChange{ID: "c1", Do: planner.Seed, Store: "s1", Server: "m9"}, Barred: "it is given up", GivenUp: true}
	elsewhere, on := unit("elsewhere", "s3", "s4", "gerd"), unit("on", "s1", "s2", "hans")
	elsewhere.Wave, on.Wave = 2, 3
	j.steps = append(j.steps, monitor.StepRecord{Plan: seed.Plan, Unit: seed.Name, Step: monitor.StepCheck, State: monitor.StepRecalled, At: time.Now()})
	done := outcomes(t, o, false, seed, elsewhere)
	if done[0].Outcome != course.GivenUp || done[0].Why != seed.Barred || done[1].Outcome != course.Back || strings.Contains(done[1].Why, "comes before") {
		t.Errorf("behind what is given up: %+v", done)
	}
	if done := outcomes(t, o, false, seed, on); !strings.HasPrefix(done[1].Why, "c1, of wave 1, comes before and is not done") {
		t.Errorf("on the store of what is given up: %+v", done)
	}
	if r, err := apply.Rehearse(t.Context(), seed, nil, false, o); err != nil || len(r.Refused)+len(r.Steps) > 0 || r.Outcome != course.GivenUp {
		t.Errorf("given up, rehearsed: %+v, %v", r, err)
	}

	// Users who go together are not parted for a limit: more of them than that are not begun.
	both, begun := unit("both", "s1", "s2", "anna", "emil"), unit("begun", "s3", "s4", "carl", "dora")
	j.steps = append(j.steps, monitor.StepRecord{Plan: begun.Plan, Unit: begun.Name, Step: monitor.StepCheck, State: monitor.StepBegan, At: time.Now()})
	o.Limits.UsersPerNight = 1
	const large = "it moves 2 users, who go together, and no more than 1 may move a night: --users-per-night 2 begins it"
	if all := outcomes(t, o, false, both, begun); all[0].Why != large || len(all[0].Records) > 0 || all[1].Outcome != course.Back {
		t.Errorf("too many: %+v", all)
	}
	if r, err = apply.Rehearse(t.Context(), both, nil, false, o); err != nil || !slices.Equal(r.Refused, []string{large}) {
		t.Errorf("too many, rehearsed: %+v, %v", r, err)
	}
}

// What has originals to delete and nothing else to do waits for nothing and nobody, nor has
// others wait: neither for the window, nor for units that come before.
func TestSettledWaitForNobody(t *testing.T) {
	t.Parallel()
	j := &journal{left: -1}
	first, last := unit("first", "s3", "s4", "anna"), unit("last", "s1", "s2", "ben")
	first.Wave, last.Wave = 1, 2
	first.Barred = "other facts"
	written(j, last, deleted...)
	o, said := paper(t, j, "s1")
	o.Gates.Closed = func(time.Time) string { return "the window is closed" }
	all := outcomes(t, o, false, first, last)
	if r := all[1]; r.Outcome != course.Stopped || !strings.Contains(r.Why, "store s1 is behind: stopped (interlace lag); the originals stay until a later interlace apply --resume --yes") || len(*said) != 1 {
		t.Errorf("while its store is behind: %s %s, %q", r.Outcome, r.Why, *said)
	}
	o, said = paper(t, j)
	o.Gates.Closed = func(time.Time) string { return "the window is closed" }
	o.Limits.Failures = 1
	all = outcomes(t, o, false, first, last)
	if r := all[1]; r.Still || !slices.ContainsFunc(r.Records, func(r monitor.StepRecord) bool { return r.Step == monitor.StepAllowSource }) {
		t.Errorf("it was not tried: %s %s, %q\n%v", r.Outcome, r.Why, *said, j)
	}
	if all[0].Why != "other facts" {
		t.Errorf("others end for it: %s", all[0].Why)
	}
	rests := unit("rests", "s1", "s2", "carl")
	written(j, rests, deleted[:12]...)
	before := len(j.steps)
	if all = outcomes(t, o, true, rests); all[0].Outcome != course.Moved || !all[0].Still || len(j.steps) != before {
		t.Errorf("who is to be moved back needs the original: %+v\n%v", all[0], j)
	}
}

// Failures in a row are those of all plans; one alone keeps no others from being begun, unless
// it is left in the middle.
func TestFailuresOfAllPlans(t *testing.T) {
	t.Parallel()
	o, _ := paper(t, &journal{left: -1})
	o.Tally = &apply.Tally{}
	var got []string
	for _, name := range []string{"a", "b", "c"} {
		r := outcomes(t, o, false, unit(name, "s1", "s2", name))[0]
		got = append(got, string(r.Outcome))
		if name == "c" {
			got = append(got, r.Why)
		}
	}
	if want := []string{"back", "back", "waiting", "nothing more begins after 2 failures in a row"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}

	// An original that can't be deleted is none of them.
	j := &journal{left: -1}
	lost := unit("lost", "s1", "s2", "anna")
	written(j, lost, deleted[:12]...)
	o, _ = paper(t, j)
	all := outcomes(t, o, false, lost, unit("next", "s3", "s4", "ben"))
	if all[0].Outcome != course.Blocked || all[1].Outcome != course.Back {
		t.Errorf("after an original that nobody claims: %+v", all)
	}
}

// Who is moved back to an original that is kept breaks no rule of room: its store may be too full.
func TestBackToAFullStore(t *testing.T) {
	t.Parallel()
	o, _ := paper(t, &journal{left: -1})
	inv := o.Inventory
	for _, s := range inv.Stores {
		inv.Servers = append(inv.Servers, inventory.Server{Name: s.Instances[0].Server})
	}
	inv.Stores[0].Capacity[inv.Disk()] = 1e9
	for _, name := range []inventory.UserID{"anna", "ben"} {
		u := inventory.User{Name: name, Store: "s2", Kind: inventory.Person}
		u.Load[inv.Disk()] = 2e9
		inv.Users = append(inv.Users, u)
	}
	o.Groups = sharing.Groups(inv)
	anna, ben := unit("anna to s2, back to s1", "s2", "s1", "anna"), unit("ben to s1", "s2", "s1", "ben")
	anna.Of = "anna to s2"
	if r := outcomes(t, o, false, anna)[0]; strings.Contains(r.Why, "break rules") || r.Outcome != course.Back {
		t.Errorf("to her original: %s, %s", r.Outcome, r.Why)
	}
	if r := outcomes(t, o, false, ben)[0]; !strings.Contains(r.Why, "it would break rules that are kept now") {
		t.Errorf("to where he has none: %s, %s", r.Outcome, r.Why)
	}
}

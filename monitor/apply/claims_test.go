package apply_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// as are the options of somebody with another journal.
func (r *rig) as(j *journal) *apply.Options {
	o := r.options(j)
	o.By = "by " + j.name + " on admin, /var/lib/" + j.name + ".db"
	return o
}

// files are those of apply beside the instances, and claims the claims.
func (r *rig) files(t *testing.T) []string  { return r.named(t, "interlace-*") }
func (r *rig) claims(t *testing.T) []string { return r.named(t, "interlace-*.claim") }

func (r *rig) named(t *testing.T, pattern string) (files []string) {
	t.Helper()
	for _, in := range r.Instances() {
		list, err := filepath.Glob(filepath.Join(in.Dir, "conf", pattern))
		must(t, err)
		files = append(files, list...)
	}
	return files
}

// anna is a rig with a user on s1.
func anna(t *testing.T) *rig {
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}, {Name: "user.ben", Messages: 1}}))
	return r
}

func carryOut(t *testing.T, o *apply.Options, u *course.Unit, back bool) course.Result {
	t.Helper()
	results, err := apply.CarryOut(t.Context(), []course.Unit{*u}, back, o)
	must(t, err)
	return results[0]
}

// Nobody has anything done on a store with another journal from the beginning of a unit to
// its end, and what lies there stays.
func TestOtherJournalsAreRefused(t *testing.T) {
	t.Parallel()
	r := anna(t)
	mine, other := &journal{left: -1, name: "mine"}, &journal{left: -1, name: "other"}
	u := unit("anna", "s1", "s2", "anna")
	if done := carryOut(t, r.as(mine), u, false); done.Outcome != course.Moved {
		t.Fatalf("%s, %s\n%v", done.Outcome, done.Why, mine)
	}
	conf := r.Stores[1].Master().Dir + "/conf/interlace-0123456789ab.conf"
	_, err := run(t.Context(), "", "", "touch", conf)
	must(t, err)
	before := r.files(t)
	for _, u := range []*course.Unit{u, unit("ben", "s1", "s2", "ben"), unit("zoe", "s2", "s1", "zoe")} {
		for _, back := range []bool{false, true} {
			done := carryOut(t, r.as(other), u, back)
			for _, want := range []string{
				"unit anna of plan p is carried out with the database mine (by mine on admin, /var/lib/mine.db)", "has reached allow_writers",
				"on " + r.Stores[0].Master().Name + ": rm -- " + r.Stores[0].Master().Dir + "/conf/interlace-",
			} {
				if !back && (done.Outcome != course.Waiting || !strings.Contains(done.Why, want)) {
					t.Errorf("%s: %s, %s\nlacks %s", u.Name, done.Outcome, done.Why, want)
				}
			}
		}
	}
	if left, err := r.as(other).Leftovers(t.Context(), []inventory.StoreID{"s1", "s2"}); len(left.Private) != 1 || left.Private[0].File != conf || err == nil || left.Remove(t.Context()) != nil {
		t.Errorf("what is left: %v, %v", left, err)
	}
	if after := r.files(t); !slices.Equal(before, after) || len(other.steps) > 0 {
		t.Errorf("there were %v, and are %v\n%v", before, after, other)
	}
	r.look(t, "anna", 0, 1)
	if done := carryOut(t, later(r.as(mine)), u, false); done.Outcome != course.Finished {
		t.Fatalf("%s, %s\n%v", done.Outcome, done.Why, mine)
	}
	must(t, os.Remove(conf))
	if left := r.files(t); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
	if done := carryOut(t, r.as(other), unit("ben", "s1", "s2", "ben"), false); done.Outcome != course.Moved {
		t.Errorf("after the end: %s, %s", done.Outcome, done.Why)
	}
}

// A journal that was restored from an earlier copy does nothing, whichever copy.
func TestOlderJournalsAreRefused(t *testing.T) {
	t.Parallel()
	r := anna(t)
	now := &journal{left: -1, name: "mine"}
	u := unit("anna", "s1", "s2", "anna")
	if done := carryOut(t, r.as(now), u, false); done.Outcome != course.Moved {
		t.Fatalf("%s, %s\n%v", done.Outcome, done.Why, now)
	}
	last := slices.IndexFunc(now.steps, func(r monitor.StepRecord) bool { return r.Step == "allow_writers" })
	for n := range last {
		for _, back := range []bool{false, true} {
			older := &journal{left: -1, name: "mine", steps: slices.Clone(now.steps[:n])}
			o := r.as(older)
			o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
				if tool := filepath.Base(words[0]); tool != "find" && tool != "cyr_info" {
					t.Errorf("with %d records: %v", n, words)
				}
				return run(ctx, server, input, words...)
			}
			if back && (n == 0 || !soak() && n%4 != 0) {
				continue // nothing to be taken back, or not all of it
			}
			done := carryOut(t, o, u, back)
			if done.Outcome != course.Blocked && n > 0 || !strings.Contains(done.Why, "it is older than what was done, as if it were restored from a copy") || len(older.steps) != n {
				t.Errorf("with %d records: %s, %s\n%v", n, done.Outcome, done.Why, older)
			}
		}
	}
	r.look(t, "anna", 0, 1)
}

// Where somebody has removed the claims, who began the unit does not go on unless told to.
// A claim that is missing on one instance is made anew.
func TestClaimsThatAreMissing(t *testing.T) {
	t.Parallel()
	r := anna(t)
	j := &journal{left: -1, name: "mine"}
	u := unit("anna", "s1", "s2", "anna")
	if done := carryOut(t, r.as(j), u, false); done.Outcome != course.Moved {
		t.Fatalf("%s, %s\n%v", done.Outcome, done.Why, j)
	}
	all := r.claims(t)
	if len(all) != 4 {
		t.Fatalf("there are %v", all)
	}
	must(t, os.Remove(all[1]))
	if done := carryOut(t, r.as(j), u, false); done.Outcome != course.Moved || !slices.Equal(r.claims(t), all) {
		t.Errorf("one is missing: %s, %s, %v", done.Outcome, done.Why, r.claims(t))
	}
	for _, file := range all {
		must(t, os.Remove(file))
	}
	done := carryOut(t, r.as(j), u, false)
	_, command, _ := strings.Cut(done.Why, "install ")
	if done.Outcome != course.Blocked || !strings.Contains(done.Why, "none of its instances is claimed any more") || command == "" {
		t.Fatalf("all are missing: %s, %s", done.Outcome, done.Why)
	}
	_, err := run(t.Context(), "", "", append([]string{"install"}, strings.Fields(command)...)...)
	must(t, err)
	left, err := r.as(j).Leftovers(t.Context(), []inventory.StoreID{"s1", "s2"})
	if must(t, err); left.Remove(t.Context()) != nil || len(r.claims(t)) == 0 {
		t.Errorf("claims of what goes on are gone: %v", r.claims(t))
	}
	for _, other := range []string{"mine", "other"} {
		if done := carryOut(t, r.as(&journal{left: -1, name: other}), unit("ben", "s1", "s2", "ben"), false); done.Outcome != course.Waiting || !strings.Contains(done.Why, "claims an instance, and does not say for whom") {
			t.Errorf("for another unit: %s, %s", done.Outcome, done.Why)
		}
	}
	if done := carryOut(t, later(r.as(j)), u, false); done.Outcome != course.Finished || len(r.claims(t)) > 0 {
		t.Errorf("told to go on: %s, %s; left are %v", done.Outcome, done.Why, r.claims(t))
	}
}

// Of several who begin at the same moment, with their own journals or with copies of one, one
// moves the user, or nobody, and nothing is left of the others. Whoever does not says whom
// they met.
func TestJournalsAtOnce(t *testing.T) {
	t.Parallel()
	for _, copies := range []bool{false, true} {
		t.Run(fmt.Sprintf("copies %v", copies), func(t *testing.T) {
			t.Parallel()
			r := anna(t)
			u := unit("anna", "s1", "s2", "anna")
			moved := ""
			for n := 0; n < 20 && moved == ""; n++ {
				var running sync.WaitGroup
				results := map[string]course.Result{}
				var mu sync.Mutex
				var begun atomic.Int32
				for _, name := range []string{"one", "two", "three"} {
					j := &journal{left: -1, name: name}
					if copies {
						j.name = "same"
					}
					o := r.as(j)
					o.By = "by " + name
					o.Progress = func(p apply.Progress) {
						if p.Step != monitor.StepCheck || p.Verb != course.Do {
							return
						}
						begun.Add(1)
						for late := time.Now().Add(time.Second); n%2 == 0 && begun.Load() < 3 && time.Now().Before(late); { // nobody has claimed anything
							time.Sleep(time.Millisecond)
						}
					}
					running.Go(func() {
						done, err := apply.CarryOut(t.Context(), []course.Unit{*u}, false, o)
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							results[name] = done[0]
						}
					})
				}
				running.Wait()
				for name, done := range results {
					switch {
					case done.Outcome == course.Moved && moved == "":
						moved = name
					case done.Outcome != course.Back && done.Outcome != course.Waiting:
						t.Fatalf("%+v", results)
					case !strings.Contains(done.Why, "is carried out with the database ") && !strings.Contains(done.Why, "another apply has claimed the instance on "), strings.Contains(done.Why, "ln:"):
						t.Errorf("%s does not say whom it met: %s", name, done.Why)
					}
				}
				if left := r.files(t); moved == "" && len(left) > 0 {
					t.Fatalf("%+v; left are %v", results, left)
				}
			}
			if moved == "" {
				t.Fatal("nobody has ever moved the user")
			}
			r.look(t, "anna", 0, 1)
			claims := 0
			for _, file := range r.files(t) {
				if text, err := os.ReadFile(file); strings.HasSuffix(file, ".claim") {
					if claims++; !strings.Contains(string(text), "by: by "+moved+"\n") {
						t.Errorf("%s has moved the user; %s: %s, %v", moved, file, text, err)
					}
				}
			}
			if claims != 4 {
				t.Errorf("%d instances are claimed: %v", claims, r.files(t))
			}
		})
	}
}

// Changes of a layout claim the master and the server concerned.
func TestLayoutsAreClaimed(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	mine, other := &journal{left: -1, name: "mine"}, &journal{left: -1, name: "other"}
	promote := alteration(planner.Promote, "r", "m", 2)
	o := op.options(mine)
	claimed := 0
	o.Layouts.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
		results, err := apply.CarryOut(t.Context(), []course.Unit{*alteration(planner.Promote, "r", "m", 2)}, false, op.options(other))
		if err != nil || results[0].Outcome != course.Waiting || !strings.Contains(results[0].Why, "on m, r unit promote s1 on r of plan p is carried out with the database mine") {
			t.Errorf("%s: %v, %v", order.Act, results, err)
		}
		claimed++
		return op.hook(ctx, order)
	}
	if outcome, err := o.CarryChange(t.Context(), promote); outcome != course.Finished || claimed != 3 {
		t.Fatalf("%s, %v, asked %d times\n%v", outcome, err, claimed, mine)
	}
	for _, server := range []inventory.ServerID{"m", "r"} {
		if left, err := filepath.Glob(filepath.Join(op.on(server).Dir, "conf", "interlace-*")); err != nil || len(left) > 0 {
			t.Errorf("left on %s are %v, %v", server, left, err)
		}
	}
}

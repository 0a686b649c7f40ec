package apply_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// A move is rehearsed on the fleet as the changes of layouts before it leave it. Of an instance
// that is still to be made nothing is known, and nothing is told that could be pasted.
func TestRehearseAfterLayout(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 1}}))
	r.inventory.Users = []inventory.User{{Name: "anna", Store: "s1"}}
	must(t, r.Settle(t.Context()))
	before := func(do planner.Verb, store int, server, from string) *course.Unit {
		name := inventory.StoreID(fmt.Sprint("s", store+1))
		return &course.Unit{Plan: "l", Name: fmt.Sprint(do, name, server), Do: &planner.LayoutChange{Do: do, Store: name, Server: inventory.ServerID(server), From: inventory.Text(from)}}
	}
	rehearse := func(u *course.Unit, others ...*course.Unit) *apply.Rehearsal {
		t.Helper()
		var earlier []*apply.Rehearsal
		for _, other := range others {
			earlier = append(earlier, &apply.Rehearsal{Unit: other})
		}
		would, err := apply.Rehearse(t.Context(), u, earlier, false, r.options(&journal{left: -1}))
		must(t, err)
		return would
	}
	later := func(r *apply.Rehearsal) (steps []monitor.Step) {
		for _, s := range r.Steps {
			if s.Later {
				steps = append(steps, s.Step)
			}
			if s.Later && len(s.Commands)+len(s.Routes) > 0 {
				t.Errorf("%s is known later, and told: %s", s.Step, told(r))
			}
		}
		return steps
	}
	move := unit("anna", "s1", "s2", "anna")
	old, fresh := r.Stores[1].Master(), r.Stores[1].Replicas()[0]
	promote, drop := before(planner.Promote, 1, fresh.Name, old.Name), before(planner.Drop, 1, old.Name, "")

	now := rehearse(move)
	if !strings.Contains(told(now), "route anna to "+old.Name+"\n") || !strings.Contains(told(now), " on "+old.Name+"\n") || later(now) != nil || len(now.Refused) > 0 {
		t.Fatalf("alone: %v\n%s", now.Refused, told(now))
	}
	then := rehearse(move, promote, drop)
	text := told(then)
	if then.Text != "it is checked when this is done: "+promote.Name+", "+drop.Name || len(then.Refused) > 0 || !slices.Equal(later(then), []monitor.Step{monitor.StepPush}) {
		t.Errorf("promoted and dropped: %s, %v, later: %v", then.Text, then.Refused, later(then))
	}
	if !strings.Contains(text, "route anna to "+fresh.Name+"\n") || strings.Contains(text, " on "+old.Name+"\n") || !strings.Contains(text, "do deny_target\n  /usr/lib/cyrus/bin/cyr_deny -C "+fresh.Conf+" ") {
		t.Errorf("promoted and dropped:\n%s", text)
	}
	away := rehearse(move, before(planner.Promote, 0, r.Stores[0].Replicas()[0].Name, r.Stores[0].Master().Name))
	if text := told(away); !strings.Contains(text, "-u -- anna private:true on "+r.Stores[0].Replicas()[0].Name) || later(away) != nil {
		t.Errorf("away from one that was promoted: later %v\n%s", later(away), text)
	}
	made := rehearse(move, before(planner.Seed, 1, "m9", old.Name))
	if strings.Contains(told(made), " on ") || strings.Contains(told(made), "route ") && !slices.Contains(later(made), monitor.StepRoute) || len(later(made)) != 10 || len(made.Refused) > 0 {
		t.Errorf("to a store of which an instance is to be made: %v, later %v\n%s", made.Refused, later(made), told(made))
	}
	promote.Barred = "facts have changed"
	if would := rehearse(move, promote); !strings.Contains(told(would), "route anna to "+old.Name+"\n") || strings.Contains(would.Text, "is done") {
		t.Errorf("after what is not begun: %s\n%s", would.Text, told(would))
	}
	promote.Barred = ""
	if would := rehearse(promote, move); !slices.Equal(later(would), []monitor.Step{monitor.StepRoute}) {
		t.Errorf("promoted after users were moved: later %v\n%s", later(would), told(would))
	}
}

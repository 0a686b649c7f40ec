package apply_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// A promotion that is not at its end when somebody has the old master lead again, since the new
// one was lost, asks no hook for anything, says how things are and which ways are open, and goes
// on when the new one leads. Where that is not to be it ends, as soon as it is asked to.
func TestPromotionOvertaken(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	j := &journal{left: -1}
	u := alteration(planner.Promote, "r", "m", 2)
	byStore := false
	served := func(o *apply.Options) {
		o.Live.Served = func(_ context.Context, _ *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
			routed := map[inventory.UserID]apply.Destination{}
			for _, user := range users {
				routed[user] = apply.Destination{Server: op.routes[user]}
				if byStore {
					routed[user] = apply.Destination{Store: "s1"}
				}
			}
			return routed, nil
		}
	}
	begun := func(u *course.Unit, j *journal) {
		t.Helper()
		if outcome, _, err := op.carry(t, u, j, refusing(apply.ActStart, false)); outcome != course.Stuck {
			t.Fatalf("%s, %v\n%v", outcome, err, j)
		}
	}
	swap := func(from, to inventory.ServerID) {
		t.Helper()
		for _, order := range []*apply.Order{
			{Act: apply.ActStop, Store: "s1", Instance: op.instance(from, inventory.Master)},
			{Act: apply.ActStart, Store: "s1", Instance: op.instance(to, inventory.Master)},
		} {
			for _, s := range []inventory.ServerID{to, from} {
				order.Instances = append(order.Instances, op.instance(s, inventory.Replica))
			}
			_, err := op.hook(t.Context(), order)
			must(t, err)
		}
	}
	untouched := func(want course.Outcome, says ...string) {
		t.Helper()
		asked := slices.Clone(op.orders)
		outcome, _, err := op.carry(t, u, j, served)
		for _, text := range says {
			if outcome != want || err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s, %v, without %s\n%v", outcome, err, text, j)
			}
		}
		if !slices.Equal(op.orders, asked) {
			t.Errorf("the hook was asked for %v", op.orders[len(asked):])
		}
	}
	begun(u, j)
	swap("r", "m")
	untouched(course.Blocked, "m leads store s1 now, as the rolling sync_client there shows, and r, to which this has routed its users, does not: nothing of it runs; users ",
		" not routed to m", "--resume --yes goes on", "--resume --give-up --yes ends it")
	swap("m", "r")
	if outcome, _, err := op.carry(t, u, j); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	op.check(t, "master r, replica m")

	u, j = alteration(planner.Promote, "m", "r", 2), &journal{left: -1}
	begun(u, j)
	swap("m", "r")
	untouched(course.Blocked, "r leads store s1 now")
	byStore = true
	untouched(course.Blocked, "its users are routed to s1, which does not say to which server")
	must(t, apply.WriteRecall(t.Context(), []*course.Unit{u}, 1, "part", op.options(j)))
	untouched(course.Back, "r leads store s1 now")
	if r := (course.Result{Unit: u, Records: j.steps}); !u.WasGivenUp(j.steps) || u.Executed(j.steps) || !r.Out().IsZero() || !op.on("r").Runs() {
		t.Errorf("it is given up, and the journal has\n%v", j)
	}
	for _, in := range op.inventory.Stores[0].Instances {
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(in.IMAPDConf), "conf", "interlace-*")); left != nil {
			t.Errorf("%v is left", left)
		}
	}
}

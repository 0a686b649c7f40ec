package apply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// A promotion that is not at its end when somebody has the old master lead again, since the new
// one was lost, asks no hook for anything, and goes on when the new one leads.
func TestPromotionOvertaken(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	j := &journal{left: -1}
	u := alteration(planner.Promote, "r", "m", 2)
	outcome, _, err := op.carry(t, u, j, refusing(apply.ActStart, false))
	if outcome != course.Stuck {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	byHand := func(act apply.Act, server inventory.ServerID, role inventory.Role, servers ...inventory.ServerID) {
		t.Helper()
		order := &apply.Order{Act: act, Store: "s1", Instance: op.instance(server, role)}
		for _, s := range servers {
			order.Instances = append(order.Instances, op.instance(s, inventory.Replica))
		}
		_, err := op.hook(t.Context(), order)
		must(t, err)
	}
	byHand(apply.ActStop, "r", inventory.Master, "r", "m")
	byHand(apply.ActStart, "m", inventory.Master, "m", "r")
	asked := slices.Clone(op.orders)
	outcome, _, err = op.carry(t, u, j)
	if outcome != course.Blocked || err == nil || !strings.Contains(err.Error(), "m leads store s1 now, as the rolling sync_client there shows, and r does not") {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	if !slices.Equal(op.orders, asked) || !op.on("m").Runs() {
		t.Errorf("the hook was asked for %v", op.orders[len(asked):])
	}
	byHand(apply.ActStop, "m", inventory.Master, "m", "r")
	byHand(apply.ActStart, "r", inventory.Master, "r", "m")
	if outcome, _, err := op.carry(t, u, j); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	op.check(t, "master r, replica m")
}

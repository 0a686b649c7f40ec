package confirm_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// asking counts how often instances are logged in to.
func asking(o *confirm.Options) map[inventory.ServerID]int {
	asked, side := map[inventory.ServerID]int{}, o.Side
	var mu sync.Mutex
	o.Side = func(ctx context.Context, in inventory.Instance) (compare.Side, error) {
		mu.Lock()
		defer mu.Unlock()
		asked[in.Server]++
		return side(ctx, in)
	}
	return asked
}

// Checks that follow one another ask instances once for their names, but where something
// was carried out since.
func TestNamesAreAskedOnce(t *testing.T) {
	r := newRig(t)
	r.carryOut()
	o := r.options()
	o.Names = &confirm.Names{}
	asked := asking(&o)
	u := &course.Units([]planner.Plan{r.plan}, nil)[0]
	for range 3 {
		found, err := confirm.Unit(t.Context(), u, o)
		r.must(err)
		if found.Verdict != monitor.Met || asked["s3m"] != 1 || asked["s3r"] != 1 {
			t.Errorf("%s, asked %v", found.Verdict, asked)
		}
	}
	r.must(r.AddStep(t.Context(), &monitor.StepRecord{Plan: "p", Unit: u.Name, Step: monitor.StepCanary, State: monitor.StepDone, At: time.Now()}))
	_, err := confirm.Unit(t.Context(), u, o)
	r.must(err)
	if asked["s3m"] != 2 || asked["s3r"] != 2 {
		t.Errorf("something was done since, asked %v", asked)
	}
}

// TestCostOfUnits checks users in units of four one after the other, with the names asked
// once and each time, which takes more logins. With INTERLACE_SOAK it measures that for 200
// users.
func TestCostOfUnits(t *testing.T) {
	users := 12
	if os.Getenv("INTERLACE_SOAK") != "" {
		users = 200
	}
	r := newRig(t)
	r.plan.Changes = nil
	var boxes []cyrustest.Mailbox
	for i := range users {
		user := inventory.UserID(fmt.Sprintf("u%03d", i))
		r.inventory.Users = append(r.inventory.Users, inventory.User{Name: user, Store: "s1"})
		r.plan.Changes = append(r.plan.Changes, planner.UserChange{ID: string(user), Do: planner.Move, User: user, Group: inventory.GroupID(fmt.Sprintf("u%03d", i/4*4)), From: "s1", To: "s2"})
		boxes = append(boxes, cyrustest.Mailbox{Name: "user." + string(user), Messages: 2})
	}
	r.inventory.Sort()
	r.must(r.master("s1").Fill(t.Context(), boxes))
	r.must(r.Stores[0].Settle(t.Context()))
	units := course.Units([]planner.Plan{r.plan}, nil)
	o := r.applying()
	o.Limits.AtOnce, o.Limits.PerServer = 4, 4
	done, err := apply.CarryOut(t.Context(), units, false, o)
	r.must(err)
	for _, d := range done {
		if d.Outcome != course.Moved {
			t.Fatalf("%s: %s, %s", d.Unit.Name, d.Outcome, d.Why)
		}
	}
	var logins []int
	for _, names := range []*confirm.Names{nil, {}} {
		o := r.options()
		o.Names = names
		asked, begin := asking(&o), time.Now()
		for i := range units {
			found, err := confirm.Unit(t.Context(), &units[i], o)
			if err != nil || found.Verdict != monitor.Met {
				t.Fatalf("%+v, %v", found, err)
			}
		}
		all := 0
		for _, n := range asked {
			all += n
		}
		t.Logf("names kept %v: %v, %d logins, %v", names != nil, time.Since(begin).Round(time.Millisecond), all, asked)
		logins = append(logins, all)
	}
	if logins[1] >= logins[0] {
		t.Errorf("%d logins, and %d with the names kept", logins[0], logins[1])
	}
}

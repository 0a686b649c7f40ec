package apply_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// after has something happen when the operator's hook has carried an act out.
func after(act apply.Act, do func()) func(*apply.Options) {
	return func(o *apply.Options) {
		hook := o.Layouts.Hook
		o.Layouts.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
			out, err := hook(ctx, order)
			if order.Act == act && err == nil {
				do()
			}
			return out, err
		}
	}
}

// hurried does not wait long for what does not come about.
func hurried(o *apply.Options) { o.Layouts.Settle = time.Second }

// with are the options with changes.
func (op *operator) with(j *journal, also ...func(*apply.Options)) *apply.Options {
	o := op.options(j)
	for _, change := range also {
		change(o)
	}
	return o
}

// A seed is back only when the master runs that the hook has left down: it is started, and
// where that fails it is told.
func TestSeedTakenBackStands(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	units := []course.Unit{*alteration(planner.Seed, "n", "m", 2)}
	fails, careless := failing("df -kP"), after(apply.ActRemove, func() { must(t, op.on("m").Stop()) })
	j := &journal{left: -1}
	results, err := apply.CarryOut(t.Context(), units, false, op.with(j, fails, careless, refusing(apply.ActStart, false)))
	must(t, err)
	if r := results[0]; r.Outcome != course.Broken || !r.Fallen || !strings.Contains(r.Why, "nothing with "+op.on("m").Conf+" runs on m: instance_hook start s1 on m: no such day") {
		t.Errorf("%s, fallen %v, %s\n%v", r.Outcome, r.Fallen, r.Why, j)
	}
	results, err = apply.CarryOut(t.Context(), units, true, op.with(j, careless))
	must(t, err)
	if r := results[0]; r.Outcome != course.Back || r.Fallen || op.orders[len(op.orders)-1] != "start s1 m master" {
		t.Errorf("%s, fallen %v, %s, the operator was told to %v\n%v", r.Outcome, r.Fallen, r.Why, op.orders, j)
	}
	op.check(t, "master m, replica r")
	if _, err := login(t.Context(), op.on("m"), "anna"); err != nil {
		t.Error(err)
	}
}

// A promotion is back only when all replicas run; that one does not keeps nobody out.
func TestPromotionTakenBackStands(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	op.must(t, alteration(planner.Seed, "n", "m", 2))
	careless := after(apply.ActStop, func() { must(t, op.on("n").Stop()) })
	refused := func(o *apply.Options) {
		hook := o.Layouts.Hook
		o.Layouts.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
			if order.Act == apply.ActStart && order.Server == "n" {
				return "", errors.New("no such day")
			}
			return hook(ctx, order)
		}
	}
	j := &journal{left: -1}
	u := alteration(planner.Promote, "r", "m", 3)
	outcome, err := op.with(j, careless, refused, refusing(apply.ActPromote, false)).CarryChange(t.Context(), u)
	r := course.Result{Unit: u, Records: j.steps}
	if outcome != course.Broken || err == nil || !strings.Contains(err.Error(), "instance_hook start s1 on n: no such day") || !r.Out().IsZero() || !op.on("m").Runs() {
		t.Errorf("%s, %v, kept out since %v\n%v", outcome, err, r.Out(), j)
	}
	if outcome, err := op.with(j).CarryChange(t.Context(), u); outcome != course.Back {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	op.check(t, "master m, replica r, replica n")
}

// What the hook was to do and is not so it is asked for again: a removal with where what is
// to be removed is, the start of an old master that ran once.
func TestHookAskedAgain(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	op.must(t, alteration(planner.Seed, "n", "m", 2))
	conf, asked := op.on("n").Conf, 0
	idle := func(o *apply.Options) {
		o.Layouts.Hook = func(_ context.Context, order *apply.Order) (string, error) {
			asked++
			if order.Act != apply.ActRemove || order.IMAPDConf != conf || !strings.Contains(string(order.Details()), `"imapd_conf": "`+conf) || len(order.Instances) != 2 {
				t.Errorf("it was asked for %s", order.Details())
			}
			return "", nil
		}
	}
	j := &journal{left: -1}
	u := alteration(planner.Drop, "n", "", 2)
	if outcome, err := op.with(j, idle, hurried).CarryChange(t.Context(), u); outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), "still has the channel") || asked != 2 {
		t.Errorf("%s, %v, asked for %d times\n%v", outcome, err, asked, j)
	}
	if outcome, err := op.with(j).CarryChange(t.Context(), u); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	op.inventory = course.Follow(op.inventory, u, j.steps)
	op.check(t, "master m, replica r")

	j = &journal{left: 13} // when the old master was started
	u = alteration(planner.Promote, "r", "m", 2)
	if _, err := op.with(j).CarryChange(t.Context(), u); !errors.Is(err, errCrash) || j.at() != monitor.StepServe {
		t.Fatalf("%v\n%v", err, j)
	}
	must(t, op.on("m").Stop())
	j.left = -1
	if outcome, err := op.with(j, hurried).CarryChange(t.Context(), u); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	op.inventory = course.Follow(op.inventory, u, j.steps)
	op.check(t, "master r, replica m")
}

// A new replica that refuses the login, over IMAP or at its sync server, does not keep anybody
// waiting: sync_client would try for ever.
func TestSeedRefusedLogin(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	for want, change := range map[string]func(*apply.Options){
		`log in as "admin": the login is refused`:  after(apply.ActCreate, func() { must(t, os.Remove(op.on("n").Dir+"/conf/sasldb2")) }),
		`log in as "repl" at the sync server of n`: func(o *apply.Options) { o.SyncPassword = "wrong" },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		j := &journal{left: -1}
		patient := func(o *apply.Options) { o.Layouts.Settle = time.Hour }
		if outcome, err := op.with(j, change, patient).CarryChange(ctx, alteration(planner.Seed, "n", "m", 2)); outcome != course.Back || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, %v\n%v", outcome, err, j)
		}
		op.check(t, "master m, replica r")
	}
}

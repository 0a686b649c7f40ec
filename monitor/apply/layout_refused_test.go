package apply_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// failing lets commands with these words fail.
func failing(words string) func(*apply.Options) {
	return func(o *apply.Options) {
		works := o.Run
		o.Run = func(ctx context.Context, server inventory.ServerID, input string, command ...string) (string, error) {
			if strings.Contains(strings.Join(command, " "), words) {
				return "", errors.New("it fails")
			}
			return works(ctx, server, input, command...)
		}
	}
}

// before has something happen before the operator's hook carries an act out.
func before(act apply.Act, do func(ctx context.Context)) func(*apply.Options) {
	return func(o *apply.Options) {
		hook := o.Layouts.Hook
		o.Layouts.Hook = func(ctx context.Context, order *apply.Order) (string, error) {
			if order.Act == act {
				do(ctx)
			}
			return hook(ctx, order)
		}
	}
}

// What fails before it is too late is taken back, and all is as it was.
func TestLayoutTakenBack(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	for _, test := range []struct {
		unit  *course.Unit
		fails string
	}{
		{alteration(planner.Seed, "n", "m", 2), "df -kP"},
		{alteration(planner.Seed, "n", "m", 2), "sync_client -C " + op.on("m").Dir + "/conf/interlace-"},
		{alteration(planner.Promote, "r", "m", 2), "sync_client -C " + op.on("m").Conf + " -r -1"},
	} {
		j := &journal{left: -1}
		logged := before(apply.ActStop, func(ctx context.Context) { // else there is nothing to drain
			_, err := op.on("m").Tool(ctx, "cyr_synclog", "-u", "anna")
			must(t, errors.Join(op.on("m").Stop(), err))
			_, err = op.on("m").Tool(ctx, "cyr_synclog", "-u", "anna")
			must(t, err)
		})
		if outcome, _, err := op.carry(t, test.unit, j, failing(test.fails), logged); outcome != course.Back || err == nil || !strings.Contains(err.Error(), "it fails") {
			t.Errorf("%s, where %s fails: %s, %v\n%v", test.unit.Name, test.fails, outcome, err, j)
		}
		op.check(t, "master m, replica r")
		if op.on("n") != nil {
			t.Error("the new instance is left")
		}
		if _, err := login(t.Context(), op.on("m"), "anna"); err != nil {
			t.Error(err)
		}
	}
}

// signal sends a signal to the rolling clients of an instance.
func signal(t *testing.T, in *cyrustest.Instance, name string) {
	t.Helper()
	_, err := run(t.Context(), "", "", "pkill", "-"+name, "-f", "^sync_client -C "+in.Conf+" -r")
	must(t, err)
}

// A replica that is behind is not promoted, and nothing is touched.
func TestPromotionOfALag(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	signal(t, op.on("m"), "STOP")
	must(t, op.on("m").Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.late", Messages: 1}}))
	j := &journal{left: -1}
	outcome, _, err := op.carry(t, alteration(planner.Promote, "r", "m", 2), j, func(o *apply.Options) { o.Layouts.Lag = time.Second })
	if outcome != course.Postponed || err == nil || !strings.Contains(err.Error(), "r lags: what m had logged for it 1s ago has not been sent") {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	if len(op.orders) > 0 {
		t.Errorf("the operator was told to %v", op.orders)
	}
	signal(t, op.on("m"), "CONT")
}

// The last good copy beside the master is not dropped.
func TestDropOfTheLastCopy(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	op.must(t, alteration(planner.Seed, "n", "m", 2))
	op.orders = nil
	for _, test := range []struct {
		damage, repair func()
		want           string
	}{
		{
			func() { talk(t, op.on("n"), "anna", "CREATE INBOX.Stray") },
			func() { talk(t, op.on("n"), "anna", "DELETE INBOX.Stray") },
			"n is not what m is: user.anna.Stray is only there",
		},
		{
			func() {
				signal(t, op.on("m"), "STOP")
				talk(t, op.on("m"), "anna", "CREATE INBOX.Late")
			},
			func() { signal(t, op.on("m"), "CONT") },
			"n lags: what m had logged for it 1s ago has not been sent",
		},
		{
			func() { must(t, op.on("n").Stop()) },
			func() { must(t, op.on("n").Start(t.Context())) },
			"nothing with " + op.on("n").Conf + " runs on n",
		},
	} {
		test.damage()
		j := &journal{left: -1}
		outcome, _, err := op.carry(t, alteration(planner.Drop, "r", "", 2), j, func(o *apply.Options) { o.Layouts.Lag = time.Second })
		if outcome != course.Back || err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "without the replica on r store s1 has 1 copy that live and are alike, and 2 are promised") {
			t.Errorf("%s, %v\n%v", outcome, err, j)
		}
		if len(op.orders) > 0 {
			t.Errorf("the operator was told to %v", op.orders)
		}
		test.repair()
	}
	j := op.must(t, alteration(planner.Drop, "r", "", 2))
	if !strings.Contains(j.String(), "/conf on r was removed") {
		t.Errorf("it is not told what became of the data:\n%v", j)
	}
	op.check(t, "master m, replica n")
}

// An old master that goes on sending is stopped.
func TestOldMasterSends(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	sends := op.on("m").Sends()
	j := &journal{left: -1}
	outcome, _, err := op.carry(t, alteration(planner.Promote, "r", "m", 2), j, before(apply.ActStart, func(ctx context.Context) {
		must(t, errors.Join(op.on("m").SendTo(sends...), op.on("m").Start(ctx)))
	}))
	if outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), "though it is no master any more: it was stopped") || op.on("m").Runs() {
		t.Errorf("%s, %v, and it runs: %v\n%v", outcome, err, op.on("m").Runs(), j)
	}
	if op.serves("anna") != op.on("r") {
		t.Error("anna is not routed to the new master")
	}
}

// A session that began before there was the channel does not log for it, and is not left.
func TestSeedWithAnOldSession(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	c, err := op.on("m").DialAs(t.Context(), "anna")
	must(t, err)
	defer c.Close()
	time.Sleep(3 * time.Second) // ps tells whole seconds
	careless := before(apply.ActCreate, func(ctx context.Context) {
		in, err := op.fleet.Add(ctx, op.fleet.Stores[0], cyrustest.Settings{})
		must(t, errors.Join(err, op.on("m").SendTo(append(op.on("m").Sends(), in)...)))
		op.cyrus.Name("s1", "n", in)
	})
	outcome, _, err := op.carry(t, alteration(planner.Seed, "n", "m", 2), &journal{left: -1}, careless, func(o *apply.Options) { o.Layouts.Settle = time.Second })
	if outcome != course.Back || err == nil || !strings.Contains(err.Error(), "imapd began before imapd.conf was changed") {
		t.Errorf("%s, %v", outcome, err)
	}
	op.check(t, "master m, replica r")
}

// Everything that speaks against a promotion is told at once, before anything is touched.
func TestPromotionChecked(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	_, err := op.on("r").Tool(t.Context(), "cyr_deny", "-m", "stray", "anna")
	must(t, err)
	outcome, _, err := op.carry(t, alteration(planner.Promote, "r", "m", 2), &journal{left: -1}, func(o *apply.Options) {
		o.Layouts.Hook, o.Route, o.SyncUser = nil, nil, "nobody"
	})
	if outcome != course.Back || err == nil {
		t.Fatalf("%s, %v", outcome, err)
	}
	for _, want := range []string{
		"instance_hook in the configuration is not set", "neither routing_hook nor routing_file", `does not have "nobody"`, "user anna is denied on r and not on the master: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell: %s", err, want)
		}
	}
}

// A removal that leaves the master's client running is not done.
func TestDropLeavesAClient(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	op.must(t, alteration(planner.Seed, "n", "m", 2))
	careless := before(apply.ActRemove, func(context.Context) {
		if in := op.on("n"); in != nil {
			must(t, op.on("m").SendTo(op.on("m").Sends()[0]))
			must(t, op.fleet.Stores[0].Remove(in))
			op.cyrus.Name("s1", "n", nil)
		}
	})
	j := &journal{left: -1}
	for _, asked := range []int{2, 3} { // once more in this run, and once in each later one
		outcome, _, err := op.carry(t, alteration(planner.Drop, "n", "", 2), j, careless, func(o *apply.Options) { o.Layouts.Settle = time.Second })
		if outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), "still works on the channel replica2") {
			t.Errorf("%s, %v\n%v", outcome, err, j)
		}
		removes := slices.DeleteFunc(slices.Clone(op.orders), func(order string) bool { return !strings.HasPrefix(order, "remove ") })
		if len(removes) != asked {
			t.Errorf("the removal was asked for %d times, want %d: %v", len(removes), asked, op.orders)
		}
	}
}

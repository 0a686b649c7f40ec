package apply_test

import (
	"cmp"
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

// served has it asked where users are routed: to m, unless they were routed elsewhere.
func (op *operator) served(o *apply.Options) {
	o.Live.Served = func(_ context.Context, _ *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
		op.mu.Lock()
		defer op.mu.Unlock()
		routed := map[inventory.UserID]apply.Destination{}
		for _, u := range users {
			routed[u] = apply.Destination{Server: cmp.Or(op.routes[u], "m")}
		}
		return routed, nil
	}
}

// A promotion routes who is let in on the store and nowhere else, whatever the facts say. Where the
// facts and the journal disagree of somebody who is let in on two stores it does not begin, unless
// the routes tell, nor where one of them can't be read; and where that is so when the old master is stopped it lets all others in, and
// does not end before it is known. Who was found there since he was moved is there, and who was moved
// to a store that is gone.
func TestPromotionRoutesWhoIsThere(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	ctx := t.Context()
	people(t, op.on("m"))
	both := []cyrustest.Mailbox{{Name: "user.carl"}, {Name: "user.dora"}}
	must(t, op.on("m").Fill(ctx, both))
	_, err := op.cyrus.Do(ctx, "create", "s2", "q", []string{"q"})
	must(t, err)
	q := op.cyrus.On("s2", "q")
	must(t, q.Fill(ctx, both))
	op.inventory.Stores = append(op.inventory.Stores, inventory.Store{Name: "s2", Instances: []inventory.Instance{{Server: "q", Role: inventory.Master, IMAP: q.IMAP, IMAPDConf: q.Conf}}})
	op.inventory.Users = []inventory.User{{Name: "anna", Store: "s1"}, {Name: "ben", Store: "s2"}, {Name: "carl", Store: "s2"}, {Name: "dora", Store: "s1"}}
	op.routes["carl"] = "q"
	known := true
	moved := func(o *apply.Options) {
		o.Whereabouts = func(context.Context) (map[inventory.UserID]course.Whereabouts, error) {
			if !known {
				return nil, nil
			}
			return map[inventory.UserID]course.Whereabouts{"dora": {Store: "s2", Since: time.Now(), Plan: "p"}}, nil
		}
	}
	unsure := "user dora is let in on s1 and on s2, and it is not known which one they use"
	u, j := alteration(planner.Promote, "r", "m", 2), &journal{left: -1}
	if outcome, _, err := op.carry(t, u, j, moved); outcome != course.Back || err == nil || !strings.Contains(err.Error(), unsure) || len(op.orders) > 0 {
		t.Errorf("%s, %v, after %v", outcome, err, op.orders)
	}

	for told, fails := range map[string]func(o *apply.Options){
		"who was moved is not known: the disk is full": func(o *apply.Options) {
			o.Whereabouts = func(context.Context) (map[inventory.UserID]course.Whereabouts, error) {
				return nil, errors.New("the disk is full")
			}
		},
		"list who is denied on m: the disk is full": func(o *apply.Options) {
			works := o.Run
			o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
				if server == "m" && strings.HasSuffix(words[0], "/cyr_deny") {
					return "", errors.New("the disk is full")
				}
				return works(ctx, server, input, words...)
			}
		},
	} {
		if outcome, _, err := op.carry(t, u, &journal{left: -1}, fails); outcome != course.Back || err == nil || strings.Count(err.Error(), told) != 1 || len(op.orders) > 0 {
			t.Errorf("%s, %v, after %v", outcome, err, op.orders)
		}
	}

	known = false
	learns := before(apply.ActPromote, func(context.Context) { known = true })
	j = &journal{left: -1}
	if outcome, _, err := op.carry(t, u, j, moved, learns); outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), unsure) {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	routed := func(when string, want ...string) {
		t.Helper()
		var got []string
		for u, at := range op.routes {
			got = append(got, string(u)+" "+string(at))
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s %v are routed, want %v\n%v", when, got, want, j)
		}
	}
	routed("while it is not known", "$(id) r", "anna r", "ben r", "carl q")
	_, err = q.Tool(ctx, "cyr_deny", "-m", "moved", "dora")
	must(t, err)
	if outcome, _, err := op.carry(t, u, j, moved); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	routed("when it is known", "$(id) r", "anna r", "ben r", "carl q", "dora r")

	_, err = q.Tool(ctx, "cyr_deny", "-a", "dora")
	must(t, err)
	astray := func(o *apply.Options) {
		works := o.Route
		o.Route = func(ctx context.Context, routes []apply.Route) error {
			return works(ctx, slices.DeleteFunc(slices.Clone(routes), func(r apply.Route) bool { return r.User == "anna" }))
		}
	}
	u, j = alteration(planner.Promote, "m", "r", 2), &journal{left: -1}
	if outcome, _, err := op.carry(t, u, j, moved, op.served, astray); outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), "user anna is routed to a replica of s1, and not to the master on m") {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	if outcome, _, err := op.carry(t, u, j, moved, op.served); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	routed("with routes that tell", "$(id) m", "anna m", "ben m", "carl q", "dora m")

	at := func(store inventory.StoreID, found time.Time) func(o *apply.Options) {
		return func(o *apply.Options) {
			o.Found = found
			o.Whereabouts = func(context.Context) (map[inventory.UserID]course.Whereabouts, error) {
				return map[inventory.UserID]course.Whereabouts{"dora": {Store: store, Since: time.Now(), Plan: "p"}}, nil
			}
		}
	}
	u, j = alteration(planner.Promote, "r", "m", 2), &journal{left: -1}
	if outcome, _, err := op.carry(t, u, j, at("s2", time.Now().Add(time.Hour))); outcome != course.Finished {
		t.Errorf("who was found here since: %s, %v\n%v", outcome, err, j)
	}
	u, j = alteration(planner.Promote, "m", "r", 2), &journal{left: -1}
	if outcome, _, err := op.carry(t, u, j, at("gone", time.Time{})); outcome != course.Finished {
		t.Errorf("who was moved to a store that is gone: %s, %v\n%v", outcome, err, j)
	}
	routed("who was found here", "$(id) m", "anna m", "ben m", "carl q", "dora m")
	instances := op.inventory.Stores[1].Instances
	op.inventory.Stores[1].Instances = nil
	u, j = alteration(planner.Promote, "r", "m", 2), &journal{left: -1}
	if outcome, _, err := op.carry(t, u, j, at("s2", time.Time{})); outcome != course.Back || err == nil || !strings.Contains(err.Error(), "the inventory has no instance of store s2; let interlace discover find out where they are when its master answers, or deny them (cyr_deny) on s1 if they are not here") {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	op.inventory.Stores[1].Instances = instances
	byStore := func(o *apply.Options) {
		o.Live.Served = func(_ context.Context, _ *inventory.Inventory, users []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
			routed := map[inventory.UserID]apply.Destination{}
			for _, u := range users {
				routed[u] = apply.Destination{Store: "s1"}
			}
			routed["carl"] = apply.Destination{Store: "s2"}
			return routed, nil
		}
	}
	if j := op.must(t, alteration(planner.Promote, "r", "m", 2), moved, byStore); strings.Contains(j.String(), "is routed to") {
		t.Errorf("the name of the store is taken for another server\n%v", j)
	}
	routed("by the names of stores", "$(id) r", "anna r", "ben r", "carl q", "dora r")
}

// A replica to which somebody is routed is not dropped.
func TestDropOfWhatIsUsed(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	op.routes["anna"] = "r"
	u, j := alteration(planner.Drop, "r", "", 1), &journal{left: -1}
	if outcome, _, err := op.carry(t, u, j, op.served); outcome != course.Back || err == nil || !strings.Contains(err.Error(), "user anna is routed to the replica on r, which is to be removed, and not to the master of s1 on m") || len(op.orders) > 0 {
		t.Errorf("%s, %v, after %v", outcome, err, op.orders)
	}
	op.routes["anna"], op.routes["ben"] = "m", "r"
	_, err := op.on("m").Tool(t.Context(), "cyr_deny", "-m", "locked", "ben")
	must(t, err)
	o := op.options(&journal{left: -1})
	op.served(o)
	if done := carryOut(t, o, u, false); done.Outcome != course.Finished || done.Dangling() != "user ben is not let in on s1, and routed to the replica on r, which this removes: whoever lets them in has to route them anew" {
		t.Errorf("who is routed there is not told: %s, %s, %q\n%v", done.Outcome, done.Why, done.Dangling(), o.Journal)
	}
	if again := carryOut(t, o, u, false); again.Dangling() != "" {
		t.Errorf("it is told again: %s", again.Dangling())
	}
}

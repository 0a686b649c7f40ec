package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// The original stays, denied, until its time is over, nobody asks for it and what was
// planned has been confirmed; then it is removed.
func TestOriginalIsKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from := r.Stores[0].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	o := r.options(&journal{left: -1})
	u := unit("anna", "s1", "s2", "anna")
	carry := func(o *apply.Options, want course.Outcome, why string) {
		t.Helper()
		outcome, err := o.Carry(ctx, u, false)
		if outcome != want || why == "" && err != nil || why != "" && (err == nil || !strings.Contains(err.Error(), why)) {
			t.Fatalf("%s, %v, want %s, %s\n%v", outcome, err, want, why, o.Journal)
		}
	}
	carry(o, course.Moved, "")
	if code, err := (&post{rig: r}).lmtpTo(from, "anna", message("late", 1)); code != 451 {
		t.Errorf("mail that comes to the original: %d, %v", code, err)
	}
	o.Now, o.Live.Quiet = later(o).Now, quietly
	carry(o, course.Moved, "nobody has confirmed")
	o.Live.Confirmed = func(context.Context, *inventory.Inventory, *course.Unit, func(string)) (string, error) {
		return "", errors.New("the peak is too high")
	}
	carry(o, course.Moved, "the peak is too high")
	o.Live.Confirmed = func(context.Context, *inventory.Inventory, *course.Unit, func(string)) (string, error) {
		return "", nil
	}
	o.Live.Quiet = func(_ context.Context, _ *inventory.Inventory, in inventory.Instance, users []inventory.UserID) (bool, bool, time.Time, error) {
		if in.IMAP != from.IMAP || !slices.Equal(users, []inventory.UserID{"anna"}) {
			t.Errorf("asked of %s about %v", in.IMAP, users)
		}
		return false, true, time.Unix(0, 0).UTC(), nil
	}
	carry(o, course.Moved, "mail or users still came to "+from.Name+" at 1970-01-01T00:00:00Z")
	r.look(t, "anna", 0, 1)
	o.Live.Quiet = func(context.Context, *inventory.Inventory, inventory.Instance, []inventory.UserID) (bool, bool, time.Time, error) {
		return false, false, time.Time{}, nil
	}
	carry(o, course.Moved, "whether mail or users still come to s1 is not known: the log of its master on "+from.Name)
	// Kept for less than a day it stays if somebody is known to have come since the users were routed.
	o.Keep = time.Hour
	o.Live.Quiet = func(context.Context, *inventory.Inventory, inventory.Instance, []inventory.UserID) (bool, bool, time.Time, error) {
		return false, true, time.Now().Add(time.Minute), nil
	}
	carry(o, course.Moved, "mail or users still came to "+from.Name)
	o.Live.Quiet = func(context.Context, *inventory.Inventory, inventory.Instance, []inventory.UserID) (bool, bool, time.Time, error) {
		return false, false, time.Time{}, errors.New("two instances log together")
	}
	carry(o, course.Finished, "")
	if told := fmt.Sprint(o.Journal); !strings.Contains(told, "keep_source is less than a day, and whether mail or users still come to s1 is not known") {
		t.Errorf("what was not known is not written down\n%s", told)
	}
	for _, in := range r.Stores[0].Instances {
		if left := talk(t, in, "", `LIST "" "*"`); left != "" {
			t.Errorf("%s still has %s", in.Name, left)
		}
		if denied, err := in.Tool(ctx, "cyr_deny", "-l"); err != nil || strings.Contains(denied, "anna") {
			t.Errorf("on %s is denied: %s, %v", in.Name, denied, err)
		}
	}
}

// What was confirmed long before the original is deleted, since the process was killed in
// between, is confirmed anew.
func TestConfirmedAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	j := &journal{left: -1}
	u := unit("anna", "s1", "s2", "anna")
	if outcome, err := r.options(j).Carry(t.Context(), u, false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	o, asked := later(r.options(j)), 0
	o.Live.Confirmed = func(context.Context, *inventory.Inventory, *course.Unit, func(string)) (string, error) {
		asked++
		return "3 messages read", nil
	}
	j.left = 1 // of keeping is written down that it began, and that it is done
	if _, err := o.Carry(t.Context(), u, false); !errors.Is(err, errCrash) || asked != 1 {
		t.Fatalf("asked %d times, %v\n%v", asked, err, j)
	}
	j.left = -1
	now := o.Now
	o.Now = func() time.Time { return now().Add(2 * time.Hour) }
	fine := o.Live.Confirmed
	o.Live.Confirmed = func(context.Context, *inventory.Inventory, *course.Unit, func(string)) (string, error) {
		return "", errors.New("it is damaged")
	}
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Moved || err == nil || !strings.Contains(err.Error(), "it is damaged") {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	r.look(t, "anna", 0, 1)
	o.Live.Confirmed = fine
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Finished || asked != 2 || !strings.Contains(j.String(), "delete_source done 3 messages read") {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
}

// An original that somebody wrote to is not removed.
func TestWrittenOriginalIsNotRemoved(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from := r.Stores[0].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 3}, {Name: "user.anna.Work", ACL: []cyrustest.Right{{Identifier: "zed", Rights: "lrswi"}}}, {Name: "user.zed"},
	}))
	o := r.options(&journal{left: -1})
	u := unit("anna", "s1", "s2", "anna")
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	talk(t, from, "zed", "APPEND user.anna.Work "+cyrustest.Literal(message("of zed", 1)))
	outcome, err := later(o).Carry(ctx, u, false)
	if outcome != course.Stuck || !strings.Contains(err.Error(), "user.anna.Work on "+from.Name+" was written to since it was copied") {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
}

// Nor is one to whose replica somebody wrote, who is not denied there.
func TestWrittenReplicaIsNotRemoved(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	must(t, r.Stores[0].Settle(ctx))
	o := r.options(&journal{left: -1})
	u := unit("anna", "s1", "s2", "anna")
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	replica := r.Stores[0].Replicas()[0]
	talk(t, replica, "", "SETACL user.anna admin lrswipkxtecda", "APPEND user.anna "+cyrustest.Literal(message("on the replica", 1)))
	outcome, err := later(o).Carry(ctx, u, false)
	if outcome != course.Stuck || !strings.Contains(err.Error(), "user.anna on "+replica.Name+" was written to since it was copied") {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	if got := talk(t, replica, "", "STATUS user.anna (MESSAGES)"); !strings.Contains(got, "MESSAGES 4") {
		t.Errorf("on the replica there is %s", got)
	}
}

// Who was moved can be moved back with all mail that came since, as long as the original
// is kept, which is in use again then, and there is room for what came.
func TestReverse(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 3}, {Name: "user.anna.Old"}, {Name: "team", Messages: 1, ACL: []cyrustest.Right{{Identifier: "anna", Rights: "lrswipte"}}},
	}))
	r.inventory.Users = []inventory.User{{Name: "anna"}, {Name: "team", Kind: inventory.Shared}}
	o := r.options(&journal{left: -1})
	u := unit("anna", "s1", "s2", "anna", "team")
	back := course.Reverse(u)
	if len(back) != 1 || back[0].Of != u.Name {
		t.Fatalf("%v", back)
	}
	if outcome, err := o.Carry(ctx, &back[0], false); outcome != course.Back || !strings.Contains(err.Error(), "has kept nothing there") {
		t.Errorf("before anything was moved: %s, %v", outcome, err)
	}
	o.Journal = &journal{left: -1}
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	r.inventory.Resources = inventory.DefaultResources()
	r.inventory.Resources[0].Ceiling = 1e-9
	if _, err := o.Check(ctx, &back[0]); err != nil {
		t.Errorf("with nothing that came: %v", err)
	}
	p := &post{rig: r}
	if code, err := p.lmtp("anna", message("new", 1)); code != 250 {
		t.Fatal(code, err)
	}
	full := carryOut(t, o, &back[0], false)
	for _, in := range r.Stores[0].Instances {
		if want := " on " + in.Name + " has no room below its ceiling of 1e-07 %, and 4KiB come"; full.Outcome != course.Back || !strings.Contains(full.Why, want) {
			t.Errorf("to a full disk: %s, %s, want %s", full.Outcome, full.Why, want)
		}
	}
	r.look(t, "anna", 0, 1)
	r.inventory.Resources = nil
	talk(t, r.Stores[1].Master(), "anna", "CREATE INBOX.New", "DELETE INBOX.Old", "APPEND team "+cyrustest.Literal(message("in the team", 1)))
	if way := carryOut(t, o, &back[0], false); way.Outcome != course.Moved {
		t.Fatalf("%s, %s\n%v", way.Outcome, way.Why, o.Journal)
	}
	r.look(t, "anna", 1, 0)
	for _, o := range []*apply.Options{o, later(o)} {
		if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved && outcome != course.Finished {
			t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
		}
	}
	r.look(t, "anna", 1, 0)
	if outcome, err := later(o).Carry(ctx, &back[0], false); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
	for _, in := range r.Stores[1].Instances {
		if left := talk(t, in, "", `LIST "" "user.*"`, `LIST "" "team*"`); left != "" {
			t.Errorf("%s still has %s", in.Name, left)
		}
	}
	must(t, r.Settle(ctx))
	got := talk(t, r.Stores[0].Master(), "anna", `LIST "" "*"`, "STATUS INBOX (MESSAGES)", "STATUS team (MESSAGES)")
	for _, want := range []string{"INBOX (MESSAGES 4)", "team (MESSAGES 2)", "INBOX.New"} {
		if !strings.Contains(got, want) || strings.Contains(got, "INBOX.Old") {
			t.Errorf("after the way back anna sees %s", got)
		}
	}
}

// Messages whose delivery began before their recipient was denied, and that reached the
// original after it was copied, are brought along, even when the user is at work again.
func TestLateMailIsBroughtAlong(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3, ACL: []cyrustest.Right{{Identifier: "admin", Rights: "lrsi"}}}}))
	o := r.options(&journal{left: -1})
	late := func(name string) {
		talk(t, from, "", "APPEND user.anna "+cyrustest.Literal(message(name, 1)))
	}
	route := o.Route
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		late("late")
		return route(ctx, routes)
	}
	o.Live.Kick = func(context.Context) error {
		late("later still")
		talk(t, to, "anna", "APPEND INBOX "+cyrustest.Literal(message("new", 1)), "SELECT INBOX", `STORE 1 +FLAGS (\Deleted)`, "EXPUNGE")
		return errors.New("no such queue")
	}
	u := unit("anna", "s1", "s2", "anna")
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	must(t, r.Settle(ctx))
	for _, in := range r.Stores[1].Instances {
		if got := talk(t, in, "anna", "STATUS INBOX (MESSAGES)"); !strings.Contains(got, "MESSAGES 5") {
			t.Errorf("%s has %s", in.Name, got)
		}
	}
	if outcome, err := later(o).Carry(ctx, u, false); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
}

// Where somebody else has promoted a replica nothing is done or undone until denials and
// routes are right again.
func TestPromotionBlocks(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	o := r.options(&journal{left: -1})
	promoted := false
	o.Live.Roles = func(_ context.Context, s *inventory.Store) error {
		if promoted && s.Name == "s2" {
			return errors.New("the master of s2 is elsewhere")
		}
		return nil
	}
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		promoted = promoted || slices.Contains(words, "-O")
		return run(ctx, server, input, words...)
	}
	u := unit("anna", "s1", "s2", "anna")
	for _, back := range []bool{false, true} {
		outcome, err := o.Carry(ctx, u, back)
		if outcome != course.Blocked || !strings.Contains(err.Error(), "denied on all instances of s2; denied on all instances of s1") {
			t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
		}
	}

	// The inventory has it now, and the new master knows of no denial.
	o.Live.Roles = nil
	replica := r.Stores[1].Replicas()[0]
	store := &r.inventory.Stores[1]
	slices.Reverse(store.Instances)
	_, err := replica.Tool(ctx, "cyr_deny", "-a", "anna")
	must(t, err)
	o.Live.Served = func(context.Context, *inventory.Inventory, []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
		return map[inventory.UserID]apply.Destination{"anna": {Server: "elsewhere"}}, nil
	}
	outcome, err := o.Carry(ctx, u, false)
	for _, want := range []string{"user anna has to be denied on " + replica.Name + ": /usr/lib/cyrus/bin/cyr_deny -C ", "user anna has to be routed to " + r.Stores[0].Master().Name} {
		if outcome != course.Blocked || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, %v\nlacks %s", outcome, err, want)
		}
	}

	slices.Reverse(store.Instances)
	_, err = replica.Tool(ctx, "cyr_deny", "anna")
	must(t, err)
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
}

// What a killed run left on servers is removed by the next one.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, cyrustest.Settings{})
	in := r.Stores[0].Master()
	_, err := run(t.Context(), "", "", "touch", in.Dir+"/conf/interlace-0123456789ab.conf")
	must(t, err)
	left, err := r.options(&journal{left: -1}).Leftovers(t.Context(), []inventory.StoreID{"s1"})
	if must(t, err); len(left.Private) != 1 || left.Private[0].Server != inventory.ServerID(in.Name) || left.Unseen != nil {
		t.Errorf("left is %+v", left)
	}
	must(t, left.Remove(t.Context()))
	if out, err := run(t.Context(), "", "", "ls", in.Dir+"/conf"); err != nil || strings.Contains(out, "interlace-") {
		t.Error(out, err)
	}
}

// What a killed run had running on a server is ended, with all that it has started, before
// anything is done or undone for the unit: nothing copies beside it, nor into what was
// taken back.
func TestWhatStillRunsIsEnded(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	j := &journal{left: -1}
	ctx := t.Context()
	from := r.Stores[0].Master()
	for user, back := range map[string]bool{"anna": false, "ben": true} {
		must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}}))
		o := r.options(j)
		begun, over := from.Dir+"/conf/begun-"+user, from.Dir+"/conf/over-"+user
		left := make(chan error, 1)
		lock := ""
		o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
			if slices.Contains(words, user) && slices.Contains(words, "-u") && lock == "" {
				j.left, j.before = 0, true // this run is killed, and what it started is not
				lock = words[slices.Index(words, "timeout")-1]
				words = slices.Replace(slices.Clone(words), slices.Index(words, "timeout")+4, len(words), "sh", "-c", "trap '' TERM; touch "+begun+"; sleep 30; touch "+over)
				go func() {
					_, err := run(context.WithoutCancel(ctx), server, "", words...)
					left <- err
				}()
				for {
					if _, err := run(ctx, server, "", "test", "-e", begun); err == nil {
						return "", nil
					}
				}
			}
			return run(ctx, server, input, words...)
		}
		u := unit(user, "s1", "s2", user)
		if outcome, err := o.Carry(ctx, u, false); outcome != course.Stopped || !errors.Is(err, errCrash) {
			t.Fatalf("%s, %v\n%v", outcome, err, j)
		}
		j.left = -1
		want := map[bool]course.Outcome{false: course.Moved, true: course.Back}[back]
		if outcome, err := r.options(j).Carry(ctx, u, back); outcome != want {
			t.Fatalf("%s, %v\n%v", outcome, err, j)
		}
		select {
		case err := <-left:
			if err == nil {
				t.Error("what ran before came to its end")
			}
		default:
			t.Error("what ran before runs still")
		}
		_, there := run(ctx, "", "", "test", "-e", over)
		processes, err := run(ctx, "", "", "ps", "-A", "-ww", "-o", "args=")
		if must(t, err); there == nil || strings.Contains(processes, over) {
			t.Errorf("what ran before goes on")
		}
		if _, err := run(ctx, "", "", "test", "-e", lock); back && err == nil {
			t.Errorf("%s is left", lock)
		}
	}
}

// What a program has started and left behind does not keep the next one waiting.
func TestBackgroundHoldsNoLock(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	o := r.options(&journal{left: -1})
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if at := slices.Index(words, "timeout") + 4; at > 4 && !slices.Contains(words, "rm") {
			words = slices.Insert(slices.Clone(words), at, "sh", "-c", `sleep 120 >/dev/null 2>&1 & exec "$@"`, "sh")
		}
		return run(ctx, server, input, words...)
	}
	begin := time.Now()
	if outcome, err := o.Carry(ctx, unit("anna", "s1", "s2", "anna"), false); outcome != course.Moved || time.Since(begin) > 100*time.Second {
		t.Errorf("%s, %v, after %v\n%v", outcome, err, time.Since(begin), o.Journal)
	}
}

// A copy that somebody is let in to, or routed to, is never taken back, and nobody is let
// in to the original beside it.
func TestCopyInUseStays(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	j := &journal{left: -1}
	for user, taken := range map[string]func(o *apply.Options) string{
		"anna": func(*apply.Options) string {
			_, err := to.Tool(ctx, "cyr_deny", "-a", "anna")
			must(t, err)
			return "user anna has to be denied on " + to.Name
		},
		"ben": func(o *apply.Options) string {
			o.Live.Served = func(context.Context, *inventory.Inventory, []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
				return map[inventory.UserID]apply.Destination{"ben": {Server: inventory.ServerID(to.Name)}}, nil
			}
			return "user ben is routed there"
		},
	} {
		must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}}))
		o := r.options(j)
		why := ""
		o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
			if slices.Contains(words, "-O") {
				why = taken(o)
			}
			if why != "" && strings.Contains(strings.Join(words, " "), "sync_client") {
				return "", errors.New("it fails")
			}
			return run(ctx, server, input, words...)
		}
		outcome, err := o.Carry(ctx, unit(user, "s1", "s2", user), false)
		if outcome != course.Broken || err == nil || why == "" || !strings.Contains(err.Error(), why) {
			t.Errorf("%s, %v, want %s\n%v", outcome, err, why, o.Journal)
		}
		if left := talk(t, to, "", `LIST "" "user.`+user+`"`); !strings.Contains(left, user) {
			t.Errorf("the copy of %s is gone: %s", user, left)
		}
		if denied, err := from.Tool(ctx, "cyr_deny", "-l"); err != nil || !strings.Contains(denied, user) {
			t.Errorf("%s is let in on the old store: %s, %v", user, denied, err)
		}
	}
}

// What is asked before an original is deleted is asked of the fleet as other units of the run have
// changed it meanwhile.
func TestConfirmedInTheFleetAsItStands(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 1}, {Name: "user.ben", Messages: 1}}))
	r.inventory.Users = []inventory.User{{Name: "anna", Store: "s1"}, {Name: "ben", Store: "s1"}}
	o, over := later(r.options(&journal{left: -1})), make(chan struct{})
	o.Keep, o.Limits.PerServer = 0, 2
	o.Progress = func(p apply.Progress) {
		if p.Over && p.Unit.Name == "anna" {
			close(over)
		}
	}
	route := o.Route
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		if routes[0].User == "ben" {
			<-over
		}
		return route(ctx, routes)
	}
	look := func(fleet *inventory.Inventory, whom inventory.UserID) {
		if at := fleet.Users[fleet.User("anna")].Store; whom == "ben" && at != "s2" {
			t.Errorf("anna is on %s by now", at)
		}
	}
	o.Live.Quiet = func(ctx context.Context, fleet *inventory.Inventory, in inventory.Instance, users []inventory.UserID) (bool, bool, time.Time, error) {
		look(fleet, users[0])
		return quietly(ctx, fleet, in, users)
	}
	o.Live.Confirmed = func(_ context.Context, fleet *inventory.Inventory, u *course.Unit, _ func(string)) (string, error) {
		look(fleet, u.Moves[0].User)
		return "", nil
	}
	results, err := apply.CarryOut(t.Context(), []course.Unit{*unit("anna", "s1", "s2", "anna"), *unit("ben", "s1", "s2", "ben")}, false, o)
	must(t, err)
	finished(t, results, o.Journal.(*journal))
}

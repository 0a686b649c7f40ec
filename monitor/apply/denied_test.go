package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// Who may write to what one unit moves, and is moved by another meanwhile, stays out of the
// old store when the first lets those in who stay: he is on the new one.
func TestUnitsKeepOutTheirOwn(t *testing.T) {
	t.Parallel()
	r := newRig(t, 3, cyrustest.Settings{})
	j := &journal{left: -1}
	ctx := t.Context()
	from := r.Stores[0].Master()
	fill := func(n string) (anna, ben string) {
		anna, ben = "anna"+n, "ben"+n
		must(t, from.Fill(ctx, []cyrustest.Mailbox{
			{Name: "user." + anna, Messages: 3}, {Name: "user." + anna + ".Work", ACL: []cyrustest.Right{{Identifier: ben, Rights: "lrswi"}}}, {Name: "user." + ben, Messages: 2},
		}))
		return anna, ben
	}

	// He has moved before those are kept out who may write to what anna has.
	anna, ben := fill("1")
	o, second := r.options(j), r.options(j)
	moves := func() {
		if outcome, err := second.Carry(ctx, unit(ben, "s1", "s3", ben), false); outcome != course.Moved {
			t.Errorf("%s, %v\n%v", outcome, err, second.Journal)
		}
	}
	run := o.Run
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if moves != nil && strings.Contains(strings.Join(words, " "), "-C "+from.Conf+" -l") && o.Journal.(*journal).at() == "deny_source" {
			first := moves
			moves = nil
			first()
		}
		return run(ctx, server, input, words...)
	}
	if outcome, err := o.Carry(ctx, unit(anna, "s1", "s2", anna), false); outcome != course.Moved || moves != nil {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
	r.look(t, anna, 0, 1)
	r.look(t, ben, 0, 2)

	// He is about to move while he is kept out for anna: that has to wait.
	anna, ben = fill("2")
	o, second = r.options(j), r.options(j)
	r.routes[inventory.UserID(ben)] = inventory.ServerID(from.Name)
	at(o, "-O", func() {
		if outcome, err := second.Carry(ctx, unit(ben, "s1", "s3", ben), false); outcome != course.Postponed || !strings.Contains(err.Error(), "another unit keeps user "+ben+" out of "+from.Name) {
			t.Errorf("%s, %v\n%v", outcome, err, second.Journal)
		}
	})
	if outcome, err := o.Carry(ctx, unit(anna, "s1", "s2", anna), false); outcome != course.Moved {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
	r.look(t, ben, 2, 0)

	// Likewise when both have copied what they move.
	anna, ben = fill("3")
	o, second = r.options(j), r.options(j)
	r.routes[inventory.UserID(ben)] = inventory.ServerID(from.Name)
	at(second, "-u", func() { second.Journal.(*journal).left = 1 }) // killed as it begins to keep him out
	if outcome, err := second.Carry(ctx, unit(ben, "s1", "s3", ben), false); !errors.Is(err, errCrash) || second.Journal.(*journal).at() != monitor.StepDenySource {
		t.Fatalf("%s, %v\n%v", outcome, err, second.Journal)
	}
	at(o, "-O", func() {
		if outcome, err := second.Carry(ctx, unit(ben, "s1", "s3", ben), false); outcome != course.Postponed || !strings.Contains(err.Error(), "another unit keeps user "+ben+" out of s1-") {
			t.Errorf("%s, %v\n%v", outcome, err, second.Journal)
		}
		if _, err := login(ctx, from, ben); err == nil {
			t.Errorf("%s was let in beside the move of %s", ben, anna)
		}
	})
	if outcome, err := o.Carry(ctx, unit(anna, "s1", "s2", anna), false); outcome != course.Moved {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
	r.look(t, ben, 2, 0)
}

// Whom the operator keeps out before or while users move stays kept out: a user who would
// move is not moved, and nothing that interlace does lifts the operator's denial.
func TestOperatorsDenialStays(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	for name, test := range map[string]struct {
		on   *cyrustest.Instance
		word string // of the program before which the operator denies the user
		args []string
		says string
	}{
		"before":         {from, "", []string{"-m", "unpaid"}, "is denied on " + from.Name + " already"},
		"on the target":  {to, "", []string{"-m", "unpaid"}, "is denied on " + to.Name + " already"},
		"in part":        {from, "", []string{"-s", "imap,pop3"}, "is denied on " + from.Name + " already"},
		"meanwhile":      {from, "sync_client", []string{"-m", "unpaid"}, "is denied on " + from.Name + " by somebody else"},
		"while kept out": {from, "-O", []string{"-m", "unpaid"}, "it fails"},
	} {
		user := "u-" + strings.ReplaceAll(name, " ", "-")
		must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user." + user, Messages: 3}}))
		j := &journal{left: -1}
		o := r.options(j)
		deny := func() {
			_, err := test.on.Tool(ctx, "cyr_deny", append(test.args, user)...)
			must(t, err)
		}
		run := o.Run
		o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
			if test.word == "-O" && strings.Contains(strings.Join(words, " "), "sync_client -C "+to.Conf) {
				return "", errDown // the push: it turns back
			}
			return run(ctx, server, input, words...)
		}
		switch test.word {
		case "":
			deny()
		case "-O":
			test.says = errDown.Error()
			at(o, "-O", deny)
		default:
			done := false
			inner := o.Run
			o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
				if !done && strings.Contains(strings.Join(words, " "), "/sync_client ") && j.at() == "copy" {
					done = true
					deny()
				}
				return inner(ctx, server, input, words...)
			}
		}
		outcome, err := o.Carry(ctx, unit(user, "s1", "s2", user), false)
		if outcome != course.Back || err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %s, %v, want %s\n%v", name, outcome, err, test.says, j)
		}
		out, err := test.on.Tool(ctx, "cyr_deny", "-l")
		if must(t, err); !strings.Contains(out, user) || strings.Contains(out, "being moved") {
			t.Errorf("%s: the operator's denial is gone: %s", name, out)
		}
	}
}

// What becomes of users after they were let in on the new store keeps nothing open: they
// work there, or the operator has taken them away. What is only to be had of the original
// is kept.
func TestUsersGoOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 3}, {Name: "user.anna.Old", Messages: 2}, {Name: "user.ben", Messages: 1}, {Name: "user.carl", Messages: 1}, {Name: "user.dora", Messages: 1},
	}))
	j := &journal{left: -1}
	o := r.options(j)
	o.Live.Kick = func(context.Context) error {
		talk(t, to, "anna", "DELETE INBOX.Old", "SELECT INBOX", `STORE 1:* +FLAGS (\Deleted)`, "EXPUNGE", "CREATE INBOX.New")
		for i := range 200 {
			talk(t, to, "anna", "APPEND INBOX "+cyrustest.Literal(message("new", i)))
		}
		_, err := to.Tool(ctx, "sync_reset", "-f", "ben")
		must(t, err)
		_, err = to.Tool(ctx, "cyr_deny", "-m", "unpaid", "carl")
		must(t, err)
		return nil
	}
	u := unit("all", "s1", "s2", "anna", "ben", "carl", "dora")
	outcome, err := o.Carry(ctx, u, false)
	if outcome != course.Stuck || !strings.Contains(err.Error(), "user ben on "+to.Name+": not to be seen any more is mailbox INBOX") || strings.Contains(err.Error(), "anna") {
		t.Errorf("right after they were let in: %s, %v\n%v", outcome, err, j)
	}
	o.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	outcome, err = o.Carry(ctx, u, false)
	if said := j.String(); outcome != course.Moved || !strings.Contains(said, "it may be their own doing") || !strings.Contains(said, "user carl on "+to.Name+": ") {
		t.Fatalf("a day later: %s, %v\n%s", outcome, err, said)
	}
	if got := talk(t, to, "anna", "STATUS INBOX (MESSAGES)", `LIST "" "*"`); !strings.Contains(got, "MESSAGES 200") || !strings.Contains(got, "INBOX.New") || strings.Contains(got, "INBOX.Old") {
		t.Errorf("anna has %s", got)
	}
	late := later(o)
	late.Live.Confirmed = func(_ context.Context, _ *inventory.Inventory, u *course.Unit, _ func(string)) (string, error) {
		if len(u.Moves) != 3 {
			t.Errorf("to be confirmed are %v", u.Moves)
		}
		return "", nil
	}
	if outcome, err := late.Carry(ctx, u, false); outcome != course.Finished || !strings.Contains(j.String(), "user ben is not on "+to.Name+" any more: the original on "+from.Name+" stays, denied") {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	if got := talk(t, from, "", `LIST "" "user.*"`); !strings.Contains(got, "user.ben") || strings.Contains(got, "anna") || strings.Contains(got, "carl") {
		t.Errorf("on the old store is %s", got)
	}
	if out, err := from.Tool(ctx, "cyr_deny", "-l"); err != nil || !strings.Contains(out, "ben") || strings.Contains(out, "anna") || strings.Contains(out, "carl") {
		t.Errorf("on the old store is denied: %s, %v", out, err)
	}
}

// A denial of a version of interlace that named no unit in it is told, with the command that
// lifts it, and keeps nobody out unsaid.
func TestUnnamedDenialIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from := r.Stores[0].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	allow := host.AllowCommand("/usr/lib/cyrus/bin", from.Conf, "anna")
	told := "user anna is denied on " + from.Name + " by an older interlace, which did not write down for which unit; if none needs it: " + string(allow)
	older := func() {
		_, err := from.Tool(ctx, "cyr_deny", "-m", "the mailbox is being moved", "anna")
		must(t, err)
	}
	paste := func() {
		_, err := cyrustest.Program(ctx, "", "sh", "-c", string(allow))
		must(t, err)
	}
	older()
	u := unit("anna", "s1", "s2", "anna")
	if outcome, err := r.options(&journal{left: -1}).Carry(ctx, u, false); outcome != course.Back || !strings.Contains(err.Error(), told) {
		t.Errorf("before it begins: %s, %v", outcome, err)
	}
	paste()

	j := r.killedAfter(t, u, "deny_source")
	older()
	if outcome, err := r.options(j).Carry(ctx, u, true); outcome == course.Back || err == nil || !strings.Contains(err.Error(), told) {
		t.Errorf("on the way back: %s, %v\n%v", outcome, err, j)
	}
	paste()
	if outcome, err := r.options(j).Carry(ctx, u, true); outcome != course.Back {
		t.Errorf("let in by hand: %s, %v\n%v", outcome, err, j)
	}
	if _, err := login(ctx, from, "anna"); err != nil {
		t.Error(err)
	}
}

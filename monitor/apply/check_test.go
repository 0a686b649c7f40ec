package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// What speaks against a move is said all at once, before anything is done.
func TestCheckSaysAllAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{Partitions: []string{"p2"}}, cyrustest.Settings{AltNamespace: true, Autocreate: true, Extra: map[string]string{"expunge_mode": "immediate"}})
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	must(t, from.Fill(t.Context(), []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 3, ACL: []cyrustest.Right{{Identifier: "anyone", Rights: "lrsp"}}},
		{Name: "user.anna.Open", ACL: []cyrustest.Right{{Identifier: "anyone", Rights: "lrsi"}, {Identifier: "group:staff", Rights: "lrst"}, {Identifier: "carl", Rights: "lr"}}},
		{Name: "user.ben", Partition: "p2"},
		{Name: "user.dora"},
		{Name: "team", ACL: []cyrustest.Right{{Identifier: "anyone", Rights: "lrsp"}}},
	}))
	must(t, to.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.ben"}, {Name: "user.ben.Old"}}))
	must(t, r.Settle(t.Context()))
	_, err := from.Tool(t.Context(), "cyr_deny", "dora")
	must(t, err)
	r.inventory.Users = []inventory.User{{Name: "team", Kind: inventory.Shared}}
	r.inventory.Resources = inventory.DefaultResources()
	r.inventory.Resources[0].Ceiling = 0.0000001
	o := r.options(&journal{left: -1})
	o.SyncPassword = "wrong"
	o.Live.Roles = func(_ context.Context, s *inventory.Store) error {
		if s.Name == "s1" {
			return errors.New("the replica of s1 sends")
		}
		return nil
	}
	o.Live.Served = func(context.Context, *inventory.Inventory, []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
		return nil, errors.New("no directory")
	}
	warnings, err := o.Check(t.Context(), unit("all", "s1", "s2", "anna", "ben", "dora", "nobody", "team"))
	for _, want := range []string{
		"altnamespace is ", "expunge_mode is ", "has no partition-p2", "autocreate_quota in ",
		"user nobody is not on " + from.Name, "user dora is denied on ", "the replica of s1 sends",
		"user ben is on " + to.Name + " already, with 2 mailboxes", "user ben is on " + r.Stores[1].Replicas()[0].Name,
		"anyone may write to user.anna.Open (lrsi)", "group:staff may write to user.anna.Open", "anyone may write to team (lrsp)",
		`log in as "repl" at the sync server of `, "it did not end within 10s", "below its ceiling",
		"where users are routed can't be asked: no directory",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
	for _, not := range []string{"write to user.anna ("} {
		if err != nil && strings.Contains(err.Error(), not) {
			t.Errorf("%v\nhas %q", err, not)
		}
	}
	if want := "carl, whom the access list of user.anna.Open names, is not on s2"; !strings.Contains(warnings, want) {
		t.Errorf("%q lacks %q", warnings, want)
	}
	if got := talk(t, to, "", `LIST "" "*"`); strings.Count(got, "LIST") != 2 {
		t.Errorf("the check has changed the target: %s", got)
	}
}

// A store with a single copy is not worked on.
func TestCheckWantsTwoCopies(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	o := r.options(&journal{left: -1})
	if _, err := o.Check(t.Context(), unit("all", "s1", "s2", "anna")); err != nil {
		t.Fatal(err)
	}
	o.Live.Served = func(context.Context, *inventory.Inventory, []inventory.UserID) (map[inventory.UserID]apply.Destination, error) {
		return map[inventory.UserID]apply.Destination{"anna": {Server: "imap9"}}, nil
	}
	if text, err := o.Check(t.Context(), unit("all", "s1", "s2", "anna")); err != nil || !strings.Contains(text, `anna is routed to "imap9" now, and not to `+r.Stores[0].Master().Name) {
		t.Errorf("%q, %v", text, err)
	}
	r.inventory.Stores[1].Instances = r.inventory.Stores[1].Instances[:1]
	if _, err := o.Check(t.Context(), unit("all", "s1", "s2", "anna")); err == nil || !strings.Contains(err.Error(), "store s2 has a single copy") {
		t.Error(err)
	}
}

// A unit whose users would be out for too long is put off, and one for which something
// hangs is taken back in time.
func TestNobodyIsDeniedForLong(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	r.routes["anna"] = inventory.ServerID(r.Stores[0].Master().Name)
	o := r.options(&journal{left: -1})
	o.Expected = 1
	if outcome, err := o.Carry(ctx, unit("all", "s1", "s2", "anna"), false); outcome != course.Postponed || !strings.Contains(err.Error(), "whole store can move instead") {
		t.Errorf("%s, %v", outcome, err)
	}
	r.look(t, "anna", 1, 0)

	o = r.options(&journal{left: -1})
	o.Denied = 3e9
	paused := false
	o.Dial = func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
		return r.options(nil).Dial(ctx, in, as)
	}
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if strings.Contains(strings.Join(words, " "), " -O ") && !paused {
			paused = true
			must(t, r.Stores[1].Master().Pause())
			defer func() { must(t, r.Stores[1].Master().Resume()) }()
		}
		return run(ctx, server, input, words...)
	}
	outcome, err := o.Carry(ctx, unit("all", "s1", "s2", "anna"), false)
	if outcome != course.Back || !paused || !strings.Contains(err.Error(), "did not end within") {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
	r.look(t, "anna", 1, 0)
}

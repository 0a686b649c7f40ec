package apply_test

import (
	"context"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// A shared tree moves with the users who work in it, with its quota, whatever its folders
// are called and whatever is renamed meanwhile, and is removed in the end. Taken back it
// can be moved again.
func TestTreesMove(t *testing.T) {
	t.Parallel()
	for _, settings := range []cyrustest.Settings{{}, {UnixHierarchySep: true, AltNamespace: true}} {
		dot := "."
		if settings.UnixHierarchySep {
			dot = "/"
		}
		r := newRig(t, 2, settings)
		ctx := t.Context()
		from, to := r.Stores[0].Master(), r.Stores[1].Master()
		write := []cyrustest.Right{{Identifier: "anna", Rights: "lrswipkxte"}}
		must(t, from.Fill(ctx, []cyrustest.Mailbox{
			{Name: "user" + dot + "anna", Messages: 1},
			{Name: "team", Messages: 2, Quota: 5000, ACL: write},
			{Name: "team" + dot + "&AOk-t&AOk- a", Messages: 1, ACL: write},
			{Name: "team" + dot + "x y", ACL: write},
		}))
		r.inventory.Users = []inventory.User{{Name: "anna", Store: "s1"}, {Name: "team", Store: "s1", Kind: inventory.Shared}}
		shared := "team"
		if settings.AltNamespace {
			shared = "Shared Folders/team"
		}
		talk(t, from, "anna", "SUBSCRIBE INBOX", `SUBSCRIBE "`+shared+`"`, `SELECT "`+shared+`"`, `STORE 1 +FLAGS (\Seen)`)
		u := unit("team", "s1", "s2", "anna", "team")
		j := &journal{left: -1}
		o := r.options(j)

		// At first it is taken back in the middle, after a folder was renamed between two copies.
		renamed := false
		o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
			line := strings.Join(words, " ")
			if strings.Contains(line, "cyr_deny -C "+from.Conf+" -m") && !renamed {
				renamed = true
				talk(t, from, "", `SETACL "team`+dot+`x y" admin lrx`, `SETACL team admin lrk`, `RENAME "team`+dot+`x y" team`+dot+`z`)
			}
			if strings.Contains(line, "sync_client -C "+to.Conf) {
				return "", context.DeadlineExceeded
			}
			return run(ctx, server, input, words...)
		}
		if outcome, err := o.Carry(ctx, u, false); outcome != course.Back {
			t.Fatalf("%s, %v\n%v", outcome, err, j)
		}
		if left := talk(t, to, "", `LIST "" "*"`); left != "" {
			t.Errorf("after the way back there is %s", left)
		}

		j = &journal{left: -1}
		o = r.options(j)
		if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved {
			t.Fatalf("%s, %v\n%v", outcome, err, j)
		}
		r.look(t, "anna", 0, 1)
		for _, in := range r.Stores[1].Instances {
			got := talk(t, in, "", `LIST "" "team*"`, "GETQUOTA team", "STATUS team (MESSAGES)")
			for _, want := range []string{"team" + dot + "z", "&AOk-t&AOk- a", "5000", "MESSAGES 2"} {
				if !strings.Contains(got, want) {
					t.Errorf("%s does not have %s: %s", in.Name, want, got)
				}
			}
		}
		if got := talk(t, to, "anna", `STATUS "`+shared+`" (UNSEEN)`, `LSUB "" "*"`); !strings.Contains(got, "UNSEEN 1") || !strings.Contains(got, shared) {
			t.Errorf("anna sees %s", got)
		}
		if outcome, err := later(o).Carry(ctx, u, false); outcome != course.Finished {
			t.Fatalf("%s, %v\n%v", outcome, err, j)
		}
		for _, in := range r.Stores[0].Instances {
			if left := talk(t, in, "", `LIST "" "*"`); left != "" {
				t.Errorf("%s still has %s", in.Name, left)
			}
		}
	}
}

// A tree in which nobody works who moves, but some who stay, moves alone; they are kept out
// meanwhile only.
func TestTreeMovesAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	from := r.Stores[0].Master()
	must(t, from.Fill(ctx, []cyrustest.Mailbox{
		{Name: "user.zed"}, {Name: "user.yan"}, {Name: "team", Messages: 2, ACL: []cyrustest.Right{{Identifier: "zed", Rights: "lrswi"}, {Identifier: "yan", Rights: "lrswi"}}},
	}))
	r.inventory.Users = []inventory.User{{Name: "team", Kind: inventory.Shared}}
	_, err := from.Tool(ctx, "cyr_deny", "yan") // by somebody else, for whatever reason
	must(t, err)
	o := r.options(&journal{left: -1})
	u := unit("team", "s1", "s2", "team")
	text, err := o.Check(ctx, u)
	if want := "yan, zed, who stay on s1 and may write to what moves, are kept out of s1 meanwhile, for 20m0s at most, and do not find it any more"; err != nil || !strings.Contains(text, want) {
		t.Errorf("%q, %v, want %s", text, err, want)
	}
	routing := false
	route := o.Route
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		routing = true
		if _, err := login(ctx, from, "zed"); err == nil {
			t.Error("zed may write there")
		}
		return route(ctx, routes)
	}
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Moved || !routing {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	if _, err := login(ctx, from, "zed"); err != nil {
		t.Errorf("zed is still kept out: %v", err)
	}
	if _, err := login(ctx, from, "yan"); err == nil {
		t.Error("yan is let in, whom somebody else had denied")
	}
	if outcome, err := later(o).Carry(ctx, u, false); outcome != course.Finished {
		t.Errorf("%s, %v\n%v", outcome, err, o.Journal)
	}
}

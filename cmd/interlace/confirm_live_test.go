package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// confirmation is the answer of confirm.
type confirmation struct {
	Plans    []struct{ Plan, Occasion, Verdict string }
	Promises []struct {
		Promise, Verdict, Expected, Found string
		Kept                              *bool
	}
	Doubts []struct{ Promise, Verdict, User, Found, Next string }
}

// asked checks plans and returns what was found, by promise.
func confirmed(t *testing.T, status int, args ...string) (confirmation, map[string]string) {
	t.Helper()
	got, stdout, stderr := program(t, slices.Concat([]string{"confirm", "-o", "json"}, args)...)
	var c confirmation
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || got != status {
		t.Fatalf("confirm %v: status %d, %v: %s%s", args, got, err, stdout, stderr)
	}
	verdicts := map[string]string{}
	for _, p := range c.Promises {
		verdicts[p.Promise] = p.Verdict
		if kept := map[string]*bool{"met": new(bool), "unmet": new(bool)}[p.Verdict]; (kept == nil) != (p.Kept == nil) || kept != nil && *p.Kept != (p.Verdict == "met") {
			t.Errorf("%s is %s and kept %v", p.Promise, p.Verdict, p.Kept)
		}
	}
	return c, verdicts
}

// TestConfirmLive has a plan made of what is discovered on real Cyrus, carries it out,
// and confirms it: at once, when it is due, and when it is not kept any more.
func TestConfirmLive(t *testing.T) {
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"}, cyrustest.StoreOptions{Name: "s2"})
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(fleet.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 2}, {Name: "user.anna.Work", Messages: 1, ACL: []cyrustest.Right{{Identifier: "ben", Rights: "lrs"}}}, {Name: "user.ben"},
	}))
	ok(fleet.Stores[1].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.carol", Messages: 1}}))
	ok(fleet.Settle(t.Context()))
	fleetFile(t, fleet)
	put(t, "fleet.yaml", describe(fleet, func(in *cyrustest.Instance) string {
		return fmt.Sprintf(", csync: %q, imapd_conf: %s", in.Csync, in.Conf)
	}))
	put(t, "interlace.yaml", "db: facts.db\nrouting_file: routing\nimap: {user: "+cyrustest.AdminUser+", password_file: password, tls: none}\n")
	put(t, "routing", "anna,s1\nben,s1\n")
	for _, args := range [][]string{{"import", "fleet.yaml"}, {"discover"}, {"users", "--drain", "s1", "--plan", "users.json"}} {
		if status, stdout, stderr := program(t, args...); status != 0 {
			t.Fatalf("%v: status %d, %s%s", args, status, stdout, stderr)
		}
	}

	_, verdicts := confirmed(t, 1, "users.json")
	if verdicts["changes"] != "unmet" {
		t.Errorf("before it is carried out: %v", verdicts)
	}
	carryOut(t, fleet, "users.json")
	put(t, "routing", "anna,s2\nben,s2\n")
	c, verdicts := confirmed(t, 0, "users.json")
	for _, name := range []string{"changes", "placement", "routing", "nothing_lost", "shares", "copies", "caught_up", "worst_single", "fullest"} {
		if verdicts[name] != "met" {
			t.Errorf("%s is %s: %+v", name, verdicts[name], c.Doubts)
		}
	}

	// It was carried out just now: it is checked once, and a day later again.
	if c, _ := confirmed(t, 0, "--due"); len(c.Plans) != 0 {
		t.Errorf("due although it was checked: %+v", c.Plans)
	}
	t.Setenv("CLOCK", time.Now().Add(25*time.Hour).UTC().Format(time.RFC3339))
	if c, _ := confirmed(t, 0, "--due"); len(c.Plans) != 1 || c.Plans[0].Occasion != "after_a_day" {
		t.Errorf("a day later: %+v", c.Plans)
	}

	put(t, "routing", "anna,s2\nben,s1\n")
	c, verdicts = confirmed(t, 1, "users.json")
	if verdicts["routing"] != "unmet" || len(c.Doubts) != 1 || c.Doubts[0].User != "ben" || c.Doubts[0].Next == "" {
		t.Errorf("routed to the old place: %v, %+v", verdicts, c.Doubts)
	}
	status, stdout, stderr := program(t, "confirm", "--known")
	if status != 1 || !strings.Contains(stdout, "1 is not") || !strings.Contains(stdout, `sent to "s1"`) {
		t.Errorf("known: status %d, %s%s", status, stdout, stderr)
	}
	put(t, "routing", "anna,s2\nben,s2\n")
	if c, _ := confirmed(t, 0, "--due"); len(c.Plans) != 1 {
		t.Errorf("not met before: %+v", c.Plans)
	}

	ok(fleet.Stores[1].Replicas()[0].Stop())
	_, verdicts = confirmed(t, 1, "users.json")
	for name, want := range map[string]string{"changes": "met", "placement": "unknown", "copies": "unknown", "worst_single": "unknown"} {
		if verdicts[name] != want {
			t.Errorf("with a replica that is stopped %s is %s", name, verdicts[name])
		}
	}
}

// carryOut carries a users plan out, and keeps the journal in the database.
func carryOut(t *testing.T, fleet *cyrustest.Fleet, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plan := &planner.Assignment{}
	inv, _, wrong := files.Read(t.Context(), "fleet.yaml")
	if err := planner.Decode(text, plan); err != nil || wrong != nil {
		t.Fatal(err, wrong)
	}
	h, err := history.Open(t.Context(), "facts.db", history.Options{Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.BeginApply(t.Context(), &monitor.Apply{Plans: []string{plan.ID}, By: "root", Began: time.Now()}, [][]byte{text}); err != nil {
		t.Fatal(err)
	}
	done, err := apply.CarryOut(t.Context(), apply.Units([]planner.Plan{plan}, nil), false, &apply.Options{
		Inventory: inv, Tools: "/usr/lib/cyrus/bin", SyncUser: "repl", SyncPassword: cyrus.Secret(fleet.Password), Journal: h, Keep: 14 * 24 * time.Hour, Now: time.Now,
		Run: func(ctx context.Context, _ inventory.ServerID, input string, words ...string) (string, error) {
			cmd := exec.CommandContext(ctx, "setpriv", append([]string{"--reuid=cyrus", "--regid=mail", "--clear-groups", "--"}, words...)...)
			var out, complaint bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &complaint
			err := cmd.Run()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, complaint.String())
			}
			return out.String(), err
		},
		Dial: func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
			return cyrus.Dial(ctx, cyrus.Options{Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(fleet.Password), As: string(as), TLS: cyrus.None})
		},
		Route: func(context.Context, []apply.Route) error { return nil },
	})
	if err != nil || len(done) == 0 || slices.ContainsFunc(done, func(r apply.Result) bool { return r.Outcome != apply.Moved }) {
		t.Fatalf("carried out: %+v, %v", done, err)
	}
}

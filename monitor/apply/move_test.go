package apply_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/planner"
)

// errCrash is the end of the process.
var errCrash = errors.New("killed")

// journal keeps steps in memory and, after so many, the process is killed: before the
// record is kept, or right after.
type journal struct {
	steps  []monitor.StepRecord
	left   int // records until the kill; negative: none
	before bool
}

func (j *journal) AddStep(_ context.Context, r *monitor.StepRecord) error {
	if j.left == 0 && j.before {
		return errCrash
	}
	j.steps = append(j.steps, *r)
	if j.left--; j.left == -1 {
		return errCrash
	}
	return nil
}

func (j *journal) Steps(context.Context, string, string) ([]monitor.StepRecord, error) {
	return slices.Clone(j.steps), nil
}

// rig are two stores with users of whom some share a folder.
type rig struct {
	*cyrustest.Fleet
	inventory *inventory.Inventory
	routes    map[inventory.UserID]inventory.ServerID
}

func newRig(t *testing.T) *rig {
	f := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"}, cyrustest.StoreOptions{Name: "s2"})
	r := &rig{Fleet: f, inventory: &inventory.Inventory{}, routes: map[inventory.UserID]inventory.ServerID{}}
	for _, s := range f.Stores {
		store := inventory.Store{Name: inventory.StoreID(s.Name)}
		for i, in := range append([]*cyrustest.Instance{s.Master()}, s.Replicas()...) {
			role := inventory.Replica
			if i == 0 {
				role = inventory.Master
			}
			store.Instances = append(store.Instances, inventory.Instance{Server: inventory.ServerID(in.Name), Role: role, IMAP: in.IMAP, CSync: in.Csync, IMAPDConf: in.Conf})
		}
		r.inventory.Stores = append(r.inventory.Stores, store)
	}
	return r
}

func (r *rig) options(j *journal) *apply.Options {
	return &apply.Options{
		Inventory: r.inventory, Run: run, Tools: "/usr/lib/cyrus/bin", SyncUser: "repl", SyncPassword: cyrus.Secret(r.Password), Journal: j,
		Keep: 14 * 24 * time.Hour, Now: time.Now,
		Dial: func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
			return cyrus.Dial(ctx, cyrus.Options{Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(r.Password), As: string(as), TLS: cyrus.None})
		},
		Route: func(_ context.Context, routes []apply.Route) error {
			for _, to := range routes {
				r.routes[to.User] = to.To.Server
			}
			return nil
		},
	}
}

// run runs a program as Cyrus's account, whatever the server: all are here.
func run(ctx context.Context, _ inventory.ServerID, input string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "setpriv", append([]string{"--reuid=cyrus", "--regid=mail", "--clear-groups", "--"}, words...)...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return out.String(), nil
}

// A unit that is killed at any step comes to the same end when it is carried on: all is
// moved or, where a step before the pivot fails, all is as it was.
func TestMoveWhateverKillsIt(t *testing.T) {
	r := newRig(t)
	for _, fails := range []string{"", "-O", "sync_client -C " + r.Stores[1].Master().Conf} {
		for n := 0; ; n++ {
			killed := false
			for _, before := range []bool{true, false} {
				if testing.Short() && before {
					continue
				}
				killed = r.move(t, fmt.Sprintf("%d%v%d", n, before, len(fails)), fails, &journal{left: n, before: before}) || killed
			}
			if !killed {
				if n < 12 {
					t.Errorf("a move has only %d records", n)
				}
				break
			}
		}
	}
}

// move moves two users who share a folder; the journal kills it, and it is carried on. A
// command with these words fails.
func (r *rig) move(t *testing.T, name, fails string, j *journal) (killed bool) {
	ctx := t.Context()
	anna, ben := "anna'"+name, "$(ben)"+name
	from := r.Stores[0]
	must(t, from.Master().Fill(ctx, []cyrustest.Mailbox{
		{Name: "user." + anna, Messages: 3, Quota: 100000},
		{Name: "user." + anna + ".Work", Messages: 2, ACL: []cyrustest.Right{{Identifier: ben, Rights: "lrswi"}}},
		{Name: "user." + ben, Messages: 1},
	}))
	unit := &apply.Unit{Plan: "p", Name: anna, Moves: []planner.UserChange{
		{User: inventory.UserID(anna), From: "s1", To: "s2"}, {User: inventory.UserID(ben), From: "s1", To: "s2"},
	}}
	o := r.options(j)
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if fails != "" && strings.Contains(strings.Join(words, " "), fails) {
			return "", errors.New("it fails")
		}
		return run(ctx, server, input, words...)
	}
	outcome, err := o.Carry(ctx, unit, false)
	if killed = errors.Is(err, errCrash); killed {
		j.left = -1
		outcome, err = o.Carry(ctx, unit, false)
	}
	want, wrong := apply.Moved, fails != ""
	if wrong {
		want = apply.Back
	}
	if outcome != want {
		t.Fatalf("%s: %s, %v\n%v", name, outcome, err, j.steps)
	}
	for _, u := range []string{anna, ben} {
		r.look(t, u, !wrong)
	}
	for _, in := range r.Instances() {
		if left, _ := filepath.Glob(filepath.Join(in.Dir, "conf", "interlace-*.conf")); left != nil {
			t.Errorf("%s: %v is left", name, left)
		}
	}
	return killed
}

// look tells where a user is.
func (r *rig) look(t *testing.T, user string, moved bool) {
	t.Helper()
	ctx := t.Context()
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	routed := r.routes[inventory.UserID(user)] == inventory.ServerID(to.Name)
	_, old := login(ctx, from, user)
	_, fresh := login(ctx, to, user)
	if routed != moved || (old == nil) == moved || (fresh == nil) != moved {
		t.Errorf("%s moved %v: routed there %v; on the old store: %v; on the new one: %v", user, moved, routed, old, fresh)
	}
}

func login(ctx context.Context, in *cyrustest.Instance, user string) ([]string, error) {
	c, err := in.DialAs(ctx, user)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Do("STATUS INBOX (MESSAGES)")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

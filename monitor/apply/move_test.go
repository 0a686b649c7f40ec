package apply_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
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

// A unit that is killed at any step comes to the same end when it is carried on.
func TestMoveWhateverKillsIt(t *testing.T) {
	r := newRig(t)
	for n := 0; ; n++ {
		killed := false
		for _, before := range []bool{true, false} {
			killed = r.move(t, n, before) || killed
		}
		if !killed {
			if n < 20 {
				t.Errorf("a move has only %d records", n)
			}
			return
		}
	}
}

// move moves two users who share a folder, kills it after n records, and carries it on.
func (r *rig) move(t *testing.T, n int, before bool) (killed bool) {
	ctx := t.Context()
	anna, ben := fmt.Sprintf("anna'%d%v", n, before), fmt.Sprintf("$(ben)%d%v", n, before)
	from, to := r.Stores[0], r.Stores[1]
	must(t, from.Master().Fill(ctx, []cyrustest.Mailbox{
		{Name: "user." + anna, Messages: 3, Quota: 100000}, {Name: "user." + anna + ".Work", Messages: 2, ACL: []cyrustest.Right{{Identifier: ben, Rights: "lrswi"}}},
		{Name: "user." + ben, Messages: 1},
	}))
	unit := &apply.Unit{Plan: "p", Name: anna, Moves: []planner.UserChange{
		{User: inventory.UserID(anna), From: "s1", To: "s2"}, {User: inventory.UserID(ben), From: "s1", To: "s2"},
	}}
	j := &journal{left: n, before: before}
	outcome, err := r.options(j).Carry(ctx, unit, false)
	if killed = errors.Is(err, errCrash); killed {
		j.left = -1
		outcome, err = r.options(j).Carry(ctx, unit, false)
	}
	if outcome != apply.Moved || err != nil {
		t.Fatalf("kill %d, before %v: %s, %v\n%v", n, before, outcome, err, j.steps)
	}
	for _, u := range []string{anna, ben} {
		if got := r.routes[inventory.UserID(u)]; got != inventory.ServerID(to.Master().Name) {
			t.Errorf("kill %d, before %v: %s is routed to %q", n, before, u, got)
		}
		if _, err := login(ctx, to.Master(), u); err != nil {
			t.Errorf("kill %d, before %v: %s can't log in on the new store: %v", n, before, u, err)
		}
		if _, err := login(ctx, from.Master(), u); err == nil {
			t.Errorf("kill %d, before %v: %s can log in on the old store", n, before, u)
		}
	}
	return killed
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

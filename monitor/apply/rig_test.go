package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// soak reports whether long tests are wanted.
func soak() bool { return os.Getenv("INTERLACE_SOAK") != "" }

// errCrash is the end of the process.
var errCrash = errors.New("killed")

// journal keeps steps in memory and, after so many, the process is killed: before the
// record is kept, or right after.
type journal struct {
	mu     sync.Mutex
	steps  []monitor.StepRecord
	left   int // records until the kill; negative: none
	before bool
	name   string
}

func (j *journal) AddStep(_ context.Context, r *monitor.StepRecord) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.left == 0 && j.before {
		panic(errCrash)
	}
	j.steps = append(j.steps, *r)
	if j.left--; j.left == -1 {
		panic(errCrash)
	}
	return nil
}

func (j *journal) Identity(context.Context) (string, error) { return j.name, nil }

func (j *journal) Steps(_ context.Context, plan, unit string) ([]monitor.StepRecord, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(j.steps), func(r monitor.StepRecord) bool { return r.Plan != plan || r.Unit != unit }), nil
}

// at is the step that was last written down.
func (j *journal) at() (step monitor.Step) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.steps {
		step = j.steps[i].Step
	}
	return step
}

// String shows the journal.
func (j *journal) String() string {
	var b strings.Builder
	for i := range j.steps {
		r := &j.steps[i]
		fmt.Fprintf(&b, "%s %s %s %s\n", r.At.Format("05.000"), r.Step, r.State, r.Text)
	}
	return b.String()
}

// rig are stores with real servers.
type rig struct {
	*cyrustest.Fleet
	settings  cyrustest.Settings
	inventory *inventory.Inventory
	mu        sync.Mutex
	routes    map[inventory.UserID]inventory.ServerID
}

// newRig starts stores s1, s2, …, all of whose instances have these settings, but for s2
// where it has others.
func newRig(t *testing.T, stores int, settings cyrustest.Settings, others ...cyrustest.Settings) *rig {
	var options []cyrustest.StoreOptions
	for i := range stores {
		own := settings
		if i == 1 && len(others) > 0 {
			own = others[0]
		}
		own.LMTP = true
		options = append(options, cyrustest.StoreOptions{Name: fmt.Sprintf("s%d", i+1), Instances: []cyrustest.Settings{own, own}})
	}
	f := cyrustest.Run(t, options...)
	r := &rig{Fleet: f, settings: settings, inventory: &inventory.Inventory{}, routes: map[inventory.UserID]inventory.ServerID{}}
	for _, s := range f.Stores {
		store := inventory.Store{Name: inventory.StoreID(s.Name)}
		for i, in := range s.Instances {
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
		Denied: 20 * time.Minute, Expected: 10 * time.Minute, // a machine may be busy with other tests
		Dial: func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
			return cyrus.Dial(ctx, cyrus.Options{Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(r.Password), As: string(as), TLS: cyrus.None, Domains: r.settings.VirtDomains != ""})
		},
		Route: func(_ context.Context, routes []apply.Route) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, to := range routes {
				r.routes[to.User] = to.To.Server
			}
			return nil
		},
		Live: apply.Live{LMTP: func(_ inventory.StoreID, in inventory.Instance) string { return r.instance(in.Server).LMTP }},
	}
}

// later carries on a unit after its original was kept for its time.
func later(o *apply.Options) *apply.Options {
	late := *o
	late.Now = func() time.Time { return time.Now().Add(15 * 24 * time.Hour) }
	late.Live.Confirmed = func(context.Context, *inventory.Inventory, *course.Unit, func(string)) (string, error) {
		return "", nil
	}
	late.Live.Quiet = quietly
	return &late
}

// quietly tells that nobody came.
func quietly(context.Context, *inventory.Inventory, inventory.Instance, []inventory.UserID) (bool, bool, time.Time, error) {
	return true, true, time.Time{}, nil
}

func (r *rig) instance(server inventory.ServerID) *cyrustest.Instance {
	for _, in := range r.Instances() {
		if in.Name == string(server) {
			return in
		}
	}
	return nil
}

// unit moves users and shared trees.
func unit(name, from, to string, users ...string) *course.Unit {
	u := &course.Unit{Plan: "p", Name: name}
	for _, user := range users {
		u.Moves = append(u.Moves, planner.UserChange{User: inventory.UserID(user), From: inventory.StoreID(from), To: inventory.StoreID(to)})
	}
	return u
}

// run runs a program as Cyrus's account, whatever the server: all are here.
func run(ctx context.Context, _ inventory.ServerID, input string, words ...string) (string, error) {
	return cyrustest.Program(ctx, input, words...)
}

// look tells whether a user is served by one store and kept from the other, and routed
// there.
func (r *rig) look(t *testing.T, user string, from, to int) {
	t.Helper()
	ctx := t.Context()
	old, fresh := r.Stores[from].Master(), r.Stores[to].Master()
	routed := r.routed(user) == inventory.ServerID(fresh.Name)
	_, there := login(ctx, old, user)
	_, here := login(ctx, fresh, user)
	if !routed || there == nil || here != nil {
		t.Errorf("%s is to be on %s: routed there %v; on the old store: %v; on the new one: %v", user, fresh.Name, routed, there, here)
	}
}

// routed is where a user is routed to.
func (r *rig) routed(user string) inventory.ServerID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.routes[inventory.UserID(user)]
}

// reroute routes a user.
func (r *rig) reroute(user string, in *cyrustest.Instance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routes[inventory.UserID(user)] = inventory.ServerID(in.Name)
}

func login(ctx context.Context, in *cyrustest.Instance, user string) ([]string, error) {
	c, err := in.DialAs(ctx, user)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Do("STATUS INBOX (MESSAGES)")
}

// talk sends commands as a user, or as the administrator.
func talk(t *testing.T, in *cyrustest.Instance, user string, commands ...string) string {
	t.Helper()
	c, err := in.DialAs(t.Context(), user)
	must(t, err)
	defer c.Close()
	answers, err := c.Do(commands...)
	must(t, err)
	return strings.Join(answers, "\n")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// killedAfter returns the journal of a unit that is killed after each of its steps, up to this one.
func (r *rig) killedAfter(t *testing.T, u *course.Unit, step monitor.Step) *journal {
	t.Helper()
	j := &journal{}
	for !strings.Contains(j.String(), string(step)+" done") {
		j.left = 1
		if _, err := r.options(j).Carry(t.Context(), u, false); !errors.Is(err, errCrash) {
			t.Fatalf("%v\n%v", err, j)
		}
	}
	j.left = -1
	return j
}

// killedInDelta returns the journal of a unit that is killed while its users are kept out.
func (r *rig) killedInDelta(t *testing.T, u *course.Unit) *journal {
	t.Helper()
	j := &journal{left: -1}
	o := r.options(j)
	at(o, "-O", func() { j.left, j.before = 0, true })
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Stopped || !errors.Is(err, errCrash) {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	j.left = -1
	return j
}

package confirm_test

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/planner"
)

// rig are three stores. Two users who share a folder move from the first to the second.
type rig struct {
	*testing.T
	*cyrustest.Fleet
	inventory *inventory.Inventory
	plan      *planner.Assignment

	mu     sync.Mutex
	steps  []monitor.StepRecord
	routes map[inventory.UserID]string
	lags   []monitor.Lag
	before []monitor.Confirmation
	ended  time.Time
	others []course.Unit  // of other plans
	with   []planner.Plan // that it is carried out with
	killed monitor.Step   // at which the process is killed
	dead   bool           // it was: it neither writes nor runs anything any more
	barred string         // why the unit is not begun any more
}

func newRig(t *testing.T) *rig {
	none := []cyrustest.Settings{{Client: cyrustest.ClientNone}, {Client: cyrustest.ClientNone}}
	f := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{Sieve: true}, {}}}, cyrustest.StoreOptions{Name: "s2", Instances: none}, cyrustest.StoreOptions{Name: "s3", Instances: none})
	r := &rig{T: t, Fleet: f, inventory: inventory.New(), routes: map[inventory.UserID]string{}}
	for _, s := range f.Stores {
		store := inventory.Store{Name: inventory.StoreID(s.Name)}
		for i, in := range s.Instances {
			server, role := inventory.ServerID(s.Name+"r"), inventory.Replica
			if i == 0 {
				server, role = inventory.ServerID(s.Name+"m"), inventory.Master
			}
			r.inventory.Servers = append(r.inventory.Servers, inventory.Server{Name: server, State: inventory.Active, Capacity: inventory.Load{1e12, 100}})
			store.Instances = append(store.Instances, inventory.Instance{Server: server, Role: role, IMAP: in.IMAP, CSync: in.Csync, IMAPDConf: in.Conf})
		}
		r.inventory.Stores = append(r.inventory.Stores, store)
	}
	r.inventory.Users = []inventory.User{{Name: "anna", Store: "s1"}, {Name: "ben", Store: "s1"}}
	r.inventory.Shares = []inventory.Share{{Owner: "anna", Folder: "Work", Grantee: "ben", Rights: "lrswi"}}
	r.inventory.Sort()
	r.plan = &planner.Assignment{ID: "p", Changes: []planner.UserChange{
		{ID: "c1", Do: planner.Move, User: "anna", Group: "anna", From: "s1", To: "s2"}, {ID: "c2", Do: planner.Move, User: "ben", Group: "anna", From: "s1", To: "s2"},
	}}
	r.must(r.master("s1").Fill(t.Context(), []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 3, Quota: 100000},
		{Name: "user.anna.Work", Messages: 2, ACL: []cyrustest.Right{{Identifier: "ben", Rights: "lrswi"}}},
		{Name: "user.anna.Trash"},
		{Name: "user.ben", Messages: 1},
	}))
	r.must(f.Stores[0].Settle(t.Context()))
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) store(name string) *cyrustest.Store {
	return r.Stores[slices.IndexFunc(r.Stores, func(s *cyrustest.Store) bool { return s.Name == name })]
}
func (r *rig) master(store string) *cyrustest.Instance  { return r.store(store).Master() }
func (r *rig) replica(store string) *cyrustest.Instance { return r.store(store).Replicas()[0] }

// AddStep, Steps and Identity make the rig the journal.
func (r *rig) Identity(context.Context) (string, error) { return "j", nil }

func (r *rig) AddStep(_ context.Context, record *monitor.StepRecord) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead = r.dead || r.killed != "" && record.Step == r.killed; r.dead {
		return errKilled
	}
	r.steps = append(r.steps, *record)
	return nil
}

func (r *rig) Steps(_ context.Context, plan, unit string) ([]monitor.StepRecord, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.steps), func(s monitor.StepRecord) bool { return s.Plan != plan || s.Unit != unit }), nil
}

// Applies has the plan, which may have come to its end.
func (r *rig) Applies(context.Context, bool) ([]monitor.Apply, error) {
	return []monitor.Apply{{Number: 1, Plans: []string{"p"}, Ended: r.ended}}, nil
}

var errKilled = errors.New("killed")

// run runs a program as Cyrus's account, whatever the server: all are here.
func run(ctx context.Context, _ inventory.ServerID, input string, words ...string) (string, error) {
	return cyrustest.Program(ctx, input, words...)
}

// run runs a program as long as the process that carries plans out has not been killed.
func (r *rig) run(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
	r.mu.Lock()
	dead := r.dead
	r.mu.Unlock()
	if dead {
		return "", errKilled
	}
	return run(ctx, server, input, words...)
}

func (r *rig) access(in inventory.Instance, as inventory.UserID) cyrus.Options {
	return cyrus.Options{Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(r.Password), As: string(as), TLS: cyrus.None}
}

// carryOut carries the plan out.
func (r *rig) carryOut() {
	r.Helper()
	done, err := apply.CarryOut(r.Context(), course.Units([]planner.Plan{r.plan}, nil), false, r.applying())
	if err != nil || len(done) != 1 || done[0].Outcome != course.Moved {
		r.Fatalf("carried out: %+v, %v", done, err)
	}
}

func (r *rig) applying() *apply.Options {
	r.dead = false
	return &apply.Options{
		Inventory: r.inventory, Run: r.run, Limits: apply.Limits{Insist: time.Millisecond}, Tools: "/usr/lib/cyrus/bin", SyncUser: "repl", SyncPassword: cyrus.Secret(r.Password), Journal: r,
		Keep: 14 * 24 * time.Hour, Now: time.Now,
		Dial: func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
			return cyrus.Dial(ctx, r.access(in, as))
		},
		Route: func(_ context.Context, routes []apply.Route) error {
			for _, to := range routes {
				r.routes[to.User] = string(to.To.Server)
			}
			return nil
		},
	}
}

// denying is the command that keeps a user out of an instance for a unit.
func denying(in *inventory.Instance, u *course.Unit, user inventory.UserID) inventory.Text {
	return host.DenyCommand("/usr/lib/cyrus/bin", in.IMAPDConf, host.FileName(u.Plan, u.Name), user)
}

func (r *rig) options() confirm.Options {
	return confirm.Options{
		Inventory: r.inventory, Journal: r, Now: time.Now, Lags: r.lags, Earlier: r.before,
		Compare: compare.Options{Tries: 2, Pause: 50 * time.Millisecond},
		Side: func(_ context.Context, in inventory.Instance) (compare.Side, error) {
			return compare.Side{Server: in.Server, Conf: in.IMAPDConf, IMAP: r.access(in, "")}, nil
		},
		ReadWhole: func(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool, o compare.WholeOptions) (*compare.Whole, error) {
			return compare.ReadWhole(ctx, compare.Side{Server: in.Server, IMAP: r.access(in, "")}, owners, o)
		},
		Denied: func(ctx context.Context, in inventory.Instance) (map[inventory.UserID]string, error) {
			return (&host.Host{Run: run, Server: in.Server, Tools: "/usr/lib/cyrus/bin", Conf: in.IMAPDConf}).Told(ctx)
		},
		Tools:  "/usr/lib/cyrus/bin",
		Routes: func(context.Context, []inventory.UserID) (map[inventory.UserID]string, error) { return r.routes, nil },
	}
}

// asked checks the plan, and that of its promises only these are not met, each with a
// doubt that says this.
func (r *rig) asked(what string, want map[monitor.PromiseName]string) *monitor.Confirmation {
	r.Helper()
	u := &course.Units([]planner.Plan{r.plan}, nil)[0]
	found, err := confirm.Unit(r.Context(), u, r.options())
	r.must(err)
	for _, p := range found.Promises {
		text, wrong := want[p.Name]
		var texts []string
		for _, d := range p.Doubts {
			texts = append(texts, fmt.Sprintf("%s %s %s %s: %s, found %s", d.Verdict, d.User, d.Server, d.Mailbox, d.Expected, d.Found))
		}
		all := strings.Join(texts, "\n")
		if (p.Verdict == monitor.Unmet) != wrong || wrong && !strings.Contains(all, text) {
			r.Errorf("%s: %s is %s (%s)\n%s", what, p.Name, p.Verdict, p.Found, all)
		}
		if len(want) == 0 && p.Verdict != monitor.Met {
			r.Errorf("%s: %s is %s (%s)\n%s", what, p.Name, p.Verdict, p.Found, all)
		}
	}
	if len(found.Promises) != 7 || (found.Verdict == monitor.Unmet) != (len(want) > 0) {
		r.Errorf("%s: %d promises, %s", what, len(found.Promises), found.Verdict)
	}
	return found
}

// do gives commands to an instance as a user.
func (r *rig) do(in *cyrustest.Instance, user string, commands ...string) {
	r.Helper()
	c, err := in.Dial(r.Context())
	if user != "" {
		c, err = in.DialAs(r.Context(), user)
	}
	r.must(err)
	defer c.Close()
	_, err = c.Do(commands...)
	r.must(err)
}

func (r *rig) tool(in *cyrustest.Instance, name string, arguments ...string) {
	r.Helper()
	if out, err := in.Tool(r.Context(), name, arguments...); err != nil {
		r.Fatal(out, err)
	}
}

// sync copies users from a master to its replica.
func (r *rig) sync(store string) {
	r.Helper()
	r.tool(r.master(store), "sync_client", "-u", "anna", "ben")
}

// A plan that was carried out is confirmed; and each promise that is broken on its own
// is named, with who it is about, and no other one.
func TestConfirm(t *testing.T) {
	r := newRig(t)
	r.asked("before it is carried out", map[monitor.PromiseName]string{monitor.PromiseChanges: "unmet anna s2m : moved from s1 to s2, found s1 on s1m, s1 on s1r; by the journal nothing of it has begun"})
	r.carryOut()
	first := r.asked("carried out", nil)
	if t.Failed() {
		return
	}

	r.do(r.replica("s2"), "anna", "SELECT INBOX", `UID STORE 2 +FLAGS (\Deleted)`, "EXPUNGE")
	r.asked("a message removed on the replica", map[monitor.PromiseName]string{monitor.PromiseCopies: "unmet anna s2r user.anna: the same on the replica as on the master, found the replica lacks 1 message"})
	r.tool(r.replica("s2"), "sync_reset", "-f", "anna")
	r.sync("s2")

	r.do(r.master("s2"), "", "DELETEACL user.anna.Work ben")
	r.sync("s2")
	r.asked("rights taken away", map[monitor.PromiseName]string{monitor.PromiseShares: "unmet ben s2m user.anna.Work: reads Work of anna, found can't read it"})
	r.do(r.master("s2"), "", "SETACL user.anna.Work ben lrswi")
	r.sync("s2")

	r.routes["ben"] = "s1m"
	r.asked("routed to the old place", map[monitor.PromiseName]string{monitor.PromiseRouting: `unmet ben s2m : sent to s2 on s2m, found sent to "s1m"`})
	r.routes["ben"] = "s2"

	r.tool(r.master("s1"), "cyr_deny", "-a", "--", "ben")
	r.asked("not denied at the old place", map[monitor.PromiseName]string{monitor.PromisePlacement: "unmet ben s1m : kept there and denied, found kept and not denied"})
	r.paste(denying(&r.inventory.Stores[0].Instances[0], &course.Units([]planner.Plan{r.plan}, nil)[0], "ben"))

	r.must(r.master("s3").Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.ben"}}))
	r.asked("left on a third store", map[monitor.PromiseName]string{monitor.PromisePlacement: "unmet ben s3m : on s2 only, found there too"})
	r.tool(r.master("s3"), "sync_reset", "-f", "ben")

	r.do(r.master("s2"), "ben", "APPEND INBOX "+cyrustest.Literal("Subject: new\r\n\r\nnew\r\n"))
	r.asked("the replica behind", map[monitor.PromiseName]string{monitor.PromiseCaughtUp: "unmet  s2r : nothing waits for the replica, found the master is ahead and stands still: user.ben"})
	r.sync("s2")
	r.asked("a new message", nil)
	r.lags = []monitor.Lag{{Store: "s2", Server: "s2m", Verdict: monitor.Stopped, Level: monitor.LevelAlert, Reason: "no rolling client runs"}}
	r.asked("the client stopped", map[monitor.PromiseName]string{monitor.PromiseCaughtUp: "its channel is stopped; no rolling client runs"})
	r.lags = nil

	r.do(r.master("s2"), "anna", "SELECT INBOX", `UID STORE 1 +FLAGS (\Deleted)`, "EXPUNGE", `UID MOVE 3 INBOX.Trash`, "DELETE INBOX.Work")
	r.do(r.master("s2"), "", "SETACL user.anna ben lrs")
	r.inventory.Shares = []inventory.Share{{Owner: "anna", Grantee: "ben", Rights: "lrs"}}
	r.sync("s2")
	r.asked("changed by their owner since", nil)

	r.tool(r.master("s2"), "cyr_expire", "-E", "0", "-X", "0", "-D", "0")
	r.sync("s2")
	r.asked("without a trace", map[monitor.PromiseName]string{monitor.PromiseNothing: "unmet anna s2m user.anna.Work"})
	r.before = []monitor.Confirmation{*first}
	r.asked("without a trace, but confirmed before", nil)
	r.before = nil
}

// Where scripts were changed on the original since it was copied it is said how to save them.
func TestConfirmSavesScripts(t *testing.T) {
	r := newRig(t)
	put := func(name string) {
		s, err := r.master("s1").Scripts(t.Context(), "anna")
		r.must(err)
		r.must(s.Put(name, "keep;\r\n"))
		r.must(s.Close())
	}
	put("main")
	r.carryOut()
	put("later")
	found := r.asked("changed on the original", map[monitor.PromiseName]string{monitor.PromiseNothing: "unmet anna s2m user.anna.#sieve: all that s1m keeps, but for what was removed since, found 1 message is missing"})
	for _, p := range found.Promises {
		for _, d := range p.Doubts {
			in := &r.inventory.Stores[0].Instances[0]
			remove := string(host.RemoveCommand("/usr/lib/cyrus/bin", in.IMAPDConf, "anna"))
			if d.Command != host.SaveCommand("/usr/lib/cyrus/bin", in.IMAPDConf, "user.anna.#sieve") || !strings.Contains(d.Next, "sieveshell puts scripts there") || !strings.Contains(d.Next, remove) {
				t.Errorf("%s is told to be mended by %s: %s", p.Name, d.Next, d.Command)
			}
		}
	}
}

// What a server that does not answer would have to tell is unknown, and nothing is met
// because of it.
func TestConfirmSilence(t *testing.T) {
	r := newRig(t)
	r.carryOut()
	r.must(r.replica("s2").Stop())
	u := &course.Units([]planner.Plan{r.plan}, nil)[0]
	found, err := confirm.Unit(t.Context(), u, r.options())
	r.must(err)
	for _, p := range found.Promises {
		unknown := slices.Contains([]monitor.PromiseName{monitor.PromisePlacement, monitor.PromiseCopies, monitor.PromiseCaughtUp}, p.Name)
		if p.Verdict == monitor.Unmet || (p.Verdict == monitor.Met) == unknown {
			t.Errorf("%s is %s: %+v", p.Name, p.Verdict, p.Doubts)
		}
	}
	if found.Verdict != monitor.UnknownFulfilment {
		t.Errorf("all is %s", found.Verdict)
	}

	// What the original has is not known either, and no command is told that removes it.
	r.must(r.master("s1").Stop())
	found, err = confirm.Unit(t.Context(), u, r.options())
	r.must(err)
	p := found.Promises[slices.IndexFunc(found.Promises, func(p monitor.Promise) bool { return p.Name == monitor.PromiseNothing })]
	if p.Verdict != monitor.UnknownFulfilment || len(p.Doubts) != 2 {
		t.Errorf("%s is %s: %+v", p.Name, p.Verdict, p.Doubts)
	}
	for _, d := range p.Doubts {
		if d.Next != "keep what is on s1m, and ask again" || d.Command != "" {
			t.Errorf("of %s is said to %s: %s", d.User, d.Next, d.Command)
		}
	}
}

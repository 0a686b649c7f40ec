package apply_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// operator has a store, and the hooks that change its instances and its routes.
type operator struct {
	fleet     *cyrustest.Fleet
	cyrus     cyrustest.Operator
	inventory *inventory.Inventory

	orders []string
	mu     sync.Mutex
	routes map[inventory.UserID]inventory.ServerID
}

// newOperator starts a store s1 with its master on server m and its replica on r.
func newOperator(t *testing.T) *operator { return newOperatorWith(t, cyrustest.Settings{}) }

// newOperatorWith is the same with these settings beside LMTP.
func newOperatorWith(t *testing.T, settings cyrustest.Settings) *operator {
	settings.LMTP = true
	f := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{settings, settings}})
	op := &operator{fleet: f, cyrus: cyrustest.Operator{Fleet: f, Settings: settings}, routes: map[inventory.UserID]inventory.ServerID{}}
	op.cyrus.Name("s1", "m", f.Stores[0].Instances[0])
	op.cyrus.Name("s1", "r", f.Stores[0].Instances[1])
	op.inventory = &inventory.Inventory{Stores: []inventory.Store{{Name: "s1", Instances: []inventory.Instance{op.instance("m", inventory.Master), op.instance("r", inventory.Replica)}}}}
	for _, name := range []inventory.ServerID{"m", "n", "r"} {
		op.inventory.Servers = append(op.inventory.Servers, inventory.Server{Name: name, Slots: inventory.Unlimited, State: inventory.Active})
	}
	return op
}

// on is the instance of s1 on a server.
func (op *operator) on(server inventory.ServerID) *cyrustest.Instance {
	return op.cyrus.On("s1", string(server))
}

func (op *operator) instance(server inventory.ServerID, role inventory.Role) inventory.Instance {
	in := op.on(server)
	return inventory.Instance{Server: server, Role: role, IMAP: in.IMAP, CSync: in.Csync, IMAPDConf: in.Conf}
}

// hook is the operator's command.
func (op *operator) hook(ctx context.Context, o *apply.Order) (string, error) {
	op.orders = append(op.orders, fmt.Sprintf("%s %s %s %s", o.Act, o.Store, o.Server, o.Role))
	var servers []string
	for _, in := range o.Instances {
		servers = append(servers, string(in.Server))
	}
	return op.cyrus.Do(ctx, string(o.Act), string(o.Store), string(o.Server), servers)
}

// readWhole has an instance read every message of some owners.
func (op *operator) readWhole(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool, how compare.WholeOptions) (*compare.Whole, error) {
	how.Connections = func() int { return 2 }
	o := cyrus.Options{Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(op.fleet.Password), TLS: cyrus.None}
	return compare.ReadWhole(ctx, compare.Side{Server: in.Server, IMAP: o}, owners, how)
}

// compare compares a replica with its master.
func (op *operator) compare(ctx context.Context, store inventory.StoreID, master, replica inventory.Instance, how compare.Options) (*monitor.Comparison, error) {
	side := func(in inventory.Instance) compare.Side {
		return compare.Side{Server: in.Server, IMAP: cyrus.Options{Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(op.fleet.Password), TLS: cyrus.None}}
	}
	how.Connections = 2
	return compare.Store(ctx, compare.Pair{Store: store, Master: side(master), Replica: side(replica)}, how)
}

func (op *operator) options(j apply.Journal) *apply.Options {
	return &apply.Options{
		Inventory: op.inventory, Run: run, Tools: "/usr/lib/cyrus/bin", SyncUser: "repl", SyncPassword: cyrus.Secret(op.fleet.Password), Journal: j,
		Now: time.Now, Live: apply.Live{LMTP: func(_ inventory.StoreID, in inventory.Instance) string { return op.on(in.Server).LMTP }}, Layouts: apply.Layouts{Hook: op.hook, ReadWhole: op.readWhole, Compare: op.compare, Pause: 300 * time.Millisecond},
		Dial: func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
			return cyrus.Dial(ctx, cyrus.Options{Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(op.fleet.Password), As: string(as), TLS: cyrus.None})
		},
		Route: func(_ context.Context, routes []apply.Route) error {
			op.mu.Lock()
			defer op.mu.Unlock()
			for _, to := range routes {
				op.routes[to.User] = to.To.Server
			}
			return nil
		},
	}
}

// alteration is a change of the store's layout, after which it has so many copies.
func alteration(do planner.Verb, server, from inventory.ServerID, copies int) *course.Unit {
	return &course.Unit{Plan: "p", Name: fmt.Sprintf("%s s1 on %s", do, server), Copies: copies, Do: &planner.LayoutChange{Do: do, Store: "s1", Server: server, From: planner.Text(from)}}
}

// carry carries a change out, which is killed by its journal and carried on, and has the
// inventory follow.
func (op *operator) carry(t *testing.T, u *course.Unit, j *journal, also ...func(*apply.Options)) (outcome course.Outcome, killed bool, err error) {
	t.Helper()
	o := op.options(j)
	for _, change := range also {
		change(o)
	}
	outcome, err = o.CarryChange(t.Context(), u)
	if killed = errors.Is(err, errCrash); killed {
		j.left = -1
		outcome, err = o.CarryChange(t.Context(), u)
	}
	if outcome == course.Finished {
		op.inventory = course.Follow(op.inventory, u, j.steps)
	}
	return outcome, killed, err
}

// must carries a change out that has to come to its end.
func (op *operator) must(t *testing.T, u *course.Unit, also ...func(*apply.Options)) *journal {
	t.Helper()
	j := &journal{left: -1}
	if outcome, _, err := op.carry(t, u, j, also...); outcome != course.Finished {
		t.Fatalf("%s: %s, %v\n%v", u.Name, outcome, err, j.steps)
	}
	return j
}

// follow has the inventory follow what was carried out of a plan.
func (op *operator) follow(t *testing.T, units []course.Unit, j *journal) {
	t.Helper()
	for i := range units {
		records, err := j.Steps(t.Context(), units[i].Plan, units[i].Name)
		must(t, err)
		op.inventory = course.Follow(op.inventory, &units[i], records)
	}
}

// layout is where the instances are, as the inventory says.
func (op *operator) layout() string {
	var names []string
	for _, in := range op.inventory.Stores[0].Instances {
		names = append(names, string(in.Role)+" "+string(in.Server))
	}
	return strings.Join(names, ", ")
}

// serves returns the server to which a user is routed.
func (op *operator) serves(user string) *cyrustest.Instance {
	op.mu.Lock()
	defer op.mu.Unlock()
	if server, routed := op.routes[inventory.UserID(user)]; routed {
		return op.on(server)
	}
	return op.on("m")
}

// check fails where what runs is not what the inventory has: one master that sends to all
// others, and replicas that have what it has.
func (op *operator) check(t *testing.T, want string) {
	t.Helper()
	if got := op.layout(); got != want {
		t.Errorf("the layout is %s, want %s", got, want)
	}
	o := op.options(nil)
	for _, in := range op.inventory.Stores[0].Instances {
		commands, err := run(t.Context(), "", "", "ps", "-A", "-ww", "-o", "args=")
		must(t, err)
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(in.IMAPDConf), "conf", "interlace-*")); left != nil {
			t.Errorf("%v is left", left)
		}
		sends := 0
		for line := range strings.Lines(commands) {
			if strings.HasPrefix(line, "sync_client -C "+in.IMAPDConf+" -r") {
				sends++
			}
		}
		expected := 0
		if in.Role == inventory.Master {
			expected = len(op.inventory.Stores[0].Instances) - 1
		}
		if sends != expected {
			t.Errorf("%s on %s runs %d rolling clients, not %d", in.Role, in.Server, sends, expected)
		}
		if in.Role == inventory.Replica {
			must(t, o.ProveAlike(t.Context(), op.inventory.Stores[0].Instances[0], in))
		}
	}
}

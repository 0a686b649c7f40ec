package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
)

// Courses of the changes of a layout. What makes an instance can be taken back until it is
// in service, a promotion until the first user is routed to the new master, which may take
// mail from then on.
var (
	ofCreate = Course{
		Steps: []monitor.Step{monitor.StepCheck, monitor.StepCreate, monitor.StepConnect, monitor.StepServe},
		Pivot: monitor.StepServe,
	}
	ofSeed = Course{
		Steps: []monitor.Step{
			monitor.StepCheck, monitor.StepCreate, monitor.StepConnect, monitor.StepSeed, monitor.StepProveAlike, monitor.StepServe,
		},
		Pivot: monitor.StepServe, Cut: monitor.StepSeed,
	}
	ofPromote = Course{
		Steps: []monitor.Step{
			monitor.StepCheck, monitor.StepProveAlike, monitor.StepStop, monitor.StepDrain,
			monitor.StepPromote, monitor.StepRoute, monitor.StepServe, monitor.StepProveSends,
		},
		Pivot: monitor.StepRoute, Hold: monitor.StepStop,
	}
	ofDrop = Course{
		Steps: []monitor.Step{monitor.StepCheck, monitor.StepRemove, monitor.StepProveGone},
		Pivot: monitor.StepRemove, Hold: monitor.StepRemove,
	}
)

// courseOfLayout returns the steps of a change of a layout.
func courseOfLayout(do planner.Verb) (*Course, error) {
	switch do {
	case planner.Create:
		return &ofCreate, nil
	case planner.Seed:
		return &ofSeed, nil
	case planner.Promote:
		return &ofPromote, nil
	case planner.Drop:
		return &ofDrop, nil
	}
	return nil, fmt.Errorf("interlace does not carry out %s", do)
}

// asks returns what the operator's hook is asked for in a step of a change of a layout; nil:
// nothing. The instances are not told.
func (u *Unit) asks(step monitor.Step) *Order {
	c, role := u.Do, inventory.Replica
	if c == nil {
		return nil
	}
	if c.Do == planner.Create {
		role = inventory.Master
	}
	switch {
	case step == monitor.StepCreate:
		return &Order{Act: ActCreate, Store: c.Store, Server: c.Server, Role: role}
	case step == monitor.StepStop:
		return &Order{Act: ActStop, Store: c.Store, Server: inventory.ServerID(c.From), Role: inventory.Master}
	case step == monitor.StepPromote:
		return &Order{Act: ActPromote, Store: c.Store, Server: c.Server, Role: inventory.Master}
	case step == monitor.StepServe && c.Do == planner.Promote:
		return &Order{Act: ActStart, Store: c.Store, Server: inventory.ServerID(c.From), Role: inventory.Replica}
	case step == monitor.StepServe:
		return &Order{Act: ActStart, Store: c.Store, Server: c.Server, Role: role}
	case step == monitor.StepRemove:
		return &Order{Act: ActRemove, Store: c.Store, Server: c.Server, Role: inventory.Replica}
	}
	return nil
}

// layoutWork returns who does the steps of a change of a layout.
func (o *Options) layoutWork(u *Unit) (work, error) {
	at := o.Inventory.Store(u.Do.Store)
	if at < 0 {
		return nil, fmt.Errorf("the inventory has no store %s", u.Do.Store)
	}
	c := change{Options: o, unit: u, store: &o.Inventory.Stores[at]}
	switch u.Do.Do {
	case planner.Create, planner.Seed:
		return &making{c}, nil
	case planner.Promote:
		return &promotion{c}, nil
	}
	return &dropping{c}, nil
}

// change is what the works of all changes of a layout have.
type change struct {
	*Options
	unit  *Unit
	store *inventory.Store
}

// blocked is never so: each step that may find the roles changed looks at them itself.
func (c *change) blocked(context.Context, Action, []monitor.StepRecord) error { return nil }

// rests is never so: nothing is kept for a later day.
func (c *change) rests(monitor.Step, []monitor.StepRecord) bool { return false }

// living are the store's instances but for those on servers that are down.
func (c *change) living() []inventory.Instance {
	return slices.DeleteFunc(slices.Clone(c.store.Instances), func(in inventory.Instance) bool {
		at := c.Inventory.Server(in.Server)
		return at >= 0 && c.Inventory.Servers[at].State == inventory.Down
	})
}

// open reads what an instance says of itself.
func (c *change) open(ctx context.Context, in inventory.Instance) (*host, error) {
	if in.IMAPDConf == "" {
		return nil, fmt.Errorf("the inventory does not say where imapd.conf of %s is on %s", c.store.Name, in.Server)
	}
	h := &host{run: c.Run, server: in.Server, tools: c.Tools, conf: in.IMAPDConf, unit: fileName(c.unit), dry: c.rehearsed}
	return h, h.read(ctx)
}

// openAll reads what instances say of themselves, as far as they do.
func (c *change) openAll(ctx context.Context, instances []inventory.Instance) ([]*host, error) {
	var hosts []*host
	var wrong error
	for _, in := range instances {
		h, err := c.open(ctx, in)
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		hosts = append(hosts, h)
	}
	return hosts, wrong
}

// wasLetIn is nobody: nobody is kept out.
func (c *change) wasLetIn(context.Context, []monitor.StepRecord) (string, error) { return "", nil }

// hosts are the master and the instances that the change is about, as far as they are
// there when it begins.
func (c *change) hosts(ctx context.Context) ([]*host, error) {
	if c.unit.Do.Do == planner.Create {
		return nil, nil
	}
	servers := []inventory.ServerID{c.store.Instances[0].Server}
	if c.unit.Do.Do != planner.Seed {
		servers = append(servers, c.unit.Do.Server, inventory.ServerID(c.unit.Do.From))
	}
	return c.openAll(ctx, slices.DeleteFunc(c.living(), func(in inventory.Instance) bool { return !slices.Contains(servers, in.Server) }))
}

// tidy removes what is left of the unit beside instances, when nothing runs there any more.
func (c *change) tidy(ctx context.Context, instances ...inventory.Instance) error {
	hosts, wrong := c.openAll(ctx, instances)
	for _, h := range hosts {
		wrong = errors.Join(wrong, h.unlock(ctx))
	}
	return wrong
}

// without are the store's instances but for that on the server of the change.
func (c *change) without() []inventory.Instance {
	return slices.DeleteFunc(slices.Clone(c.store.Instances), func(in inventory.Instance) bool { return in.Server == c.unit.Do.Server })
}

// keep writes down what later steps need to know.
func keep(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

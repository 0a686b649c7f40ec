package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/planner"
)

// asks returns what the operator's hook is asked for in a step of a change of a layout; nil:
// nothing. The instances are not told.
func asks(u *course.Unit, step monitor.Step) *Order {
	c, role := u.Do, inventory.Replica
	if c == nil {
		return nil
	}
	if c.Do == planner.Create {
		role = inventory.Master
	}
	about := func(act Act, server inventory.ServerID, role inventory.Role) *Order {
		return &Order{Act: act, Store: c.Store, Instance: inventory.Instance{Server: server, Role: role}}
	}
	switch {
	case step == monitor.StepCreate:
		return about(ActCreate, c.Server, role)
	case step == monitor.StepStop:
		return about(ActStop, inventory.ServerID(c.From), inventory.Master)
	case step == monitor.StepPromote:
		return about(ActPromote, c.Server, inventory.Master)
	case step == monitor.StepServe && c.Do == planner.Promote:
		return about(ActStart, inventory.ServerID(c.From), inventory.Replica)
	case step == monitor.StepServe:
		return about(ActStart, c.Server, role)
	case step == monitor.StepRemove:
		return about(ActRemove, c.Server, inventory.Replica)
	}
	return nil
}

// layoutWork returns who does the steps of a change of a layout.
func (o *Options) layoutWork(u *course.Unit) (work, error) {
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
	unit  *course.Unit
	store *inventory.Store
}

// blocked is never so: each step that may find the roles changed looks at them itself.
func (c *change) blocked(context.Context, course.Action, []monitor.StepRecord) error { return nil }

// await waits for nothing.
func (c *change) await(context.Context, course.Action, []monitor.StepRecord, func(why string)) error {
	return nil
}

// rests is never so: nothing is kept for a later day.
func (c *change) rests(monitor.Step, []monitor.StepRecord) bool { return false }

// living are the store's instances but for those on servers that are down.
func (c *change) living() []inventory.Instance {
	return slices.DeleteFunc(slices.Clone(c.store.Instances), func(in inventory.Instance) bool { return !c.alive(in.Server) })
}

// alive reports whether a server is not down.
func (o *Options) alive(server inventory.ServerID) bool {
	at := o.Inventory.Server(server)
	return at < 0 || o.Inventory.Servers[at].State != inventory.Down
}

// open reads what an instance says of itself.
func (c *change) open(ctx context.Context, in inventory.Instance) (*host.Host, error) {
	if in.IMAPDConf == "" {
		return nil, fmt.Errorf("the inventory does not say where imapd.conf of %s is on %s", c.store.Name, in.Server)
	}
	h := c.at(in)
	return h, h.Read(ctx)
}

// look reads what an instance says of itself, and looks at its processes.
func (c *change) look(ctx context.Context, in inventory.Instance) (*host.Host, *host.Activity, error) {
	h, err := c.open(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	r, err := h.Activity(ctx)
	return h, r, err
}

// at is an instance of which nothing is read yet: it may be gone.
func (c *change) at(in inventory.Instance) *host.Host {
	return c.hostOf(in, nameOf(c.unit))
}

// openAll reads what instances say of themselves, as far as they do.
func (c *change) openAll(ctx context.Context, instances []inventory.Instance) ([]*host.Host, error) {
	var hosts []*host.Host
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

// allIn is so: nobody is kept out.
func (c *change) allIn(context.Context, []monitor.StepRecord) bool { return true }

// hosts are the master and the instances that the change is about, as far as they are
// there when it begins.
func (c *change) hosts(ctx context.Context) ([]*host.Host, error) {
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
		wrong = errors.Join(wrong, h.Unlock(ctx))
	}
	return wrong
}

// without are the store's instances but for that on the server of the change.
func (c *change) without() []inventory.Instance {
	return slices.DeleteFunc(slices.Clone(c.store.Instances), func(in inventory.Instance) bool { return in.Server == c.unit.Do.Server })
}

// remove has the hook remove an instance.
func (c *change) remove(ctx context.Context, in inventory.Instance) error {
	_, err := c.order(ctx, &Order{Act: ActRemove, Store: c.store.Name, Instance: in, Instances: c.without()})
	return err
}

// keep writes down what later steps need to know.
func keep(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/planner"
)

// making is the work of making an instance: the first one of a store, or a replica.
type making struct{ change }

func (m *making) do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error) {
	if step == monitor.StepCheck {
		return "", "", m.check(ctx)
	}
	if step == monitor.StepCreate {
		return m.create(ctx)
	}
	made := inventory.Instance{}
	if !course.Read(records, monitor.StepCreate, &made) {
		return "", "", errors.New("it is not written down where the instance is that was created")
	}
	switch step {
	case monitor.StepConnect:
		return "", "", m.connect(ctx, made)
	case monitor.StepSeed:
		return m.seed(ctx, made, records)
	case monitor.StepProveAccounts:
		return m.proveAccounts(ctx, made, records)
	case monitor.StepProveSpool:
		return m.proveSpool(ctx, made, records)
	case monitor.StepProveAlike:
		return m.prove(ctx, made)
	case monitor.StepServe:
		return "", "", m.serve(ctx, made)
	}
	return "", "", fmt.Errorf("there is no step %s", step)
}

// note writes down what a step has come to that goes on, for whoever begins it again.
func (m *making) note(ctx context.Context, step monitor.Step, v any) error {
	data, err := keep(v)
	if err != nil {
		return err
	}
	return m.Journal.AddStep(ctx, &monitor.StepRecord{Plan: m.unit.Plan, Unit: m.unit.Name, Step: step, State: monitor.StepBegan, At: m.Now(), Data: data})
}

// notesOf are what [making.note] has written down of a step since the unit began last.
func notesOf[V any](u *course.Unit, records []monitor.StepRecord, step monitor.Step) ([]V, error) {
	c, err := course.Of(u)
	if err != nil {
		return nil, err
	}
	var list []V
	for _, r := range c.Attempt(records) {
		if r.Step != step || r.State != monitor.StepBegan || r.Data == "" {
			continue
		}
		var v V
		if err := json.Unmarshal([]byte(r.Data), &v); err != nil {
			return nil, fmt.Errorf("what is written down of %s: %w", step, err)
		}
		list = append(list, v)
	}
	return list, nil
}

// undo removes what was created, with all that it has got.
func (m *making) undo(ctx context.Context, step monitor.Step, records []monitor.StepRecord) error {
	if step != monitor.StepCreate {
		return nil
	}
	made := inventory.Instance{Server: m.unit.Do.Server, Role: m.role()}
	known := course.Read(records, monitor.StepCreate, &made)
	if err := m.remove(ctx, made); err != nil {
		return err
	}
	var wrong error
	if known {
		wrong = errors.Join(m.vanishes(ctx, made), m.forgetLanes(ctx))
	}
	return errors.Join(wrong, m.restore(ctx, m.without()))
}

// serve has the instance started for good, and looks whether it stands, with its master.
func (m *making) serve(ctx context.Context, made inventory.Instance) error {
	if _, err := m.order(ctx, m.asked(ActStart, made)); err != nil {
		return m.unstarted(ctx, made, err)
	}
	all := []inventory.Instance{made}
	if m.role() == inventory.Replica {
		all = []inventory.Instance{m.store.Instances[0], made}
	}
	return errors.Join(m.stand(ctx, all), m.tidy(ctx, made))
}

// forgetLanes removes what a seed that was broken off has left on the master.
func (m *making) forgetLanes(ctx context.Context) error {
	if m.role() == inventory.Master {
		return nil
	}
	master, err := m.open(ctx, m.store.Instances[0])
	if err != nil {
		return err
	}
	for _, h := range m.lanes(master) {
		err = errors.Join(err, h.Forget(ctx, ".conf"), h.Unlock(ctx))
	}
	return err
}

// stillRuns says that an instance runs.
func stillRuns(r *host.Activity) string {
	if r.Runs {
		return "it still runs"
	}
	return ""
}

func (m *making) role() inventory.Role {
	if m.unit.Do.Do == planner.Create {
		return inventory.Master
	}
	return inventory.Replica
}

// asked is an order about the instance that is made.
func (m *making) asked(act Act, made inventory.Instance) *Order {
	return &Order{Act: act, Store: m.store.Name, Instance: made, Instances: append(m.without(), made)}
}

// check says all that speaks against it, before there is anything.
func (m *making) check(ctx context.Context) error {
	var wrong error
	if m.Layouts.Hook == nil {
		wrong = errNoHook
	}
	if m.store.On(m.unit.Do.Server) != nil {
		wrong = errors.Join(wrong, fmt.Errorf("store %s has an instance on %s already", m.store.Name, m.unit.Do.Server))
	}
	if m.role() == inventory.Master {
		if len(m.store.Instances) > 0 {
			wrong = errors.Join(wrong, fmt.Errorf("store %s has a master already, on %s", m.store.Name, m.store.Instances[0].Server))
		}
		return wrong
	}
	if len(m.store.Instances) == 0 {
		return errors.Join(wrong, fmt.Errorf("store %s has no master that could be copied", m.store.Name))
	}
	master := m.store.Instances[0]
	h, err := m.open(ctx, master)
	if err != nil {
		return errors.Join(wrong, err)
	}
	if h.Settings["sync_log"] == "no" {
		wrong = errors.Join(wrong, fmt.Errorf("%s on %s has sync_log: no", h.Conf, h.Server))
	}
	_, err = m.greet(ctx, master)
	return errors.Join(wrong, err, m.leads(ctx, m.living()))
}

// leads says where the roles of the store are not what the inventory has: where the first
// of these instances does not send its changes, or another one does.
func (c *change) leads(ctx context.Context, instances []inventory.Instance) error {
	hosts, wrong := c.openAll(ctx, instances)
	for _, h := range hosts {
		r, err := h.Activity(ctx)
		switch master := h.Server == c.store.Instances[0].Server; {
		case err != nil:
			wrong = errors.Join(wrong, err)
		case !r.Runs:
			wrong = errors.Join(wrong, fmt.Errorf("nothing with %s runs on %s", h.Conf, h.Server))
		case master && !r.Sends && len(c.store.Instances) > 1:
			wrong = errors.Join(wrong, fmt.Errorf("the inventory has the master of %s on %s, and no rolling sync_client runs there", c.store.Name, h.Server))
		case !master && r.Sends:
			wrong = errors.Join(wrong, fmt.Errorf("the inventory has a replica of %s on %s, and a rolling sync_client runs there, as on a master", c.store.Name, h.Server))
		}
	}
	return wrong
}

// create has the hook make the instance, and writes down where it is.
func (m *making) create(ctx context.Context) (text, data string, err error) {
	order := m.asked(ActCreate, inventory.Instance{Server: m.unit.Do.Server, Role: m.role()})
	printed, err := m.order(ctx, order)
	if err != nil {
		return "", "", err
	}
	made, err := order.place(printed)
	if err != nil {
		return "", "", err
	}
	data, err = keep(made)
	return "", data, err
}

// connect looks whether what was made is as it has to be and, for a replica, whether its
// master logs for it.
func (m *making) connect(ctx context.Context, made inventory.Instance) error {
	fresh, err := m.open(ctx, made)
	if err != nil {
		return err
	}
	g, wrong := m.greetSoon(ctx, made)
	if m.role() == inventory.Master {
		if g != nil && len(g.names) > 0 {
			wrong = errors.Join(wrong, fmt.Errorf("the instance that was created on %s is not empty: it has %s", made.Server, inventory.Printable(string(g.names[0]))))
		}
		return wrong
	}
	master, err := m.open(ctx, m.store.Instances[0])
	if err != nil {
		return errors.Join(wrong, err)
	}
	wrong = errors.Join(wrong, unlikeSettings(master, fresh), m.admits(fresh), m.room(ctx, master, fresh))
	if _, err := master.ChannelTo(ctx, made); err != nil {
		wrong = errors.Join(wrong, err)
	}
	if g != nil {
		wrong = errors.Join(wrong, m.compatible(ctx, g))
	}
	if wrong == nil {
		wrong = master.LetsIn(ctx, made, m.account())
	}
	if wrong != nil {
		return wrong
	}
	return m.settles(ctx, master, leadsNot)
}

// leadsNot says that a master does not log, or does not send, all that it has to.
func leadsNot(r *host.Activity) string {
	switch {
	case !r.Sends:
		return "no rolling sync_client runs"
	case len(r.Stale) > 0:
		return strings.Join(r.Stale, " and ") + " began before imapd.conf was changed, and does not log for all replicas: instance_hook has to end it"
	}
	return ""
}

// greetSoon logs in to an instance that may just be starting. One that refuses the login
// twice has started.
func (o *Options) greetSoon(ctx context.Context, in inventory.Instance) (*greeted, error) {
	if o.rehearsed {
		return &greeted{Instance: in}, nil // it was not started
	}
	refusals := 0
	for begin := time.Now(); ; {
		g, err := o.greet(ctx, in)
		if errors.Is(err, cyrus.ErrLogin) {
			refusals++
		}
		if err == nil || refusals > 1 || time.Since(begin) > o.Layouts.settle() {
			return g, err
		}
		if err := host.Pause(ctx, o.Layouts.pause()/4); err != nil {
			return nil, err
		}
	}
}

// compatible compares what was made with its master.
func (m *making) compatible(ctx context.Context, made *greeted) error {
	master, err := m.greet(ctx, m.store.Instances[0])
	if err != nil {
		return err
	}
	wrong := older(master, made)
	for _, name := range made.names {
		if !slices.Contains(master.names, name) {
			return errors.Join(wrong, fmt.Errorf("the instance that was created on %s is not empty: it has %s, which the master does not have", made.Server, inventory.Printable(string(name))))
		}
	}
	return wrong
}

// prove fails where the replica is not what its master is, or does not keep up. Whom the
// master keeps out the replica does from then on: before, all that was copied had to be read.
func (m *making) prove(ctx context.Context, made inventory.Instance) (text, data string, err error) {
	hosts, err := m.openAll(ctx, []inventory.Instance{m.store.Instances[0], made})
	if err != nil {
		return "", "", err
	}
	master, fresh := hosts[0], hosts[1]
	if err := host.CarryDenials(ctx, master, fresh); err != nil {
		return "", "", err
	}
	took, err := master.CatchUp(ctx, made, host.Patience)
	if err != nil {
		return "", "", err
	}
	return fmt.Sprintf("it follows its master within %v", took.Round(time.Second/10)), "", m.proveAlike(ctx, m.store.Instances[0], made)
}

package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// dropping is the work of removing a replica.
type dropping struct{ change }

// dropped is what is known of a replica before it is removed.
type dropped struct {
	Instance inventory.Instance
	Dir      string // its configdirectory
}

func (d *dropping) do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error) {
	if step == monitor.StepCheck {
		return d.check(ctx)
	}
	var gone dropped
	if !course.Read(records, monitor.StepCheck, &gone) {
		return "", "", errors.New("it is not written down where the replica was")
	}
	switch step {
	case monitor.StepRemove:
		return "", "", d.removeSafely(ctx, &gone)
	case monitor.StepProveGone:
		_, failed := course.Last(records, step, monitor.StepFailed)
		return d.proveGone(ctx, &gone, failed)
	}
	return "", "", fmt.Errorf("there is no step %s", step)
}

// hosts are without the replica when the hook has removed it with its files: nothing is claimed
// there any more.
func (d *dropping) hosts(ctx context.Context) ([]*host.Host, error) {
	in := d.store.On(d.unit.Do.Server)
	if in == nil || !d.alive(in.Server) || in.IMAPDConf == "" {
		return d.change.hosts(ctx)
	}
	if there, err := d.at(*in).Exists(ctx, in.IMAPDConf); err == nil && !there {
		return d.openAll(ctx, d.store.Instances[:1])
	}
	return d.change.hosts(ctx)
}

// undo has nothing to do: before the removal nothing has changed.
func (d *dropping) undo(context.Context, monitor.Step, []monitor.StepRecord) error { return nil }

// check says all that speaks against removing the replica.
func (d *dropping) check(ctx context.Context) (text, data string, err error) {
	var wrong error
	if d.Layouts.Hook == nil {
		wrong = errNoHook
	}
	in := d.store.On(d.unit.Do.Server)
	switch {
	case in == nil:
		return "", "", errors.Join(wrong, fmt.Errorf("store %s has no instance on %s", d.store.Name, d.unit.Do.Server))
	case in.Server == d.store.Instances[0].Server:
		return "", "", errors.Join(wrong, fmt.Errorf("the instance of %s on %s is its master", d.store.Name, in.Server))
	}
	gone := dropped{Instance: *in}
	h, err := d.open(ctx, *in)
	if err == nil {
		gone.Dir = h.Settings["configdirectory"]
	} else if d.alive(in.Server) {
		wrong = errors.Join(wrong, err)
	}
	text, err = d.unused(ctx)
	if err := errors.Join(wrong, d.enough(ctx), err); err != nil {
		return "", "", err
	}
	data, err = keep(gone)
	return text, data, err
}

// enough fails where the store does not keep its copies without the replica: as many as
// were promised, that live and are alike.
func (d *dropping) enough(ctx context.Context) error {
	good, wrong := 0, d.leads(ctx, d.remaining())
	master, err := d.open(ctx, d.store.Instances[0])
	if err != nil {
		return errors.Join(wrong, err)
	}
	for _, in := range d.remaining() {
		if in.Server == master.Server {
			good++
			continue
		}
		if _, err := master.CatchUp(ctx, in, d.Layouts.lag()); err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		if err := d.proveAlike(ctx, d.store.Instances[0], in); err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		good++
	}
	if promised := d.promised(); good < promised {
		wrong = errors.Join(wrong, fmt.Errorf("without the replica on %s store %s has %s that live and are alike, and %d are promised", d.unit.Do.Server, d.store.Name, inventory.Counted(good, "copy", "copies"), promised))
	}
	return wrong
}

// unused fails where somebody whom the master serves is, or may be, routed to the replica, and tells
// who else is.
func (d *dropping) unused(ctx context.Context) (text string, err error) {
	master, gone := d.store.Instances[0], d.unit.Do.Server
	who, err := d.users(ctx, master)
	if err != nil {
		return "", err
	}
	if who.unsure != nil {
		return "", who.unsure
	}
	there := func(u inventory.UserID, at Destination) bool {
		return at.names(gone, d.store) && (at.Store != "" || !d.elsewhereOn(u, gone))
	}
	rest, err := d.misrouted(ctx, who.here, there)
	if err != nil {
		return "", err
	}
	if len(rest) > 0 {
		return "", fmt.Errorf("%s routed to the replica on %s, which is to be removed, and not to the master of %s on %s: route them there first", course.Who(rest), gone, d.store.Name, master.Server)
	}
	rest, err = d.misrouted(ctx, who.out, there)
	if len(rest) > 0 {
		text = fmt.Sprintf("%s not let in on %s, and routed to the replica on %s, which this removes: whoever lets them in has to route them anew", course.Who(rest), d.store.Name, gone)
	}
	return text, err
}

// elsewhereOn reports whether somebody is on another store that has an instance on a server.
func (d *dropping) elsewhereOn(u inventory.UserID, server inventory.ServerID) bool {
	at := d.Inventory.Store(d.factOf(u))
	return at >= 0 && d.Inventory.Stores[at].Name != d.store.Name && d.Inventory.Stores[at].On(server) != nil
}

// remaining are the living instances without the replica.
func (d *dropping) remaining() []inventory.Instance {
	return slices.DeleteFunc(d.without(), func(in inventory.Instance) bool { return !d.alive(in.Server) })
}

// promised is how many copies the store should have: as the inventory says or, where that
// says nothing, as many as the plan leaves it.
func (d *dropping) promised() int {
	if d.store.Copies == 0 && d.Inventory.Copies == 0 && d.unit.Copies > 0 {
		return d.unit.Copies
	}
	return d.Inventory.PromisedCopies(d.store)
}

// removeSafely has the hook remove the replica, if the others are as good as they were.
func (d *dropping) removeSafely(ctx context.Context, gone *dropped) error {
	_, err := d.unused(ctx)
	if err := errors.Join(d.enough(ctx), err); err != nil {
		return err
	}
	return d.remove(ctx, gone.Instance)
}

// proveGone fails where something of the replica still runs or is sent to, or the others do
// not stand, and tells whether its data is still there. When it has failed before the hook is
// asked again, if something is left, once in each run: what that does not end takes long to be seen.
func (d *dropping) proveGone(ctx context.Context, gone *dropped, failed bool) (text, data string, err error) {
	if failed {
		err = errors.Join(d.restore(ctx, d.without()), d.removeRest(ctx, gone))
	}
	if err == nil {
		err = errors.Join(d.vanishes(ctx, gone.Instance), d.restore(ctx, d.without()))
	}
	if err != nil && failed {
		err = inVain{err}
	}
	if err != nil {
		return "", "", err
	}
	text, err = d.left(ctx, gone)
	return text, "", err
}

// removeRest has the hook remove what is left of the replica, if anything is.
func (d *dropping) removeRest(ctx context.Context, gone *dropped) error {
	why, err := d.remains(ctx, gone.Instance)
	if err != nil || why == "" {
		return err
	}
	return d.removeSafely(ctx, gone)
}

// left tells what became of the replica's data.
func (d *dropping) left(ctx context.Context, gone *dropped) (string, error) {
	server := gone.Instance.Server
	if !d.alive(server) {
		return "whether its data is still there is not known", nil
	}
	there, err := d.at(gone.Instance).Exists(ctx, gone.Dir)
	switch {
	case err != nil:
		return "", err
	case there:
		return fmt.Sprintf("its data is still in %s on %s", gone.Dir, server), nil
	}
	return fmt.Sprintf("its data in %s on %s was removed", gone.Dir, server), nil
}

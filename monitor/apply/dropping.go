package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// dropping is the work of removing a replica.
type dropping struct{ change }

// dropped is what is known of a replica before it is removed.
type dropped struct {
	Instance inventory.Instance
	Dir      string // its configdirectory
}

func (d *dropping) do(ctx context.Context, step monitor.Step, records []monitor.StepRecord) (text, data string, err error) {
	switch step {
	case monitor.StepCheck:
		return d.check(ctx)
	case monitor.StepRemove:
		return "", "", d.remove(ctx)
	case monitor.StepProveGone:
		return d.proveGone(ctx, records)
	}
	return "", "", fmt.Errorf("there is no step %s", step)
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
		gone.Dir = h.settings["configdirectory"]
	} else if d.alive(in.Server) {
		wrong = errors.Join(wrong, err)
	}
	if err := errors.Join(wrong, d.enough(ctx)); err != nil {
		return "", "", err
	}
	data, err = keep(gone)
	return "", data, err
}

// alive reports whether a server is not down.
func (o *Options) alive(server inventory.ServerID) bool {
	at := o.Inventory.Server(server)
	return at < 0 || o.Inventory.Servers[at].State != inventory.Down
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
		if in.Server == master.server {
			good++
			continue
		}
		if _, err := master.catchUp(ctx, in, d.Layouts.lag()); err != nil {
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

// remaining are the living instances without the replica.
func (d *dropping) remaining() []inventory.Instance {
	var list []inventory.Instance
	for _, in := range d.without() {
		if d.alive(in.Server) {
			list = append(list, in)
		}
	}
	return list
}

// promised is how many copies the store should have: as the inventory says or, where that
// says nothing, as many as the plan leaves it.
func (d *dropping) promised() int {
	if d.store.Copies == 0 && d.Inventory.Copies == 0 && d.unit.Copies > 0 {
		return d.unit.Copies
	}
	return d.Inventory.PromisedCopies(d.store)
}

// remove has the hook remove the replica, if the others are as good as they were.
func (d *dropping) remove(ctx context.Context) error {
	if err := d.enough(ctx); err != nil {
		return err
	}
	_, err := d.order(ctx, &Order{Act: ActRemove, Store: d.store.Name, Server: d.unit.Do.Server, Role: inventory.Replica, Instances: d.without()})
	return err
}

// proveGone fails where something of the replica still runs or is sent to, and tells
// whether its data is still there.
func (d *dropping) proveGone(ctx context.Context, records []monitor.StepRecord) (text, data string, err error) {
	var gone dropped
	if !read(records, monitor.StepCheck, &gone) {
		return "", "", errors.New("it is not written down where the replica was")
	}
	master, err := d.open(ctx, d.store.Instances[0])
	if err != nil {
		return "", "", err
	}
	if channel, err := master.channelTo(ctx, gone.Instance); err == nil {
		return "", "", fmt.Errorf("%s on %s still has the channel %s to it", master.conf, master.server, channel)
	}
	if err := d.settles(ctx, master, func(r *activity) string {
		for _, channel := range r.clients {
			if !slices.Contains(master.channelsOf(), channel) {
				return "a rolling sync_client still works on the channel " + channel + ", for which nothing is logged any more"
			}
		}
		return ""
	}); err != nil {
		return "", "", err
	}
	text = "whether its data is still there is not known"
	if d.alive(gone.Instance.Server) {
		if text, err = d.nothingRuns(ctx, &gone); err != nil {
			return "", "", err
		}
	}
	return text, "", nil
}

// nothingRuns looks at the server, and tells what became of the data.
func (d *dropping) nothingRuns(ctx context.Context, gone *dropped) (string, error) {
	h := &host{run: d.Run, server: gone.Instance.Server, tools: d.Tools, conf: gone.Instance.IMAPDConf, unit: fileName(d.unit), dry: d.rehearsed}
	if err := d.settles(ctx, h, stillRuns); err != nil {
		return "", err
	}
	if c, err := d.Dial(ctx, gone.Instance, ""); err == nil {
		c.Close()
		return "", fmt.Errorf("an instance still answers at %s", gone.Instance.IMAP)
	}
	there, err := h.exists(ctx, gone.Dir)
	switch {
	case err != nil:
		return "", err
	case there:
		return fmt.Sprintf("its data is still in %s on %s", gone.Dir, h.server), nil
	}
	return fmt.Sprintf("its data in %s on %s was removed", gone.Dir, h.server), nil
}

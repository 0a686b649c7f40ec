package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

// fallen says that an instance which has to run, or to answer, does not.
type fallen struct{ error }

// Unwrap returns what is wrong.
func (f *fallen) Unwrap() error { return f.error }

// restore has those of a store's instances started that do not run, and fails where not all
// of them stand then. The first one is the master. Servers that are down are passed over.
func (c *change) restore(ctx context.Context, instances []inventory.Instance) error {
	if c.rehearsed {
		return nil // nothing was done that could have ended them
	}
	var wrong error
	for i, in := range instances {
		if in.Role = inventory.Replica; i == 0 {
			in.Role = inventory.Master
		}
		if c.alive(in.Server) {
			wrong = errors.Join(wrong, c.wake(ctx, in, instances))
		}
	}
	if wrong != nil {
		return &fallen{wrong}
	}
	return c.stand(ctx, instances)
}

// wake has an instance started if it does not run.
func (c *change) wake(ctx context.Context, in inventory.Instance, instances []inventory.Instance) error {
	h, r, err := c.look(ctx, in)
	if err != nil || r.Runs {
		return err
	}
	if _, err = c.order(ctx, &Order{Act: ActStart, Store: c.store.Name, Instance: in, Instances: instances}); err != nil {
		err = fmt.Errorf("nothing with %s runs on %s: %w", h.Conf, h.Server, err)
	}
	return err
}

// unstarted is why an instance could not be started that has to run: it has fallen, unless it
// is seen to run nevertheless.
func (c *change) unstarted(ctx context.Context, in inventory.Instance, why error) error {
	if _, r, err := c.look(ctx, in); err == nil && r.Runs {
		return why
	}
	return &fallen{why}
}

// stand waits until these instances run and answer, the first one as the master of the
// others, and the others as replicas. The error tells of all that do not. Servers that are
// down are passed over.
func (c *change) stand(ctx context.Context, instances []inventory.Instance) error {
	wrong := make([]error, len(instances))
	var looking errgroup.Group
	for i, in := range instances {
		if !c.alive(in.Server) {
			continue
		}
		looking.Go(func() error {
			wrong[i] = c.stands(ctx, in, func(r *host.Activity) string { return falls(r, i == 0, len(instances) > 1) })
			return nil
		})
	}
	if err := errors.Join(looking.Wait(), errors.Join(wrong...)); err != nil {
		return &fallen{err}
	}
	return nil
}

// stands waits until an instance runs as it should, and answers.
func (c *change) stands(ctx context.Context, in inventory.Instance, wrong func(*host.Activity) string) error {
	h, err := c.open(ctx, in)
	if err != nil {
		return err
	}
	if err := c.settles(ctx, h, wrong); err != nil {
		return err
	}
	if _, err := c.greetSoon(ctx, in); err != nil {
		return fmt.Errorf("%s on %s does not answer: %w", c.store.Name, in.Server, err)
	}
	return nil
}

// falls says what keeps an instance from being the master, or a replica.
func falls(r *host.Activity, leads, others bool) string {
	switch {
	case !r.Runs:
		return "nothing of it runs"
	case leads && others && !r.Sends:
		return "no rolling sync_client runs"
	case !leads:
		return leadsStill(r)
	}
	return ""
}

// remains says what is left of an instance that was removed, but for its data: of its
// processes, and of the master's channel to it.
func (c *change) remains(ctx context.Context, gone inventory.Instance) (string, error) {
	if text, err := c.sentTo(ctx, gone); err != nil || text != "" {
		return text, err
	}
	if !c.alive(gone.Server) {
		return "", nil
	}
	h := c.at(gone)
	r, err := h.Activity(ctx)
	switch {
	case err != nil:
		return "", err
	case r.Runs:
		return fmt.Sprintf("it still runs: %s on %s", h.Conf, h.Server), nil
	}
	if client, err := c.Dial(ctx, gone, ""); err == nil {
		client.Close()
		return fmt.Sprintf("an instance still answers at %s", gone.IMAP), nil
	}
	return "", nil
}

// sentTo says how the master still sends to an instance that was removed.
func (c *change) sentTo(ctx context.Context, gone inventory.Instance) (string, error) {
	if len(c.without()) == 0 {
		return "", nil // it was the only one
	}
	master, err := c.open(ctx, c.without()[0])
	if err != nil {
		return "", err
	}
	if channel, err := master.ChannelTo(ctx, gone); err == nil {
		return fmt.Sprintf("%s on %s still has the channel %s to it", master.Conf, master.Server, channel), nil
	}
	r, err := master.Activity(ctx)
	if err != nil {
		return "", err
	}
	for _, channel := range r.Clients {
		if !slices.Contains(master.Channels(), channel) {
			return fmt.Sprintf("a rolling sync_client still works on the channel %s, for which nothing is logged any more: %s on %s", channel, master.Conf, master.Server), nil
		}
	}
	return "", nil
}

// vanishes waits until nothing is left of an instance that was removed, but for its data.
func (c *change) vanishes(ctx context.Context, gone inventory.Instance) error {
	return c.awaits(ctx, func(ctx context.Context) (string, error) {
		why, err := c.remains(ctx, gone)
		if why != "" {
			why += "; instance_hook remove has to end that, and is asked for again by interlace apply --resume --yes"
		}
		return why, err
	})
}

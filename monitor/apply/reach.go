package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// Reach says which of the instances that units concern cannot be reached: through the
// runner, and over IMAP as their administrator. All are asked at once, and once. In the middle
// of a change of a layout that may well be so; its steps look themselves.
func Reach(ctx context.Context, units []*course.Unit, o *Options) error {
	var stores []inventory.StoreID
	for _, u := range units {
		if u.Do != nil {
			continue
		}
		for _, s := range u.Stores() {
			stores = appendNew(stores, s)
		}
	}
	var asking sync.WaitGroup
	wrong := make([][]error, len(stores))
	for i, name := range stores {
		at := o.Inventory.Store(name)
		if at < 0 {
			wrong[i] = []error{fmt.Errorf("the inventory has no store %s", name)}
			continue
		}
		s := &o.Inventory.Stores[at]
		wrong[i] = make([]error, len(s.Instances))
		for j, in := range s.Instances {
			asking.Go(func() { wrong[i][j] = o.reach(ctx, name, in) })
		}
		if len(s.Instances) == 0 {
			wrong[i] = []error{fmt.Errorf("store %s has no instance", name)}
		}
	}
	asking.Wait()
	var all error
	for _, of := range wrong {
		all = errors.Join(all, errors.Join(of...))
	}
	return all
}

// reach says why an instance can't be reached soon.
func (o *Options) reach(ctx context.Context, store inventory.StoreID, in inventory.Instance) error {
	if in.IMAPDConf == "" {
		return fmt.Errorf("the inventory does not say where imapd.conf of %s is on %s", store, in.Server)
	}
	ctx, cancel := host.Soon(ctx)
	defer cancel()
	if err := o.hostOf(in, "interlace").Know(ctx); err != nil {
		return err
	}
	c, err := o.Dial(ctx, in, "")
	if err != nil {
		return fmt.Errorf("%s on %s does not answer: %w", store, in.Server, err)
	}
	return c.Close()
}

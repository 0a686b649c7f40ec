package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/discover"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/planner"
)

// somebody fails where there is nobody to ask, or no way to log in.
func (a *app) somebody(ctx context.Context, inv *inventory.Inventory) error {
	for i := range inv.Stores {
		if slices.ContainsFunc(inv.Stores[i].Instances, func(in inventory.Instance) bool { return in.IMAP != "" }) {
			return newAsker(a.config).check(ctx, inv)
		}
	}
	return hint(errors.New("no instance has the address of an IMAP service"), "instances carry imap: host:port in the fleet file")
}

// options say how to check a set of plans. The fleet is discovered once for all of them.
func (c *confirming) options(ctx context.Context, s *set) (*confirm.Options, error) {
	o, err := c.app.confirmOptions(ctx, c.facts.Inventory)
	if err != nil {
		return nil, err
	}
	if c.history != nil {
		o.Journal = c.history
		if o.Barred, err = barredOf(ctx, c.history, c.facts, s.plans); err != nil {
			return nil, err
		}
	}
	return o, c.look(ctx, s.plans, o)
}

// confirmOptions say how to check what plans promised, but for what a discovery and the
// journal tell.
func (a *app) confirmOptions(ctx context.Context, inv *inventory.Inventory) (*confirm.Options, error) {
	asker, carrying := newAsker(a.config), a.carrying(inv)
	o := &confirm.Options{
		Inventory: inv, Now: a.now, Compare: compare.Options{Connections: a.config.Connections},
		Side: func(ctx context.Context, in inventory.Instance) (compare.Side, error) {
			options, err := asker.options(ctx, in, 0)
			return a.config.sideOf(in, options), err
		},
		ReadWhole: a.readWhole, Carried: carrying.of, Denied: a.config.deniedOn, Tools: a.config.tools(), Running: a.config.running,
	}
	if m := &a.config.Monitor; len(m.RoutingQuery) > 0 || m.RoutingFile != "" {
		o.Routes = func(ctx context.Context, users []inventory.UserID) (map[inventory.UserID]string, error) {
			routes, err := a.config.routes(ctx, users)
			if err != nil {
				err = errors.New(inShort(err))
			}
			return routes, err
		}
	}
	var err error
	o.Lags, err = a.lagsSeen(ctx)
	return o, err
}

// deniedOn returns the users who are denied everything on an instance, with what they are told.
func (c *config) deniedOn(ctx context.Context, in inventory.Instance) (map[inventory.UserID]string, error) {
	if err := c.reaches(in); err != nil {
		return nil, err
	}
	if c.tools() == "" {
		return nil, errors.New("cyrus_tools in the configuration is not set")
	}
	return (&host.Host{Run: c.run, Server: in.Server, Tools: c.tools(), Conf: in.IMAPDConf}).Told(ctx)
}

// running says what the processes of an instance show.
func (c *config) running(ctx context.Context, in inventory.Instance) (confirm.Running, error) {
	if err := c.reaches(in); err != nil {
		return confirm.Running{}, err
	}
	commands, err := c.on(ctx, in.Server, "ps", "-A", "-ww", "-o", "args=")
	if err != nil || !processes.SeenIn(commands, in.IMAPDConf).Runs {
		return confirm.Running{}, err
	}
	role, err := c.roleOf(ctx, in.Server, in.IMAPDConf)
	return confirm.Running{Runs: true, Role: role}, err
}

// look discovers the fleet as it is now, where the plans have figures to compare with.
func (c *confirming) look(ctx context.Context, plans []planner.Plan, o *confirm.Options) error {
	if len(plans) == 0 {
		return nil
	}
	a := c.app
	if c.history != nil {
		var err error
		if o.Others, err = journalled(ctx, c.history, true); err != nil {
			return err
		}
		if o.Moved, err = course.Find(ctx, o.Others, c.history); err != nil {
			return err
		}
		if o.Inventory, err = c.asked(ctx, plans, o.Others); err != nil {
			return err
		}
	}
	bar := a.progress("confirm")
	defer bar.end()
	target := confirm.Target(o.Inventory, plans, inventory.Date(a.now().UTC().Format(time.DateOnly)))
	found, err := discover.Fleet(ctx, target, newAsker(a.config).ask, discover.Options{
		Connections: a.config.Connections, KeepSource: a.config.KeepSource, Admins: a.config.admins(), Now: a.now(),
		Earlier: a.readCounters(ctx, a.countersFile("")), Moved: movedTo(o.Moved),
		Progress: func(done, all int) { bar.at(done, all, "") },
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		o.Unseen = err.Error()
		return nil
	}
	for i := range found.Findings {
		if f := &found.Findings[i]; f.Stops || f.Kind == discover.TwoMasters {
			o.Unseen = f.Text
			return nil
		}
	}
	o.Live = found.Inventory
	return nil
}

// asked returns the inventory with the instances that are to be asked. Of stores whose layout the
// plans change these are what it has, with those that plans have made, which a fleet file may not
// name yet, and none has removed since; of the others they are as they stand.
func (c *confirming) asked(ctx context.Context, plans []planner.Plan, others []course.Unit) (*inventory.Inventory, error) {
	if c.now == nil {
		var err error
		if c.now, err = c.app.standing(ctx, c.history, c.facts); err != nil {
			return nil, err
		}
	}
	changed := map[inventory.StoreID]bool{}
	for _, u := range course.Units(plans, nil) {
		if u.Do != nil {
			changed[u.Do.Store] = true
		}
	}
	units := slices.DeleteFunc(slices.Clone(others), func(u course.Unit) bool { return u.Do == nil || !changed[u.Do.Store] })
	inv, err := course.Made(ctx, c.facts.Inventory, units, c.history)
	if err != nil {
		return nil, err
	}
	for i := range inv.Stores {
		if s := &inv.Stores[i]; !changed[s.Name] {
			s.Instances = slices.Clone(c.now.Stores[c.now.Store(s.Name)].Instances)
		}
	}
	return inv, nil
}

// unkept reports whether there is no database that something could be kept in.
func unkept(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

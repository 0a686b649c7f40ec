package confirm

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/planner"
)

// Target returns the fleet as it is when the plans have been carried out, one after the
// other, on a day: those who move are marked as moved then.
func Target(inv *inventory.Inventory, plans []planner.Plan, day inventory.Date) *inventory.Inventory {
	for _, p := range plans {
		switch p := p.(type) {
		case *planner.Layout:
			inv = touched(p).Target(inv)
		case *planner.Assignment:
			inv = p.Target(inv)
			for _, c := range p.Changes {
				if i := inv.User(c.User); i >= 0 {
					inv.Users[i].Moved = day
				}
			}
		}
	}
	return inv
}

// touched returns the layout with only the stores that it changes: others may have
// changed since.
func touched(p *planner.Layout) *planner.Layout {
	only := *p
	only.Stores = slices.DeleteFunc(slices.Clone(p.Stores), func(at planner.Placement) bool {
		return !slices.ContainsFunc(p.Changes, func(c planner.LayoutChange) bool { return c.Store == at.Store })
	})
	return &only
}

// Plan checks what a plan promised that was carried out, together with others on which
// it builds, or before others. The error is that of the context.
func Plan(ctx context.Context, plan planner.Plan, with []planner.Plan, o Options) (*monitor.Confirmation, error) {
	c := checking{Options: o, units: apply.Units([]planner.Plan{plan}, nil), plan: plan.PlanID(), target: Target(o.Inventory, with, "")}
	out, err := c.check(ctx)
	if err != nil {
		return nil, err
	}
	if len(with) == 0 || with[len(with)-1].PlanID() == plan.PlanID() {
		unseen := o.Unseen
		if o.Live == nil && unseen == "" {
			unseen = "the fleet was not looked at"
		}
		if !c.laid {
			unseen = "stores are not where the plan has them"
		}
		out.Promises = append(out.Promises, figures(plan, o.Live, unseen)...)
	}
	out.Verdict = verdict(out.Promises)
	return out, nil
}

// Unit checks one unit of a plan that was carried out, but for the figures, which are
// those of the whole plan. The error is that of the context.
func Unit(ctx context.Context, u *apply.Unit, o Options) (*monitor.Confirmation, error) {
	c := checking{Options: o, units: []apply.Unit{*u}, plan: u.Plan, target: o.Inventory}
	out, err := c.check(ctx)
	if err != nil {
		return nil, err
	}
	out.Unit, out.Verdict = u.Name, verdict(out.Promises)
	return out, nil
}

// checking is a check under way.
type checking struct {
	Options
	plan   string
	units  []apply.Unit
	target *inventory.Inventory // the fleet with the plans carried out
	laid   bool                 // all instances are where the plan has them
	told   map[string]string    // of each unit: what the journal says
	recent map[string]bool      // units that were moved lately, as the journal says
}

func (c *checking) check(ctx context.Context) (*monitor.Confirmation, error) {
	out := &monitor.Confirmation{Plan: c.plan, At: c.Now().UTC().Truncate(time.Microsecond)}
	found, err := c.survey(ctx, c.target)
	if err != nil {
		return nil, err
	}
	if err := c.readJournal(ctx); err != nil {
		return nil, err
	}
	changes := &tally{name: monitor.PromiseChanges, expected: "every change made", one: "change made", many: "changes made"}
	list := spots(c.units, c.Inventory, c.target)
	if err := c.laidOut(ctx, list, found, c.say, changes); err != nil {
		return nil, err
	}
	c.laid = len(changes.doubts) == 0
	movers := c.movers(changes)
	all := movers
	movers = arrived(movers, found, c.say, changes)
	out.Promises = append(out.Promises, changes.promise())
	copies := &tally{name: monitor.PromiseCopies, expected: "replicas like their masters", one: "user compared and the same", many: "users compared and the same"}
	behind := &tally{name: monitor.PromiseCaughtUp, expected: "nothing waits for a replica", one: "replica has everything", many: "replicas have everything"}
	if err := c.stores(ctx, list, copies, behind); err != nil {
		return nil, err
	}
	if len(all) > 0 {
		if err := c.moved(ctx, out, movers, len(all)-len(movers), found, copies, behind); err != nil {
			return nil, err
		}
	}
	out.Promises = append(out.Promises, copies.promise(), behind.promise())
	return out, nil
}

// moved checks what is promised of those who moved; so many others have not.
func (c *checking) moved(ctx context.Context, out *monitor.Confirmation, movers []mover, others int, found survey, copies, behind *tally) error {
	place := &tally{name: monitor.PromisePlacement, expected: "on the new store and its replicas only", one: "user is there", many: "users are there"}
	placed(movers, found, c.denials(ctx, movers, found), place)
	place.passOver(others)
	out.Promises = append(out.Promises, place.promise())
	if c.Routes != nil {
		routes, err := c.Routes(ctx, people(movers))
		way := &tally{name: monitor.PromiseRouting, expected: "sent to the new store", one: "user is sent there", many: "users are sent there"}
		routed(movers, routes, err, way)
		way.passOver(others)
		out.Promises = append(out.Promises, way.promise())
	}
	if err := c.movedCopies(ctx, movers, copies, behind); err != nil {
		return err
	}
	kept := &tally{name: monitor.PromiseNothing, expected: "all that the old store keeps is on the new one", one: "user lacks nothing", many: "users lack nothing"}
	proven := c.proven()
	if err := c.sources(ctx, movers, found, func(m *mover) past { return past{proven[m.User], c.recent[m.unit]} }, kept); err != nil {
		return err
	}
	open := &tally{name: monitor.PromiseShares, expected: "shared folders can be read", one: "folder can be read", many: "folders can be read"}
	if err := c.shares(ctx, openedBy(c.target, movers), found, open); err != nil {
		return err
	}
	for _, t := range []*tally{kept, open, copies, behind} {
		t.passOver(others)
	}
	out.Promises = append(out.Promises, kept.promise(), open.promise())
	return ctx.Err()
}

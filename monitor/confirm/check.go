package confirm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
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

// movers returns those whom the units move, and enters those of whose stores nothing is
// known.
func (c *checking) movers(t *tally) []mover {
	var list []mover
	for i := range c.units {
		for _, change := range c.units[i].Moves {
			m := mover{UserChange: change, unit: c.units[i].Name, owner: ownerOf(c.target, change.User)}
			if s := c.target.Store(change.From); s >= 0 {
				m.from = &c.target.Stores[s]
			}
			if s := c.target.Store(change.To); s >= 0 && len(c.target.Stores[s].Instances) > 0 {
				m.to = &c.target.Stores[s]
				list = append(list, m)
				continue
			}
			d := m.doubt(monitor.UnknownFulfilment)
			d.Expected = fmt.Sprintf("moved from %s to %s", change.From, change.To)
			d.Found, d.Next = fmt.Sprintf("the inventory has no instance of %s", change.To), "interlace show stores lists what there is"
			t.doubt(d)
		}
	}
	return list
}

// people returns those who are no shared trees: nobody is sent to a tree.
func people(movers []mover) []inventory.UserID {
	var users []inventory.UserID
	for i := range movers {
		if !movers[i].owner.Shared {
			users = append(users, movers[i].User)
		}
	}
	return users
}

// denials asks the instances of old stores that still have somebody who moved.
func (c *checking) denials(ctx context.Context, movers []mover, found survey) denials {
	denied := denials{}
	for i := range movers {
		m := &movers[i]
		if m.from == nil || m.owner.Shared {
			continue
		}
		for _, in := range m.from.Instances {
			at := instance{m.From, in.Server}
			if _, asked := denied[at]; asked || !found[at].owners[m.owner] {
				continue
			}
			known := denied[at]
			if known.err = errUnasked; c.Denied != nil {
				known.users, known.err = c.Denied(ctx, in)
			}
			denied[at] = known
		}
	}
	return denied
}

var errUnasked = errors.New("nobody can be asked")

// movedCopies compares those who moved on all copies of their new stores.
func (c *checking) movedCopies(ctx context.Context, movers []mover, copies, behind *tally) error {
	byStore := map[inventory.StoreID][]mover{}
	for _, m := range movers {
		byStore[m.To] = append(byStore[m.To], m)
	}
	for _, name := range slices.Sorted(maps.Keys(byStore)) {
		var owners []cyrus.Owner
		whom, units := map[cyrus.Owner]bool{}, map[cyrus.Owner]string{}
		for _, m := range byStore[name] {
			owners, whom[m.owner], units[m.owner] = append(owners, m.owner), true, m.unit
		}
		s := byStore[name][0].to
		all, err := c.compareCopies(ctx, s, monitor.CompareMessages, whom)
		if err != nil {
			return err
		}
		for i := range all {
			all[i].equal(owners, units, copies)
			caughtUp(c.lag(s, all[i].at.server), &all[i], behind)
		}
	}
	return nil
}

// stores compares all copies of the stores whose instances the plan changes, by their
// counters and checksums.
func (c *checking) stores(ctx context.Context, list []spot, copies, behind *tally) error {
	seen := map[inventory.StoreID]bool{}
	for i := range list {
		at := c.target.Store(list[i].store)
		if at < 0 || seen[list[i].store] || len(c.target.Stores[at].Instances) == 0 {
			continue
		}
		seen[list[i].store] = true
		s := &c.target.Stores[at]
		all, err := c.compareCopies(ctx, s, monitor.CompareMarks, nil)
		if err != nil {
			return err
		}
		for k := range all {
			all[k].equal(all[k].everybody(), nil, copies)
			caughtUp(c.lag(s, all[k].at.server), &all[k], behind)
		}
	}
	return nil
}

// everybody returns all who were compared, or nobody by name where nothing was.
func (c *compared) everybody() []cyrus.Owner {
	if c.err != nil {
		return []cyrus.Owner{{}}
	}
	var owners []cyrus.Owner
	for i := range c.found.Owners {
		owners = append(owners, cyrus.Owner{Name: c.found.Owners[i].Owner, Shared: c.found.Owners[i].Shared})
	}
	return owners
}

// proven returns the users of whom it was confirmed before that nothing was lost: the
// units that had no doubt then.
func (c *checking) proven() map[inventory.UserID]bool {
	proven := map[inventory.UserID]bool{}
	for i := range c.Earlier {
		e := &c.Earlier[i]
		at := slices.IndexFunc(e.Promises, func(p monitor.Promise) bool { return p.Name == monitor.PromiseNothing })
		if at < 0 {
			continue
		}
		doubted := map[string]bool{}
		for _, p := range e.Promises {
			if p.Name != monitor.PromiseNothing && p.Name != monitor.PromiseChanges {
				continue
			}
			for _, d := range p.Doubts {
				doubted[string(d.User)] = true
			}
		}
		for k := range c.units {
			if e.Unit != "" && e.Unit != c.units[k].Name {
				continue
			}
			for _, m := range c.units[k].Moves {
				proven[m.User] = proven[m.User] || !doubted[string(m.User)]
			}
		}
	}
	return proven
}

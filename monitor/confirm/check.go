package confirm

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
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
// it builds, or before others. Of what was taken back it checks that all is as it was; then
// nothing is said of the plan's figures. Of a plan of which nothing was begun, and nothing is
// seen to be made, it says that alone; so it does of one without changes. The error is that of the context or the journal.
func Plan(ctx context.Context, plan planner.Plan, with []planner.Plan, o Options) (*monitor.Confirmation, error) {
	c := checking{Options: o, units: course.Units([]planner.Plan{plan}, nil), plan: plan.PlanID(), target: Target(o.Inventory, with, "")}
	for _, p := range with {
		if p.PlanID() != c.plan {
			c.with = append(c.with, p)
		}
	}
	if len(c.units) == 0 {
		return c.withoutChanges(), nil
	}
	out, err := c.check(ctx)
	if err != nil {
		return nil, err
	}
	if !out.Unbegun && (len(with) == 0 || with[len(with)-1].PlanID() == plan.PlanID()) && !c.reduced {
		out.Promises = append(out.Promises, figures(plan, o.Live, c.unseen())...)
	}
	out.Verdict = verdict(out.Promises)
	return out, nil
}

// withoutChanges is what is said of a plan that changes nothing.
func (c *checking) withoutChanges() *monitor.Confirmation {
	changes := monitor.Promise{Name: monitor.PromiseChanges, Verdict: monitor.Met, Expected: "every change made", Found: "the plan has no changes"}
	return &monitor.Confirmation{Plan: c.plan, At: c.now(), Verdict: monitor.Met, Promises: []monitor.Promise{changes}}
}

// Unit checks one unit of a plan that was carried out, but for the figures, which are
// those of the whole plan. Before its originals are deleted it has the copies read whole, if
// all else is met. What is doubted by names that were told before is asked again: another unit
// may have deleted its originals since. The error is that of the context.
func Unit(ctx context.Context, u *course.Unit, o Options) (*monitor.Confirmation, error) {
	c := checking{Options: o, units: []course.Unit{*u}, plan: u.Plan, target: o.Inventory, reads: true}
	out, err := c.check(ctx)
	if err != nil {
		return nil, err
	}
	if c.recalled && verdict(out.Promises) != monitor.Met {
		o.Names.forget()
		return Unit(ctx, u, o)
	}
	out.Unit, out.Verdict = u.Name, verdict(out.Promises)
	return out, nil
}

// checking is a check under way.
type checking struct {
	Options
	plan   string
	units  []course.Unit
	with   []planner.Plan       // others that are carried out together with it
	target *inventory.Inventory // the fleet with the plans carried out, but for what is given up
	// present is the same without what the journal knows not to be made yet.
	present *inventory.Inventory
	reads   bool // before originals are deleted all that moved is read
	*ledger
	later    []change
	laid     bool // all instances are where the plan has them
	made     bool // and so are all users
	recalled bool // names were told before
	reduced  bool // something of the plan was taken back, or moved on by another one: it is not to be made
}

// unseen says why the figures of the plan can't be computed, or nothing.
func (c *checking) unseen() string {
	switch {
	case !c.laid:
		return "stores are not where the plan has them"
	case c.Unseen != "":
		return c.Unseen
	case c.Live == nil:
		return "the fleet was not looked at"
	case !c.made:
		return "users are not where the plan has them"
	}
	return ""
}

// now is the time as it is kept.
func (c *checking) now() time.Time { return c.Now().UTC().Truncate(time.Microsecond) }

func (c *checking) check(ctx context.Context) (*monitor.Confirmation, error) {
	out := &monitor.Confirmation{Plan: c.plan, At: c.now()}
	found, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	made, err := c.changes(ctx, out, found)
	if err != nil {
		return nil, err
	}
	if out.Unbegun {
		return out, nil
	}
	copies := &tally{name: monitor.PromiseCopies, expected: "replicas like their masters", one: "copy compared and the same", many: "copies compared and the same"}
	behind := &tally{name: monitor.PromiseCaughtUp, expected: "nothing waits for a replica", one: "replica has everything", many: "replicas have everything"}
	if err := c.stores(ctx, made.spots, copies, behind); err != nil {
		return nil, err
	}
	if len(made.movers)+len(made.others) > 0 {
		if err := c.moved(ctx, out, made.movers, made.others, found, copies, behind); err != nil {
			return nil, err
		}
	}
	if !made.nothing {
		out.Promises = append(out.Promises, copies.promise(), behind.promise())
	}
	if seeded := c.seeded(); seeded != nil {
		out.Promises = append(out.Promises, *seeded)
	}
	if (c.Occasion == monitor.BeforeDeletion || c.readWrong()) && len(made.movers) > 0 {
		whole, err := c.whole(ctx, made.movers, verdict(out.Promises))
		if err != nil {
			return nil, err
		}
		out.Promises = append(out.Promises, *whole)
	}
	return out, nil
}

// look reads the journal, and asks who has mailboxes where. What was taken back counts as
// not planned.
func (c *checking) look(ctx context.Context) (survey, error) {
	var err error
	if c.ledger, err = readLedger(ctx, c.units, c.Journal); err != nil {
		return nil, err
	}
	if c.later, err = c.laterChanges(ctx); err != nil {
		return nil, err
	}
	back := c.back(c.units)
	planned, err := c.besides(ctx)
	if err != nil {
		return nil, err
	}
	c.target, c.reduced = c.addressed(c.followed(course.Before(planned, back))), c.reduces(back)
	c.present = c.addressed(c.followed(course.Before(planned, c.unmade(c.units))))
	return c.survey(ctx, c.present)
}

// besides returns the fleet with the plans carried out, but for what is not made of the others.
func (c *checking) besides(ctx context.Context) (*inventory.Inventory, error) {
	var unmade []*course.Unit
	for _, p := range c.with {
		units := course.Units([]planner.Plan{p}, nil)
		l, err := readLedger(ctx, units, c.Journal)
		if err != nil {
			return nil, err
		}
		unmade = append(unmade, l.unmade(units)...)
	}
	return course.Before(c.target, unmade), nil
}

// made is of what more than its change is promised.
type made struct {
	spots   []spot
	movers  []mover // who are on their new stores
	others  []mover // who are not
	nothing bool    // all was taken back, or moved on
}

// changes checks whether all changes are made and, of what was taken back, whether all is
// as it was.
func (c *checking) changes(ctx context.Context, out *monitor.Confirmation, found survey) (*made, error) {
	changes := &tally{name: monitor.PromiseChanges, expected: "every change made", one: "change made", many: "changes made"}
	asBefore := &tally{name: monitor.PromiseTakenBack, expected: "as before what was taken back", one: "is as before", many: "are as before"}
	all := spots(c.units, c.Inventory, c.target)
	own, passed := c.own(all, changes)
	list, undone := c.apart(own, changes)
	for i := range undone {
		undone[i].is(c.present)
	}
	undone = append(undone, c.beside(undone, all)...)
	if err := c.laidOut(ctx, list, found, changes); err != nil {
		return nil, err
	}
	if err := c.laidOut(ctx, undone, found, asBefore); err != nil {
		return nil, err
	}
	if c.laid = len(changes.doubts) == 0; len(all) > 0 {
		changes.counted = c.counted(own, changes.doubts)
	}
	by := c.sort(c.movers(changes), changes)
	movers, others := arrived(by.moved, found, c.say, changes)
	passed += by.passed
	if out.Unbegun = c.unbegun() && passed == 0 && changes.allUnmet(); out.Unbegun {
		out.Promises = append(out.Promises, notCarriedOut())
		return &made{nothing: true}, nil
	}
	c.made, c.reduced = len(changes.doubts) == 0, c.reduced || passed > 0
	if err := c.allReturned(ctx, by.returned, found, asBefore); err != nil {
		return nil, err
	}
	returned := len(by.returned)+len(undone) > 0
	if returned {
		asBefore.notes = append(c.whenReturned(), asBefore.notes...)
		out.Promises = append(out.Promises, asBefore.promise())
	}
	if !returned || passed > 0 || changes.met+len(changes.doubts) > 0 {
		out.Promises = append(out.Promises, changes.promise())
	}
	return &made{
		spots: list, movers: movers, others: append(by.others, others...),
		nothing: len(list)+len(by.moved)+len(by.others) == 0 && (returned || passed > 0),
	}, nil
}

// unbegun reports whether the journal knows that nothing of the plan was begun. Somebody may have
// carried it out in another way.
func (c *checking) unbegun() bool { return c.accounts != nil && !c.begun && !c.over && !c.reads }

// notCarriedOut is what is said of a plan of which nothing was begun.
func notCarriedOut() monitor.Promise {
	const found = "not carried out: nothing of it was begun"
	p := monitor.Promise{Name: monitor.PromiseChanges, Verdict: monitor.Unmet, Expected: "every change made", Found: found}
	p.Doubts = []monitor.Doubt{{Verdict: p.Verdict, Expected: p.Expected, Found: found, Next: "interlace apply carries it out; nothing is promised before"}}
	return p
}

// moved checks what is promised of those who moved; others have not.
func (c *checking) moved(ctx context.Context, out *monitor.Confirmation, movers, others []mover, found survey, copies, behind *tally) error {
	place := &tally{name: monitor.PromisePlacement, expected: "on the new store and its replicas only", people: true, one: "is there", many: "are there"}
	placed(movers, found, c.denials(ctx, movers, found), c.Tools, place)
	place.passOver(others)
	out.Promises = append(out.Promises, place.promise())
	if c.Routes != nil {
		routes, err := c.Routes(ctx, people(movers))
		way := &tally{name: monitor.PromiseRouting, expected: "sent to the new store", people: true, one: "is sent there", many: "are sent there"}
		routed(movers, routes, err, way)
		way.passOver(slices.DeleteFunc(slices.Clone(others), func(m mover) bool { return m.owner.Shared })) // nobody is sent to a tree
		out.Promises = append(out.Promises, way.promise())
	}
	if err := c.movedCopies(ctx, movers, copies, behind); err != nil {
		return err
	}
	kept := &tally{name: monitor.PromiseNothing, expected: "all that the old store keeps is on the new one", people: true, one: "lacks nothing", many: "lack nothing"}
	proven := c.proven()
	if err := c.sources(ctx, movers, found, func(m *mover) past { return past{proven[m.User], c.lately(m.part(), c.Now())} }, kept); err != nil {
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

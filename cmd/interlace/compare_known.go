package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/history"
)

// kept ends the run and returns what is known by now of all users of the copies that
// it was about.
func (c *comparing) kept(ctx context.Context) (*report.KeptComparison, error) {
	states, err := c.end(ctx)
	if err != nil {
		return nil, err
	}
	k := &report.KeptComparison{Run: c.keeping.run.Number, Ended: !c.keeping.run.Ended.IsZero()}
	found, err := c.keeping.history.Differences(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	kept := c.originals.alike(found)
	for key, outcome := range c.worst {
		// What was found now decides, as it does of those who are counted above.
		if o, is := c.there[key]; is && outcome != monitor.Different {
			kept[key] = o
		} else if is {
			delete(kept, key)
		}
	}
	about := map[monitor.Copy]bool{}
	for i := range c.pairs {
		p := &c.pairs[i]
		about[p.copy()] = true
		k.Waiting, k.Left = k.Waiting+p.waiting.all, k.Left+p.left.all
		k.Trees.Waiting, k.Trees.Left = k.Trees.Waiting+p.waiting.trees, k.Trees.Left+p.left.trees
		for _, s := range c.before(p) {
			k.BeforeIn.Add(s.Outcome, s.Shared)
		}
	}
	k.Before = k.BeforeIn.Checked
	counting := c.facts.counting(states)
	states = slices.DeleteFunc(states, func(s monitor.CopyState) bool {
		return !about[s.Copy] || !counting.has(s.Copy, s.Owner) || c.wanted != nil && !c.wanted[s.Owner] || kept.has(&s)
	})
	all := compare.StandingOfAll(states, found, c.keeping.run.Level)
	k.Copies = report.StandingOf(&all)
	if list := longestAgo(states, c.keeping.run.Level, c.began); len(list) > 0 {
		k.Oldest = &list[0]
	}
	return k, nil
}

// before returns what a run that was broken off, and is gone on with, had found of the
// users of a pair.
func (c *comparing) before(p *pairOf) []monitor.CopyState {
	if c.keeping == nil || !c.keeping.resumed {
		return nil
	}
	found, _ := c.keeping.past.FoundIn(&c.keeping.run, p.copy())
	return found
}

// foundBefore returns the differences that such a run had found, with the command that
// looks again.
func (c *comparing) foundBefore(p *pairOf) (list []monitor.Difference) {
	if c.keeping == nil || !c.keeping.resumed {
		return nil
	}
	_, open := c.keeping.past.FoundIn(&c.keeping.run, p.copy())
	for i := range open {
		list = append(list, askedAnew(&open[i], c.flags.save))
	}
	return list
}

// goesOn says what goes on with a run that is broken off; it may be called on nil.
func (k *keeping) goesOn(flags *compareFlags) string {
	if k == nil {
		return ""
	}
	command := toResume(&k.run)
	if flags.budget.value != nil {
		command += " --for " + flags.budget.String()
	}
	return command + " goes on with it"
}

// toResume returns the command that goes on with a run, in the way in which it was begun.
func toResume(r *monitor.ComparisonRun) string {
	return strings.TrimSpace("interlace compare --resume --level " + string(r.Level) + " " + r.Selection)
}

// longestAgo returns all users and shared trees by when they were last compared at a
// level or more closely, those first who never were.
func longestAgo(states []monitor.CopyState, level monitor.CompareLevel, now time.Time) []report.Waiting {
	past := compare.NewPast(states, nil, nil)
	var list []report.Waiting
	for c, owners := range past.Owners() {
		for _, t := range past.Turns(c, level, owners, now) {
			list = append(list, report.WaitingSince(c, t.Owner.Name, t.Owner.Shared, !t.Compared, t.Last))
		}
	}
	slices.SortFunc(list, func(a, b report.Waiting) int {
		if a.Never != b.Never {
			return map[bool]int{true: -1, false: 1}[a.Never]
		}
		return cmp.Or(a.At().Compare(b.At()), cmp.Compare(a.Store, b.Store), cmp.Compare(a.Server, b.Server), cmp.Compare(a.User, b.User))
	})
	return list
}

// remembered is what the database and the inventory know of copies: of those that the
// inventory still has, and of their users.
type remembered struct {
	states []monitor.CopyState
	found  []monitor.KeptDifference // and of those that are gone as many as are kept
	open   []monitor.KeptDifference
	runs   []monitor.ComparisonRun
	alerts []monitor.Alert
	facts  *facts // nil: there are none
	kept   originals
}

// remember reads what is known from comparisons; of whom nothing is, waits to be compared, on a copy
// that never was at a level.
func (a *app) remember(ctx context.Context, level monitor.CompareLevel) (*remembered, error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	h, err := history.Open(ctx, path, toRead)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	var r remembered
	var errs [6]error
	r.states, errs[0] = h.Compared(ctx)
	r.found, errs[1] = h.Differences(ctx, time.Time{})
	r.runs, errs[2] = h.Comparisons(ctx, time.Time{})
	r.alerts, errs[3] = h.Alerts(ctx, openOnly)
	r.facts, errs[4] = a.factsCompared(ctx, h, r.states)
	r.kept, errs[5] = a.originals(ctx)
	counting := r.facts.counting(r.states)
	unseen := r.facts.unseen(counting, r.states, level)
	r.forget(counting)
	r.states = append(r.states, unseen...)
	return &r, errors.Join(errs[:]...)
}

// forget leaves out what does not count any more.
func (r *remembered) forget(c *counting) {
	r.states = slices.DeleteFunc(r.states, func(s monitor.CopyState) bool { return !c.has(s.Copy, s.Owner) })
	r.found = slices.DeleteFunc(r.found, func(d monitor.KeptDifference) bool { return !c.has(d.Copy, d.Owner) })
	r.alerts = slices.DeleteFunc(r.alerts, func(al monitor.Alert) bool {
		return !c.pair(monitor.Copy{Store: inventory.StoreID(al.Store), Server: inventory.ServerID(al.Subject)})
	})
	r.open = slices.DeleteFunc(slices.Clone(r.found), func(d monitor.KeptDifference) bool { return !d.Gone.IsZero() })
}

// known shows what the database knows from comparisons, and asks no server.
func (a *app) known(ctx context.Context, flags *compareFlags) error {
	r, err := a.remember(ctx, monitor.CompareLevel(flags.level.value))
	if err != nil {
		return err
	}
	if err := flags.namesKnown(r.states, r.facts); err != nil {
		return err
	}
	asked := ""
	if flags.all.Changed("level") {
		asked = flags.level.value
	}
	k := &report.KnownCopies{
		Copies: []report.CopyStanding{}, Differences: []report.KnownDifference{}, Late: []report.Waiting{}, Now: a.now(),
		Within: flags.due.given(a.config.Monitor.Compare.Within),
	}
	overdue := flags.sum(k, r, monitor.CompareLevel(asked))
	byHand := func(r *monitor.ComparisonRun) bool { return !strings.HasPrefix(r.Selection, monitor.ByWatch) }
	if r := brokenOff(r.runs, byHand); r != nil {
		k.Broken, k.Resume = monitor.Time(r.Began), toResume(r)
	}
	err = a.print(result{screen: report.Known(k), table: report.KnownDifferences(k.Differences), json: object(k)})
	if err == nil && (len(k.Differences) > 0 || overdue) {
		err = errFound
	}
	return err
}

// sum sums up what is known of the stores and users that were asked for, at a level or,
// without one, at each at which they were compared, and reports whether somebody was not
// compared for far too long.
func (f *compareFlags) sum(k *report.KnownCopies, r *remembered, level monitor.CompareLevel) (overdue bool) {
	alike, left := r.kept.alike(r.open), originals{}
	states := slices.DeleteFunc(r.states, func(s monitor.CopyState) bool {
		kept := alike.has(&s)
		if kept && f.about(s.Store, s.Owner) {
			left[holderOf(&s)] = alike[holderOf(&s)]
		}
		return kept || !f.about(s.Store, s.Owner)
	})
	k.Originals = left.list()
	for _, s := range append(compare.Standings(states, r.found, level), f.unknownPairs(states, r.facts)...) {
		k.Copies = append(k.Copies, report.StandingOf(&s))
	}
	for i := range r.open {
		if d := &r.open[i]; f.about(d.Copy.Store, d.Owner) {
			k.Differences = append(k.Differences, report.KnownDifference{Difference: askedAnew(d, ""), Owner: d.Owner, First: monitor.Time(d.First), Last: monitor.Time(d.Last)})
		}
	}
	for i := range r.alerts {
		if al := &r.alerts[i]; al.Kind == monitor.CopyDiffers && al.Stage != monitor.Resolved && !differs(r.open, al) && f.about(inventory.StoreID(al.Store), "") {
			k.Told = append(k.Told, al.Number)
		}
	}
	for _, w := range longestAgo(states, monitor.CompareLevel(f.level.value), k.Now) {
		age := k.Now.Sub(w.At())
		if age > k.Within {
			k.Late = append(k.Late, w)
		}
		overdue = overdue || age > k.Within+k.Within/2
	}
	return overdue
}

// askedAnew is a difference with the command that looks again and prints the repair. What
// was found at several times, or is no more, is no ground for a command that removes
// something.
func askedAnew(d *monitor.KeptDifference, save string) monitor.Difference {
	now := d.Difference
	now.Repair = []monitor.RepairStep{compare.Look(d.Copy.Store, cyrus.Owner{Name: d.Owner, Shared: d.User == ""}, save)}
	now.Warning = now.Saved
	return now
}

// differs tells whether what an alert says of a copy is open.
func differs(open []monitor.KeptDifference, al *monitor.Alert) bool {
	return slices.ContainsFunc(open, func(d monitor.KeptDifference) bool {
		return d.Copy.Store == inventory.StoreID(al.Store) && d.Copy.Server == inventory.ServerID(al.Subject)
	})
}

// about tells whether something of a store's user was asked for.
func (f *compareFlags) about(store inventory.StoreID, owner string) bool {
	return (len(f.stores) == 0 || slices.Contains(f.stores, string(store))) && (len(f.users) == 0 || slices.Contains(f.users, owner))
}

// namesKnown refuses names that neither the inventory nor a comparison knows.
func (f *compareFlags) namesKnown(states []monitor.CopyState, facts *facts) error {
	var stores []inventory.StoreID
	var owners []string
	for i := range states {
		stores, owners = append(stores, states[i].Store), append(owners, states[i].Owner)
	}
	if facts != nil {
		stores = append(stores, storeNames(facts.Inventory)...)
	}
	var errs []error
	for _, name := range f.stores {
		errs = append(errs, neverSeen("--store", inventory.StoreID(name), stores))
	}
	for _, name := range f.users {
		errs = append(errs, neverSeen("--user", name, owners))
	}
	return errors.Join(errs...)
}

// neverSeen refuses a name that is not among those that are known.
func neverSeen[ID ~string](flag string, name ID, known []ID) error {
	if slices.Contains(known, name) {
		return nil
	}
	return hint(fmt.Errorf("%s %s: no comparison has seen it", flag, inventory.Quoted(string(name))), "%s", nearest(string(name), known))
}

// unknownPairs returns the copies in the inventory of which nothing is known, nor who is to be there.
func (f *compareFlags) unknownPairs(states []monitor.CopyState, facts *facts) []monitor.CopyStanding {
	if facts == nil || len(f.users) > 0 {
		return nil
	}
	seen := map[monitor.Copy]bool{}
	for i := range states {
		seen[states[i].Copy] = true
	}
	users := facts.users()
	var list []monitor.CopyStanding
	for _, c := range facts.pairs() {
		if !seen[c] && f.about(c.Store, "") {
			list = append(list, monitor.CopyStanding{Copy: c, Level: monitor.CompareLevel(f.level.value), Owners: users[c.Store], Never: users[c.Store]})
		}
	}
	return list
}

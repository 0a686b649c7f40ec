package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
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
	about := map[monitor.Copy]bool{}
	for i := range c.pairs {
		p := &c.pairs[i]
		about[p.copy()] = true
		k.Before, k.Waiting, k.Left = k.Before+p.before, k.Waiting+p.waiting, k.Left+p.left
	}
	states = slices.DeleteFunc(states, func(s monitor.CopyState) bool {
		return !about[s.Copy] || c.wanted != nil && !c.wanted[s.Owner]
	})
	k.Copies = report.SumOf(compare.Standings(states, c.keeping.run.Level))
	if list := longestAgo(states, c.keeping.run.Level, c.began); len(list) > 0 {
		k.Oldest = &list[0]
	}
	return k, nil
}

// longestAgo returns all users and shared trees by when they were last compared at a
// level or more closely, those first who never were.
func longestAgo(states []monitor.CopyState, level monitor.CompareLevel, now time.Time) []report.Waiting {
	past := compare.NewPast(states, nil, nil)
	var list []report.Waiting
	for c, owners := range past.Owners() {
		for _, t := range past.Turns(c, level, owners, now) {
			list = append(list, report.WaitingSince(c, t.Owner.Name, !t.Compared, t.Last))
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

// known shows what the database knows from comparisons, and asks no server.
func (a *app) known(cmd *cobra.Command, flags compareFlags) error {
	ctx := cmd.Context()
	path, err := a.databaseFile()
	if err != nil {
		return err
	}
	h, err := history.Open(ctx, path, toRead)
	if err != nil {
		return err
	}
	defer h.Close()
	states, err := h.Compared(ctx)
	open, openErr := h.Differences(ctx, openOnly)
	runs, runsErr := h.Comparisons(ctx, time.Time{})
	inv, users, invErr := a.storesKnown(ctx)
	if err := errors.Join(err, openErr, runsErr, invErr); err != nil {
		return err
	}
	if err := flags.namesKnown(states, inv); err != nil {
		return err
	}
	asked := ""
	if cmd.Flags().Changed("level") {
		asked = flags.level.value
	}
	states = slices.DeleteFunc(states, func(s monitor.CopyState) bool { return !flags.about(s.Store, s.Owner) })
	k := &report.KnownCopies{
		Copies: []report.CopyStanding{}, Differences: []report.KnownDifference{}, Late: []report.Waiting{}, Now: a.now(),
		Within: flags.due.given(a.config.Monitor.Compare.Within),
	}
	for _, s := range append(compare.Standings(states, monitor.CompareLevel(asked)), flags.unknownPairs(states, inv, users)...) {
		k.Copies = append(k.Copies, report.StandingOf(&s))
	}
	for i := range open {
		if d := &open[i]; flags.about(d.Copy.Store, d.Owner) {
			k.Differences = append(k.Differences, report.KnownDifference{Difference: d.Difference, Owner: d.Owner, First: monitor.Time(d.First), Last: monitor.Time(d.Last)})
		}
	}
	overdue := false
	for _, w := range longestAgo(states, monitor.CompareLevel(flags.level.value), k.Now) {
		age := k.Now.Sub(w.At())
		if w.Never || age > k.Within {
			k.Late = append(k.Late, w)
		}
		overdue = overdue || age > k.Within+k.Within/2
	}
	byHand := func(r *monitor.ComparisonRun) bool { return !strings.HasPrefix(r.Selection, monitor.ByWatch) }
	if r := brokenOff(runs, byHand); r != nil {
		k.Broken, k.Resume = monitor.Time(r.Began), strings.TrimSpace("interlace compare --resume --level "+string(r.Level)+" "+r.Selection)
	}
	err = a.print(result{screen: report.Known(k), table: report.KnownDifferences(k.Differences), json: object(k)})
	if err == nil && (len(k.Differences) > 0 || overdue) {
		err = errFound
	}
	return err
}

// about tells whether something of a store's user was asked for.
func (f *compareFlags) about(store inventory.StoreID, owner string) bool {
	return (len(f.stores) == 0 || slices.Contains(f.stores, string(store))) && (len(f.users) == 0 || slices.Contains(f.users, owner))
}

// namesKnown refuses names that neither the inventory nor a comparison knows.
func (f *compareFlags) namesKnown(states []monitor.CopyState, inv *inventory.Inventory) error {
	var stores []inventory.StoreID
	var owners []string
	for i := range states {
		stores, owners = append(stores, states[i].Store), append(owners, states[i].Owner)
	}
	if inv != nil {
		stores = append(stores, storeNames(inv)...)
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

// unknownPairs returns the copies in the inventory of which nothing is known.
func (f *compareFlags) unknownPairs(states []monitor.CopyState, inv *inventory.Inventory, users map[inventory.StoreID]int) []monitor.CopyStanding {
	if inv == nil || len(f.users) > 0 {
		return nil
	}
	seen := map[monitor.Copy]bool{}
	for i := range states {
		seen[states[i].Copy] = true
	}
	var list []monitor.CopyStanding
	for i := range inv.Stores {
		s := &inv.Stores[i]
		for _, in := range s.Instances[min(1, len(s.Instances)):] {
			c := monitor.Copy{Store: s.Name, Server: in.Server}
			if !seen[c] && f.about(s.Name, "") {
				list = append(list, monitor.CopyStanding{Copy: c, Level: monitor.CompareLevel(f.level.value), Owners: users[s.Name], Never: users[s.Name]})
			}
		}
	}
	return list
}

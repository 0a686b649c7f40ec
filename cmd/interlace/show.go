package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

func (a *app) showCommand() *cobra.Command {
	at := dateFlag()
	c := &cobra.Command{
		Use:   "show",
		Short: "Look at servers, stores, users, share groups, measured loads or a plan",
		Example: `  interlace show servers
  interlace show stores s001 s002
  interlace show users admissions -o json
  interlace show groups --top 5
  interlace show loads --since 7d
  interlace show servers --at 2026-01-31
  interlace show plan plan.json`,
		Args: a.knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.PersistentFlags().Var(&at, "at", "show the last inventory at or before this `date`, such as 2026-01-31 or 2026-01-31T12:00:00Z")
	for _, what := range []struct {
		name, short string
		show        func(f *facts, names []string) (result, error)
	}{
		{"servers", "Look at servers and what they carry", showServers},
		{"stores", "Look at stores, where they live and what they carry", showStores},
		{"users", "Look at users and shared trees", showUsers},
	} {
		c.AddCommand(&cobra.Command{
			Use:     what.name + " [NAME…]",
			Short:   what.short,
			Example: "  interlace show " + what.name,
			RunE: func(cmd *cobra.Command, names []string) error {
				f, err := a.factsOf(cmd.Context(), at.value)
				if err != nil {
					return err
				}
				r, err := what.show(f, names)
				if err != nil {
					return err
				}
				return a.print(r)
			},
		})
	}
	c.AddCommand(a.showGroupsCommand(&at), a.showLoadsCommand(&at), a.showPlanCommand())
	return c
}

// factsOf returns the facts of a date, or the newest if none is named.
func (a *app) factsOf(ctx context.Context, at *time.Time) (*facts, error) {
	if at == nil {
		return a.facts(ctx)
	}
	if a.fromFile() {
		return nil, hint(fmt.Errorf("--at asks for an earlier inventory, and the facts come from the file %s", a.config.Fleet), "--db FILE takes them from the database")
	}
	return a.factsAt(ctx, *at)
}

// parseDate reads a day in UTC or a time to the second, and returns its end, or
// a time to less than a second.
func parseDate(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Microsecond), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is not a date such as 2026-01-31 or 2026-01-31T12:00:00Z", inventory.Quoted(s))
	}
	if t.Nanosecond() == 0 {
		t = t.Add(time.Second - time.Microsecond)
	}
	return t, nil
}

// chosen returns the indices of the names, in the order given, or of all n
// things where none is named.
func chosen[ID ~string](what string, names []string, all []ID, find func(ID) int) ([]int, error) {
	var list []int
	for _, name := range names {
		i := find(ID(name))
		if i < 0 {
			return nil, hint(fmt.Errorf("there is no %s %s", what, inventory.Printable(name)), "%s", nearest(name, all))
		}
		list = append(list, i)
	}
	if len(names) == 0 {
		for i := range all {
			list = append(list, i)
		}
	}
	return list, nil
}

func showServers(f *facts, names []string) (result, error) {
	list, err := chosen("server", names, serverNames(f.Inventory), f.Inventory.Server)
	if err != nil {
		return result{}, err
	}
	fleet := f.load()
	carried := fleet.Normal(fleet.Current())
	servers := make([]report.Server, len(f.Servers))
	for i := range servers {
		servers[i].Server = &f.Servers[i]
		for r := range f.Resources {
			servers[i].Load[r] = fleet.Scale.Value(r, carried.Amounts[i][r])
		}
	}
	estimated := f.estimated()
	for i := range f.Stores {
		for _, in := range f.Stores[i].Instances {
			s := &servers[f.Inventory.Server(in.Server)]
			s.Estimated |= estimated[i]
			if in.Role == inventory.Master {
				s.Masters++
			} else {
				s.Replicas++
			}
		}
	}
	return tableOnly("servers", report.Servers(f.Inventory, pick(servers, list))), nil
}

func showStores(f *facts, names []string) (result, error) {
	list, err := chosen("store", names, storeNames(f.Inventory), f.Inventory.Store)
	if err != nil {
		return result{}, err
	}
	fleet := f.load()
	estimated := f.estimated()
	stores := make([]report.Store, len(f.Stores))
	for i := range f.Users {
		s := &stores[f.Inventory.Store(f.Users[i].Store)]
		if f.Users[i].Kind == inventory.Shared {
			s.Shared++
		} else {
			s.Users++
		}
	}
	for i := range stores {
		stores[i].Store, stores[i].Estimated = &f.Stores[i], estimated[i]
		if f.sums != nil {
			stores[i].Users, stores[i].Mixed = f.sums[f.Stores[i].Name].Users, true
		}
		for r := range f.Resources {
			stores[i].Load[r] = fleet.Scale.Value(r, fleet.Active[i][r])
		}
	}
	return tableOnly("stores", report.Stores(f.Inventory, pick(stores, list))), nil
}

func showUsers(f *facts, names []string) (result, error) {
	if f.sums != nil {
		return result{}, errOnlySums(f)
	}
	list, err := chosen("user", names, userNames(f.Inventory), f.Inventory.User)
	if err != nil {
		return result{}, err
	}
	users := make([]report.User, len(list))
	for i, u := range list {
		group := int(f.groups.Of[u])
		users[i] = report.User{User: &f.Users[u], Group: f.GroupID(f.groups, group), Members: len(f.groups.Members(group))}
	}
	return tableOnly("users", report.Users(f.Inventory, users)), nil
}

func errOnlySums(f *facts) error {
	return hint(fmt.Errorf("of the users in %s only the sums per store are kept", f.source), "interlace show stores shows them")
}

// estimated returns by store in which resources its load rests on estimates, as
// bits. Sums no longer tell, so what they add to counts as estimated.
func (f *facts) estimated() []uint8 {
	bits := make([]uint8, len(f.Stores))
	for i := range f.Users {
		bits[f.Inventory.Store(f.Users[i].Store)] |= f.Users[i].Estimated
	}
	for i := range f.Stores {
		for r, sum := range f.sums[f.Stores[i].Name].Load {
			if sum != 0 {
				bits[i] |= 1 << r
			}
		}
	}
	return bits
}

// load makes the facts ready for arithmetic. Users of whom only the sums are
// known count as the store's own load.
func (f *facts) load() *load.Fleet {
	inv := f.Inventory
	if f.sums != nil {
		inv = inv.Clone()
		for i := range inv.Stores {
			for r := range inv.Resources {
				inv.Stores[i].Base[r] += f.sums[inv.Stores[i].Name].Load[r]
			}
		}
	}
	return load.New(inv)
}

func (a *app) showGroupsCommand(at *optional[time.Time]) *cobra.Command {
	top := countFlag(0, mostThings).or(20)
	c := &cobra.Command{
		Use:   "groups",
		Short: "Look at share groups, the largest first, and whether a store can hold them",
		Example: `  interlace show groups
  interlace show groups --top 5`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := a.factsOf(cmd.Context(), at.value)
			if err != nil {
				return err
			}
			if f.sums != nil {
				return errOnlySums(f)
			}
			most := *top.value
			if a.flags.output.value != "text" || most == 0 {
				most = len(f.Users)
			}
			return a.print(tableOnly("groups", report.Groups(f.Inventory, largestGroups(f, most))))
		},
	}
	c.Flags().Var(&top, "top", "show the `number` largest in the text; 0 shows all")
	return c
}

func largestGroups(f *facts, n int) []report.Group {
	var groups []report.Group
	for _, g := range sharing.Largest(f.Inventory, f.groups, n) {
		var estimated uint8
		for _, u := range f.groups.Members(g.Group) {
			estimated |= f.Users[u].Estimated
		}
		groups = append(groups, report.Group{
			Estimated: estimated,
			ID:        g.ID, Users: g.Users, Stores: g.Stores, Load: g.Load,
			Fits: string(g.Fit), Store: g.Store, Resource: g.Resource, Excess: g.Excess,
		})
	}
	return groups
}

// shownChanges is how many changes of a plan the text has.
const shownChanges = 20

func (a *app) showPlanCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "plan FILE",
		Short:   "Look at a plan",
		Example: "  interlace show plan plan.json",
		Args:    oneWord,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := readPlan(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			r := planResult(p.Plan, report.Made{File: p.path})
			r.screen.AddFirst(r.table, shownChanges)
			return a.print(r)
		},
	}
}

// planResult is a plan in the three forms.
func planResult(p planner.Plan, made report.Made) result {
	r := result{json: object(p)}
	switch p := p.(type) {
	case *planner.Layout:
		r.screen, r.table = report.Layout(p, made), report.LayoutChanges(p.Changes)
	case *planner.Assignment:
		r.screen, r.table = report.Assignment(p, made), report.UserChanges(p.Changes)
	case *planner.Schedule:
		r.screen, r.table = report.Schedule(p, made), report.ScheduledChanges(p.Changes)
	}
	return r
}

func pick[T any](all []T, list []int) []T {
	picked := make([]T, len(list))
	for i, at := range list {
		picked[i] = all[at]
	}
	return picked
}

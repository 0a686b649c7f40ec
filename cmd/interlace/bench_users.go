package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner/users"
)

func (a *app) benchUsersCommand() *cobra.Command {
	return benched(a, &cobra.Command{
		Use:   "users",
		Short: "Measure plans of which users move, against bounds",
		Long: `Measure how many bytes are copied until no store is above its ceiling or a peak,
and how low the peak gets for a budget, against bounds that no plan can beat. The
grown fleets are as people leave them behind, the uneven ones are filled at random.`,
		Example: "  interlace bench users --case uneven-10000",
	}, usersCases, report.UsersBenches)
}

// usersCase is a fleet whose users are to move.
type usersCase struct {
	name, on string
	fleet    func(seed uint64) (*inventory.Inventory, *inventory.ShareGroups)
}

func usersCases() []benchCase[report.UsersBench] {
	list := []usersCase{
		grownCase(100_000), grownCase(1_000_000),
		unevenCase(10_000, 250), unevenCase(100_000, 250), unevenCase(1_000_000, 250), unevenCase(1_000_000, 3000),
	}
	cases := make([]benchCase[report.UsersBench], len(list))
	for i, c := range list {
		cases[i] = benchCase[report.UsersBench]{report.BenchCase{Name: c.name, On: c.on}, c.measure}
	}
	return cases
}

func grownCase(n int) usersCase {
	return usersCase{
		name: fmt.Sprintf("grown-%d", n), on: inventory.CountText(n) + " users, after some years of placing them by hand",
		fleet: func(seed uint64) (*inventory.Inventory, *inventory.ShareGroups) {
			inv := fixtures.Fleet(seed, fixtures.Mixed, fixtures.Size{Servers: n / 10_000, StoresPerServer: usualStores, Users: n})
			return inv, sharing.Groups(inv)
		},
	}
}

func unevenCase(n, largest int) usersCase {
	c := usersCase{
		name: fmt.Sprintf("uneven-%d", n), on: fmt.Sprintf("%s users in groups of up to %s, filled at random", inventory.CountText(n), inventory.CountText(largest)),
		fleet: func(seed uint64) (*inventory.Inventory, *inventory.ShareGroups) {
			return fixtures.Uneven(seed, n, largest)
		},
	}
	if largest > 250 {
		c.name = fmt.Sprintf("large-groups-%d", n)
	}
	return c
}

// usersTask is what a plan is to reach.
type usersTask struct {
	name string
	opts users.Options
}

// usersTasks are those of every case; the budget is a part of all bytes.
func usersTasks(inv *inventory.Inventory) []usersTask {
	total := 0.0
	for u := range inv.Users {
		total += inv.Users[u].Load[inv.Disk()]
	}
	budget := int64(total / 50)
	return []usersTask{
		{"ceilings", users.Options{}},
		{"peak 75 %", users.Options{Peak: 0.75}},
		{"peak 70 %", users.Options{Peak: 0.70}},
		{"2 % of the bytes", users.Options{MaxBytes: &budget}},
		{"few moves", users.Options{Light: true}},
	}
}

func (c *usersCase) measure(ctx context.Context, seed uint64) ([]report.UsersBench, error) {
	inv, groups := c.fleet(seed)
	var rows []report.UsersBench
	for _, task := range usersTasks(inv) {
		if ctx.Err() != nil {
			break
		}
		row, err := measureUsers(ctx, inv, groups, task, seed)
		if err != nil {
			return nil, err
		}
		row.Case = c.name
		rows = append(rows, row)
	}
	return rows, nil
}

func measureUsers(ctx context.Context, inv *inventory.Inventory, groups *inventory.ShareGroups, task usersTask, seed uint64) (report.UsersBench, error) {
	task.opts.Seed = seed
	row := report.UsersBench{Task: task.name, Users: len(inv.Users), Groups: groups.Len(), Stores: len(inv.Stores)}
	var err error
	row.Spent = measure(func() {
		plan, wrong := users.Assign(ctx, inv, groups, task.opts)
		if err = wrong; err != nil {
			return
		}
		row.Moved, row.Bytes = len(plan.Changes), plan.BytesCopied
		row.Before, row.Peak = plan.Before.PeakUtilisation, plan.Promises.PeakUtilisation
		row.BytesBound, row.PeakBound = plan.Bounds.BytesCopied, plan.Bounds.PeakUtilisation
		row.BytesGap, row.PeakGap = plan.Gap.BytesCopied, plan.Gap.PeakUtilisation
		row.Broken, row.Stopped = len(plan.Violations), plan.Stopped
	})
	return row, err
}

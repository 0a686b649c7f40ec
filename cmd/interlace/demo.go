package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
)

type demoFlags struct {
	kind     choiceFlag
	servers  optional[int]
	stores   optional[int]
	users    optional[int]
	mirrored bool
}

func (a *app) demoCommand() *cobra.Command {
	flags := demoFlags{
		kind:    choiceOf(string(fixtures.Mixed), texts(fixtures.Kinds())...),
		servers: countFlag(2, 10_000).or(50), stores: countFlag(1, 1000).or(10), users: countFlag(0, 5_000_000),
	}
	c := &cobra.Command{
		Use:   "demo DIR",
		Short: "Write a made-up fleet to try everything on",
		Long: `Write a made-up fleet into a new directory: the kind that is found after some
years of placing stores by hand, full here and empty there, with a few rules
broken. The same --seed makes the same fleet.`,
		Example: `  interlace demo fleet
  interlace demo large --servers 100 --kind skewed`,
		Args: oneWord,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.demo(cmd.Context(), args[0], flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Var(&flags.kind, "kind", "`kind` of hardware: equal, lognormal, mixed, skewed or skewed2")
	f.Var(&flags.servers, "servers", "`number` of servers")
	f.Var(&flags.stores, "stores", "`number` of stores a server masters in the mean")
	f.Var(&flags.users, "users", "`number` of users and shared trees (default 50 a store)")
	f.BoolVar(&flags.mirrored, "mirrored", false, "begin with pairs of servers that mirror one another")
	return c
}

// mostDemoStores is the largest number of stores in a demo, which with 50 users
// each takes two gigabytes of memory.
const mostDemoStores = 100_000

func (a *app) demo(ctx context.Context, dir string, flags demoFlags) error {
	size := fixtures.Size{Servers: *flags.servers.value, StoresPerServer: *flags.stores.value}
	if n := size.Servers * size.StoresPerServer; n > mostDemoStores {
		return fmt.Errorf("--servers %d with --stores %d makes %s stores; a demo has at most %s",
			size.Servers, size.StoresPerServer, inventory.CountText(n), inventory.CountText(mostDemoStores))
	}
	if vacant, err := files.Vacant(dir); err != nil {
		return fmt.Errorf("write the fleet: %w", err)
	} else if !vacant {
		return hint(fmt.Errorf("%s is not empty", dir), "name a directory that does not exist yet")
	}
	if n := flags.users.value; n != nil {
		size.Users = *n
		if *n == 0 {
			size.Users = -1 // none, all load is the stores' own
		}
	}
	if flags.mirrored {
		size.Start = fixtures.MirroredByHand
	}
	return a.writeFleet(ctx, dir, fixtures.Fleet(*a.flags.seed.value, fixtures.Kind(flags.kind.value), size), "demo")
}

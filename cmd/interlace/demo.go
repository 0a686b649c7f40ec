package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory/files"
)

type demoFlags struct {
	kind     string
	servers  int
	stores   int
	users    countLimit
	mirrored bool
}

func (a *app) demoCommand() *cobra.Command {
	var flags demoFlags
	c := &cobra.Command{
		Use:   "demo DIR",
		Short: "Write a made-up fleet to try everything on",
		Long: `Write a made-up fleet into a new directory: the kind that is found after some
years of placing stores by hand, full here and empty there, with a few rules
broken. The same --seed makes the same fleet.`,
		Example: `  interlace demo fleet
  interlace demo large --servers 100 --kind skewed`,
		Args: oneWord,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.demo(args[0], flags)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&flags.kind, "kind", string(fixtures.Mixed), "`kind` of hardware: equal, lognormal, mixed, skewed or skewed2")
	f.IntVar(&flags.servers, "servers", 50, "`number` of servers")
	f.IntVar(&flags.stores, "stores", 10, "`number` of stores a server masters in the mean")
	f.Var(&flags.users, "users", "`number` of users and shared trees (default 50 a store)")
	f.BoolVar(&flags.mirrored, "mirrored", false, "begin with pairs of servers that mirror one another")
	return c
}

func (a *app) demo(dir string, flags demoFlags) error {
	kinds := fixtures.Kinds()
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	if err := oneOf("--kind", flags.kind, names...); err != nil {
		return err
	}
	if flags.servers < 2 || flags.stores < 1 {
		return errors.New("a demo has at least 2 servers and 1 store a server")
	}
	if vacant, err := files.Vacant(dir); err != nil {
		return fmt.Errorf("write the fleet: %w", err)
	} else if !vacant {
		return hint(fmt.Errorf("%s is not empty", dir), "name a directory that does not exist yet")
	}
	size := fixtures.Size{Servers: flags.servers, StoresPerServer: flags.stores}
	if n := flags.users.value; n != nil {
		size.Users = *n
		if *n == 0 {
			size.Users = -1 // none, all load is the stores' own
		}
	}
	if flags.mirrored {
		size.Start = fixtures.MirroredByHand
	}
	return a.writeFleet(dir, fixtures.Fleet(a.flags.seed, fixtures.Kind(flags.kind), size))
}

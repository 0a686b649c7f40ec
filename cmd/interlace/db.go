package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory/database"
)

func (a *app) dbCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "db",
		Short: "List the inventories in the database, or copy it",
		Long: fmt.Sprintf(`List the dated inventories in the database. Every import and every discovery
adds one, also where nothing has changed: it says that the fleet was so at that
time. The last %d are kept whole, with every user; of older ones the servers and
stores are kept, and of their users the sums by store.`, database.DefaultWhole),
		Example: "  interlace db",
		Args:    a.knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.listInventories(cmd.Context())
		},
	}
	c.AddCommand(&cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database while it is in use",
		Long: `Copy the database as it is now into a new file, while others may go on reading
and writing. A file that is there is never replaced.`,
		Example: "  interlace db backup copy.db",
		Args:    oneWord,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.backup(cmd.Context(), args[0])
		},
	})
	return c
}

func (a *app) listInventories(ctx context.Context) error {
	db, err := a.readDatabase(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	dated, err := db.List(ctx)
	if err != nil {
		return err
	}
	list := make([]report.Inventory, len(dated))
	for i, d := range dated {
		list[i] = report.Inventory{
			Number: d.Number, At: d.At, Note: d.Note, Whole: d.Whole,
			Servers: d.Servers, Stores: d.Stores, Users: d.Users,
		}
	}
	return a.print(tableOnly("inventories", report.Inventories(list)))
}

func (a *app) backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = hint(fmt.Errorf("%s is there already", path), "name a file that does not exist yet")
		}
		return fmt.Errorf("copy the database: %w", err)
	}
	db, err := a.readDatabase(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Backup(ctx, path); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return a.wrote("backup", report.Facts{{Label: "wrote", Words: path}})
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
)

func (a *app) dbCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "db",
		Short:   "List the inventories in the database, or copy it",
		Example: "  interlace db",
		Args:    a.knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := a.openDatabase(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer db.Close()
			dated, err := db.List(cmd.Context())
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
		},
	}
	c.AddCommand(&cobra.Command{
		Use:     "backup FILE",
		Short:   "Copy the database while it is in use",
		Example: "  interlace db backup copy.db",
		Args:    oneWord,
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := a.openDatabase(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer db.Close()
			if err := db.Backup(cmd.Context(), args[0]); err != nil {
				return fmt.Errorf("copy the database: %w", err)
			}
			return nil
		},
	})
	return c
}

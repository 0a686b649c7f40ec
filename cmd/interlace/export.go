package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
)

func (a *app) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export DIR",
		Short: "Write the inventory as a fleet file with its tables",
		Long: `Write the inventory as fleet.yaml and CSV tables into a directory. Reading them
again gives the same inventory.`,
		Example: "  interlace export backup",
		Args:    oneWord,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := a.facts(cmd.Context())
			if err != nil {
				return err
			}
			if f.sums != nil {
				return errOnlySums(f)
			}
			return a.writeFleet(cmd.Context(), args[0], f.Inventory, "export")
		},
	}
}

// writeFleet writes the inventory into the directory and says so, as the command
// of the name. An interrupt before that leaves the directory as it was, and
// later ones come too late.
func (a *app) writeFleet(ctx context.Context, dir string, inv *inventory.Inventory, command string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write the fleet: %w", err)
	}
	if err := files.Write(dir, inv); err != nil {
		return fmt.Errorf("write the fleet: %w", err)
	}
	return a.wrote(command, report.Facts{
		{Label: "wrote", Words: filepath.Join(dir, "fleet.yaml")},
		{Label: "fleet", Words: report.FleetWords(inv)},
	})
}

// wrote says what the command of the name has written.
func (a *app) wrote(command string, facts report.Facts) error {
	table := report.Labelled(facts)
	return a.print(result{screen: &report.Screen{Blocks: []report.Block{facts}}, table: table, json: rows(command, table)})
}

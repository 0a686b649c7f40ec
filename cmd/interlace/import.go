package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/inventory/files"
)

func (a *app) importCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Read a fleet file into the database and say what changed",
		Long: `Read a fleet file, and the tables that it names, into the database, and say what
changed since the inventory before. With any mistake in the files all mistakes
are listed and nothing is imported.`,
		Example: "  interlace import fleet/fleet.yaml",
		Args:    oneWord,
		RunE: func(cmd *cobra.Command, args []string) error {
			inv, notes, err := a.readFleet(cmd.Context(), args[0])
			if err != nil {
				return &refused{err, "nothing was imported"}
			}
			a.warn(notes.Warnings)
			saved, err := a.save(cmd, inv, "import "+args[0])
			if err != nil {
				return err
			}
			head := fmt.Sprintf("imported %s into %s", args[0], a.config.DB)
			return a.print(changesResult(head, inv, saved.Changes))
		},
	}
}

// shownWarnings is how many warnings about files a person reads.
const shownWarnings = 5

func (a *app) warn(w files.Mistakes) {
	for _, m := range w.First[:min(shownWarnings, len(w.First))] {
		a.note("warning: %s", m)
	}
	if rest := w.Count - shownWarnings; rest > 0 {
		a.note("warning: %s more", inventory.CountText(rest))
	}
}

// save keeps the inventory in the database under the present time.
func (a *app) save(cmd *cobra.Command, inv *inventory.Inventory, note string) (*database.Saved, error) {
	db, err := a.openDatabase(cmd.Context(), false)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return db.Save(cmd.Context(), inv, time.Now(), note)
}

// changesResult is what changed in the inventory.
func changesResult(head string, inv *inventory.Inventory, changes inventory.Changes) result {
	table := report.Changes(changes)
	return result{screen: report.Changed(head, inv, changes), table: table, json: rows("changes", table)}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
are listed and nothing is imported.

A fleet file without the key users says nothing of them: those in the database stay,
with their shares, as discover has found them. So stores and servers can be changed in
such a file at any time. A file with users says who there is; interlace export writes
one with all that is known, to be changed and imported again, and interlace discover
finds again who is on the servers and not in the file.

Where the file is not as interlace apply has left stores and users by the journal in
the database, such as with an old master, that is a warning.`,
		Example: "  interlace import fleet/fleet.yaml",
		Args:    oneWord,
		RunE: func(cmd *cobra.Command, args []string) error {
			inv, notes, err := a.readFleet(cmd.Context(), args[0])
			if err != nil {
				return &refused{err, "nothing was imported"}
			}
			a.warn(notes.Warnings)
			stay := 0
			if notes.NoUsers {
				if stay, err = a.people(cmd.Context(), inv); err != nil {
					return &refused{err, "nothing was imported"}
				}
			}
			saved, err := a.save(cmd, inv, "import "+args[0])
			if err != nil {
				return err
			}
			head := fmt.Sprintf("imported %s into %s", args[0], a.config.DB)
			if err := a.print(changesResult(head, inv, saved.Changes)); err != nil {
				return err
			}
			a.sayPeople(args[0], stay, saved.Changes)
			a.sayContradictions(cmd.Context(), args[0], inv, !notes.NoUsers)
			return nil
		},
	}
}

// people takes over who is in the database, and returns how many that are.
func (a *app) people(ctx context.Context, inv *inventory.Inventory) (int, error) {
	path, err := a.databaseFile()
	if err != nil {
		return 0, err
	}
	db, err := database.Open(ctx, path, database.Options{FileOptions: database.FileOptions{Existing: true}})
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer db.Close()
	s, err := db.Load(ctx, time.Time{})
	if errors.Is(err, database.ErrEmpty) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := inv.TakePeople(s.Inventory); err != nil {
		return 0, hint(fmt.Errorf("the file has no users, and those in the database can't stay: %w", err),
			"let interlace discover find them where they are now, or say with users: in the file who there is")
	}
	return len(inv.Users), nil
}

// sayPeople says who stayed though the file does not name them, and that others did not.
func (a *app) sayPeople(file string, stay int, changes inventory.Changes) {
	if stay > 0 {
		a.note("%s names no users: the %s in the database stay, and their shares", file, inventory.Counted(stay, "user", "users"))
	}
	for _, c := range changes {
		if c.Subject == "user" && c.What == "removed" {
			a.note("warning: %s does not name %s of the database, now removed; interlace discover finds those whom servers have", file, inventory.Counted(c.Count, "user", "users"))
		}
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
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	db, err := database.Open(cmd.Context(), path, database.Options{})
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

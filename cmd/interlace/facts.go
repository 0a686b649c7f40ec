package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/monitor/course"
)

// facts are what is known of the fleet, and where from.
type facts struct {
	*inventory.Inventory
	groups *inventory.ShareGroups
	source string    // a file, or a database with a date
	read   []string  // the files in which they are
	made   time.Time // as of when they are
	found  time.Time // as of when users are where they are; zero: that is not known

	// sums are what the users of each store amount to where an old inventory
	// no longer has them one by one, else nil.
	sums map[inventory.StoreID]database.StoreSum

	// moved is where plans have moved users, and what is kept of them, where that was asked; else nil.
	moved map[inventory.UserID]course.Whereabouts
}

// facts reads the inventory from the fleet file or, where none is named, from
// the database.
func (a *app) facts(ctx context.Context) (*facts, error) {
	if a.fromFile() {
		inv, notes, err := a.readFleet(ctx, a.config.Fleet)
		if err != nil {
			return nil, err
		}
		a.warn(notes.Warnings)
		f := newFacts(inv, a.config.Fleet, notes.Files)
		f.made = lastWritten(f.read)
		f.found = f.made
		return f, nil
	}
	return a.factsAt(ctx, time.Time{})
}

// lastWritten is when the last of some files was written, as far as that is known.
func lastWritten(paths []string) time.Time {
	var last time.Time
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// fromFile reports whether the facts come from a fleet file: one that is
// configured wins over the database, unless a flag names a database.
func (a *app) fromFile() bool {
	return a.config.Fleet != "" && !a.config.find("db").fromFlag()
}

// withoutDatabase reports whether a flag says that the facts come from a fleet file, and no
// database is used.
func (a *app) withoutDatabase() bool { return a.fromFile() && a.config.find("fleet").fromFlag() }

func newFacts(inv *inventory.Inventory, source string, read []string) *facts {
	return &facts{Inventory: inv, groups: sharing.Groups(inv), source: source, read: read}
}

// readFleet reads a fleet file.
func (a *app) readFleet(ctx context.Context, path string) (*inventory.Inventory, files.Notes, error) {
	inv, notes, err := files.Read(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		err = hint(err, "interlace demo DIR writes a fleet to try things on")
	}
	if err != nil {
		err = fmt.Errorf("read the fleet: %w", err)
	}
	return inv, notes, err
}

// factsAt reads the last inventory at or before the time from the database; a
// zero time asks for the newest.
func (a *app) factsAt(ctx context.Context, at time.Time) (*facts, error) {
	db, err := a.readDatabase(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	s, err := db.Load(ctx, at)
	if errors.Is(err, database.ErrEmpty) {
		return nil, hint(err, "%s", a.emptyHint(ctx, db, at))
	}
	if err != nil {
		return nil, err
	}
	if err := a.damaged(s.Inventory); err != nil {
		return nil, err
	}
	f := newFacts(s.Inventory, fmt.Sprintf("%s of %s", a.config.DB, s.At.Format(time.RFC3339)), []string{a.config.DB})
	if s.Note == byDiscovery {
		f.found = s.At
	}
	if f.made = s.At; !s.Whole {
		f.sums = map[inventory.StoreID]database.StoreSum{}
		for _, sum := range s.Sums {
			f.sums[sum.Store] = sum
		}
	}
	return f, nil
}

// emptyHint says which inventories there are.
func (a *app) emptyHint(ctx context.Context, db *database.DB, at time.Time) string {
	dated, err := db.List(ctx)
	if err != nil || len(dated) == 0 || at.IsZero() {
		return "interlace import FILE fills the database; --fleet FILE needs none"
	}
	return "the first inventory is of " + dated[0].At.Format(time.RFC3339)
}

// readDatabase opens the database, which must be there, to read it. An older one is brought up
// to date, where it may be written.
func (a *app) readDatabase(ctx context.Context) (*database.DB, error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	db, err := database.Open(ctx, path, database.Options{FileOptions: database.FileOptions{Existing: true}})
	if database.IsUnwritable(err) {
		db, err = database.Open(ctx, path, database.Options{FileOptions: database.FileOptions{ReadOnly: true}})
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = hint(err, "--fleet FILE takes the facts from a file and needs no database")
	}
	return db, err
}

// databaseFile returns the path of the database.
func (a *app) databaseFile() (string, error) {
	if scheme, _, ok := strings.Cut(a.config.DB, "://"); ok {
		return "", hint(fmt.Errorf("open the database: %s addresses are not supported", inventory.Printable(scheme)), "db names a SQLite file, such as interlace.db")
	}
	return a.config.DB, nil
}

// damaged refuses an inventory from the database that cannot be.
func (a *app) damaged(inv *inventory.Inventory) error {
	if err := sound(inv); err != nil {
		return hint(fmt.Errorf("the inventory in %s is damaged: %w", a.config.DB, err), "import the fleet file again, or go back to a backup")
	}
	return nil
}

// sound returns an error with the first mistake of an inventory that cannot be.
func sound(inv *inventory.Inventory) error {
	mistakes, _ := inventory.Validate(inv)
	if mistakes.Count == 0 {
		return nil
	}
	return errors.New(mistakes.List[0].Text)
}

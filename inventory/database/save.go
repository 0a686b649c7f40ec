//go:build cgo

package database

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

var (
	//go:embed query/summarize_inventories.sql
	summarizeInventories string
	//go:embed query/forget_users.sql
	forgetUsers string
	//go:embed query/forget_shares.sql
	forgetShares string
	//go:embed query/forget_memberships.sql
	forgetMemberships string
)

// Saved is what came of saving an inventory.
type Saved struct {
	Dated
	Changes inventory.Changes // against the inventory saved before, or against nothing
}

// Save keeps the inventory under the time that it describes, with a note where
// it comes from, and returns what changed. It becomes the newest one, whatever
// the time. The inventory must be sorted and valid. When Save fails, the
// inventories are those from before, unless the error says that this is unknown.
func (db *DB) Save(ctx context.Context, inv *inventory.Inventory, at time.Time, note string) (*Saved, error) {
	var saved *Saved
	err := db.Write(ctx, func(tx *sql.Tx) (err error) {
		saved, err = db.save(ctx, tx, inv, at, note)
		return err
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) { return saved.isIn(ctx, tx) })
	if err != nil {
		return nil, fmt.Errorf("save the inventory: %w", err)
	}
	return saved, nil
}

func (db *DB) save(ctx context.Context, tx *sql.Tx, inv *inventory.Inventory, at time.Time, note string) (*Saved, error) {
	former, old, rows, err := newest(ctx, tx)
	if err != nil {
		return nil, err
	}
	d := Dated{
		Number: former.Number + 1, At: time.UnixMicro(at.UnixMicro()).UTC(), Note: note, Whole: true,
		Servers: len(inv.Servers), Stores: len(inv.Stores), Users: len(inv.Users),
	}
	if err := insertDated(ctx, tx, d, inv); err != nil {
		return nil, err
	}
	if err := split(inv).write(ctx, tx, d.Number, rows); err != nil {
		return nil, err
	}
	if err := forget(ctx, tx, d.Number-db.whole+1); err != nil {
		return nil, err
	}
	return &Saved{Dated: d, Changes: inventory.Compare(old, inv)}, nil
}

// isIn reports whether the inventory is among those saved.
func (d *Dated) isIn(ctx context.Context, tx *sql.Tx) (bool, error) {
	all, err := list(ctx, tx)
	return slices.Contains(all, *d), err
}

// newest returns the inventory saved last and its rows, or an empty one.
func newest(ctx context.Context, tx *sql.Tx) (Dated, *inventory.Inventory, *parts, error) {
	d, inv, err := find(ctx, tx, time.Time{})
	if errors.Is(err, ErrEmpty) {
		return Dated{}, &inventory.Inventory{}, &parts{}, nil
	}
	if err != nil {
		return Dated{}, nil, nil, err
	}
	p, err := readParts(ctx, tx, d)
	if err != nil {
		return Dated{}, nil, nil, err
	}
	p.fill(inv)
	return d, inv, p, nil
}

// forget drops the users, and what belongs to them, of all inventories before
// the oldest that stays whole.
func forget(ctx context.Context, tx *sql.Tx, oldest int) error {
	for _, query := range []string{summarizeInventories, forgetUsers, forgetShares, forgetMemberships} {
		if _, err := tx.ExecContext(ctx, query, oldest); err != nil {
			return fmt.Errorf("make room: %w", err)
		}
	}
	return nil
}

//go:build cgo

package database

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Snapshot is an inventory that was saved.
type Snapshot struct {
	Dated

	// Inventory has no users, shares and groups if it is not whole. Lists that
	// were empty are nil, those inside of rules, servers and stores as they were.
	Inventory *inventory.Inventory
	// Sums are the users of each store together, whole or not, sorted by store.
	// A store without users has none.
	Sums []StoreSum
}

// Load returns the last inventory saved among those dated at or before the
// time; a zero time asks for the newest. Without one the error is [ErrEmpty].
func (db *DB) Load(ctx context.Context, at time.Time) (*Snapshot, error) {
	return db.load(ctx, at, true)
}

// LoadStores returns the same, but never whole: it takes a thirtieth of the time.
func (db *DB) LoadStores(ctx context.Context, at time.Time) (*Snapshot, error) {
	return db.load(ctx, at, false)
}

func (db *DB) load(ctx context.Context, at time.Time, whole bool) (*Snapshot, error) {
	var s *Snapshot
	err := db.Read(ctx, func(tx *sql.Tx) (err error) {
		s, err = snapshot(ctx, tx, at, whole)
		return err
	})
	switch {
	case err == nil:
		return s, nil
	case at.IsZero():
		return nil, fmt.Errorf("load the newest inventory: %w", err)
	default:
		return nil, fmt.Errorf("load the inventory of %s: %w", at.UTC().Format(time.RFC3339), err)
	}
}

func snapshot(ctx context.Context, tx *sql.Tx, at time.Time, whole bool) (*Snapshot, error) {
	d, inv, err := find(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	d.Whole = d.Whole && whole
	p, err := readParts(ctx, tx, d)
	if err != nil {
		return nil, err
	}
	p.fill(inv)
	return &Snapshot{Dated: d, Inventory: inv, Sums: p.sums.list}, nil
}

//go:build cgo

package database

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

var (
	//go:embed query/find_inventory.sql
	findInventory string
	//go:embed query/list_inventories.sql
	listInventories string
	//go:embed query/insert_inventory.sql
	insertInventory string
)

// Dated says of a saved inventory what it is, without its parts.
type Dated struct {
	Number int       // 1, 2, 3, … in the order of saving
	At     time.Time // what time it describes, in UTC, to the microsecond
	Note   string    // where it came from
	Whole  bool      // false: of the users only the sums per store are kept

	Servers, Stores, Users int // how many it has, or had when it was whole
}

func (d *Dated) columns() []any {
	return []any{&d.Number, (*microseconds)(&d.At), &d.Note, &d.Whole, &d.Servers, &d.Stores, &d.Users}
}

// List returns what is said of all saved inventories, in the order of saving.
func (db *DB) List(ctx context.Context) ([]Dated, error) {
	var all []Dated
	err := db.Read(ctx, func(tx *sql.Tx) (err error) {
		all, err = list(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list inventories: %w", err)
	}
	return all, nil
}

func list(ctx context.Context, tx *sql.Tx) ([]Dated, error) {
	rows, err := tx.QueryContext(ctx, listInventories)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Dated
	for rows.Next() {
		var d Dated
		if err := rows.Scan(d.columns()...); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// find returns the last inventory saved among those dated at or before the
// time, or among all if it is zero: what is said of it and its rules. A clock
// that once ran ahead thus hides nothing that was saved after it was set right.
func find(ctx context.Context, tx *sql.Tx, at time.Time) (Dated, *inventory.Inventory, error) {
	limit := int64(math.MaxInt64)
	if !at.IsZero() {
		limit = at.UnixMicro()
	}
	var d Dated
	inv := &inventory.Inventory{}
	err := tx.QueryRowContext(ctx, findInventory, limit).Scan(append(d.columns(), ruleColumns(inv)...)...)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrEmpty
	}
	return d, inv, err
}

// insertDated writes what is said of the inventory and its rules.
func insertDated(ctx context.Context, tx *sql.Tx, d Dated, inv *inventory.Inventory) error {
	args := []any{d.Number, (*microseconds)(&d.At), d.Note, d.Servers, d.Stores, d.Users}
	_, err := tx.ExecContext(ctx, insertInventory, append(args, ruleColumns(inv)...)...)
	return err
}

func ruleColumns(inv *inventory.Inventory) []any {
	return []any{&inv.Copies, spreadColumn{&inv.Spread}, asJSON(&inv.Survive), sharingColumn{&inv.Sharing}}
}

//go:build cgo

package database

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
)

// table keeps one kind of row, each with the inventories in which it holds.
type table[R any] struct {
	name              string
	insert, end, load string // queries
	keys              int    // how many of the columns, the first ones, tell one row of an inventory from another

	columns func(*R) []any // where the columns are in a row, to read and to write
	compare func(a, b *R) int
	equal   func(a, b *R) bool
}

// rows are the rows of one inventory by ascending key, each with the first
// inventory in which it held.
type rows[R any] struct {
	list  []R
	since []int32 // nil for rows that were never saved
}

// read reads the rows of the numbered inventory.
func (t *table[R]) read(ctx context.Context, tx *sql.Tx, number int, into *rows[R]) error {
	found, err := tx.QueryContext(ctx, t.load, number)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	defer found.Close()
	var (
		row     R
		since   int32
		columns = append(t.columns(&row), &since)
	)
	for found.Next() {
		if err := found.Scan(columns...); err != nil {
			return fmt.Errorf("read %s: %w", t.name, err)
		}
		into.list = append(into.list, row)
		into.since = append(into.since, since)
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	return nil
}

// write makes the rows from the numbered inventory on those given, where the
// ones before were old.
func (t *table[R]) write(ctx context.Context, tx *sql.Tx, number int, old, now rows[R]) error {
	if err := t.checkOrder(now.list); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, t.insert)
	if err != nil {
		return fmt.Errorf("write %s: %w", t.name, err)
	}
	defer insert.Close()
	end, err := tx.PrepareContext(ctx, t.end)
	if err != nil {
		return fmt.Errorf("write %s: %w", t.name, err)
	}
	defer end.Close()

	var (
		row      R
		since    int32
		columns  = t.columns(&row)
		inserted = append(columns[:len(columns):len(columns)], number)
		ended    = append([]any{number, &since}, columns[:t.keys]...)
		next     = 0 // in old
	)
	for gone, came := range inventory.Merge(old.list, now.list, t.compare) {
		if gone != nil {
			since = old.since[next]
			next++
		}
		if gone != nil && came != nil && t.equal(gone, came) {
			continue
		}
		if gone != nil {
			row = *gone
			if err := run(end, ended); err != nil {
				return fmt.Errorf("write %s: %w", t.name, err)
			}
		}
		if came != nil {
			row = *came
			if err := run(insert, inserted); err != nil {
				return fmt.Errorf("write %s: %w", t.name, err)
			}
		}
	}
	return nil
}

// run executes the statement. The transaction that it is part of ends with its
// own context; one context more would cost a goroutine for every row.
func run(stmt *sql.Stmt, args []any) error {
	_, err := stmt.ExecContext(context.Background(), args...)
	return err
}

func (t *table[R]) checkOrder(rows []R) error {
	for i := 1; i < len(rows); i++ {
		switch order := t.compare(&rows[i-1], &rows[i]); {
		case order == 0:
			return fmt.Errorf("write %s: %v is there twice", t.name, t.key(&rows[i]))
		case order > 0:
			return fmt.Errorf("write %s: %v is not in its place; the inventory is not sorted", t.name, t.key(&rows[i]))
		}
	}
	return nil
}

// key returns what tells the row from others, for messages.
func (t *table[R]) key(row *R) string {
	text := ""
	for i, column := range t.columns(row)[:t.keys] {
		if i > 0 {
			text += " "
		}
		switch p := column.(type) {
		case *string:
			text += fmt.Sprintf("%q", *p)
		case *int:
			text += fmt.Sprint(*p)
		}
	}
	return text
}

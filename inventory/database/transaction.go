//go:build cgo

package database

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed" // the query
	"fmt"
)

//go:embed query/empty_log.sql
var emptyLog string

// Read runs do in a transaction that reads one state of the file. It may be
// repeated while another process writes.
func (f *File) Read(ctx context.Context, do func(*sql.Tx) error) error {
	err := f.readPatiently(ctx, func() error {
		tx, err := f.reader.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		return do(tx)
	})
	return f.explain(ctx, err)
}

// readPatiently reads as patiently as [File.patiently], and nothing that somebody changes
// unseen.
func (f *File) readPatiently(ctx context.Context, read func() error) error {
	return f.patiently(ctx, func() error {
		if err := f.alone.still(); err != nil {
			return err
		}
		err := read()
		return cmp.Or(f.alone.still(), err)
	})
}

// Write runs do in a transaction that writes, and commits it. A COMMIT that
// returns an error may have been carried out all the same; done then looks
// whether it was. When Write fails the file is as before, unless the error says
// that this is unknown.
func (f *File) Write(ctx context.Context, do func(*sql.Tx) error, done func(context.Context, *sql.Tx) (bool, error)) error {
	return f.explain(ctx, f.write(ctx, do, done))
}

func (f *File) write(ctx context.Context, do func(*sql.Tx) error, done func(context.Context, *sql.Tx) (bool, error)) error {
	var tx *sql.Tx
	err := f.patiently(ctx, func() (err error) {
		tx, err = f.writer.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return f.settle(ctx, done, err)
	}
	return nil
}

// settle finds out what became of a COMMIT that returned an error. It returns
// nil if it was carried out.
//
// A commit whose last sync failed stays in the log, unseen, and would turn up
// after a crash; so the log is emptied, which drops it.
func (f *File) settle(ctx context.Context, done func(context.Context, *sql.Tx) (bool, error), failed error) error {
	ctx = context.WithoutCancel(ctx)
	var was bool
	err := f.Read(ctx, func(tx *sql.Tx) (err error) {
		was, err = done(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("whether it was saved is unknown: %w; %w", failed, err)
	}
	if was {
		return nil
	}
	if _, err := f.writer.ExecContext(ctx, emptyLog); err != nil {
		return fmt.Errorf("it may turn up after a crash: %w; %w", failed, err)
	}
	return failed
}

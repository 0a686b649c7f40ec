//go:build cgo

package database

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// Defaults of [Options].
const (
	DefaultWhole = 8
	DefaultWait  = 30 * time.Second
)

// Options say how to open a database. The zero value holds the defaults.
type Options struct {
	Existing bool          // do not create the file if it is missing
	Whole    int           // how many inventories stay whole; 0 means DefaultWhole
	Wait     time.Duration // how long to wait for another writer; 0 means DefaultWait
}

// DB is an open database. Its methods may be called from several goroutines.
type DB struct {
	path   string
	whole  int
	wait   time.Duration
	writer *sql.DB // one connection
	reader *sql.DB
}

//go:embed schema/*.sql
var schema embed.FS

// Open opens the database file, creates it if it is missing or of zero length,
// and brings its schema up to date; an existing file is copied beforehand, to
// FILE.schema-N.backup. Trouble with the file as a whole is an [*Error].
func Open(ctx context.Context, path string, opts Options) (*DB, error) {
	migrations, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, path, migrations, opts)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

func open(ctx context.Context, path string, migrations fs.FS, opts Options) (*DB, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(full); err == nil {
		full = target // where SQLite keeps the log
	}
	log, err := examine(path, full, opts.Existing)
	if err != nil {
		return nil, err
	}
	if opts.Whole <= 0 {
		opts.Whole = DefaultWhole
	}
	if opts.Wait <= 0 {
		opts.Wait = DefaultWait
	}
	db := &DB{path: path, whole: opts.Whole, wait: opts.Wait, writer: writerPool(full), reader: readerPool(full)}
	if err := db.patiently(ctx, func() error { return db.prepare(ctx, migrations, log) }); err != nil {
		return nil, errors.Join(db.explain(ctx, err), db.Close())
	}
	return db, nil
}

// prepare brings the file into the state in which it is used; it may be
// repeated. Looking at every page for damage takes 3 ms a megabyte (2 s for
// eight different inventories of a million users), so it is done where damage
// is likely or would be built upon: when a log is left, and before a migration.
func (db *DB) prepare(ctx context.Context, migrations fs.FS, log bool) error {
	if err := db.claim(ctx); err != nil {
		return err
	}
	if log {
		if err := db.check(ctx); err != nil {
			return err
		}
	}
	if err := db.logAhead(ctx); err != nil {
		return err
	}
	return db.migrate(ctx, migrations)
}

// patiently repeats what may fail because another process is writing, until it
// has been waited for. SQLite's own waiting cannot be interrupted, so it is told
// to wait for no longer than patience.
func (db *DB) patiently(ctx context.Context, do func() error) error {
	for begun := time.Now(); ; {
		err := do()
		if !isBusy(err) || time.Since(begun) >= db.wait {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Close closes the database.
func (db *DB) Close() error { return errors.Join(db.reader.Close(), db.writer.Close()) }

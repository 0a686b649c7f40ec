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
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

// Defaults of [Options].
const (
	DefaultWhole = 8
	DefaultWait  = 30 * time.Second
)

// Options say how to open a database. The zero value holds the defaults.
type Options struct {
	FileOptions
	Whole int // how many inventories stay whole; 0 means DefaultWhole
}

// FileOptions say how to open a file. The zero value holds the defaults.
type FileOptions struct {
	Existing bool          // do not create the file if it is missing
	ReadOnly bool          // neither create nor change anything, nor need the right to: see [ErrUnwritten]
	Wait     time.Duration // how long to wait for another writer; 0 means DefaultWait
	// Relaxed lets the last transactions go at a loss of power, though never a
	// part of one: for what may be thrown away.
	Relaxed bool
}

// DB is an open database. Its methods may be called from several goroutines.
type DB struct {
	*File
	whole int
}

// File is an open database file. Its methods may be called from several goroutines.
type File struct {
	path   string
	full   string // where SQLite has it, and the log beside it
	wait   time.Duration
	writer *sql.DB // one connection; nil: the file is only read
	reader *sql.DB
	alone  *alone // nil: others may write while it is read
}

// Schema is what somebody keeps in a file: tables, made by migrations.
type Schema struct {
	Name       string // a word, which no other schema of the file has
	Migrations fs.FS  // append only, one file each, in the form of goose
	Header     bool   // the version of the schema stands in the header of the file too
}

//go:embed schema/*.sql
var inventories embed.FS

// Open opens the database file, creates it if it is missing or of zero length,
// and brings its schema up to date; an existing file is copied beforehand, to
// FILE.inventory-N.backup. Trouble with the file as a whole is an [*Error].
func Open(ctx context.Context, path string, opts Options) (*DB, error) {
	migrations, err := fs.Sub(inventories, "schema")
	if err != nil {
		return nil, err
	}
	return open(ctx, path, migrations, opts)
}

func open(ctx context.Context, path string, migrations fs.FS, opts Options) (*DB, error) {
	file, err := OpenFile(ctx, path, Schema{Name: "inventory", Migrations: migrations, Header: true}, opts.FileOptions)
	if err != nil {
		return nil, err
	}
	if opts.Whole <= 0 {
		opts.Whole = DefaultWhole
	}
	return &DB{file, opts.Whole}, nil
}

// OpenFile opens a database file of another schema as Open does.
func OpenFile(ctx context.Context, path string, schema Schema, opts FileOptions) (*File, error) {
	f, err := openFile(ctx, path, schema, opts)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return f, nil
}

func openFile(ctx context.Context, path string, schema Schema, opts FileOptions) (*File, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(full); err == nil {
		full = target // where SQLite keeps the log
	}
	log, err := examine(path, full, opts.Existing || opts.ReadOnly)
	if err != nil {
		return nil, err
	}
	if opts.Wait <= 0 {
		opts.Wait = DefaultWait
	}
	f := &File{path: path, full: full, wait: opts.Wait}
	if opts.ReadOnly {
		if f.alone, err = readAlone(path, full); err != nil {
			return nil, err
		}
	}
	f.reader = readerPool(full, f.alone != nil)
	prepare := func() error { return f.meet(ctx, schema) }
	if !opts.ReadOnly {
		f.writer = writerPool(full, opts.Relaxed)
		prepare = func() error { return f.prepare(ctx, schema, log) }
	}
	if err := f.readPatiently(ctx, prepare); err != nil {
		return nil, errors.Join(f.explain(ctx, err), f.Close())
	}
	return f, nil
}

// Writable fails where this process may not write the file, or the log beside it. Next to a
// process that has a log there such a file can be opened all the same, and fails only when it is
// written to.
func (f *File) Writable() error {
	const write = 2
	for _, path := range []string{f.full, f.full + "-wal", f.full + "-shm"} {
		if err := syscall.Access(path, write); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("open the database: %w", f.explain(context.Background(), sqlite3.Error{Code: sqlite3.ErrReadonly}))
		}
	}
	return nil
}

// prepare brings the file into the state in which it is used; it may be
// repeated. Looking at every page for damage takes 3 ms a megabyte (2 s for
// eight different inventories of a million users), so it is done where damage
// is likely or would be built upon: when a log is left, and before a migration.
func (f *File) prepare(ctx context.Context, schema Schema, log bool) error {
	if err := f.claim(ctx); err != nil {
		return err
	}
	if log {
		if err := f.check(ctx); err != nil {
			return err
		}
	}
	if err := f.logAhead(ctx); err != nil {
		return err
	}
	return f.migrate(ctx, schema)
}

// Add brings the tables of a further schema in the file up to date.
func (f *File) Add(ctx context.Context, schema Schema) error {
	if err := f.patiently(ctx, func() error { return f.migrate(ctx, schema) }); err != nil {
		return fmt.Errorf("open the database: %w", f.explain(ctx, err))
	}
	return nil
}

// patiently repeats what may fail because another process is writing, until it
// has been waited for, or the context ends. SQLite's own waiting cannot be interrupted,
// so it is told to wait for no longer than patience.
func (f *File) patiently(ctx context.Context, do func() error) error {
	var busy error
	for begun := time.Now(); ; {
		err := do()
		switch {
		case isBusy(err):
			busy = err
		case busy != nil && ctx.Err() != nil:
			return busy // that is what took the time
		default:
			return err
		}
		if time.Since(begun) >= f.wait {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// meet finds out whether a file that is only read holds the tables of the schema, as
// this program knows them.
func (f *File) meet(ctx context.Context, schema Schema) error {
	switch fresh, err := f.isFresh(ctx, f.reader); {
	case err != nil:
		return err
	case fresh:
		return ErrUnwritten
	}
	return f.isCurrent(ctx, schema)
}

// Close closes the database.
func (f *File) Close() error {
	if f.writer == nil {
		return f.reader.Close()
	}
	return errors.Join(f.reader.Close(), f.writer.Close())
}

package history

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/interlacemail/interlace/inventory/database"
)

// kept is an open file that may be deleted, or replaced by a backup, while a watch
// writes to it. Whoever has the former one open would go on writing where nobody
// looks any more, so the one that is there is opened instead.
type kept struct {
	path string
	name string // of its schema
	opts database.FileOptions

	mu      sync.Mutex
	file    *database.File // nil: there is none that could be opened
	is, log os.FileInfo    // the file and the log beside it, when they were seen last
}

// keep opens a file. One that is only read and has nothing in it is nil.
func keep(ctx context.Context, path, name string, opts database.FileOptions) (*kept, error) {
	k := &kept{path: path, name: name, opts: opts}
	switch err := k.open(ctx); {
	case errors.Is(err, database.ErrUnwritten):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return k, nil
}

// Read reads as [database.File.Read] does.
func (k *kept) Read(ctx context.Context, do func(*sql.Tx) error) error {
	file, err := k.current(ctx)
	if err != nil {
		return err
	}
	return file.Read(ctx, do)
}

// Write writes as [database.File.Write] does.
func (k *kept) Write(ctx context.Context, do func(*sql.Tx) error, done func(context.Context, *sql.Tx) (bool, error)) error {
	file, err := k.current(ctx)
	if err != nil {
		return err
	}
	return file.Write(ctx, do, done)
}

// Writable fails where the file may not be written, as [database.File.Writable] does.
func (k *kept) Writable(ctx context.Context) error {
	file, err := k.current(ctx)
	if err != nil {
		return err
	}
	return file.Writable()
}

// Close closes the file.
func (k *kept) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file == nil {
		return nil
	}
	return k.file.Close()
}

// current returns the file that is at the path now.
func (k *kept) current(ctx context.Context) (*database.File, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, err := os.Stat(k.path)
	switch {
	case err == nil && k.file != nil && os.SameFile(now, k.is):
		k.see(now)
		return k.file, nil
	case k.file != nil:
		k.file.Close() // what it could not write any more is lost with it
		k.file = nil
	}
	if err := k.replaced(err); err != nil {
		return nil, err
	}
	return k.file, k.open(ctx)
}

func (k *kept) open(ctx context.Context) error {
	file, err := open(ctx, k.path, k.name, k.opts)
	if err != nil {
		return err
	}
	now, err := os.Stat(k.path)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	k.file = file
	k.see(now)
	return nil
}

// see remembers the file and its log.
func (k *kept) see(file os.FileInfo) {
	k.is = file
	if log, err := os.Stat(k.beside("-wal")); err == nil {
		k.log = log
	}
}

// replaced says what stands in the way of the file that is at the path now; failed
// is why there is none. What may be thrown away is begun anew.
func (k *kept) replaced(failed error) error {
	log, err := os.Stat(k.beside("-wal"))
	left := err == nil && log.Size() > 0 && os.SameFile(log, k.log)
	switch {
	case k.opts.Relaxed && left:
		return errors.Join(os.Remove(k.beside("-wal")), os.Remove(k.beside("-shm")))
	case k.opts.Relaxed:
		return nil
	case failed != nil:
		return &database.Error{
			Path: k.path, Problem: "the database was deleted or moved away while it was in use", Err: failed,
			Hint: "move FILE-wal and FILE-shm away too and put a backup in its place, or stop the watch to begin anew",
		}
	case left:
		return &database.Error{
			Path: k.path, Problem: "this is another database than before, and the log beside it is that of the former one",
			Hint: "move FILE-wal and FILE-shm away: they don't belong to a backup",
		}
	}
	return nil
}

// beside is the path of what SQLite keeps beside the file, or beside the one to
// which a link leads.
func (k *kept) beside(suffix string) string {
	if target, err := filepath.EvalSymlinks(k.path); err == nil {
		return target + suffix
	}
	return k.path + suffix
}

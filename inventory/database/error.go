//go:build cgo

package database

import (
	"context"
	"errors"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// ErrEmpty says that no inventory has been saved at or before the time asked for.
var ErrEmpty = errors.New("none is saved")

// ErrUnwritten says that a file which is only read has nothing of the schema in it.
var ErrUnwritten = errors.New("nothing has been written there yet")

// IsUnwritable tells whether a file could not be opened since this process may not write it,
// or beside it. Whether it can be read, ReadOnly shows.
func IsUnwritable(err error) bool {
	var theirs sqlite3.Error
	return errors.As(err, &theirs) && (theirs.Code == sqlite3.ErrReadonly || theirs.Code == sqlite3.ErrCantOpen || theirs.Code == sqlite3.ErrPerm)
}

// Error is a trouble with the database file as a whole.
type Error struct {
	Path    string
	Problem string // what is wrong
	Hint    string // what to do about it
	Err     error  // the cause, may be nil
}

// Error returns the file and the problem, without the hint.
func (e *Error) Error() string { return e.Path + ": " + e.Problem }

// Remedy returns the hint.
func (e *Error) Remedy() string { return e.Hint }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// troubles translates SQLite's result codes (https://sqlite.org/rescode.html).
var troubles = map[sqlite3.ErrNo]struct{ problem, hint string }{
	sqlite3.ErrBusy:     {"another process is writing to the database", "wait until it has finished and try again"},
	sqlite3.ErrFull:     {"the disk is full", "free space on the file system of the database and try again; what was saved before is intact"},
	sqlite3.ErrReadonly: {"the database cannot be written", accessHint},
	sqlite3.ErrPerm:     {"the database cannot be accessed", accessHint},
	sqlite3.ErrCantOpen: {"the database cannot be opened", accessHint},
	sqlite3.ErrIoErr:    {"reading or writing the database failed", "look for disk errors in the kernel's log"},
	sqlite3.ErrCorrupt:  {"the database is damaged", damagedHint},
	sqlite3.ErrNotADB:   {"this is not a database", "give another path, or move the file away to start a new database"},
}

const (
	accessHint   = "check the owner and mode of the file, of FILE-wal and FILE-shm beside it and of their directory, and whether the file system is mounted read-only"
	readOnlyHint = "name a file elsewhere with --db, such as a copy of this one"
	damagedHint  = "move the file away and restore a backup, or import the fleet file again"
)

func (f *File) explain(ctx context.Context, err error) error { return explain(ctx, f.path, err) }

// explain turns what SQLite says about the file into an [Error]. Other errors and an
// interruption pass through; who has waited in vain for another writer is told of that.
func explain(ctx context.Context, path string, err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	if ended := ctx.Err(); ended != nil && !(isBusy(err) && errors.Is(ended, context.DeadlineExceeded)) {
		return context.Cause(ctx)
	}
	var theirs sqlite3.Error
	if !errors.As(err, &theirs) {
		return err
	}
	code := codeOf(theirs)
	trouble, known := troubles[code]
	if !known {
		return err
	}
	if (code == sqlite3.ErrCantOpen || code == sqlite3.ErrReadonly) && readOnly(path) {
		return &Error{Path: path, Problem: "its file system is mounted read-only", Hint: readOnlyHint, Err: err}
	}
	problem := trouble.problem
	if code != sqlite3.ErrNotADB && code != sqlite3.ErrFull { // of these SQLite says the same once more
		problem += " (" + err.Error() + ")"
	}
	return &Error{Path: path, Problem: problem, Hint: trouble.hint, Err: err}
}

// codeOf returns the code of the error, with a lack of space by its name where
// SQLite only knows that writing failed.
func codeOf(err sqlite3.Error) sqlite3.ErrNo {
	if err.SystemErrno == syscall.ENOSPC || err.SystemErrno == syscall.EDQUOT {
		return sqlite3.ErrFull
	}
	return err.Code
}

func isBusy(err error) bool {
	var theirs sqlite3.Error
	return errors.As(err, &theirs) && theirs.Code == sqlite3.ErrBusy
}

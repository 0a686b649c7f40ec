//go:build cgo

package database

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// alone is a file that is read as if nobody could write it. Who reads a database shares an
// index with all who have it open, FILE-shm, and makes one where there is none. Who may not
// can't, and need not while nobody has it open: then all is in the file.
type alone struct {
	path, full string
	size       int64
	at         time.Time
}

// readAlone returns the file, if it has to be read so; nil: it can be shared. What is still in
// the log beside it is not to be missed.
func readAlone(path, full string) (*alone, error) {
	if isThere(full+"-shm") && isThere(full+"-wal") || mayMakeBeside(full) {
		return nil, nil
	}
	if holdsLog(full) {
		return nil, &Error{
			Path: path, Problem: "what was written last is in its log " + full + "-wal, which can be read only where FILE-shm can be made beside it",
			Hint: "run it as somebody who may write the file and its directory, or copy the file and its log to a directory of your own and name that copy with --db",
		}
	}
	info, err := os.Stat(full)
	if err != nil {
		return nil, err
	}
	return &alone{path, full, info.Size(), info.ModTime()}, nil
}

// still returns an error if somebody writes the file by now; a may be nil.
func (a *alone) still() error {
	if a == nil {
		return nil
	}
	info, err := os.Stat(a.full)
	if err == nil && info.Size() == a.size && info.ModTime().Equal(a.at) && !holdsLog(a.full) {
		return nil
	}
	return &Error{
		Path: a.path, Problem: "somebody has begun to write the database while it was read", Err: err,
		Hint: "try again",
	}
}

// mayMakeBeside tells whether this process may make files beside a file that serve all who may
// write that.
func mayMakeBeside(full string) bool {
	const write, writeAndSearch = 2, 3
	return syscall.Access(full, write) == nil && syscall.Access(filepath.Dir(full), writeAndSearch) == nil
}

// holdsLog tells whether a write-ahead log with something in it lies beside a file: its last
// user crashed, or another process has it open.
func holdsLog(full string) bool {
	wal, err := os.Stat(full + "-wal")
	return err == nil && wal.Size() > 0
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

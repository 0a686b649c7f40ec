//go:build cgo

package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// Backup copies the database as it is now to the path, while others may go on
// reading and writing (https://sqlite.org/backup.html). A file that is there
// is replaced when the copy is complete, the file that a symbolic link leads to
// in place of the link; what is no plain file is left alone.
func (f *File) Backup(ctx context.Context, path string) error {
	if err := f.backup(ctx, path); err != nil {
		return fmt.Errorf("back up the database to %s: %w", path, err)
	}
	return nil
}

func (f *File) backup(ctx context.Context, path string) error {
	path, err := replaceable(path)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := file.Close(); err != nil {
		return err
	}
	if err := f.readPatiently(ctx, func() error { return f.copyTo(ctx, file.Name()) }); err != nil {
		return explain(ctx, path, err)
	}
	return os.Rename(file.Name(), path)
}

// replaceable follows symbolic links to a file that may be replaced, or to one
// that is not there yet.
func replaceable(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		// A plain file by now is one that another process has just put there.
		if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return "", errors.New("it is a symbolic link to nothing")
		}
		return path, nil
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is no plain file")
	}
	return filepath.EvalSymlinks(path)
}

// copyTo copies all pages in one step, which reads one state of the database.
func (f *File) copyTo(ctx context.Context, path string) error {
	pool := sql.OpenDB(newConnector(path, "", "rw", "immediate"))
	defer pool.Close()
	return onConn(ctx, pool, func(to *sqlite3.SQLiteConn) error {
		return onConn(ctx, f.reader, func(from *sqlite3.SQLiteConn) error {
			backup, err := to.Backup("main", from, "main")
			if err != nil {
				return err
			}
			done, err := backup.Step(-1)
			if err == nil && !done { // locked, which Finish does not call an error
				err = sqlite3.Error{Code: sqlite3.ErrBusy}
			}
			return errors.Join(err, backup.Finish())
		})
	})
}

func onConn(ctx context.Context, pool *sql.DB, do func(*sqlite3.SQLiteConn) error) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error { return do(c.(*sqlite3.SQLiteConn)) })
}

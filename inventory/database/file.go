//go:build cgo

package database

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// examine looks at the file before SQLite does and refuses what SQLite would
// take for an empty database; words name it by the path given. It reports whether the file
// has a log, as [holdsLog] does.
func examine(path, full string, existing bool) (log bool, err error) {
	log = holdsLog(full)
	file, err := os.Stat(full)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case log && (missing || err == nil && file.Size() == 0):
		return log, &Error{
			Path: path, Problem: "the file is missing or empty, but its log " + full + "-wal is there",
			Hint: "put the file back beside its log, or move the log away to start a new database",
		}
	case missing && existing:
		return log, &Error{
			Path: path, Problem: "there is no such file", Err: fs.ErrNotExist,
			Hint: "interlace import FILE creates the database; --db names another one",
		}
	case missing:
		return log, examineDirectory(path)
	case err != nil:
		problem := err
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // its text names the path too
			problem = failed.Err
		}
		return log, &Error{Path: path, Problem: problem.Error(), Hint: "check the owner and mode of the directory", Err: err}
	case !file.Mode().IsRegular():
		return log, &Error{Path: path, Problem: "this is not a file", Hint: "give the path of a file, new or existing"}
	}
	return log, examineFileSystem(path, path)
}

func examineDirectory(path string) error {
	directory := filepath.Dir(path)
	info, err := os.Stat(directory)
	if err != nil || !info.IsDir() {
		return &Error{Path: path, Problem: "there is no directory " + directory, Hint: "create the directory first", Err: err}
	}
	return examineFileSystem(path, directory)
}

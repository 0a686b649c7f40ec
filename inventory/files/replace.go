package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// unfinished is what the fleet file says while tables are renamed: a crash in
// between leaves tables of two exports, which together are no fleet.
const unfinished = mark + "\n# It has not ended.\n"

// unfinishedFile is where that is written before it takes the place of the fleet file.
const unfinishedFile = "unfinished"

// written are the names under which an export writes files before it renames them.
var written = append([]string{fleetFile, unfinishedFile}, allTables...)

// lock keeps other exports out of the directory until unlock is called or the
// process ends, however it ends. So nobody owns the temporary files in it.
func lock(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, reason(err)
	}
	err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		d.Close()
		return nil, errors.New("another export is writing into it")
	}
	return func() { d.Close() }, nil // a file system without locks has to do without
}

// replaceable reports an error if the directory holds a fleet that was not
// written by an export, or something else than files in their place.
func replaceable(root *os.Root) error {
	tables := ""
	for _, name := range append([]string{fleetFile}, allTables...) {
		info, err := root.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return reason(err)
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is there already and is no plain file; choose another directory", name)
		case tables == "" && name != fleetFile:
			tables = name
		}
	}
	start, err := beginning(root, fleetFile, len(mark))
	switch {
	case errors.Is(err, fs.ErrNotExist) && tables == "":
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is there already and was not written by an export; choose another directory", tables)
	case err != nil:
		return reason(err)
	case start != mark:
		return fmt.Errorf("%s is there already and was not written by an export; choose another directory", fleetFile)
	}
	return nil
}

// beginning returns the first bytes of a file.
func beginning(root *os.Root, name string, size int) (string, error) {
	in, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	start := make([]byte, size)
	n, err := io.ReadFull(in, start)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return string(start[:n]), err
}

// temporary is the name of a file as long as it is not complete.
func temporary(name string) string { return "." + name + ".new" }

// removeLeftovers removes the temporary files of an export that was killed.
func removeLeftovers(root *os.Root) error {
	for _, name := range written {
		if err := root.Remove(temporary(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", temporary(name), reason(err))
		}
	}
	return nil
}

// Vacant reports whether a directory is missing or empty, but for what an export
// leaves that was killed before it had written a whole fleet.
func Vacant(dir string) (bool, error) {
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case !info.IsDir():
		return false, fmt.Errorf("%s is no directory", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	text, _ := os.ReadFile(filepath.Join(dir, fleetFile))
	broken := bytes.Equal(text, []byte(unfinished))
	for _, e := range entries {
		ours := slices.ContainsFunc(written, func(name string) bool {
			return e.Name() == temporary(name) || broken && e.Name() == name
		})
		if !ours {
			return false, nil
		}
	}
	return true, nil
}

// replace takes all steps of an export. What fails leaves no temporary file.
func replace(root *os.Root, files []file) error {
	for _, step := range steps(root, files) {
		if err := step(); err != nil {
			return errors.Join(err, removeLeftovers(root))
		}
	}
	return nil
}

// steps returns what an export does after another, so that the directory holds
// the former fleet, the new one, or one that nobody takes for a fleet.
func steps(root *os.Root, files []file) []func() error {
	var list []func() error
	write := func(f file) {
		list = append(list, func() error { return writeFile(root, f) })
	}
	rename := func(from, to string) {
		list = append(list, func() error { return named(to, root.Rename(temporary(from), to)) })
	}
	for _, f := range files {
		write(f)
	}
	write(file{unfinishedFile, fleetText([]byte(unfinished)).write})
	rename(unfinishedFile, fleetFile)
	for _, f := range files {
		rename(f.name, f.name)
	}
	return append(list, func() error { return removeOthers(root, files) })
}

func writeFile(root *os.Root, f file) error {
	out, err := root.Create(temporary(f.name))
	if err != nil {
		return named(f.name, err)
	}
	return named(f.name, errors.Join(f.write(out), out.Sync(), out.Close()))
}

// removeOthers removes the tables of an earlier export that this one does not have.
func removeOthers(root *os.Root, files []file) error {
	for _, name := range allTables {
		if has(files, name) {
			continue
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return named(name, err)
		}
	}
	return nil
}

// named puts the name of the file before an error.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, reason(err))
}

package synclag

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/interlacemail/interlace/monitor"
)

// Names of the files of a channel.
const (
	logName = "log"
	runName = "log-run"
)

// mostFiles limits how many names of a directory are looked at.
const mostFiles = 10_000

// ownedName is how Cyrus before 3.0 names the log that is worked off: by the
// process that started the worker.
var ownedName = regexp.MustCompile(`^log-[0-9]{1,10}$`)

// file is one file of a channel. It stays open, so that what is read belongs to
// what was seen even when the name is gone by then.
type file struct {
	path string
	monitor.LogFile
	open *os.File // nil where it may not be read
}

func (f *file) close() {
	if f != nil && f.open != nil {
		f.open.Close()
	}
}

// openDir opens a channel's directory. The dot keeps anything else from being
// opened, such as a pipe that would wait for a writer.
func openDir(dir string) (*os.Root, error) {
	return os.OpenRoot(dir + "/.")
}

// openFile opens a plain file of a directory, or returns nil where there is
// none. It follows no link and waits for nothing.
func openFile(dir *os.Root, name string) (*file, error) {
	f := &file{path: filepath.Join(resolved(dir), name)}
	info, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no plain file", f.path)
	}
	f.open, err = dir.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // gone since
	case errors.Is(err, fs.ErrPermission):
		f.LogFile, err = factsOf(f.path)
		return f, err
	case err != nil:
		return nil, err
	}
	if f.LogFile, err = f.examine(info); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// examine checks that what was opened is what was looked at before.
func (f *file) examine(looked fs.FileInfo) (monitor.LogFile, error) {
	opened, err := f.open.Stat()
	if err != nil {
		return monitor.LogFile{}, err
	}
	if !opened.Mode().IsRegular() || looked.Mode().Type() != opened.Mode().Type() {
		return monitor.LogFile{}, fmt.Errorf("%s is no plain file", f.path)
	}
	known, _, err := facts(f.open)
	return known, err
}

// read adds the entries of the file.
func (f *file) read(names *Names) error {
	switch {
	case f.open == nil:
		return fs.ErrPermission
	case f.Bytes > mostBytes:
		return errTooLarge
	}
	return names.read(f.open)
}

// resolved returns the path of a directory without links, as the system names
// what processes have open.
func resolved(dir *os.Root) string {
	path, err := filepath.EvalSymlinks(dir.Name())
	if err != nil {
		return filepath.Clean(dir.Name())
	}
	return path
}

// files are those of a channel at one time.
type files struct {
	log  *file   // nil: there is none
	runs []*file // the oldest first; one, but for Cyrus before 3.0
}

// openFiles opens the files of a channel. The log comes first: when it is renamed
// in between it is met again as the one that is worked off, and then is that.
func openFiles(dir *os.Root) (*files, error) {
	log, err := openFile(dir, logName)
	if err != nil {
		return nil, err
	}
	all := &files{log: log}
	names, err := runNames(dir)
	for i := 0; i < len(names) && err == nil; i++ {
		var run *file
		if run, err = openFile(dir, names[i]); run != nil {
			all.addRun(run)
		}
	}
	if err != nil {
		all.close()
		return nil, err
	}
	slices.SortStableFunc(all.runs, func(a, b *file) int { return a.Last.Compare(b.Last) })
	return all, nil
}

func (a *files) addRun(run *file) {
	if a.log != nil && a.log.Inode == run.Inode {
		a.log.close()
		a.log = nil
	}
	a.runs = append(a.runs, run)
}

func (a *files) close() {
	a.log.close()
	for _, run := range a.runs {
		run.close()
	}
}

// each yields every file.
func (a *files) each(yield func(*file) bool) {
	if a.log != nil && !yield(a.log) {
		return
	}
	for _, run := range a.runs {
		if !yield(run) {
			return
		}
	}
}

// runNames returns the names of logs that are worked off or were left behind.
func runNames(dir *os.Root) ([]string, error) {
	open, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer open.Close()
	entries, err := open.ReadDir(mostFiles)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	names := []string{runName}
	for _, entry := range entries {
		if ownedName.MatchString(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

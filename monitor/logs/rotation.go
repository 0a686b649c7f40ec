package logs

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// rotations is how many of the newest rotated files of a log are looked at.
const rotations = 3

// rotated are the names that rotation gives: .1, -20261122, -2026-11-22, .old,
// -20261122.gz and so on.
var rotated = regexp.MustCompile(`^([.-](\d{1,14}(-\d{1,14})?|\d{4}-\d\d-\d\d)|\.old)(\.gz)?$`)

// found is a file of a log, open.
type found struct {
	*os.File
	name    string
	inode   uint64
	size    int64
	changed time.Time
	current bool // it has the name of the log
	gz      bool
}

// folder lists the rotated files of a log, and does so again when the directory
// has changed.
type folder struct {
	path    string
	names   []string
	changed time.Time
	listed  time.Time
}

// rotatedNames returns the names of the rotated files.
func (d *folder) rotatedNames(now time.Time) ([]string, error) {
	dir, base := filepath.Split(d.path)
	info, err := os.Stat(filepath.Clean(dir + "."))
	if err != nil {
		return nil, err
	}
	// Times of files come in steps: what changed just before it was listed may
	// have changed again since without another time.
	if changed := info.ModTime(); changed.Equal(d.changed) && d.listed.Sub(changed) > time.Second {
		return d.names, nil
	}
	entries, err := os.ReadDir(filepath.Clean(dir + "."))
	if err != nil {
		return nil, err
	}
	d.names, d.changed, d.listed = nil, info.ModTime(), now
	for _, entry := range entries {
		if suffix, ok := strings.CutPrefix(entry.Name(), base); ok && entry.Type().IsRegular() && rotated.MatchString(suffix) {
			d.names = append(d.names, filepath.Join(dir, entry.Name()))
		}
	}
	return d.names, nil
}

// files opens the files of a log, from the oldest to the current one, which may
// be missing. What cannot be opened is left out and told.
func (d *folder) files(now time.Time) ([]*found, error) {
	names, err := d.rotatedNames(now)
	var list []*found
	troubles := []error{err}
	for _, name := range names {
		f, err := open(name, syscall.O_NOFOLLOW)
		if f != nil {
			list = append(list, f)
		}
		troubles = append(troubles, err)
	}
	slices.SortFunc(list, func(a, b *found) int {
		return cmp.Or(a.changed.Compare(b.changed), byName(a.name, b.name))
	})
	if surplus := len(list) - rotations; surplus > 0 {
		closeAll(list[:surplus])
		list = list[surplus:]
	}
	f, err := open(d.path, 0)
	if f != nil {
		f.current, f.gz = true, false
		list = append(list, f)
	}
	return list, errors.Join(append(troubles, err)...)
}

// byName compares files that were changed at the same time: a higher number is
// older, a higher date newer.
func byName(a, b string) int {
	a, b = strings.TrimSuffix(a, ".gz"), strings.TrimSuffix(b, ".gz")
	order := cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	if digits := len(a) - 1 - strings.LastIndexAny(a, ".-"); digits < len("20261122") {
		return -order
	}
	return order
}

func closeAll(list []*found) {
	for _, f := range list {
		f.Close()
	}
}

// open opens a plain file without waiting for anything; nil if it is not there.
func open(name string, flag int) (*found, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|flag, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, cmp.Or(err, error(&fs.PathError{Op: "follow", Path: name, Err: errors.New("it is no plain file")}))
	}
	return &found{
		File: file, name: name, inode: info.Sys().(*syscall.Stat_t).Ino, size: info.Size(), changed: info.ModTime(),
		gz: strings.HasSuffix(name, ".gz"),
	}, nil
}

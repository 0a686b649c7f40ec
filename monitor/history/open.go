package history

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/interlacemail/interlace/inventory/database"
)

//go:embed facts/*.sql samples/*.sql
var migrations embed.FS

// Options say how to open the two files. The zero value holds the defaults.
type Options = database.FileOptions

// History is the two files, open. Its methods may be called from several goroutines.
type History struct {
	facts   *kept // nil: nothing is in it, and it is only read
	samples *kept // nil: there are none, and none are written
}

// Open opens the database at the path and the file with the samples beside it,
// creates what is missing and brings the tables up to date.
//
// With Existing the database must be there, and samples are not begun: that is the
// part of who watches, whose files they are to be. With ReadOnly nothing at all is
// written, and what is not there reads as empty.
func Open(ctx context.Context, path string, opts Options) (*History, error) {
	opts.Relaxed = false
	facts, err := keep(ctx, path, "facts", opts)
	if err != nil {
		return nil, err
	}
	opts.Relaxed = true
	samples, err := keep(ctx, SamplesPath(path), "samples", opts)
	if errors.Is(err, fs.ErrNotExist) && (opts.Existing || opts.ReadOnly) {
		err = nil
	}
	h := &History{facts, samples}
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Writable fails where this process may not write the database, which it may have open all the
// same, next to a process that does.
func (h *History) Writable(ctx context.Context) error { return h.facts.Writable(ctx) }

// Watched reports whether a watch has ever written here.
func (h *History) Watched() bool { return h.samples != nil }

func open(ctx context.Context, path, name string, opts database.FileOptions) (*database.File, error) {
	files, err := fs.Sub(migrations, name)
	if err != nil {
		return nil, err
	}
	return database.OpenFile(ctx, path, database.Schema{Name: name, Migrations: files}, opts)
}

// SamplesPath returns where the samples are that belong to a database.
func SamplesPath(path string) string {
	extension := filepath.Ext(path)
	return strings.TrimSuffix(path, extension) + "-history" + extension
}

// Close closes both files.
func (h *History) Close() error {
	var failed error
	for _, file := range []*kept{h.facts, h.samples} {
		if file != nil {
			failed = errors.Join(failed, file.Close())
		}
	}
	return failed
}

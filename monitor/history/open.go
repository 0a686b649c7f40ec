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
	facts   *kept
	samples *kept
}

// Open opens the database at the path and the file with the samples beside it,
// creates what is missing and brings the tables up to date.
func Open(ctx context.Context, path string, opts Options) (*History, error) {
	opts.Relaxed = false
	facts, err := keep(ctx, path, "facts", opts)
	if err != nil {
		return nil, err
	}
	opts.Relaxed, opts.Existing = true, false
	samples, err := keep(ctx, SamplesPath(path), "samples", opts)
	if err != nil {
		return nil, errors.Join(err, facts.Close())
	}
	return &History{facts, samples}, nil
}

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
func (h *History) Close() error { return errors.Join(h.facts.Close(), h.samples.Close()) }

package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/interlacemail/interlace/monitor/history"
)

// openHistory opens what the monitor keeps; existing says that it must be there.
func (a *app) openHistory(ctx context.Context, existing bool) (*history.History, error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	h, err := history.Open(ctx, path, history.Options{Existing: existing})
	if errors.Is(err, fs.ErrNotExist) && existing {
		err = hint(err, "interlace watch keeps there what it finds")
	}
	return h, err
}

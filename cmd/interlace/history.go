package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/interlacemail/interlace/monitor/history"
)

// How what the monitor keeps is opened: by who watches, by who changes something in
// what a watch keeps, by who only reads it.
var (
	toWatch  = history.Options{}
	toChange = history.Options{Existing: true}
	toRead   = history.Options{ReadOnly: true}
)

// openHistory opens what the monitor keeps.
func (a *app) openHistory(ctx context.Context, how history.Options) (*history.History, error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	h, err := history.Open(ctx, path, how)
	if errors.Is(err, fs.ErrNotExist) && how != toWatch {
		err = hint(err, "interlace watch keeps there what it finds")
	}
	return h, err
}

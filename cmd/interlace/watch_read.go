package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/logs"
)

// readLog says what would be found in a log, and keeps nothing: for trying patterns.
func (a *app) readLog(ctx context.Context, path, named string) error {
	if err := plainFile(path); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	patterns, err := a.patterns(ctx)
	if err != nil {
		return err
	}
	server, list, err := a.writers(ctx, path, named)
	if err != nil {
		return err
	}
	var found kept
	l, err := logs.New(ctx, logs.Options{
		Server: server, Instances: list, Files: []string{path}, Patterns: patterns, Whole: true, Once: true, Zone: time.Local, Programs: programsOf(a.config.Monitor.SyncClient),
	}, &found)
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.Look(ctx, a.now()); err != nil {
		return err
	}
	return a.printFindings(report.ReadLog(path, found), found)
}

// plainFile returns an error for what is no plain file that this account may read.
func plainFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("it is no plain file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// writers are the instances that may have written a log. Without an inventory
// nobody knows them, and what Cyrus wrote is known by its usual names alone.
func (a *app) writers(ctx context.Context, path, named string) (inventory.ServerID, []monitor.Instance, error) {
	f, err := a.facts(ctx)
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	var server inventory.ServerID
	if err == nil {
		server, err = a.thisServer(f.Inventory, named)
	}
	if err != nil {
		if named != "" {
			return "", nil, err
		}
		a.note("lines are not attributed to instances: %v", err)
		return "", nil, nil
	}
	list := instances.On(f.Inventory, server)
	for i := range list {
		if list[i].Log != path {
			list[i].Log = "" // which is not to be read
		}
	}
	return server, list, nil
}

// kept are the findings of logs that nobody has told before, and nobody tells.
type kept []monitor.Finding

// Positions implements [logs.Memory].
func (*kept) Positions(context.Context) ([]monitor.Position, error) { return nil, nil }

// SaveTold implements [logs.Memory].
func (k *kept) SaveTold(_ context.Context, _ time.Time, told *monitor.Told) error {
	*k = append(*k, told.Findings...)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/history"
)

// keeping is where the results of a comparison go, and what is known from those
// before.
type keeping struct {
	history *history.History
	claims  *claims
	past    *compare.Past
	run     monitor.ComparisonRun
	resumed bool
}

// keep opens the database, if there is one, and begins a run there, at the time at which
// what is found is as of, or goes on with one. Without a database it returns nil.
func (a *app) keep(ctx context.Context, began time.Time, flags *compareFlags) (*keeping, error) {
	path, err := a.databaseFile()
	var h *history.History
	if err == nil {
		h, err = history.Open(ctx, path, toChange)
	}
	if err == nil {
		if err = h.Writable(ctx); err != nil {
			err = errors.Join(err, h.Close())
		}
	}
	switch {
	case err != nil && (flags.resume || flags.due.value != nil):
		return nil, hint(fmt.Errorf("what was compared before is not known: %w", err), "--resume and --due need the database that the comparisons before were kept in")
	case errors.Is(err, fs.ErrNotExist) || path == "":
		a.note("nothing of this is kept: there is no database; interlace import FILE makes one")
		return nil, nil
	case errors.Is(err, fs.ErrPermission), database.IsUnwritable(err):
		a.note("nothing of this is kept: %v", err)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("keep what is compared: %w", err)
	}
	k := &keeping{history: h}
	if err := k.begin(ctx, began, flags); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if k.resumed && len(k.run.Flags) > 0 {
		a.note("it goes on as it was begun, but for what is given anew: %s", inventory.Printable(strings.Join(k.run.Flags, " ")))
	}
	if k.claims, err = openClaims(path); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return k, nil
}

// close ends the use of the database; it may be called on nil.
func (k *keeping) close() {
	if k != nil {
		k.claims.Close()
		k.history.Close()
	}
}

// begin begins a run, or finds the last one like it that was broken off.
func (k *keeping) begin(ctx context.Context, now time.Time, flags *compareFlags) error {
	past, err := pastOf(ctx, k.history)
	if err != nil {
		return err
	}
	k.past = past
	k.run = monitor.ComparisonRun{Level: monitor.CompareLevel(flags.level.value), Selection: flags.selection(), Flags: flags.manner(), Began: now.UTC().Truncate(time.Microsecond)}
	if !flags.resume {
		return k.history.BeginComparison(ctx, &k.run)
	}
	runs, err := k.history.Comparisons(ctx, time.Time{})
	if err != nil {
		return err
	}
	broken := brokenOff(runs, func(r *monitor.ComparisonRun) bool { return r.Level == k.run.Level && r.Selection == k.run.Selection })
	if broken == nil {
		return hint(fmt.Errorf("--resume: the last comparison at level %s of %s was not broken off", k.run.Level, flags.words()),
			"leave out --resume to begin one, or name the same --level, --store and --user as then")
	}
	k.run, k.resumed = *broken, true
	return flags.adopt(broken.Flags)
}

// brokenOff returns the last of some runs if it has not come to its end, else nil. One
// that has compared nothing counts as none.
func brokenOff(runs []monitor.ComparisonRun, of func(*monitor.ComparisonRun) bool) *monitor.ComparisonRun {
	for i := range slices.Backward(runs) {
		switch r := &runs[i]; {
		case !of(r):
		case r.Ended.IsZero():
			return r
		case r.Copies > 0:
			return nil
		}
	}
	return nil
}

// pastOf returns what is known from comparisons before, and of what is wrong.
func pastOf(ctx context.Context, h *history.History) (*compare.Past, error) {
	states, err := h.Compared(ctx)
	open, openErr := h.Differences(ctx, openOnly)
	alerts, alertsErr := h.Alerts(ctx, openOnly)
	return compare.NewPast(states, open, alerts), errors.Join(err, openErr, alertsErr)
}

// selection says which part of the fleet is compared, the same for the same part.
func (f *compareFlags) selection() string {
	var parts []string
	for _, list := range []struct {
		flag  string
		names []string
	}{{"--store", f.stores}, {"--user", f.users}} {
		for _, name := range slices.Compact(slices.Sorted(slices.Values(list.names))) {
			parts = append(parts, list.flag+" "+inventory.Quoted(name))
		}
	}
	if f.due.value != nil {
		parts = append(parts, "--due "+f.due.String())
	}
	return strings.Join(parts, " ")
}

// mannerFlags are those that say how to compare. A run is gone on with by those it was begun with.
var mannerFlags = []string{"sample", "rate", "save", "roles-are-right", "seed"}

// manner are those of them that were given.
func (f *compareFlags) manner() (given []string) {
	for _, name := range mannerFlags {
		value := f.all.Lookup(name).Value.String()
		if path, err := filepath.Abs(value); name == "save" && err == nil {
			value = path // it may be gone on with elsewhere
		}
		if f.all.Changed(name) {
			given = append(given, "--"+name+"="+value)
		}
	}
	return given
}

// adopt takes over how a run was begun, but for what is given anew.
func (f *compareFlags) adopt(begun []string) error {
	for _, flag := range begun {
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if f.all.Changed(name) {
			continue
		}
		if err := f.all.Set(name, value); err != nil {
			return err
		}
	}
	return f.check()
}

func (f *compareFlags) words() string {
	if s := f.selection(); s != "" {
		return s
	}
	return "everything"
}

// whom returns who of a pair is to be compared now: those who were asked for, without
// those of whom it was done before, and of these those whose turn it is.
func (c *comparing) whom(p *pairOf) func([]cyrus.Owner) ([]cyrus.Owner, error) {
	return func(all []cyrus.Owner) ([]cyrus.Owner, error) {
		if c.meet(p.store.Name, all); c.wanted != nil {
			all = slices.DeleteFunc(all, func(o cyrus.Owner) bool { return !c.wanted[o.Name] })
		}
		k := c.keeping
		if k == nil {
			return all, nil
		}
		if k.resumed {
			done := k.past.DoneIn(k.run.Number, p.copy())
			all = slices.DeleteFunc(all, func(o cyrus.Owner) bool { return done[o] })
		}
		if c.flags.due.value == nil {
			return all, nil
		}
		pace := compare.Pace{Within: *c.flags.due.value, Next: min(betweenRuns, *c.flags.due.value/2)}
		turns := pace.Due(k.past.Turns(p.copy(), k.run.Level, all, c.began), c.began)
		due, turn := make([]cyrus.Owner, len(turns)), map[cyrus.Owner]bool{}
		for i := range turns {
			due[i], turn[turns[i].Owner] = turns[i].Owner, true
		}
		p.waiting = heads(all, func(o cyrus.Owner) bool { return !turn[o] })
		return due, nil
	}
}

// betweenRuns is how long it takes at most until a comparison of who is due is run
// again.
const betweenRuns = 24 * time.Hour

// compare compares a pair, and keeps what is found if there is a place for it.
func (c *comparing) compare(ctx context.Context, p *pairOf, store compare.Pair, o compare.Options) (*monitor.Comparison, error) {
	k := c.keeping
	if k == nil {
		return compare.Store(ctx, store, o)
	}
	if err := k.claims.take(p.copy()); err != nil {
		return nil, err
	}
	defer k.claims.release(p.copy())
	return compare.Keep(ctx, store, o, k.history, &k.run, c.began)
}

// end writes down that the run came to its end, unless there is something left of it
// to go on with.
func (c *comparing) end(ctx context.Context) ([]monitor.CopyState, error) {
	k := c.keeping
	states, err := k.history.Compared(ctx)
	if err != nil || c.unfinished() {
		return states, err
	}
	copies := map[monitor.Copy]bool{}
	for _, s := range states {
		if s.Run != k.run.Number {
			continue
		}
		copies[s.Copy] = true
		switch s.Outcome {
		case monitor.Identical:
			k.run.Identical++
		case monitor.Different:
			k.run.Different++
		default:
			k.run.Unknown++
		}
	}
	k.run.Copies, k.run.Ended = len(copies), c.app.now().UTC()
	return states, k.history.EndComparison(ctx, &k.run)
}

// unfinished tells whether the time was up before all were compared who were to be,
// or whether it turns out that the run was not broken off. Who waits for his turn
// comes in a later run by himself.
func (c *comparing) unfinished() bool {
	return slices.ContainsFunc(c.pairs, func(p pairOf) bool {
		return c.flags.due.value == nil && p.left.all > 0 || c.keeping.resumed && errors.Is(p.err, errClaimed)
	})
}

package logs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

const (
	// every is how often logs are looked at where nothing says that they grew.
	every = time.Second
	// save is how often what was found is saved.
	save = 10 * time.Second
	// repeat is how often trouble with a log is told while it lasts; alerts that are
	// not found for five minutes are over.
	repeat = 2 * time.Minute
	// missing is how long a log may be gone: rotation may take a while.
	missing = time.Minute
	// portion is how much of a log is read before the next one has its turn.
	portion = 16 << 20
)

// Options say which logs to follow, and whose they are.
type Options struct {
	Server    inventory.ServerID
	Instances []monitor.Instance
	Files     []string                               // further logs beside those of the instances
	Journal   []string                               // journalctl -o json with what selects the entries; none: no journal
	PID       func(int) (inventory.StoreID, bool)    // whose process it is; nil: nobody knows
	Unit      func(string) (inventory.StoreID, bool) // whose service of systemd it is; nil: nobody knows
	Patterns  []Pattern                              // the operator's, which come before the catalogue
	Whole     bool                                   // what stood in logs before they were first looked at is told too
	Once      bool                                   // the journal is read up to now and not followed
	Programs  string                                 // the directory of Cyrus's programs, or empty
	Zone      *time.Location                         // of lines that do not name theirs; nil: UTC
}

// Memory keeps how far logs were told with what was found there.
type Memory interface {
	Positions(ctx context.Context) ([]monitor.Position, error)
	// SaveTold keeps all of it or, if it returns an error, nothing.
	SaveTold(ctx context.Context, now time.Time, told *monitor.Told) error
}

// source is one log.
type source interface {
	// read tells what is new, about so many bytes of it, and returns whether there
	// is more.
	read(now time.Time, most int64, tell func(Line)) (more bool, err error)
	// positions returns how far it has been told.
	positions() []monitor.Position
	close()
}

// Logs follows the logs of a server.
type Logs struct {
	opts    Options
	memory  Memory
	sources []source
	names   []string
	tally   *tally
	saved   time.Time
	told    map[string]time.Time // the trouble with each log, and when it was told
}

// New returns the logs as far as they were told before. A journal is followed no
// longer than until the context ends.
func New(ctx context.Context, opts Options, memory Memory) (*Logs, error) {
	c, err := newCatalogue(opts.Patterns)
	if err != nil {
		return nil, err
	}
	positions, err := memory.Positions(ctx)
	if err != nil {
		return nil, err
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	l := &Logs{opts: opts, memory: memory, tally: newTally(opts.Server, newInstances(&opts), c), told: map[string]time.Time{}}
	files := slices.Clone(opts.Files)
	for i := range opts.Instances {
		files = append(files, opts.Instances[i].Log)
	}
	slices.Sort(files)
	for _, path := range slices.Compact(files) {
		if path != "" {
			l.sources, l.names = append(l.sources, newFile(path, positions, opts.Whole)), append(l.names, path)
		}
	}
	if len(opts.Journal) > 0 {
		l.sources, l.names = append(l.sources, newJournal(ctx, opts.Journal, positions, opts.Once)), append(l.names, journalLog)
	}
	return l, nil
}

// Close lets all logs go.
func (l *Logs) Close() {
	for _, s := range l.sources {
		s.close()
	}
}

// Look reads all that is new and saves what it found.
func (l *Logs) Look(ctx context.Context, now time.Time) error {
	for l.read(now) {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return l.save(ctx, now)
}

// read reads a portion of each log. It returns whether there is more.
func (l *Logs) read(now time.Time) (more bool) {
	for i, s := range l.sources {
		again, err := s.read(now, portion, func(line Line) {
			if line.Entry != nil {
				l.tally.add(*line.Entry, now)
			} else {
				l.tally.add(parse(line, now, l.opts.Zone), now)
			}
		})
		if err != nil {
			l.complain(monitor.LogUnreadable, l.names[i], "the log "+l.names[i]+" cannot be followed: "+inventory.OneLine(err), now)
		}
		if f, ok := s.(*file); ok {
			l.complainOf(f, l.names[i], err == nil, now)
		}
		more = more || again
	}
	return more
}

// complainOf notes what is missing of a file, if its directory could be read.
func (l *Logs) complainOf(f *file, name string, readable bool, now time.Time) {
	if f.lost != "" {
		l.complain(monitor.LinesLost, name, f.lost, now)
		f.lost = ""
	}
	switch {
	case f.now != nil || !readable:
		f.gone = time.Time{}
	case f.gone.IsZero():
		f.gone = now
	}
	if f.now == nil && readable && (l.opts.Once || now.Sub(f.gone) >= missing) {
		l.complain(monitor.LogUnreadable, name, "the log "+name+" is not there, so nobody knows what it would say", now)
	}
}

// complain notes what is wrong with a log, now and then.
func (l *Logs) complain(kind monitor.Kind, log, text string, now time.Time) {
	if at, ok := l.told[text]; ok && now.Sub(at) < repeat {
		return
	}
	if len(l.told) > mostGroups {
		clear(l.told)
	}
	l.told[text] = now
	e := Entry{At: now, Message: text}
	l.tally.count(key{kind: kind, store: l.tally.byLog[log], subject: log}, &e, monitor.Warning,
		"lines of a log are missed", "see that the inventory and logs.files name the right file, and that the account of interlace may read it and its directory", 1)
}

// save keeps what was found with how far the logs were read. If that fails it
// stays, and is saved the next time.
func (l *Logs) save(ctx context.Context, now time.Time) error {
	told := &monitor.Told{Findings: l.tally.findings(), Milestones: l.tally.reached()}
	for _, s := range l.sources {
		told.Positions = append(told.Positions, s.positions()...)
	}
	if err := l.memory.SaveTold(ctx, now, told); err != nil {
		return err
	}
	l.tally.told()
	l.saved = now
	return nil
}

// Run follows the logs until the context ends, and saves once more then. What
// cannot be saved is tried again; the last trouble with it is returned.
func (l *Logs) Run(ctx context.Context, now func() time.Time) error {
	hints, stop := l.hints()
	defer stop()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var trouble error
	for {
		at := now()
		more := l.read(at)
		if at.Sub(l.saved) >= save || l.urgent() && at.Sub(l.saved) >= every {
			trouble = l.save(ctx, at)
		}
		if more && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), every)
			defer cancel()
			if err := l.save(last, now()); err != nil {
				return fmt.Errorf("save how far logs were read: %w", errors.Join(err, trouble))
			}
			return nil
		case <-hints:
			// Writers write line by line: a little later there is more.
			pause(ctx, every/10)
		case <-ticker.C:
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// urgent reports whether something was found that should not wait, or was done that
// explains what others find.
func (l *Logs) urgent() bool {
	if len(l.tally.milestones) > 0 {
		return true
	}
	for _, g := range l.tally.groups {
		if g.severity == monitor.Critical {
			return true
		}
	}
	return false
}

// hints tells when something happened where the logs are. It may miss things, and
// there may be no hints at all: then the logs are looked at once a second.
func (l *Logs) hints() (<-chan fsnotify.Event, func()) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, func() {}
	}
	for _, s := range l.sources {
		if f, ok := s.(*file); ok {
			_ = watcher.Add(filepath.Dir(f.path)) // without it there are no hints
		}
	}
	events := make(chan fsnotify.Event, 1)
	go func() {
		for {
			select {
			case event, ok := <-watcher.Events:
				if !ok {
					return
				}
				select {
				case events <- event:
				default: // one hint is enough
				}
			case _, ok := <-watcher.Errors:
				if !ok {
					return
				}
			}
		}
	}()
	return events, func() { _ = watcher.Close() }
}

package synclag

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Batches watches how the logs of channels are worked off. What it has not been
// asked for yet is thinned, each batch as likely to be dropped as any other:
// a choice of long ones, or of those that are easily seen, would teach a model
// something wrong.
type Batches struct {
	// Most is how many batches of a channel [Batches.Take] returns at once, 10 if
	// it is 0.
	Most int
	// Written returns how many bytes the client of a channel has written so far; nil
	// if nobody knows.
	Written func(server inventory.ServerID, store inventory.StoreID, channel string) inventory.Number
	// Failed is told of a channel that cannot be watched, unless it is nil; the
	// others are watched all the same.
	Failed func(error)
	// Now is the time.
	Now func() time.Time

	mu    sync.Mutex
	taken map[key]*thinned
}

// Take returns batches that ended since it was last called, by channel and time.
func (b *Batches) Take() []monitor.Batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []monitor.Batch
	for _, k := range slices.SortedFunc(maps.Keys(b.taken), key.compare) {
		list = append(list, b.taken[k].take(b.most())...)
	}
	return list
}

func (b *Batches) most() int {
	if b.Most == 0 {
		return 10
	}
	return b.Most
}

// Watch watches the channels that keep copies up to date, until ctx ends. It
// changes nothing and reads only logs that are worked off.
func (b *Batches) Watch(ctx context.Context, list []monitor.Instance) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch sync directories: %w", err)
	}
	defer watcher.Close()
	w := watch{Batches: b, watcher: watcher, channels: map[string]*watched{}}
	defer w.close()
	for i := range list {
		for _, ch := range list[i].Channels {
			if Replicated(&monitor.Backlog{Role: list[i].Role, Kind: ch.Kind}) {
				w.add(&list[i], ch)
			}
		}
	}
	return w.run(ctx)
}

// watch is a running [Batches.Watch].
type watch struct {
	*Batches
	watcher  *fsnotify.Watcher
	channels map[string]*watched // by directory
}

// watched is a channel that is watched.
type watched struct {
	monitor.Batch // what names it
	key
	dir  string
	runs map[string]*begun // by name
}

// begun is a batch that has not ended.
type begun struct {
	file    *file
	written inventory.Number
}

func (w *watch) close() {
	for _, ch := range w.channels {
		ch.forget()
	}
}

func (ch *watched) forget() {
	for _, run := range ch.runs {
		run.file.close()
	}
	clear(ch.runs)
}

// add watches a channel. A directory that is not there yet is watched when it is
// made in one that is.
func (w *watch) add(in *monitor.Instance, ch monitor.Channel) {
	dir := filepath.Clean(ch.Dir)
	k := key{in.Server, in.Store, ch.Name}
	w.channels[dir] = &watched{
		Batch: monitor.Batch{Server: in.Server, Store: in.Store, Role: in.Role, Channel: ch.Name, Kind: ch.Kind},
		key:   k, dir: dir, runs: map[string]*begun{},
	}
	w.open(dir)
}

// open begins to watch a directory. What is worked off at that time may have been
// left behind and waited: it is no batch to learn from.
func (w *watch) open(dir string) {
	root, err := openDir(dir)
	if err == nil {
		defer root.Close()
		err = w.watcher.Add(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && w.Failed != nil {
		w.Failed(fmt.Errorf("watch the batches of %s: %w", dir, err))
	}
}

// opened watches a directory that has just been made, in which a batch may have
// begun by then.
func (w *watch) opened(dir string) {
	w.open(dir)
	root, err := openDir(dir)
	if err != nil {
		return // gone again
	}
	defer root.Close()
	names, err := runNames(root)
	if err != nil {
		return
	}
	for _, name := range names {
		w.begin(w.channels[dir], name)
	}
}

// run follows what happens until ctx ends.
func (w *watch) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-w.watcher.Events:
			w.event(event)
		case err := <-w.watcher.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch sync directories: %w", err)
			}
			// Nobody knows which ends were missed.
			w.close()
		}
	}
}

func (w *watch) event(event fsnotify.Event) {
	if w.channels[event.Name] != nil && event.Has(fsnotify.Create) {
		w.opened(event.Name)
		return
	}
	ch, name := w.channels[filepath.Dir(event.Name)], filepath.Base(event.Name)
	if ch == nil || name != runName && !ownedName.MatchString(name) {
		return
	}
	switch {
	case event.Has(fsnotify.Create):
		w.begin(ch, name)
	case event.Has(fsnotify.Remove):
		w.end(ch, name)
	}
}

// begin opens a log that has been taken up, so that it can be read when it is
// gone. One that is gone already is missed.
func (w *watch) begin(ch *watched, name string) {
	if old := ch.runs[name]; old != nil {
		old.file.close()
		delete(ch.runs, name)
	}
	const mostRuns = 64
	root, err := openDir(ch.dir)
	if err != nil || len(ch.runs) >= mostRuns {
		return
	}
	defer root.Close()
	run, err := openFile(root, name)
	if err != nil || run == nil {
		return
	}
	if _, links, err := run.facts(); err != nil || links == 0 {
		run.close()
		return
	}
	ch.runs[name] = &begun{run, w.written(ch)}
}

func (f *file) facts() (monitor.LogFile, uint32, error) {
	if f.open == nil {
		return monitor.LogFile{}, 0, fs.ErrPermission
	}
	return facts(f.open)
}

// end keeps a batch that has ended, unless it is thinned out.
func (w *watch) end(ch *watched, name string) {
	run := ch.runs[name]
	if run == nil {
		return
	}
	defer run.file.close()
	delete(ch.runs, name)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.thinned(ch.key).next() {
		return
	}
	batch, err := w.batch(ch, run)
	if err == nil {
		w.thinned(ch.key).add(batch, w.most())
	}
}

// batch describes a batch that has just ended. Its log's last change is its removal.
func (w *watch) batch(ch *watched, run *begun) (monitor.Batch, error) {
	b := ch.Batch
	b.Begun, b.First, b.Bytes = run.file.Taken, run.file.First, run.file.Bytes
	ended := w.Now()
	if known, links, err := run.file.facts(); err == nil && links == 0 {
		ended = known.Taken
	}
	b.Lasted = max(0, ended.Sub(b.Begun))
	names := newNames()
	if err := run.file.read(names); err != nil {
		return b, err
	}
	b.Entries, b.Mailboxes = names.Entries, len(names.Mailboxes)
	if written := w.written(ch); written.Known && run.written.Known && written.Value >= run.written.Value {
		b.Sent = inventory.Known(written.Value - run.written.Value)
	}
	return b, nil
}

func (w *watch) written(ch *watched) inventory.Number {
	if w.Written == nil {
		return inventory.Number{}
	}
	return w.Written(ch.server, ch.store, ch.channel)
}

func (w *watch) thinned(k key) *thinned {
	if w.taken == nil {
		w.taken = map[key]*thinned{}
	}
	if w.taken[k] == nil {
		w.taken[k] = &thinned{every: 1}
	}
	return w.taken[k]
}

package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/monitor/synclag"
	"github.com/interlacemail/interlace/monitor/usage"
)

// Watch is a running watch. It is for one [Watch.Run] or [Watch.Once].
type Watch struct {
	opts    Options
	pace    pace
	owners  *processes.Owners
	batches *synclag.Batches
	jobs    chan processes.Job
	soon    chan struct{} // a look at the processes is wanted

	mu        sync.Mutex
	instances []monitor.Instance
	last      []monitor.Backlog           // the last looks at channels
	sights    []processes.Sight           // the last looks at processes
	sample    *usage.Sample               // the last look at what is used
	hinted    []monitor.Note              // what logs said lately of sync clients
	taken     int64                       // the note that was taken in last
	heard     map[trouble]time.Time       // when trouble was found of which a look at the processes sees more
	restless  time.Time                   // until when processes are looked at more often for that
	hasty     bool                        // the next look at them is one that was asked for
	refused   map[channelName]string      // why a channel was not worked off when that was asked for last
	failed    map[monitor.Probe]*failure  // the probes that cannot do their work
	stale     *failure                    // why the instances are those that there were, or nil
	told      map[string]time.Time        // when a complaint was told
	ended     map[monitor.Probe]time.Time // when a probe ended last
	deaf      bool                        // alerts could not be kept
	kept      time.Time                   // since when they can be again
}

// failure is why a probe cannot do its work.
type failure struct {
	since time.Time
	err   error
}

// New returns a watch.
func New(opts Options) *Watch {
	w := &Watch{
		opts: opts.withDefaults(), pace: usual, owners: &processes.Owners{Proc: opts.Proc, Now: opts.Now},
		jobs: make(chan processes.Job, 100), failed: map[monitor.Probe]*failure{}, told: map[string]time.Time{},
		ended: map[monitor.Probe]time.Time{}, soon: make(chan struct{}, 1),
	}
	w.batches = &synclag.Batches{Now: opts.Now, Written: w.written, Failed: w.complain}
	return w
}

const tidyEvery = time.Hour

// probe is something that looks at its interval.
type probe struct {
	name  monitor.Probe
	every time.Duration
	// paced calls do at each interval until the context ends.
	paced func(ctx context.Context, interval time.Duration, do func(time.Time))
	// look returns what was found, or why it could not look. What it cannot
	// record is an error too.
	look func(ctx context.Context, now time.Time) (monitor.Look, error)
	// judged is called when alerts have been kept of what it found; it may be nil.
	judged func(context.Context) error
}

func (w *Watch) probes() []probe {
	return []probe{
		{name: monitor.ProbeBacklog, every: w.opts.Backlog, paced: w.every, look: w.lookAtBacklog},
		{name: monitor.ProbeProcesses, every: w.opts.Processes, paced: w.everyOrSoon, look: w.lookAtProcesses},
		{name: monitor.ProbeUsage, every: w.opts.Usage, paced: w.every, look: w.lookAtUsage},
		{name: monitor.ProbeLogs, every: w.pace.notes, paced: w.every, look: w.lookAtNotes, judged: w.forgetNotes},
		{name: monitor.ProbeCompare, every: w.pace.itself, paced: w.every, look: w.lookAtCopies},
		{name: monitor.ProbeConfirm, every: w.pace.itself, paced: w.every, look: w.lookAtPlans},
		{name: monitor.ProbeWatch, every: w.pace.itself, paced: w.every, look: w.lookAtItself},
	}
}

// Run watches until the context ends. It returns an error only if it could not
// begin: what goes wrong later is told, and tried again.
func (w *Watch) Run(ctx context.Context) error { return w.run(ctx, w.follow) }

// run watches and follows logs meanwhile.
func (w *Watch) run(ctx context.Context, follow func(context.Context) error) error {
	if _, err := w.begin(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // it was asked to end before it had begun
		}
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range w.probes() {
		w.end(p.name)
		group.Go(func() error { p.paced(ctx, p.every, func(now time.Time) { w.look(ctx, p, now) }); return nil })
	}
	group.Go(func() error { return follow(ctx) })
	group.Go(func() error { w.recover(ctx); return nil })
	group.Go(func() error { w.compareOn(ctx); return nil })
	group.Go(func() error { w.every(ctx, w.pace.desk, func(now time.Time) { w.tell(ctx, now) }); return nil })
	group.Go(func() error { w.every(ctx, tidyEvery, func(now time.Time) { w.tidy(ctx, now) }); return nil })
	w.opts.Service("READY=1\nSTATUS=watching " + inventory.Counted(len(w.list()), "instance", "instances"))
	if w.opts.Watchdog > 0 {
		group.Go(func() error { w.every(ctx, w.opts.Watchdog/2, w.alive); return nil })
	}
	<-ctx.Done()
	w.opts.Service("STOPPING=1")
	return w.leave(group)
}

// leave waits for what goes on to end. What hangs in the kernel, such as a look at a
// file system whose server is gone, does not hear that it should.
func (w *Watch) leave(group *errgroup.Group) error {
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(w.pace.leaves):
		w.complain(fmt.Errorf("something hangs and was not waited for: it has not ended after %v", w.pace.leaves))
		return nil
	}
}

// every calls do at once and then at each interval until the context ends. One
// that takes longer than the interval is followed by the next when it is due.
func (w *Watch) every(ctx context.Context, interval time.Duration, do func(time.Time)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do(w.opts.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// alive gives the sign of life that systemd waits for, unless a probe hangs.
func (w *Watch) alive(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.probes() {
		if now.Sub(w.ended[p.name]) > 3*p.every+w.pace.hangs {
			return
		}
	}
	w.opts.Service("WATCHDOG=1")
}

// end notes that a probe has ended.
func (w *Watch) end(name monitor.Probe) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended[name] = w.opts.Now()
}

// look runs a probe and hands over what it found.
func (w *Watch) look(ctx context.Context, p probe, now time.Time) {
	defer w.end(p.name)
	look, err := p.look(ctx, now)
	if ctx.Err() != nil {
		return
	}
	look.Probe, look.Watcher, look.At = p.name, w.opts.Server, now
	if err != nil {
		// What it did not find may be there all the same.
		look.Blind = append(look.Blind, w.stores()...)
	}
	if p.name != monitor.ProbeLogs { // of those only what is new counts
		w.heedAll(look.Findings, now)
	}
	if w.judge(ctx, []monitor.Look{look}) && p.judged != nil {
		err = errors.Join(err, p.judged(ctx))
	}
	if ctx.Err() == nil {
		w.note(p.name, now, err)
	}
}

// judge hands looks over to the desk, and reports whether it has kept what came
// of them.
func (w *Watch) judge(ctx context.Context, looks []monitor.Look) bool {
	if w.opts.Desk == nil {
		return false
	}
	if err := w.opts.Desk.Judge(ctx, looks, w.opts.Now()); err != nil {
		if ctx.Err() == nil {
			w.complain(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.deaf = true
		return false
	}
	w.hear()
	return true
}

// hear forgets, when alerts are kept again, which probes could not record what they
// saw meanwhile: that has been told with the alerts, and what still cannot be
// recorded is found again.
func (w *Watch) hear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.deaf {
		return
	}
	w.deaf, w.kept = false, w.opts.Now()
	maps.DeleteFunc(w.failed, func(_ monitor.Probe, f *failure) bool { return f.unrecorded() })
}

// tell delivers what is due.
func (w *Watch) tell(ctx context.Context, _ time.Time) {
	if w.opts.Desk == nil {
		return
	}
	w.judge(ctx, nil)
	if err := w.opts.Desk.Deliver(ctx, w.opts.Now); err != nil && ctx.Err() == nil {
		w.complain(err)
	}
}

func (w *Watch) tidy(ctx context.Context, now time.Time) {
	if err := w.opts.Memory.Tidy(ctx, now); err != nil && ctx.Err() == nil {
		w.complain(err)
	}
}

// complainAgain is after how long the same complaint is told again.
const complainAgain = time.Hour

// complain tells what could not be done.
func (w *Watch) complain(err error) {
	now := w.opts.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if at, ok := w.told[err.Error()]; ok && now.Sub(at) < complainAgain {
		return
	}
	if len(w.told) > mostNotes {
		clear(w.told)
	}
	w.told[err.Error()] = now
	w.opts.Complain(err)
}

// note remembers whether a probe can do its work.
func (w *Watch) note(name monitor.Probe, now time.Time, err error) {
	if err != nil {
		w.complain(fmt.Errorf("probe %s: %w", name, err))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.failed, name)
		return
	}
	f := &failure{now, err}
	if f.unrecorded() && now.Before(w.kept) { // it may be mended since it looked
		return
	}
	if before := w.failed[name]; before != nil {
		f.since = before.since
	}
	w.failed[name] = f
}

// unrecorded says that what was seen could not be kept or read back.
type unrecorded struct{ error }

func (e *unrecorded) Unwrap() error { return e.error }

// recorded marks an error of the memory.
func recorded(errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return &unrecorded{err}
	}
	return nil
}

// begin reads for the first time which instances there are, and fails where none are known.
func (w *Watch) begin(ctx context.Context) ([]monitor.Instance, error) {
	list, err := w.opts.Instances(ctx)
	if err != nil && list == nil || ctx.Err() != nil {
		return nil, cmp.Or(err, ctx.Err())
	}
	return w.keep(list, err), nil
}

// renew reads which instances there are. Where that cannot be read they are those
// that there were, which keeps no probe from its work and is one finding.
func (w *Watch) renew(ctx context.Context) []monitor.Instance {
	list, err := w.opts.Instances(ctx)
	if ctx.Err() != nil {
		return w.list()
	}
	return w.keep(list, err)
}

// keep keeps which instances there are, and why these may be those that there were.
func (w *Watch) keep(list []monitor.Instance, err error) []monitor.Instance {
	if err != nil {
		w.complain(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil || list != nil {
		w.instances = list
	}
	switch {
	case err == nil:
		w.stale = nil
	case w.stale == nil:
		w.stale = &failure{w.opts.Now(), err}
	default:
		w.stale.err = err
	}
	return w.instances
}

func (w *Watch) list() []monitor.Instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.instances
}

// stores are those that have an instance here.
func (w *Watch) stores() []inventory.StoreID {
	var all []inventory.StoreID
	for _, in := range w.list() {
		all = append(all, in.Store)
	}
	return all
}

// lookAtItself finds what keeps the watcher from its work.
func (w *Watch) lookAtItself(_ context.Context, now time.Time) (monitor.Look, error) {
	var look monitor.Look
	if w.opts.Desk != nil {
		look.Findings = w.opts.Desk.Troubles(now)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(w.failed)) {
		look.Findings = append(look.Findings, w.failed[name].finding(name, w.opts.Server))
	}
	if w.stale != nil {
		look.Findings = append(look.Findings, w.stale.stale(w.opts.Server))
	}
	return look, nil
}

// unrecorded reports whether it is the memory that does not work.
func (f *failure) unrecorded() bool {
	broken := (*unrecorded)(nil)
	return errors.As(f.err, &broken)
}

func (f *failure) finding(name monitor.Probe, server inventory.ServerID) monitor.Finding {
	kind := monitor.WatcherSilent
	if f.unrecorded() {
		kind = monitor.OwnDatabase
	}
	return monitor.Finding{
		Probe: monitor.ProbeWatch, Kind: kind, Severity: monitor.Critical,
		Server: inventory.Text(server), Subject: inventory.Text(name), Since: monitor.Time(f.since),
		Text: fmt.Sprintf("interlace cannot do its work on %s: probe %s: %s", server, name, inventory.OneLine(f.err)),
	}
}

// outdated reports whether the instances are those of an earlier inventory.
func (w *Watch) outdated() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stale != nil
}

// stale is the finding that the inventory could not be read again.
func (f *failure) stale(server inventory.ServerID) monitor.Finding {
	return monitor.Finding{
		Probe: monitor.ProbeWatch, Kind: monitor.InventoryStale, Severity: monitor.Warning,
		Server: inventory.Text(server), Since: monitor.Time(f.since), Text: inventory.OneLine(f.err),
	}
}

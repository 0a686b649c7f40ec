package apply_test

import (
	"context"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/apply"
)

// inFlight has it told when a program, or a login, which has no words, begins (1) and ends (-1).
func inFlight(o *apply.Options, tell func(server inventory.ServerID, words []string, by int)) {
	dial, run := o.Dial, o.Run
	o.Dial = func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
		tell(in.Server, nil, 1)
		defer tell(in.Server, nil, -1)
		return dial(ctx, in, as)
	}
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		tell(server, words, 1)
		defer tell(server, words, -1)
		return run(ctx, server, input, words...)
	}
}

// idle returns what tells for how long, since it was asked last, nothing was at work: for that the
// machine may take as long as it likes. What hangs is not at work.
func idle(o *apply.Options, hangs func(server inventory.ServerID, words []string) bool) func() time.Duration {
	var w stopwatch
	hanging, working := 0, 0
	state := func(by int, of *int) { w.run(func() bool { *of += by; return hanging > 0 || working == 0 }) }
	state(0, &working)
	inFlight(o, func(server inventory.ServerID, words []string, by int) {
		if hangs(server, words) {
			state(by, &hanging)
		} else {
			state(by, &working)
		}
	})
	return w.took
}

// stopwatch adds up time.
type stopwatch struct {
	lock  sync.Mutex
	since time.Time // it runs; zero: it is stopped
	all   time.Duration
}

// run has it run, or not, as it is told under its lock.
func (w *stopwatch) run(runs func() bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.add()
	if w.since = (time.Time{}); runs() {
		w.since = time.Now()
	}
}

func (w *stopwatch) add() {
	if !w.since.IsZero() {
		w.all += time.Since(w.since)
		w.since = time.Now()
	}
}

// took returns for how long it has run since this was asked last.
func (w *stopwatch) took() time.Duration {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.add()
	took := w.all
	w.all = 0
	return took
}

package watch

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/logs"
)

// mostNotes is how many findings of logs are taken in at once.
const mostNotes = 1000

// lookAtNotes takes in what the logs said.
func (w *Watch) lookAtNotes(ctx context.Context, now time.Time) (monitor.Look, error) {
	var look monitor.Look
	notes, err := w.opts.Memory.Notes(ctx, mostNotes)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range notes {
		n := &notes[i]
		look.Findings = append(look.Findings, n.Finding)
		if n.Number > w.taken {
			w.heed(n, now)
		}
		if n.Number > w.taken && n.Kind == monitor.HotLoop {
			w.hinted = append(w.hinted, *n)
		}
		w.taken = max(w.taken, n.Number)
	}
	return look, recorded(err)
}

// forgetNotes drops what was taken in. If the process dies before, it is taken in
// again, as the same findings.
func (w *Watch) forgetNotes(ctx context.Context) error {
	w.mu.Lock()
	taken := w.taken
	w.mu.Unlock()
	return recorded(w.opts.Memory.ForgetNotes(ctx, taken))
}

// renewEvery is how often it is looked whether there are other instances now.
const renewEvery = time.Minute

// follow follows the logs of the instances and how their batches are worked off,
// until the context ends. Where instances change it begins anew.
func (w *Watch) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		list := w.list()
		l, err := w.newLogs(ctx, list, false)
		if err != nil {
			w.complain(fmt.Errorf("follow the logs: %w", err))
		}
		inner, stop := context.WithCancel(ctx)
		ended := make(chan error, 2)
		go func() { ended <- w.batches.Watch(inner, list) }()
		go func() { ended <- runLogs(inner, l, w.opts.Now) }()
		for pause(ctx, renewEvery) && reflect.DeepEqual(list, w.list()) {
		}
		stop()
		if err := errors.Join(<-ended, <-ended); err != nil {
			w.complain(err)
		}
	}
	return nil
}

// runLogs follows logs, or none where they could not be opened.
func runLogs(ctx context.Context, l *logs.Logs, now func() time.Time) error {
	if l == nil {
		return nil
	}
	defer l.Close()
	if err := l.Run(ctx, now); err != nil && ctx.Err() == nil {
		return fmt.Errorf("follow the logs: %w", err)
	}
	return nil
}

func (w *Watch) newLogs(ctx context.Context, list []monitor.Instance, once bool) (*logs.Logs, error) {
	opts := w.opts.Logs
	opts.Server, opts.Instances, opts.PID, opts.Unit, opts.Once = w.opts.Server, list, w.owners.Of, w.owners.Unit, once
	return logs.New(ctx, opts, w.opts.Memory)
}

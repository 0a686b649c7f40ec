package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// mostSights is how many looks at processes are judged together.
const mostSights = 4

// betweenSights is how long the first two looks lie apart, but in tests: most
// faults show only in the course of two.
var betweenSights = 2 * time.Second

// lookAtProcesses checks that the sync processes run, and hands over what nobody
// works on to those who may work it off.
func (w *Watch) lookAtProcesses(ctx context.Context, now time.Time) (monitor.Look, error) {
	var look monitor.Look
	list := w.renew(ctx)
	if len(w.sights) == 0 {
		w.see(ctx, list, now)
		if !pause(ctx, betweenSights) {
			return look, ctx.Err()
		}
		now = w.opts.Now()
	}
	w.see(ctx, list, now)
	hints, failed := w.hints(ctx, now)
	err := recorded(failed)
	w.mu.Lock()
	sights := slices.Clone(w.sights)
	w.mu.Unlock()
	look.Findings = processes.Check(list, sights, processes.Options{Hints: hints, Neighbours: w.neighbours()})
	if trouble := sights[len(sights)-1].Trouble; trouble != "" {
		err = errors.Join(err, fmt.Errorf("look at the processes: %s", trouble))
	}
	w.tried(ctx, look.Findings, now)
	w.askFor(look.Findings, list)
	return look, err
}

func (w *Watch) neighbours() []string {
	if w.opts.Neighbours == nil {
		return nil
	}
	return w.opts.Neighbours()
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// see looks at the processes once.
func (w *Watch) see(ctx context.Context, list []monitor.Instance, now time.Time) {
	seen, trouble := processes.Look(w.proc(), list)
	w.mu.Lock()
	last := w.last
	w.mu.Unlock()
	looks := synclag.Measure(list, synclag.Processes{List: seen, Known: trouble == nil}, last, now)
	sight := processes.Survey(ctx, list, looks, processes.SurveyOptions{Proc: w.opts.Proc}, now)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sights = append(w.sights, sight)
	w.sights = w.sights[max(0, len(w.sights)-mostSights):]
}

// hintsFor is for how long what a log said is a hint.
const hintsFor = 15 * time.Minute

// hints are what the logs say of instances.
func (w *Watch) hints(ctx context.Context, now time.Time) (map[inventory.StoreID]processes.Hint, error) {
	hints := map[inventory.StoreID]processes.Hint{}
	expired, err := w.milestones(ctx, monitor.Expired)
	for store, at := range expired {
		hints[store] = processes.Hint{Expired: at}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hinted = slices.DeleteFunc(w.hinted, func(n monitor.Note) bool { return now.Sub(n.At) > hintsFor })
	for i := range w.hinted {
		n := &w.hinted[i]
		store := inventory.StoreID(n.Store)
		h := hints[store]
		if h.Reprocessed == nil {
			h.Reprocessed = map[string]processes.Loop{}
		}
		h.Reprocessed[string(n.Channel)] = processes.Loop{Times: n.Value.Value, At: n.At}
		hints[store] = h
	}
	return hints, err
}

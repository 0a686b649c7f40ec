package watch

import (
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// What a log says was so; a look at the processes sees what is so, and knows what to
// run. So when a log tells of trouble that such a look can confirm, it comes at once,
// before the line is told, and goes on every minute until an interval has passed in
// which the logs were quiet: what a restart has caused must be seen to be over.

// confirmable are the kinds of lines of which a look at the processes sees more.
var confirmable = []monitor.Kind{
	monitor.BailingOut, monitor.ReplicaUnreachable, monitor.ReplicaAuth, monitor.ClientDuplicate, monitor.LogUnwritable, monitor.HotLoop,
	monitor.DaemonDisabled, monitor.PortSilent,
}

// restlessEvery is how often processes are looked at as long as logs tell of trouble,
// but in tests.
var restlessEvery = time.Minute

// trouble is what a log may tell again and again.
type trouble struct {
	kind    monitor.Kind
	store   inventory.Text
	channel inventory.Text
}

// heed asks for a look at the processes where a line of a log is about trouble of
// which the log was quiet before.
func (w *Watch) heed(n *monitor.Note, now time.Time) {
	if !slices.Contains(confirmable, n.Kind) {
		return
	}
	t := trouble{n.Kind, n.Store, n.Channel}
	if w.heard == nil || len(w.heard) > mostNotes {
		w.heard = map[trouble]time.Time{}
	}
	last, known := w.heard[t]
	w.heard[t], w.restless = now, now.Add(w.opts.Processes)
	if known && now.Sub(last) < w.opts.Processes {
		return
	}
	select {
	case w.soon <- struct{}{}:
	default: // it is asked for already
	}
}

// everyOrSoon is [every] for the processes, at which somebody may want a look before
// it is due.
func (w *Watch) everyOrSoon(ctx context.Context, interval time.Duration, do func(time.Time)) {
	for {
		timer := time.NewTimer(interval)
		do(w.opts.Now())
		if w.isRestless() {
			timer.Reset(min(interval, restlessEvery))
		}
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-w.soon:
			timer.Stop()
		}
	}
}

func (w *Watch) isRestless() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opts.Now().Before(w.restless)
}

package watch

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// What a log says was so, and what waits is only an effect; a look at the processes sees
// what is so, and knows what to run. So when there is trouble of which such a look sees
// more, it comes at once, before that is told. And whatever is found for the first time
// has the processes looked at every minute until an interval has passed in which nothing
// new was: what a restart has caused must be seen to be over.

// trouble is what may be found again and again, by a probe.
type trouble struct {
	probe   monitor.Probe
	kind    monitor.Kind
	store   inventory.Text
	channel inventory.Text
}

// heed asks for a look at the processes where trouble was found of which it was quiet
// before. Lines that go on keep it restless: each says that something happened again.
// The caller holds the lock.
func (w *Watch) heed(f *monitor.Finding, now time.Time) {
	look, rest := f.Probe == monitor.ProbeProcesses, w.opts.Processes
	switch {
	case look:
		rest *= 2 // it is found at each look
	case !f.Confirmable():
		return
	}
	t := trouble{f.Probe, f.Kind, f.Store, f.Channel}
	if w.heard == nil || len(w.heard) > mostNotes {
		w.heard = map[trouble]time.Time{}
	}
	last, known := w.heard[t]
	quiet := !known || now.Sub(last) >= rest
	if w.heard[t] = now; quiet || f.Line() {
		w.restless = now.Add(w.opts.Processes)
	}
	if look || !quiet {
		return
	}
	w.hasty = true
	select {
	case w.soon <- struct{}{}:
	default: // it is asked for already
	}
}

func (w *Watch) heedAll(found []monitor.Finding, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range found {
		w.heed(&found[i], now)
	}
}

// hastens reports whether the look that begins was asked for.
func (w *Watch) hastens() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	hasty := w.hasty
	w.hasty = false
	return hasty
}

// everyOrSoon is [every] for the processes, at which somebody may want a look before
// it is due.
func (w *Watch) everyOrSoon(ctx context.Context, interval time.Duration, do func(time.Time)) {
	for {
		timer := time.NewTimer(interval)
		do(w.opts.Now())
		if w.isRestless() {
			timer.Reset(min(interval, w.pace.restless))
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

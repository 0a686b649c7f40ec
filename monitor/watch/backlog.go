package watch

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// course is how far back channels are judged from: far enough to know how good
// predictions are.
const course = 6 * time.Hour

// lookAtBacklog measures the channels, records what it sees and judges them.
func (w *Watch) lookAtBacklog(ctx context.Context, now time.Time) (monitor.Look, error) {
	var look monitor.Look
	list := w.renew(ctx)
	looks, failed := w.measure(ctx, list, now)
	err := recorded(failed, w.opts.Memory.SaveBacklog(ctx, looks), w.opts.Memory.SaveBatches(ctx, w.takeBatches(list)))
	for i := range looks {
		if looks[i].Trouble != "" {
			look.Blind = append(look.Blind, looks[i].Store)
		}
	}
	standings, failed := synclag.Standings(ctx, w.opts.Memory, monitor.Span{Server: w.opts.Server, From: now.Add(-course)}, w.opts.Lag, repeat(list), now)
	repaired, unknown := w.milestones(ctx, monitor.Reconstructed)
	for i := range standings {
		if f := finding(&standings[i], list, repaired); f != nil {
			look.Findings = append(look.Findings, *f)
		}
	}
	return look, errors.Join(err, recorded(failed, unknown))
}

// milestones returns when the instances here did something last, as their logs say.
func (w *Watch) milestones(ctx context.Context, what string) (map[inventory.StoreID]time.Time, error) {
	all, err := w.opts.Memory.Milestones(ctx)
	list := map[inventory.StoreID]time.Time{}
	for _, m := range all {
		if m.Server == w.opts.Server && m.What == what {
			list[m.Store] = m.At
		}
	}
	return list, err
}

// measure looks at the channels, and remembers which clients there are.
func (w *Watch) measure(ctx context.Context, list []monitor.Instance, now time.Time) ([]monitor.Backlog, error) {
	seen, trouble := processes.Look(w.proc(), list)
	earlier, err := w.earlier(ctx, list, now)
	looks := synclag.Measure(list, synclag.Processes{List: seen, Known: trouble == nil}, earlier, now)
	w.owners.Update(list, seen)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = looks
	return looks, err
}

// earlier are the looks before: when a log was first seen must survive a restart, and which
// channels there were that a store is away from here for a while.
func (w *Watch) earlier(ctx context.Context, list []monitor.Instance, now time.Time) ([]monitor.Backlog, error) {
	w.mu.Lock()
	last := w.last
	w.mu.Unlock()
	looked := func(in monitor.Instance) bool {
		return slices.ContainsFunc(last, func(b monitor.Backlog) bool { return b.Store == in.Store })
	}
	if !slices.ContainsFunc(list, func(in monitor.Instance) bool { return !looked(in) }) {
		return last, nil
	}
	last = slices.Clone(last)
	stretches, err := w.opts.Memory.Backlog(ctx, monitor.Span{Server: w.opts.Server, From: now.Add(-course)})
	for i := range stretches {
		last = append(last, stretches[i].Backlog)
	}
	return last, err
}

func (w *Watch) proc() string {
	if w.opts.Proc != "" {
		return w.opts.Proc
	}
	return "/proc"
}

// written returns how much the client of a channel has written so far.
func (w *Watch) written(_ inventory.ServerID, store inventory.StoreID, channel string) inventory.Number {
	w.mu.Lock()
	pid := 0
	for i := range w.last {
		if b := &w.last[i]; b.Store == store && b.Channel == channel && len(b.Clients) == 1 {
			pid = b.Clients[0].PID
		}
	}
	w.mu.Unlock()
	if pid == 0 {
		return inventory.Number{}
	}
	return processes.Written(w.proc(), pid)
}

// takeBatches returns the batches that ended since the last look, with the round
// trips that were measured last.
func (w *Watch) takeBatches(list []monitor.Instance) []monitor.Batch {
	batches := w.batches.Take()
	for i := range batches {
		b := &batches[i]
		if ch := channelOf(list, b.Store, b.Channel); ch != nil {
			b.Trip = w.trip(ch.Peer)
		}
	}
	return batches
}

// trip is how long the last round trip to a sync server took, in seconds.
func (w *Watch) trip(peer string) inventory.Number {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sights) == 0 {
		return inventory.Number{}
	}
	port := w.sights[len(w.sights)-1].Ports[peer]
	if !port.Connected {
		return inventory.Number{}
	}
	return inventory.Known(port.Trip.Seconds())
}

func channelOf(list []monitor.Instance, store inventory.StoreID, name string) *monitor.Channel {
	if in := instanceOf(list, store); in != nil {
		for i := range in.Channels {
			if in.Channels[i].Name == name {
				return &in.Channels[i]
			}
		}
	}
	return nil
}

func instanceOf(list []monitor.Instance, store inventory.StoreID) *monitor.Instance {
	for i := range list {
		if list[i].Store == store {
			return &list[i]
		}
	}
	return nil
}

// repeat says how long the client of a store rests between two batches.
func repeat(list []monitor.Instance) func(inventory.ServerID, inventory.StoreID) time.Duration {
	return func(_ inventory.ServerID, store inventory.StoreID) time.Duration {
		if in := instanceOf(list, store); in != nil {
			return in.RepeatInterval
		}
		return 0
	}
}

// finding judges one channel: that of a master may be behind, that of a replica
// written to, which a reconstruct does too.
func finding(s *synclag.Standing, list []monitor.Instance, repaired map[inventory.StoreID]time.Time) *monitor.Finding {
	last := s.Last()
	in := instanceOf(list, last.Store)
	if in == nil {
		return nil // it is not here any more
	}
	ch := channelOf(list, last.Store, last.Channel)
	if last.Role == inventory.Master {
		return synclag.Behind(ch, &last.Backlog, &s.Lag)
	}
	if ch == nil {
		return nil
	}
	names, err := synclag.ReadNames(in, *ch)
	if err != nil {
		return nil // it is gone, or the look has said why it cannot be read
	}
	return synclag.Written(in, s.Course, names, nil, repaired[last.Store])
}

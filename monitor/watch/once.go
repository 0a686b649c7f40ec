package watch

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// Once runs each probe once and returns what they found; samples are recorded,
// and nobody is told. Logs are read up to now, from where they were read before,
// unless somebody else follows them. A probe that cannot do its work is a finding.
func (w *Watch) Once(ctx context.Context, withLogs bool) ([]monitor.Finding, error) {
	w.opts.Desk, w.opts.Recover = nil, nil
	list, err := w.begin(ctx)
	if err != nil {
		return nil, err
	}
	var found []monitor.Finding
	do := func(p monitor.Probe, look func(context.Context, time.Time) (monitor.Look, error)) {
		now := w.opts.Now()
		l, err := look(ctx, now)
		if ctx.Err() == nil {
			w.note(p, now, err)
		}
		found = append(found, l.Findings...)
	}
	w.sampleUsage(list, w.opts.Now()) // what is used shows between two samples
	if withLogs {
		do(monitor.ProbeLogs, func(ctx context.Context, now time.Time) (monitor.Look, error) { return w.readLogs(ctx, list, now) })
	}
	_, err = w.lookAtBacklog(ctx, w.opts.Now()) // what it finds, the second look finds too
	w.note(monitor.ProbeBacklog, w.opts.Now(), err)
	do(monitor.ProbeProcesses, w.lookAtProcesses)
	do(monitor.ProbeBacklog, w.lookAtBacklog)
	do(monitor.ProbeUsage, w.lookAtUsage)
	do(monitor.ProbeCompare, w.lookAtCopies)
	do(monitor.ProbeConfirm, w.lookAtPlans)
	do(monitor.ProbeWatch, w.lookAtItself)
	return found, ctx.Err()
}

// readLogs reads the logs up to now, and takes in what they said.
func (w *Watch) readLogs(ctx context.Context, list []monitor.Instance, now time.Time) (monitor.Look, error) {
	var look monitor.Look
	l, err := w.newLogs(ctx, list, true)
	if err != nil {
		return look, recorded(err)
	}
	defer l.Close()
	if err := l.Look(ctx, now); err != nil {
		return look, recorded(err)
	}
	for {
		some, err := w.lookAtNotes(ctx, now)
		if err == nil {
			err = w.forgetNotes(ctx)
		}
		if look.Findings = append(look.Findings, some.Findings...); err != nil || len(some.Findings) < mostNotes {
			return look, err
		}
	}
}

package watch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// After mostFailures that followed one another within failuresWithin, a channel is
// left alone: somebody has to look.
const (
	mostFailures   = 3
	failuresWithin = 24 * time.Hour
)

// askFor asks that what nobody works on is worked off. An inventory that is not that
// of now may not know that another server has the master by now.
func (w *Watch) askFor(found []monitor.Finding, list []monitor.Instance) {
	if w.opts.Recover == nil || w.outdated() {
		return
	}
	for i := range found {
		job, ok := jobOf(&found[i], list)
		if !ok {
			continue
		}
		select {
		case w.jobs <- job:
		default: // the next look finds it again
		}
	}
}

// jobOf is what would repair a finding, if something to work off does.
func jobOf(f *monitor.Finding, list []monitor.Instance) (processes.Job, bool) {
	if f.Kind != monitor.LogOrphaned && f.Kind != monitor.ClientMissing {
		return processes.Job{}, false
	}
	in := instanceOf(list, inventory.StoreID(f.Store))
	ch := channelOf(list, inventory.StoreID(f.Store), string(f.Channel))
	if in == nil || ch == nil || !synclag.Replicated(&monitor.Backlog{Role: in.Role, Kind: ch.Kind}) {
		return processes.Job{}, false
	}
	job := processes.Job{Instance: *in, Channel: *ch}
	if file := string(f.Subject); f.Kind == monitor.LogOrphaned && filepath.Base(file) != "log-run" {
		job.File = file
	}
	return job, true
}

// recover works off, one after the other, what it is asked for.
func (w *Watch) recover(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case job := <-w.jobs:
			w.recoverOne(ctx, job)
		}
	}
}

func (w *Watch) recoverOne(ctx context.Context, job processes.Job) {
	if failed, err := w.failures(ctx, &job); err != nil || failed >= mostFailures {
		return // without the journal nothing is done; the finding says what failed
	}
	a, err := w.opts.Recover(ctx, job)
	if err != nil && ctx.Err() == nil {
		w.complain(fmt.Errorf("recover %s: %w", job.Instance.Store, err))
	}
	w.noteRefusal(&job, &a)
}

// channelName names a channel of this server.
type channelName struct {
	store   inventory.StoreID
	channel string
}

// noteRefusal remembers why a channel was not worked off: that is in no journal,
// where only what was begun is.
func (w *Watch) noteRefusal(job *processes.Job, a *monitor.Action) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := channelName{job.Instance.Store, job.Channel.Name}
	if a.Outcome != processes.Refused {
		delete(w.refused, at)
		return
	}
	if w.refused == nil {
		w.refused = map[channelName]string{}
	}
	w.refused[at], _, _ = strings.Cut(a.Text, "\n")
}

// refusal says why the channel that a finding is about was not worked off, or nothing.
func (w *Watch) refusal(f *monitor.Finding) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused[channelName{inventory.StoreID(f.Store), string(f.Channel)}]
}

// failures is how often in a row working a channel off has failed lately.
func (w *Watch) failures(ctx context.Context, job *processes.Job) (int, error) {
	actions, err := w.opts.Memory.Actions(ctx, w.opts.Now().Add(-failuresWithin))
	n := 0
	for i := range actions {
		a := &actions[i]
		if a.Server != w.opts.Server || a.Store != job.Instance.Store || a.Channel != job.Channel.Name || a.What != "recover" {
			continue
		}
		switch a.Outcome {
		case processes.Failed:
			n++
		case processes.Done:
			n = 0
		}
	}
	return n, err
}

// tried adds to findings what was last tried against them.
func (w *Watch) tried(ctx context.Context, found []monitor.Finding, now time.Time) {
	if w.opts.Recover == nil {
		return
	}
	actions, err := w.opts.Memory.Actions(ctx, now.Add(-failuresWithin))
	if err != nil {
		return // the probes that write say so
	}
	for i := range found {
		f := &found[i]
		if f.Kind != monitor.LogOrphaned && f.Kind != monitor.ClientMissing {
			continue
		}
		if why := w.refusal(f); why != "" {
			f.Text += "; interlace does not work it off by itself: " + why
		}
		for k := len(actions) - 1; k >= 0; k-- {
			a := &actions[k]
			if inventory.Text(a.Server) == f.Server && inventory.Text(a.Store) == f.Store && inventory.Text(a.Channel) == f.Channel {
				f.Text += fmt.Sprintf("; working it off was tried at %s: %s", monitor.Time(a.At), outcome(a))
				break
			}
		}
	}
}

func outcome(a *monitor.Action) string {
	if a.Outcome == "" {
		return "it has not ended"
	}
	text, _, _ := strings.Cut(strings.TrimSpace(a.Text), "\n")
	if text == "" {
		return a.Outcome
	}
	return a.Outcome + ", " + inventory.Clean(text)
}

// RecoverStore works off what lies in the sync logs of a store's instance here,
// and returns what was done; nothing if nothing lies there.
func (w *Watch) RecoverStore(ctx context.Context, store inventory.StoreID) ([]monitor.Action, error) {
	list, err := w.begin(ctx)
	if err != nil {
		return nil, err
	}
	in := instanceOf(list, store)
	if in == nil {
		return nil, fmt.Errorf("store %s has no instance on %s", store, w.opts.Server)
	}
	if in.Trouble != "" {
		return nil, errors.New(in.Trouble)
	}
	jobs, err := w.left(ctx, in)
	if err != nil {
		return nil, err
	}
	var actions []monitor.Action
	for _, job := range jobs {
		a, err := w.opts.Recover(ctx, job)
		if err != nil {
			return actions, err
		}
		actions = append(actions, a)
	}
	return actions, nil
}

// left are the logs of an instance, as jobs: those that Cyrus 2.3 left behind
// first, since they are older. A channel that cannot be looked at is an error.
func (w *Watch) left(ctx context.Context, in *monitor.Instance) ([]processes.Job, error) {
	w.see(ctx, []monitor.Instance{*in}, w.opts.Now())
	sight := w.sights[len(w.sights)-1]
	var jobs []processes.Job
	var blind []error
	for _, ch := range in.Channels {
		if ch.Kind == monitor.Squatter || ch.Peer == "" {
			continue
		}
		for _, l := range sight.Left {
			if l.Dir == ch.Dir {
				jobs = append(jobs, processes.Job{Instance: *in, Channel: ch, File: l.Path})
			}
		}
		for i := range sight.Logs {
			switch b := &sight.Logs[i]; {
			case b.Channel != ch.Name:
			case b.Trouble != "":
				blind = append(blind, fmt.Errorf("channel %s cannot be looked at: %s", ch.Name, b.Trouble))
			case b.Log.Exists() || b.Run.Exists():
				jobs = append(jobs, processes.Job{Instance: *in, Channel: ch})
			}
		}
	}
	return jobs, errors.Join(blind...)
}

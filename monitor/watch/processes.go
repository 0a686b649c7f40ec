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

// lookAtProcesses checks that the sync processes run, and hands over what nobody
// works on to those who may work it off.
func (w *Watch) lookAtProcesses(ctx context.Context, now time.Time) (monitor.Look, error) {
	var look monitor.Look
	list := w.renew(ctx)
	if w.hastens() || len(w.sights) == 0 {
		w.see(ctx, list, now)
		if !pause(ctx, w.pace.sights) {
			return look, ctx.Err()
		}
		list, now = w.renew(ctx), w.opts.Now()
	}
	w.see(ctx, list, now)
	if later := w.renew(ctx); !slices.EqualFunc(list, later, sameRole) { // a plan has changed it meanwhile
		list, now = later, w.opts.Now()
		w.see(ctx, list, now)
	}
	hints, failed := w.hints(ctx, now)
	err := recorded(failed)
	w.mu.Lock()
	sights := slices.Clone(w.sights)
	w.mu.Unlock()
	opts := processes.Options{Hints: hints, Neighbours: w.neighbours()}
	look.Findings = processes.Check(list, sights, opts)
	opts.Routed, opts.Promoted = w.mastersOf(ctx, look.Findings, list)
	if len(opts.Routed)+len(opts.Promoted) > 0 {
		look.Findings = processes.Check(list, sights, opts)
	}
	if trouble := sights[len(sights)-1].Trouble; trouble != "" {
		err = errors.Join(err, fmt.Errorf("look at the processes: %s", trouble))
	}
	w.tried(ctx, look.Findings, now)
	w.askFor(look.Findings, list)
	return look, err
}

// sameRole reports whether two instances are one in one role.
func sameRole(a, b monitor.Instance) bool {
	return a.Store == b.Store && a.Role == b.Role && a.Conf == b.Conf
}

// askedFor is how long all that is asked for who is the master may take together.
const askedFor = time.Minute

// mastersOf asks, of what a client would repair, which must not be started on a former
// master, where users are served and which replicas take themselves to be masters.
// What nobody knows is not in the answers.
func (w *Watch) mastersOf(ctx context.Context, found []monitor.Finding, list []monitor.Instance) (routed map[inventory.StoreID]inventory.ServerID, promoted map[string]bool) {
	ctx, cancel := context.WithTimeout(ctx, askedFor)
	defer cancel()
	routed, promoted = map[inventory.StoreID]inventory.ServerID{}, map[string]bool{}
	stores, peers := map[inventory.StoreID]bool{}, map[string]bool{}
	for i := range found {
		job, ok := jobOf(&found[i], list)
		if !ok {
			continue
		}
		if store := job.Instance.Store; w.opts.Routing != nil && !stores[store] {
			stores[store] = true
			if at, err := w.opts.Routing(ctx, store); err == nil {
				routed[store] = at
			}
		}
		if peer := job.Channel.Peer; w.opts.Peer != nil && !peers[peer] {
			peers[peer] = true
			if role, err := w.opts.Peer(ctx, &job); err == nil && role == inventory.Master {
				promoted[peer] = true
			}
		}
	}
	return routed, promoted
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
	actions, unknown := w.opts.Memory.Actions(ctx, now.Add(-2*hintsFor))
	err = errors.Join(err, recorded(unknown))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hinted = slices.DeleteFunc(w.hinted, func(n monitor.Note) bool { return now.Sub(n.At) > hintsFor })
	for i := range w.hinted {
		n := &w.hinted[i]
		if slices.ContainsFunc(actions, func(a monitor.Action) bool { return caused(&a, n) }) {
			continue
		}
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

// caused reports whether what a log said came of working it off: then it tells nothing
// of the client that master starts. The times in logs are in whole seconds.
func caused(a *monitor.Action, n *monitor.Note) bool {
	return a.What == "recover" && inventory.Text(a.Server) == n.Server && inventory.Text(a.Store) == n.Store && inventory.Text(a.Channel) == n.Channel &&
		!n.At.Before(a.At.Truncate(time.Second)) && (a.Ended.IsZero() || !n.At.After(a.Ended))
}

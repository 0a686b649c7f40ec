package apply

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/host"
)

// stake claims all instances that a unit changes, whose first step began at a time. Who
// claims them at the same moment for another journal, or a copy of this one, finds this
// claim, or this one finds theirs, or both.
func (r *carrying) stake(ctx context.Context, at time.Time) error {
	journal, err := r.Journal.Identity(ctx)
	if err != nil {
		return err
	}
	hosts, err := r.work.hosts(ctx)
	if err != nil {
		return err
	}
	if err := r.unstake(ctx, hosts, journal); err != nil { // of an earlier attempt
		return err
	}
	claim := r.claimOf(journal, r.unit, at)
	failed := host.Everywhere(hosts, func(h *host.Host) error { return h.Stake(ctx, claim, claim.Text()) })
	all, _, unseen := host.Claims(ctx, hosts)
	nobody := func(*host.Claim) bool { return false }
	if err := r.refused(ctx, all, nobody); err != nil {
		return err
	}
	return errors.Join(failed, unseen)
}

// note has the claims of a unit say that it has reached a step, if that is one to be noted.
// One that says so is enough: an instance that does not answer keeps nobody waiting.
func (r *carrying) note(ctx context.Context, step monitor.Step) error {
	if !slices.Contains(noted, step) {
		return nil
	}
	hosts, wrong := r.work.hosts(ctx)
	failures := make([]error, len(hosts))
	_ = host.Everywhere(hosts, func(h *host.Host) error {
		failures[slices.Index(hosts, h)] = h.Note(ctx, host.Reached(step))
		return nil
	})
	if len(hosts) == 0 || slices.Contains(failures, nil) {
		return nil
	}
	return errors.Join(wrong, errors.Join(failures...))
}

// release ends the claims of a unit, and notes where that could not be done: there they are
// left to [Leftovers.Remove].
func (r *carrying) release(ctx context.Context) error {
	journal, err := r.Journal.Identity(ctx)
	if err != nil {
		return err
	}
	hosts, unheard := r.work.hosts(ctx)
	r.left = errors.Join(unheard, r.unstake(ctx, hosts, journal))
	return nil
}

// unstake removes the claims of a unit that this journal knows of, and what they were made
// from. Each instance is tried.
func (r *carrying) unstake(ctx context.Context, hosts []*host.Host, journal string) error {
	all, _, unseen := host.Claims(ctx, hosts)
	own := map[*host.Host]bool{}
	for i := range all {
		if c := &all[i]; c.Of(nameOf(r.unit)) {
			state, err := r.stateOf(ctx, journal, c)
			if err != nil {
				return err
			}
			own[c.Host] = state == held || state == stale
		}
	}
	var made []time.Time
	for _, record := range r.known {
		if record.Step == r.course.Steps[0] && record.State == monitor.StepBegan {
			made = append(made, record.At)
		}
	}
	wrong := make([]error, len(hosts))
	_ = host.Everywhere(hosts, func(h *host.Host) error {
		wrong[slices.Index(hosts, h)] = h.Unstake(ctx, own[h], journal, made)
		return nil
	})
	return cmp.Or(unseen, errors.Join(wrong...))
}

// doClaimed does a step of a unit whose instances are claimed for it: from its first step on,
// up to its last one.
func (r *carrying) doClaimed(ctx context.Context, step monitor.Step, at time.Time, records []monitor.StepRecord) (text, data string, err error) {
	last := step == r.course.Steps[len(r.course.Steps)-1] // an earlier attempt at it may have ended the claims
	switch {
	case step == r.course.Steps[0]:
		err = r.stake(ctx, at)
	case !last:
		err = r.note(ctx, step)
	}
	if err != nil {
		return "", "", err
	}
	text, data, err = r.work.do(ctx, step, records)
	if err == nil && last {
		err = r.release(ctx)
	}
	return text, data, err
}

// undoClaimed takes a step back, and with the first one the claims. Where somebody else has
// claimed an instance for the very same unit, what lies there is not of this one.
func (r *carrying) undoClaimed(ctx context.Context, step monitor.Step, records []monitor.StepRecord) error {
	if step != r.course.Steps[0] {
		return r.work.undo(ctx, step, records)
	}
	taken, err := r.takenBefore(ctx)
	if err == nil && !taken {
		err = r.work.undo(ctx, step, records)
	}
	if err != nil {
		return err
	}
	return r.release(ctx)
}

// takenBefore reports whether another journal, or a copy of this one, has claimed an instance
// for the very same unit: what lies beside the instance is of that one.
func (r *carrying) takenBefore(ctx context.Context) (bool, error) {
	journal, err := r.Journal.Identity(ctx)
	if err != nil {
		return false, err
	}
	hosts, _ := r.work.hosts(ctx)
	all, _, _ := host.Claims(ctx, hosts)
	for i := range all {
		c := &all[i]
		if !c.Of(nameOf(r.unit)) || c.Empty() {
			continue
		}
		if state, err := r.stateOf(ctx, journal, c); err != nil || state == strange || state == ahead {
			return err == nil, err
		}
	}
	return false, nil
}

package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// addSoon writes down a step, and tries for a while.
func (o *Options) addSoon(ctx context.Context, r *monitor.StepRecord) error {
	return o.insist(ctx, func() error { return o.Journal.AddStep(ctx, r) })
}

// stepsSoon reads what is written down of a unit, and tries for a while.
func (o *Options) stepsSoon(ctx context.Context, u *Unit) (records []monitor.StepRecord, err error) {
	err = o.insist(ctx, func() error {
		records, err = o.Journal.Steps(ctx, u.Plan, u.Name)
		return err
	})
	return records, err
}

// insist does again what fails, for as long as is tried to use the journal.
func (o *Options) insist(ctx context.Context, do func() error) error {
	for begin := time.Now(); ; {
		err := do()
		if err == nil || time.Since(begin) >= o.Limits.insist() || ctx.Err() != nil {
			return err
		}
		if pause(ctx, min(time.Second, o.Limits.insist()/10)) != nil {
			return err
		}
	}
}

func (l *Limits) insist() time.Duration {
	if l.Insist == 0 {
		return 20 * time.Second
	}
	return l.Insist
}

// errDeaf says that the journal can't be used.
var errDeaf = errors.New("the database can't be used")

// deaf is what is done where the journal can't be used in the middle of a unit. Users who
// are kept out are let in again where they were, unless they may be routed elsewhere
// already: [work.wasLetIn] finds that when the unit is gone on with. The error says who is
// kept out.
func (r *carrying) deaf(ctx context.Context, err error) error {
	if h := (*hindrance)(nil); ctx.Err() != nil || errors.As(err, &h) {
		return err // the end was asked for
	}
	err = fmt.Errorf("%s: %w: %w", r.unit.Name, errDeaf, err)
	since := (&Result{Unit: r.unit, Records: r.known}).Out()
	const resume = "interlace apply --resume --yes"
	switch {
	case since.IsZero():
		return fmt.Errorf("%w. Nobody is kept out for it; when it can be used again %s goes on", err, resume)
	case r.course.switches(r.known):
		return fmt.Errorf("%w. %s since %s and may be routed to the new place already, so that they were not let in: as soon as it can be used again run %s",
			err, r.unit.keptWords(), since.Format(time.RFC3339), resume)
	}
	if failed := r.work.undo(ctx, r.course.Hold, r.known); failed != nil {
		return fmt.Errorf("%w. %s since %s, and letting them in failed: as soon as it can be used again run %s",
			errors.Join(err, failed), r.unit.keptWords(), since.Format(time.RFC3339), resume)
	}
	return fmt.Errorf("%w. Its users were let in again where they were, which is not written down; when it can be used again %s takes the rest back", err, resume)
}

// switches reports whether users may be routed, or roles changed, in the last attempt.
func (c *Course) switches(records []monitor.StepRecord) bool {
	on := map[monitor.Step]bool{}
	for _, r := range c.attempt(records) {
		if r.Step == monitor.StepRoute || r.Step == monitor.StepPromote {
			on[r.Step] = r.State != monitor.StepUndone
		}
	}
	return on[monitor.StepRoute] || on[monitor.StepPromote]
}

// outAndIn are the step by which users are kept out, and the one by which they are let in.
func (u *Unit) outAndIn() (out, in monitor.Step) {
	if u.Do != nil {
		return monitor.StepStop, monitor.StepRoute
	}
	return monitor.StepDenySource, monitor.StepAllowTarget
}

// keptWords say who is kept out, and where.
func (u *Unit) keptWords() string {
	if u.Do != nil {
		return fmt.Sprintf("The users of store %s, whose master on %s is stopped, are kept out", u.Do.Store, u.Do.From)
	}
	var users []inventory.UserID
	for i := range u.Moves {
		users = append(users, u.Moves[i].User)
	}
	stores := make([]string, 0, 2)
	for _, s := range slices.Sorted(slices.Values(u.Stores())) {
		stores = append(stores, string(s))
	}
	return fmt.Sprintf("%s are kept out of %s", inventory.Printable(namesOf(users)), strings.Join(stores, " and "))
}

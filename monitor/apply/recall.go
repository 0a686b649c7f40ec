package apply

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Recall is that somebody has asked for a unit to be taken back.
type Recall struct {
	Apply int64 // its number, in which that was asked for
	Part  bool  // of a part of that apply only
	At    time.Time
}

// Recalled returns how a unit of which this is written down was asked to be taken back since
// it last began; nil: it was not.
func (u *Unit) Recalled(records []monitor.StepRecord) *Recall {
	c, err := courseOf(u)
	if err != nil {
		return nil
	}
	for _, r := range slices.Backward(records) {
		switch {
		case r.State == monitor.StepRecalled:
			number, _ := strconv.ParseInt(r.Data, 10, 64)
			return &Recall{Apply: number, Part: r.Text != "", At: r.At}
		case r.State == monitor.StepWithdrawn, r.State == monitor.StepBegan && r.Step == c.Steps[0]:
			return nil
		}
	}
	return nil
}

// Pending reports whether a unit of which this is written down was asked to be taken back, and
// is on its way.
func (u *Unit) Pending(records []monitor.StepRecord) bool {
	return u.Recalled(records) != nil && u.turning(records)
}

// turning reports whether a unit is neither before its beginning nor done, but for originals.
func (u *Unit) turning(records []monitor.StepRecord) bool {
	return !u.Fresh(records) && !u.Settled(records) && u.Stands(records) != Finished
}

// WriteRecall writes down that units are to be taken back in an apply of this number, so that
// whoever goes on with them does that. A part names what of the apply they are; empty: all of
// it. Changes of a layout that are done are left out.
func WriteRecall(ctx context.Context, units []*Unit, number int64, part string, o *Options) error {
	for _, u := range units {
		c, err := courseOf(u)
		if err != nil {
			return err
		}
		records, err := o.Journal.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return err
		}
		a := c.Next(records, false)
		if already := u.Recalled(records); already != nil && already.Apply == number && (!already.Part || part != "") || u.Do != nil && a.Verb == End && !a.Back {
			continue
		}
		if a.Verb == End {
			a.Step = c.Steps[0]
		}
		err = o.Journal.AddStep(ctx, &monitor.StepRecord{
			Plan: u.Plan, Unit: u.Name, Step: a.Step, State: monitor.StepRecalled, At: o.Now(), Text: inventory.Text(part), Data: strconv.FormatInt(number, 10),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// WithdrawRecall writes down that units go on as planned which were asked to be taken back, and
// of which nothing was.
func WithdrawRecall(ctx context.Context, units []*Unit, o *Options) error {
	for _, u := range units {
		records, err := o.Journal.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return err
		}
		if u.Recalled(records) == nil || u.turning(records) {
			continue
		}
		err = o.Journal.AddStep(ctx, &monitor.StepRecord{Plan: u.Plan, Unit: u.Name, Step: records[len(records)-1].Step, State: monitor.StepWithdrawn, At: o.Now()})
		if err != nil {
			return err
		}
	}
	return nil
}

// begun reports whether anything of this tells of a step.
func begun(records []monitor.StepRecord) bool {
	return slices.ContainsFunc(records, func(r monitor.StepRecord) bool {
		return r.State != monitor.StepRecalled && r.State != monitor.StepWithdrawn
	})
}

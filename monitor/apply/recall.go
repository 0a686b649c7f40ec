package apply

import (
	"context"
	"strconv"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// WriteRecall writes down that units are to be taken back in an apply of this number, so that
// whoever goes on with them does that. A part names what of the apply they are; empty: all of
// it. Changes of a layout that are done are left out.
func WriteRecall(ctx context.Context, units []*course.Unit, number int64, part string, o *Options) error {
	for _, u := range units {
		c, err := course.Of(u)
		if err != nil {
			return err
		}
		records, err := o.Journal.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return err
		}
		a := c.Next(records, false)
		if already := u.Recalled(records); already != nil && already.Apply == number && (!already.Part || part != "") || u.Do != nil && a.Verb == course.End && !a.Back {
			continue
		}
		if a.Verb == course.End {
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
func WithdrawRecall(ctx context.Context, units []*course.Unit, o *Options) error {
	for _, u := range units {
		records, err := o.Journal.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return err
		}
		if u.Recalled(records) == nil || u.Midway(records) {
			continue
		}
		err = o.Journal.AddStep(ctx, &monitor.StepRecord{Plan: u.Plan, Unit: u.Name, Step: records[len(records)-1].Step, State: monitor.StepWithdrawn, At: o.Now()})
		if err != nil {
			return err
		}
	}
	return nil
}

package apply

import (
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// noted are the steps whose beginning a claim says: all before which much changes, and at
// which nobody is kept out, so that nobody waits for it.
var noted = []monitor.Step{
	monitor.StepDenySource, monitor.StepAllowWriters, monitor.StepDeleteSource,
	monitor.StepCreate, monitor.StepStop, monitor.StepServe, monitor.StepRemove,
}

// moving is what a claim says of the course of a unit that moves users.
const moving = "move"

// claimText is what the claim of a unit says whose first step began at a time.
func (o *Options) claimText(journal string, u *course.Unit, at time.Time) string {
	do := moving
	if u.Do != nil {
		do = string(u.Do.Do)
	}
	c := Claim{Journal: journal, By: o.By, Plan: u.Plan, Unit: u.Name, Do: do, Since: at, Reached: monitor.StepCheck}
	return c.Text()
}

// claimed is as much of the unit of a claim as tells its course.
func claimed(c *Claim) *course.Unit {
	u := &course.Unit{Plan: c.Plan, Name: c.Unit}
	if c.Do != "" && c.Do != moving {
		u.Do = &planner.LayoutChange{Do: planner.Verb(c.Do)}
	}
	return u
}

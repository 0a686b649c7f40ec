package apply

import (
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
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

// claimOf is the claim of a unit whose first step began at a time.
func (o *Options) claimOf(journal string, u *course.Unit, at time.Time) *host.Claim {
	do := moving
	if u.Do != nil {
		do = string(u.Do.Do)
	}
	return &host.Claim{Journal: journal, By: o.By, Plan: u.Plan, Unit: u.Name, Do: do, Since: at, Reached: monitor.StepCheck}
}

// claimed is as much of the unit of a claim as tells its course.
func claimed(c *host.Claim) *course.Unit {
	u := &course.Unit{Plan: c.Plan, Name: c.Unit}
	if c.Do != "" && c.Do != moving {
		u.Do = &planner.LayoutChange{Do: planner.Verb(c.Do)}
	}
	return u
}

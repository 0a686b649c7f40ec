package course

import (
	"fmt"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
)

// OfMove is the course of moving users and shared trees to another store.
var OfMove = Course{
	Steps: []monitor.Step{
		monitor.StepCheck, monitor.StepDenyTarget, monitor.StepCopy, monitor.StepDenySource, monitor.StepDelta,
		monitor.StepProveTarget, monitor.StepPush, monitor.StepProveReplica, monitor.StepRoute,
		monitor.StepAllowTarget, monitor.StepAllowWriters, monitor.StepCanary,
		monitor.StepKeep, monitor.StepDeleteSource, monitor.StepAllowSource,
	},
	Pivot: monitor.StepAllowTarget, Rest: monitor.StepKeep, Hold: monitor.StepDenySource, Cut: []monitor.Step{monitor.StepCopy},
}

// Courses of the changes of a layout. What makes an instance can be taken back until it is
// in service, a promotion until the first user is routed to the new master, which may take
// mail from then on.
var (
	ofCreate = Course{
		Steps: []monitor.Step{monitor.StepCheck, monitor.StepCreate, monitor.StepConnect, monitor.StepServe},
		Pivot: monitor.StepServe,
	}
	ofSeed = Course{
		Steps: []monitor.Step{
			monitor.StepCheck, monitor.StepCreate, monitor.StepConnect, monitor.StepSeed, monitor.StepProveAccounts, monitor.StepProveSpool, monitor.StepProveAlike,
			monitor.StepServe,
		},
		Pivot: monitor.StepServe, Stay: []monitor.Step{monitor.StepProveAccounts, monitor.StepProveSpool},
		Cut: []monitor.Step{monitor.StepSeed, monitor.StepProveAccounts, monitor.StepProveSpool},
	}
	// OfPromote is that of making a replica the master.
	OfPromote = Course{
		Steps: []monitor.Step{
			monitor.StepCheck, monitor.StepProveAlike, monitor.StepStop, monitor.StepDrain,
			monitor.StepPromote, monitor.StepRoute, monitor.StepServe, monitor.StepProveSends,
		},
		Pivot: monitor.StepRoute, Hold: monitor.StepStop,
	}
	ofDrop = Course{
		Steps: []monitor.Step{monitor.StepCheck, monitor.StepRemove, monitor.StepProveGone},
		Pivot: monitor.StepRemove, Hold: monitor.StepRemove,
	}
)

// courseOfLayout returns the steps of a change of a layout.
func courseOfLayout(do planner.Verb) (*Course, error) {
	switch do {
	case planner.Create:
		return &ofCreate, nil
	case planner.Seed:
		return &ofSeed, nil
	case planner.Promote:
		return &OfPromote, nil
	case planner.Drop:
		return &ofDrop, nil
	}
	return nil, fmt.Errorf("interlace does not carry out %s", do)
}

// Of returns the steps of a unit. The error says that interlace does not carry that out.
func Of(u *Unit) (*Course, error) {
	if u.Do == nil {
		return &OfMove, nil
	}
	c, err := courseOfLayout(u.Do.Do)
	if err != nil {
		err = fmt.Errorf("%s: %w", u.Name, err)
	}
	return c, err
}

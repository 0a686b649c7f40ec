package main

import (
	"fmt"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// toldViolations is how many violations are told on standard error.
const toldViolations = 5

// finish seals a plan whose reference is set, writes it where --plan says, draws
// and prints it, and tells what keeps it from being carried out.
func (a *app) finish(p planner.Plan, broken []planner.Violation, stopped planner.Stopped, made report.Made) error {
	if err := savePlan(made.File, p); err != nil {
		return err
	}
	if made.Charts != nil {
		if err := a.savePlot(made.Plot, *made.Charts); err != nil {
			return err
		}
	}
	if err := a.print(planResult(p, made)); err != nil {
		return err
	}
	if stopped == planner.Cancelled {
		a.say("interrupted: this is the best plan so far")
	}
	a.tellBroken(broken)
	if made.File == "" && a.flags.output.value != "json" {
		a.note("hint: the plan was not written; --plan FILE keeps it")
	}
	switch {
	case stopped == planner.Cancelled:
		return errCut
	case len(broken) > 0:
		return fmt.Errorf("the plan is not feasible: %w", errFound)
	}
	return nil
}

// tellBroken tells the first violations, unless the screen just has.
func (a *app) tellBroken(broken []planner.Violation) {
	if a.flags.output.value == "text" && isTerminal(a.stdout) {
		return
	}
	for _, v := range broken[:min(toldViolations, len(broken))] {
		a.say("%s", report.ViolationText(v))
	}
	if rest := len(broken) - toldViolations; rest > 0 {
		a.say("and %s more", inventory.CountText(rest))
	}
}

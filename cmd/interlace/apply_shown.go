package main

import (
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
)

// applied are the results as they are shown.
func applied(results []apply.Result, keep time.Duration) *report.Applied {
	shown := &report.Applied{Units: []report.AppliedUnit{}}
	for i := range results {
		shown.Units = append(shown.Units, appliedUnit(&results[i], keep))
	}
	return shown
}

func appliedUnit(r *apply.Result, keep time.Duration) report.AppliedUnit {
	u := report.AppliedUnit{
		Plan: r.Unit.Plan, Unit: r.Unit.Name, Wave: r.Unit.Wave, Do: "move", Users: len(r.Unit.Moves),
		State: string(r.Outcome), Step: inventory.Text(r.Step()), Expected: r.Expected(), Denied: r.Denied(), Why: inventory.Text(r.Why), Tone: toneOf(r.Outcome),
	}
	if at := r.Since(); !at.IsZero() {
		u.Since = monitor.Time(at)
	}
	if at := r.Kept(keep); !at.IsZero() {
		u.Kept = monitor.Time(at)
	}
	if do := r.Unit.Do; do != nil {
		u.Do, u.Users, u.From, u.To, u.Bytes = string(do.Do), do.Users, inventory.Text(do.From), inventory.Text(do.Server), do.Bytes
		return u
	}
	var from []string
	for _, c := range r.Unit.Moves {
		u.To, u.Bytes = inventory.Text(c.To), u.Bytes+c.Bytes
		if !slices.Contains(from, string(c.From)) {
			from = append(from, string(c.From))
		}
	}
	u.From = inventory.Text(strings.Join(from, " "))
	return u
}

func toneOf(o apply.Outcome) report.Tone {
	switch o {
	case apply.Moved, apply.Finished:
		return report.Good
	case apply.Stuck, apply.Broken, apply.Back:
		return report.Broken
	}
	return report.Soon
}

// rehearsed are rehearsals as they are shown.
func rehearsed(list []apply.Rehearsal, unreached error) *report.Rehearsed {
	shown := &report.Rehearsed{Units: []report.RehearsedUnit{}, Unreached: append([]string{}, apply.Mistakes(unreached)...)}
	results := make([]apply.Result, len(list))
	for i, r := range list {
		results[i] = apply.Result{Unit: r.Unit, Outcome: r.Outcome, Records: r.Records}
	}
	apply.MarkBack(results)
	for i := range list {
		r := &list[i]
		u := report.RehearsedUnit{
			AppliedUnit: appliedUnit(&results[i], 0), Text: inventory.Text(r.Text),
			Refused: append([]string{}, r.Refused...), Steps: []report.RehearsedStep{},
		}
		for _, s := range r.Steps {
			step := report.RehearsedStep{Step: s.Step, Commands: []report.RehearsedCommand{}}
			for _, c := range s.Commands {
				step.Commands = append(step.Commands, report.RehearsedCommand{Server: c.Server, Command: inventory.Paste(c.Words...)})
			}
			u.Steps = append(u.Steps, step)
		}
		shown.Units = append(shown.Units, u)
	}
	return shown
}

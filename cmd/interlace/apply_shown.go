package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// applied are the results as they are shown, with users as these facts have them.
func (c *applying) applied(results []course.Result, inv *inventory.Inventory) *report.Applied {
	shown := &report.Applied{Units: []report.AppliedUnit{}, Doing: c.flags.resume || c.flags.rollback}
	for i := range results {
		r := &results[i]
		shown.Units = append(shown.Units, appliedUnit(r, r.Unit.Users(inv), c.app.config.KeepSource))
	}
	toldOnce(results, func(i int) *report.AppliedUnit { return &shown.Units[i] })
	return shown
}

// toldOnce has users who are moved back be told of once: by the unit that moves them back, or by
// the one that has moved them where nothing is done about the way back.
func toldOnce(results []course.Result, shown func(i int) *report.AppliedUnit) {
	forth := map[string]*report.AppliedUnit{} // by the units that take them back
	for i := range results {
		if u := results[i].Unit; u.Do == nil {
			for _, b := range course.Reverse(u) {
				forth[b.Plan+b.Name] = shown(i)
			}
		}
	}
	for i := range results {
		back := shown(i)
		first := forth[results[i].Unit.Plan+results[i].Unit.Name]
		if first == nil {
			continue
		}
		if back.Idle && first.State == string(course.Back) {
			back.Twice = true
		} else {
			first.Twice = true
		}
	}
}

func appliedUnit(r *course.Result, users int, keep time.Duration) report.AppliedUnit {
	u := report.AppliedUnit{
		Plan: r.Unit.Plan, Unit: r.Unit.Name, Wave: r.Unit.Wave, Do: string(planner.Move), Users: users,
		State: string(r.Outcome), Step: inventory.Text(r.Step()), Expected: r.Expected(), Denied: r.Denied(), Why: inventory.Text(r.Why), Tone: toneOf(r.Outcome),
		Idle: r.Still && r.Outcome != course.Waiting && r.Outcome != course.Stopped && !held(r), Back: r.Unit.Back,
	}
	if at := r.Since(); !at.IsZero() {
		u.Since = monitor.Time(at)
	}
	if at := r.Kept(keep); !at.IsZero() {
		u.Kept = monitor.Time(at)
	}
	if at := r.Out(); !at.IsZero() {
		u.Out = monitor.Time(at)
	}
	if do := r.Unit.Do; do != nil {
		u.Do, u.From, u.To, u.Bytes = string(do.Do), inventory.Text(do.From), inventory.Text(do.Server), do.Bytes
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

func toneOf(o course.Outcome) report.Tone {
	switch o {
	case course.Moved, course.Finished:
		return report.Good
	case course.Stuck, course.Broken, course.Back:
		return report.Broken
	}
	return report.Soon
}

// shown are rehearsals as they are shown.
func (c *applying) shown(list []apply.Rehearsal) *report.Rehearsed {
	shown := &report.Rehearsed{Units: []report.RehearsedUnit{}, Doing: c.flags.resume || c.flags.rollback, Broken: []string{}, Unreached: append([]string{}, apply.Mistakes(c.unreached)...), Notes: []string{}}
	results := make([]course.Result, len(list))
	for i, r := range list {
		results[i] = course.Result{Unit: r.Unit, Outcome: r.Outcome, Why: failedLast(&r), Overtaken: r.Overtaken, Records: r.Records}
	}
	course.MarkBack(results)
	for i := range list {
		r := &list[i]
		u := report.RehearsedUnit{
			AppliedUnit: appliedUnit(&results[i], r.Users, c.app.config.KeepSource), Text: inventory.Text(r.Text),
			Refused: append([]string{}, r.Refused...), Waits: append([]string{}, r.Waits...), Steps: []report.RehearsedStep{},
		}
		for j := range r.Steps {
			u.Steps = append(u.Steps, *c.shownStep(&r.Steps[j]))
		}
		if !results[i].BackAt.IsZero() {
			u.Text = "it was taken back"
		}
		u.Idle = len(u.Steps)+len(u.Refused)+len(u.Waits) == 0
		shown.Units = append(shown.Units, u)
	}
	toldOnce(results, func(i int) *report.AppliedUnit { return &shown.Units[i].AppliedUnit })
	if text := heldNote(results); text != "" && c.flags.resume && !c.flags.giveUp {
		shown.Notes = append(shown.Notes, text)
	}
	if !c.app.config.knowsRoutes() {
		shown.Notes = append(shown.Notes, "whether routing_hook routes anybody can't be looked at: neither routing_query nor routing_file is set")
	}
	return shown
}

// failedLast says which step of a unit that is not done failed last, and why; of one that is back,
// which one it was for.
func failedLast(r *apply.Rehearsal) string {
	var last *monitor.StepRecord
	switch r.Outcome {
	case course.Moved, course.Finished:
	case course.Back:
		last = course.TurnedBy(r.Records)
	default:
		last = course.LastFailure(r.Records)
	}
	if last == nil {
		return ""
	}
	return fmt.Sprintf("%s failed on %s: %s", last.Step, last.At.Local().Format(time.RFC3339), strings.ReplaceAll(string(last.Text), "\n", "; "))
}

// showBroken says which rules the plans would break, and that others stay broken.
func (c *applying) showBroken(shown *report.Rehearsed) {
	for _, v := range c.broken {
		shown.Broken = append(shown.Broken, report.ViolationText(v))
	}
	if len(c.left) > 0 {
		shown.Notes = append(shown.Notes, report.StayBroken(c.left))
	}
	shown.Notes = append(shown.Notes, c.stays...)
	if len(c.again) > 0 {
		shown.Notes = append(shown.Notes, report.BrokenAgain(c.again))
	}
}

// shownStep is a step with its commands, and the lines of its routes.
func (c *applying) shownStep(s *apply.StepRehearsal) *report.RehearsedStep {
	step := &report.RehearsedStep{Verb: string(s.Verb), Step: s.Step, Commands: []report.RehearsedCommand{}, Routes: []string{}}
	for i := range s.Commands {
		step.Commands = append(step.Commands, c.app.config.shownCommand(&s.Commands[i]))
	}
	if s.Verb == course.Do && slices.Contains([]monitor.Step{monitor.StepDeleteSource, monitor.StepAllowSource}, s.Step) {
		for i := range step.Commands {
			step.Commands[i].Pastable = false
			step.Commands[i].Note = inventory.Text(fmt.Sprintf("not by hand: apply looks first, %s after the move, whether anybody came for it and confirm agrees", formatDuration(c.app.config.KeepSource)))
		}
	}
	switch {
	case len(s.Routes) == 0 && s.Step == monitor.StepRoute && s.Verb == course.Do:
		step.Commands = append(step.Commands, report.RehearsedCommand{Here: true, Note: "which lines of the routes change is known when what comes before it is done"})
		return step
	case s.Later:
		step.Commands = append(step.Commands, report.RehearsedCommand{Here: true, Note: "what it runs is known when what comes before it is done"})
		return step
	case len(s.Routes) == 0:
		return step
	}
	lines := routeLines(c.options.Inventory, s.Routes)
	for i := range lines {
		step.Routes = append(step.Routes, lines[i].String())
	}
	step.Commands = append(step.Commands, c.app.config.shownRouting())
	return step
}

// shownCommand is a command as it is shown: a hook in its own words.
func (c *config) shownCommand(of *apply.Command) report.RehearsedCommand {
	shown := report.RehearsedCommand{Server: of.Server, Command: inventory.Paste(of.Words...), Own: of.Own, Pastable: !of.Own && !of.Private}
	switch o := of.Order; {
	case of.Seeds:
		shown.Command, shown.Pastable, shown.Here = inventory.Paste(orderWords(c.Apply.SeedCommand, o)...), false, true
		shown.Note = "seed_command, on this machine; replication then copies what is missing"
	case o != nil:
		shown.Command, shown.Pastable, shown.Here = inventory.Paste(orderWords(c.Apply.InstanceHook, o)...), false, true
		shown.Note = inventory.Text(fmt.Sprintf("instance_hook %s %s %s %s, on this machine", o.Act, o.Store, o.Server, o.Role))
	case of.Removes != "":
		shown.Command, shown.Pastable = inventory.Text("SYNCAPPLY UNMAILBOX "+inventory.Quoted(string(of.Removes))), false
		shown.Note = "sent over IMAP, as the administrator"
	case of.Private:
		shown.Note = "it reads a file of interlace's own that is there only meanwhile"
	case of.Own:
		shown.Note = "it makes or removes a file of interlace's own"
	case shown.Command == "":
		shown.Pastable, shown.Note = false, "it has control characters"
	}
	return shown
}

// shownRouting is how routes are changed.
func (c *config) shownRouting() report.RehearsedCommand {
	if len(c.Apply.RoutingHook) > 0 {
		return report.RehearsedCommand{Here: true, Command: inventory.Paste(c.Apply.RoutingHook...), Note: "routing_hook, on this machine; {file} holds these lines USER,FROM,TO"}
	}
	return report.RehearsedCommand{Here: true, Note: inventory.Text("apply edits " + inventory.Printable(c.Monitor.RoutingFile) + " on this machine: of these lines USER,FROM,TO it writes each USER,TO")}
}

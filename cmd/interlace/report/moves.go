package report

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Schedule is the screen of a moves plan.
func Schedule(p *planner.Schedule, m Made) *Screen {
	s := &Screen{}
	head := Lines{}
	head.add("%s in %s (no order is faster than %s)", things(len(p.Changes), "change", "changes"), inventory.DurationText(p.MakespanSeconds), inventory.DurationText(p.BoundSeconds))
	s.add(head)
	if len(p.Waves) > 0 {
		s.add(waves(p.Waves))
	}
	facts := Facts{}
	facts.add("on the way", "%s", transientWords(p, m.Keeps))
	if wait := waitWords(p); wait != "" {
		facts.add("waits", "%s", wait)
	}
	facts.add("loads", "%s", loadsWords(p.Inventory))
	if p.Stopped == planner.Cancelled {
		facts.add("stopped", "%s", stoppedWords(p.Stopped, "the time"))
	}
	if m.File != "" && m.Inventory != nil { // else this is what show plan shows
		facts.add("next", "interlace show plan %s", m.File)
	}
	s.add(facts)
	s.addBroken(p.Violations, p.Warnings)
	return s
}

// transientWords says what holds on the way. Where a rule is broken today or
// by a plan, or nobody knows, it may be broken on the way too, but no further.
func transientWords(p *planner.Schedule, keeps bool) string {
	rules := "no rule is broken further than today"
	switch {
	case len(p.Violations) > 0:
		rules = brokenWords(p.Violations)
	case keeps:
		rules = "every state keeps the rules"
	}
	fullest := ""
	if p.TransientFullest.Utilisation.Known {
		fullest = fmt.Sprintf("fullest %s then: %s of %s", p.TransientFullest.Resource, PercentText(p.TransientFullest.Utilisation.Value), p.TransientFullest.Server)
	}
	return joined(rules, fullest)
}

// waitWords names the first change before which nothing moves for a while, as
// moved users hold the room that it needs at their sources.
func waitWords(p *planner.Schedule) string {
	ended := 0.0
	for _, c := range p.Changes {
		if c.StartSeconds > ended+1 {
			return joined(
				fmt.Sprintf("nothing moves from %s to %s", inventory.DurationText(ended), inventory.DurationText(c.StartSeconds)),
				fmt.Sprintf("the first change that waits for room is %s of plan %s%s", c.ID, c.Plan, doneWords(&c)),
				"a --keep-source shorter than "+inventory.DurationText(p.Options.KeepSourceSeconds)+" starts it earlier")
		}
		ended = max(ended, c.EndSeconds)
	}
	return ""
}

func waves(waves []planner.Wave) *Table {
	t := &Table{Columns: []Column{
		left("wave", "", 0), right("starts", "", 0), right("ends", "", 0), right("changes", "", 0).late(1), right("copied", "", 1),
		left("busiest", "", 2), right("worst failure after", "", 1), left("", "", 3),
	}}
	t.Rows = rowsOf(waves, func(w planner.Wave) []Cell {
		return []Cell{
			words(fmt.Sprint(w.Wave)), figure(Seconds, w.StartSeconds), figure(Seconds, w.EndSeconds), count(w.Changes), figure(Size, w.Bytes),
			words(string(w.Busiest)), ratio(w.WorstSingle.Utilisation), words(worstWords(w.WorstSingle)),
		}
	})
	return t
}

// doneWords says what a change does, where its schedule tells.
func doneWords(c *planner.ScheduledChange) string {
	if c.Do == "" {
		return ""
	}
	return fmt.Sprintf(", the %s of %s", c.Do, c.Subject().Words())
}

// ScheduledChanges is the table of when each change is carried out. Of several plans each has a c1:
// there people are shown a change with how its plan begins.
func ScheduledChanges(changes []planner.ScheduledChange) *Table {
	tell := tellApart(changes)
	plan, id, change := left("plan", "plan", 4), left("change", "id", 3), left("change", "", 3)
	plan.Hidden, id.Hidden, change.Hidden = tell > 0, tell > 0, tell == 0
	t := &Table{Columns: []Column{
		plan, id, change, right("wave", "wave", 0),
		right("starts", "start_seconds", 0), right("ends", "end_seconds", 1),
		left("do", "do", 0), left("what", "", 0), hidden("store"), hidden("user"), left("from", "from", 0).late(1),
		left("to", "", 0), hidden("server"), hidden("to"), right("copied", "bytes", 2),
	}}
	t.Rows = rowsOf(changes, func(c planner.ScheduledChange) []Cell {
		wave, what, to, copied := Nothing, Unknown, c.To, Unknown
		if c.Wave != nil {
			wave = count(*c.Wave)
		}
		if c.Do != "" { // which older schedules do not tell
			what, copied = words(c.Subject().Words()), figure(Size, c.Bytes)
		}
		if to == "" {
			to = c.Server
		}
		return []Cell{
			words(c.Plan), words(c.ID), words(c.ID + " of " + c.Plan[:min(tell, len(c.Plan))]), wave, figure(Seconds, c.StartSeconds), figure(Seconds, c.EndSeconds),
			words(string(c.Do)), what, words(string(c.Store)), words(string(c.User)), words(string(c.From)),
			words(string(to)), words(string(c.Server)), words(string(c.To)), copied,
		}
	})
	return t
}

// tellApart returns how many characters of their plans tell changes of several ones apart; 0: all are
// of one.
func tellApart(changes []planner.ScheduledChange) int {
	const least = 4
	plans := map[string]bool{}
	for _, c := range changes {
		plans[c.Plan] = true
	}
	if len(plans) < 2 {
		return 0
	}
	for n := least; ; n++ {
		begins, longer := map[string]bool{}, false
		for plan := range plans {
			begins[plan[:min(n, len(plan))]] = true
			longer = longer || len(plan) > n
		}
		if len(begins) == len(plans) || !longer {
			return n
		}
	}
}

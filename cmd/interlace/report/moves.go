package report

import (
	"fmt"

	"github.com/interlacemail/interlace/planner"
)

// Schedule is the screen of a moves plan.
func Schedule(p *planner.Schedule, m Made) *Screen {
	s := &Screen{}
	head := Lines{}
	head.add("%s in %s (no order is faster than %s)", things(len(p.Changes), "change", "changes"), DurationText(p.MakespanSeconds), DurationText(p.BoundSeconds))
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
		facts.add("stopped", "%s", stoppedWords(p.Stopped))
	}
	if m.File != "" {
		facts.add("next", "%s", joined("interlace show plan "+m.File))
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
				fmt.Sprintf("nothing moves from %s to %s", DurationText(ended), DurationText(c.StartSeconds)),
				fmt.Sprintf("the first change that waits for room is %s of plan %s", c.ID, c.Plan),
				"a --keep-source shorter than "+DurationText(p.Options.KeepSourceSeconds)+" starts it earlier")
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

// ScheduledChanges is the table of when each change is carried out.
func ScheduledChanges(changes []planner.ScheduledChange) *Table {
	t := &Table{Columns: []Column{
		left("plan", "plan", 1), left("change", "id", 0), right("wave", "wave", 0),
		right("starts", "start_seconds", 0), right("ends", "end_seconds", 0),
	}}
	t.Rows = rowsOf(changes, func(c planner.ScheduledChange) []Cell {
		wave := Nothing
		if c.Wave != nil {
			wave = count(*c.Wave)
		}
		return []Cell{words(c.Plan), words(c.ID), wave, figure(Seconds, c.StartSeconds), figure(Seconds, c.EndSeconds)}
	})
	return t
}

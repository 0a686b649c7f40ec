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
	facts.add("on the way", "%s", transientWords(p))
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

func transientWords(p *planner.Schedule) string {
	rules := "every state keeps the rules"
	if len(p.Violations) > 0 {
		rules = brokenWords(p.Violations)
	}
	fullest := ""
	if p.TransientFullest.Utilisation.Known {
		fullest = fmt.Sprintf("fullest %s then: %s of %s", p.TransientFullest.Resource, PercentText(p.TransientFullest.Utilisation.Value), p.TransientFullest.Server)
	}
	return joined(rules, fullest)
}

func waves(waves []planner.Wave) *Table {
	t := &Table{Columns: []Column{
		left("wave", "", 0), right("starts", "", 0), right("ends", "", 0), right("changes", "", 0), right("copied", "", 1),
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

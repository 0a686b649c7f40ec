package moves

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// warnings says what the reader should know besides what is broken.
func (s *scheduler) warnings() []planner.Warning {
	all := []planner.Warning{}
	for _, r := range s.refused {
		all = append(all, planner.Warning{Text: r.text(), Rule: planner.Text(planner.Transient), Subject: planner.Text(r.subject)})
	}
	for _, p := range s.plans {
		if n := rulesBroken(p); n > 0 {
			all = append(all, planner.Warning{Text: fmt.Sprintf("the target of plan %s breaks rules itself, in %s", p.PlanID(), inventory.Counted(n, "place", "places"))})
		}
	}
	if len(s.waited) > 0 {
		all = append(all, planner.Warning{Text: s.waitedFor()})
	}
	for _, i := range s.long {
		c := s.scheduled(&s.tasks[i])
		all = append(all, planner.Warning{Subject: planner.Text(c.Subject()), Text: fmt.Sprintf(
			"a window does not hold the %s of %s with what belongs to it (change %s of plan %s): its wave lasts longer",
			c.Do, c.Subject().Words(), c.ID, c.Plan)})
	}
	return all
}

// waitedFor says how long nothing moves.
func (s *scheduler) waitedFor() string {
	longest, total := s.waited[0], 0.0
	for _, w := range s.waited {
		total += w.to - w.from
		if w.to-w.from > longest.to-longest.from {
			longest = w
		}
	}
	return fmt.Sprintf("nothing moves for %s (longest from %s to %s after the start): the room that is needed then is held by moved users at their sources",
		inventory.DurationText(total), inventory.DurationText(longest.from), inventory.DurationText(longest.to))
}

// rulesBroken returns in how many places the plan's target breaks rules.
func rulesBroken(p planner.Plan) int {
	switch p := p.(type) {
	case *planner.Layout:
		return len(p.Violations)
	case *planner.Assignment:
		return len(p.Violations)
	}
	return 0
}

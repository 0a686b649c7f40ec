package moves

import (
	"fmt"
	"time"

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
			all = append(all, planner.Warning{Text: fmt.Sprintf("the target of plan %s breaks %d rules itself", p.PlanID(), n)})
		}
	}
	if len(s.waited) > 0 {
		all = append(all, planner.Warning{Text: s.waitedFor()})
	}
	for _, i := range s.long {
		t := &s.tasks[i]
		all = append(all, planner.Warning{Text: fmt.Sprintf(
			"a window does not hold change %s of plan %s, with what belongs to it: its wave lasts longer",
			s.changeID(t), s.plans[t.plan].PlanID())})
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
		days(total), days(longest.from), days(longest.to))
}

// days says a number of seconds in words.
func days(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	if whole := d / (24 * time.Hour); whole > 0 {
		return fmt.Sprintf("%dd%s", whole, d%(24*time.Hour))
	}
	return d.String()
}

// rulesBroken returns how many rules the plan's target breaks.
func rulesBroken(p planner.Plan) int {
	switch p := p.(type) {
	case *planner.Layout:
		return len(p.Violations)
	case *planner.Assignment:
		return len(p.Violations)
	}
	return 0
}

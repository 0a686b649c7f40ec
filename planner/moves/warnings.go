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
		all = append(all, planner.Warning{Text: fmt.Sprintf("plan %s: %s", s.plans[r.plan].PlanID(), s.told(r)), Rule: planner.Text(planner.Transient), Subject: planner.Text(r.subject)})
	}
	for _, p := range s.plans {
		if n := rulesBroken(p); n > 0 {
			all = append(all, planner.Warning{Text: fmt.Sprintf("the target of plan %s breaks rules itself, in %s", p.PlanID(), inventory.Counted(n, "place", "places"))})
		}
	}
	if len(s.waited) > 0 {
		all = append(all, planner.Warning{Text: s.waitedFor()})
	}
	if text := s.pastWindow(); text != "" {
		all = append(all, planner.Warning{Text: text})
	}
	return all
}

// pastWindow says which waves last longer than the window, if any do.
func (s *scheduler) pastWindow() string {
	window := s.opts.Window.Seconds()
	if window <= 0 {
		return ""
	}
	past, longest := 0, 0
	for n, w := range s.waves {
		if w.to > w.from+window {
			past++
		}
		if w.to-w.from > s.waves[longest].to-s.waves[longest].from {
			longest = n
		}
	}
	if past == 0 {
		return ""
	}
	return fmt.Sprintf("the window of %s cannot be kept: %d of %d waves last longer, wave %d for %s; what a plan does to one store or share group is not divided",
		inventory.DurationText(window), past, len(s.waves), longest+1, inventory.DurationText(s.waves[longest].to-s.waves[longest].from))
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

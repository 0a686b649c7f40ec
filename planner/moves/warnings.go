package moves

import (
	"fmt"
	"math"
	"time"

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
			all = append(all, planner.Warning{Text: fmt.Sprintf("the target of plan %s breaks %d rules itself", p.PlanID(), n)})
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
		days(window), past, len(s.waves), longest+1, days(s.waves[longest].to-s.waves[longest].from))
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

// days says a number of seconds in words: of days, which may be more than a
// [time.Duration] holds, and of the rest of a day.
func days(seconds float64) string {
	const day = 24 * 60 * 60
	seconds = math.Round(seconds)
	rest := time.Duration(math.Mod(seconds, day)) * time.Second
	if whole := math.Floor(seconds / day); whole > 0 {
		return fmt.Sprintf("%.0fd%s", whole, rest)
	}
	return rest.String()
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

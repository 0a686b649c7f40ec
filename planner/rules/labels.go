package rules

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// labels warns of servers without a label at a level that the fleet spreads over or
// is to survive and at which others have one. Each counts as a domain of its own,
// which keeps a rule where the label is merely forgotten.
func (s *state) labels() {
	for _, level := range s.inv.Levels() {
		rule := planner.FailureCeiling
		switch {
		case slices.ContainsFunc(s.inv.Spread, func(sp inventory.Spread) bool { return sp.Level == level }):
			rule = planner.Spread
		case !slices.Contains(s.inv.Survive, level):
			continue
		}
		var bare []string
		for i := range s.inv.Servers {
			if _, labelled := s.inv.Servers[i].Domains[level]; !labelled {
				bare = append(bare, string(s.inv.Servers[i].Name))
			}
		}
		if bare != nil {
			s.warn(rule, "", "%s at level %s, where others have one, and %s: %s",
				inventory.Counted(len(bare), "server has no label", "servers have no label"), level,
				oneOrMore(len(bare), "counts as a domain of its own", "count as domains of their own"), few(bare))
		}
	}
}

func oneOrMore(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// few names at most ten.
func few(names []string) string {
	const most = 10
	if len(names) > most {
		return strings.Join(names[:most], " ") + " …"
	}
	return strings.Join(names, " ")
}

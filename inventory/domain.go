package inventory

import "slices"

// FailureDomain is what fails together: one server (level "server") or all
// servers with one label at a level.
type FailureDomain struct {
	Level Level
	Name  string
}

// String returns level:name, the form of the flag --fail and of the field "failed".
func (d FailureDomain) String() string { return string(d.Level) + ":" + d.Name }

// Domain returns the failure domain of the server at the level. A server
// without a label there is its own domain, of level "server".
func (s *Server) Domain(level Level) FailureDomain {
	if level != LevelServer {
		if name, ok := s.Domains[level]; ok {
			return FailureDomain{level, string(name)}
		}
	}
	return FailureDomain{LevelServer, string(s.Name)}
}

// Levels returns the levels at which some server has a label, sorted by name,
// without the level "server".
func (inv *Inventory) Levels() []Level {
	seen := map[Level]bool{}
	for i := range inv.Servers {
		for level := range inv.Servers[i].Domains {
			seen[level] = true
		}
	}
	levels := make([]Level, 0, len(seen))
	for level := range seen {
		levels = append(levels, level)
	}
	slices.Sort(levels)
	return levels
}

// StaysOnline reports whether no failure of one domain of the level may take a
// store offline: of one server, or at a level that the fleet spreads over or is to
// survive.
func (inv *Inventory) StaysOnline(level Level) bool {
	return level == LevelServer || slices.Contains(inv.Survive, level) ||
		slices.ContainsFunc(inv.Spread, func(s Spread) bool { return s.Level == level })
}

package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// All returns the impact of each single failure: of every server that is not
// down, worst first, then of every domain of the other levels, worst first.
func (s *Simulator) All() []planner.Impact {
	singles := s.Level(0)
	slices.SortStableFunc(singles, compareImpacts)
	var domains []planner.Impact
	for level := 1; level < len(s.fleet.Levels); level++ {
		domains = append(domains, s.Level(level)...)
	}
	slices.SortStableFunc(domains, compareImpacts)
	return append(singles, domains...)
}

// Level returns the impact of the failure of each domain of the level that has
// a server left to fail, in the order of the domains. At levels other than
// "server" a server without a label is not failed again.
func (s *Simulator) Level(level int) []planner.Impact {
	var impacts []planner.Impact
	l := &s.fleet.Levels[level]
	for _, d := range l.Domains {
		if d.Level == l.Name && s.up(d) {
			impacts = append(impacts, s.Fail(d))
		}
	}
	return impacts
}

func (s *Simulator) up(d load.Domain) bool {
	return slices.ContainsFunc(d.Servers, func(server int32) bool { return !s.fleet.Down[server] })
}

// compareImpacts puts the worse impact first: by users and stores offline, then
// by the utilisation of the worst survivor.
func compareImpacts(a, b planner.Impact) int {
	return cmp.Or(
		cmp.Compare(b.UsersOffline, a.UsersOffline),
		cmp.Compare(b.StoresOffline, a.StoresOffline),
		cmp.Compare(b.Worst.Utilisation.Value, a.Worst.Utilisation.Value),
		slices.Compare(a.Failed, b.Failed),
	)
}

// TakingOffline returns those of the failures that take a store offline and must
// not: those of one server, or of one domain at a level that the fleet spreads over
// or is to survive.
func (s *Simulator) TakingOffline(failures []planner.Impact) []planner.Impact {
	var taking []planner.Impact
	for _, f := range failures {
		level, _ := planner.Subject(f.Failed[0]).Split()
		if len(f.Offline) > 0 && len(f.Failed) == 1 && s.fleet.Inventory.StaysOnline(inventory.Level(level)) {
			taking = append(taking, f)
		}
	}
	return taking
}

// Parse finds the failure domains named in the form level:name, such as
// server:imap3 or rack:a4. All that are not found are named in the error.
func Parse(f *load.Fleet, names []string) ([]load.Domain, error) {
	var domains []load.Domain
	var unknown []string
	for _, name := range names {
		d, ok := findDomain(f, name)
		if !ok {
			unknown = append(unknown, fmt.Sprintf("%q", name))
			continue
		}
		domains = append(domains, d)
	}
	if unknown != nil {
		return nil, fmt.Errorf("no such failure domain: %s", strings.Join(unknown, ", "))
	}
	return domains, nil
}

func findDomain(f *load.Fleet, name string) (load.Domain, bool) {
	level, _, _ := strings.Cut(name, ":")
	at := f.Level(inventory.Level(level))
	if at < 0 {
		return load.Domain{}, false
	}
	for _, d := range f.Levels[at].Domains {
		if d.String() == name {
			return d, true
		}
	}
	return load.Domain{}, false
}

package simulate

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Failover returns who takes over from whom when any one server fails.
func (s *Simulator) Failover() planner.Failover {
	f := planner.Failover{}
	worst := s.strains(nil)
	for _, d := range s.fleet.Levels[0].Domains {
		if s.up(d) {
			f.Takeovers = append(f.Takeovers, s.handOver([]load.Domain{d}, worst)...)
		}
	}
	f.Strains = strained(worst)
	return f
}

// FailoverOf returns who takes over from whom when the domains fail, all at
// once. A store goes from the server that served it before.
func (s *Simulator) FailoverOf(domains ...load.Domain) planner.Failover {
	worst := s.strains(domains)
	f := planner.Failover{Failed: names(domains), Takeovers: s.handOver(domains, worst)}
	f.Strains = strained(worst)
	return f
}

// handOver fails the domains, returns what each survivor takes over from each
// server, sorted, and raises the worst strains.
func (s *Simulator) handOver(domains []load.Domain, worst []planner.Strain) []planner.Takeover {
	if len(s.fleet.Failover) == 0 {
		return nil
	}
	o := s.strike(domains)
	defer s.heal(o)
	failed := names(domains)
	type pair struct{ from, to int32 }
	amounts := map[pair]int64{}
	busiest := map[int32]int{} // resource in which a survivor is then busiest
	for _, to := range o.touched {
		u, r := s.busiest(int(to), &s.steady[to])
		busiest[to] = r
		if w := &worst[to]; u > w.Worst {
			w.Resource, w.Failed = s.fleet.Inventory.Resources[r].Name, failed
			w.Normal, w.Worst = s.fleet.Utilisation(int(to), r, s.normal.Amounts[to][r]), u
		}
	}
	for _, store := range o.promoted {
		from, to := load.Master(s.layout[store], s.fleet.Down), load.Master(s.layout[store], s.failed)
		r := busiest[to]
		amounts[pair{from, to}] += s.fleet.Active[store][r] - s.fleet.Passive[store][r]
	}
	list := make([]planner.Takeover, 0, len(amounts))
	for p, amount := range amounts {
		r := busiest[p.to]
		list = append(list, planner.Takeover{
			Failed: int(p.from), Survivor: int(p.to), Resource: s.fleet.Inventory.Resources[r].Name,
			Added:       s.fleet.Utilisation(int(p.to), r, amount),
			Utilisation: s.fleet.Utilisation(int(p.to), r, s.normal.Amounts[p.to][r]+s.steady[p.to][r]),
		})
	}
	slices.SortFunc(list, func(a, b planner.Takeover) int {
		return cmp.Or(cmp.Compare(a.Failed, b.Failed), cmp.Compare(a.Survivor, b.Survivor))
	})
	return list
}

// strains returns the normal state of every server that survives the domains; of
// the others, a strain without resource.
func (s *Simulator) strains(domains []load.Domain) []planner.Strain {
	list := make([]planner.Strain, len(s.fleet.Capacity))
	for _, server := range s.order {
		u, r := s.busiest(int(server), nil)
		failing := slices.ContainsFunc(domains, func(d load.Domain) bool { return slices.Contains(d.Servers, server) })
		if r >= 0 && !failing {
			list[server] = planner.Strain{Server: int(server), Resource: s.fleet.Inventory.Resources[r].Name, Normal: u, Worst: u}
		}
	}
	return list
}

// strained leaves out the strains without resource.
func strained(list []planner.Strain) []planner.Strain {
	return slices.DeleteFunc(list, func(s planner.Strain) bool { return s.Resource == "" })
}

package simulate

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Promises returns the figures that the layout stands for.
func (s *Simulator) Promises() planner.Promises {
	p := planner.Promises{
		WorstDomain: map[inventory.Level]planner.Worst{},
		Normal:      s.busiestPlace(s.fleet.Failover),
		Fullest:     s.busiestPlace(s.fleet.Full),
	}
	for level := range s.fleet.Levels {
		w := s.Worst(level)
		if level == 0 {
			p.WorstSingle = w
		} else {
			p.WorstDomain[s.fleet.Levels[level].Name] = w
		}
	}
	p.WorstPair, p.StoresOfflineWorstPair = s.worstPair()
	p.PartnersMedian, p.PartnersMax = s.partners()
	return p
}

// Worst returns the worst over the failures of each domain of the level; a
// server without a label there is its own domain. It is unknown if no failure
// leaves a survivor.
func (s *Simulator) Worst(level int) planner.Worst {
	worst := noPeaks()
	for i, d := range s.fleet.Levels[level].Domains {
		if !s.up(d) {
			continue
		}
		o := s.strike(s.fleet.Levels[level].Domains[i : i+1])
		p := s.peaks(o, []string{d.String()})
		worst.steady.raise(p.steady)
		worst.firstHour.raise(p.firstHour)
		s.heal(o)
	}
	return s.named(worst)
}

func (s *Simulator) busiestPlace(resources []int) planner.Place {
	value, server, r := s.fleet.Fullest(s.normal.Amounts, resources, s.fleet.Down)
	if server < 0 {
		return planner.Place{}
	}
	return planner.Place{
		Utilisation: planner.Known(value),
		Server:      planner.Text(s.fleet.Inventory.Servers[server].Name),
		Resource:    planner.Text(s.fleet.Inventory.Resources[r].Name),
	}
}

// PartnerPairs returns how many pairs of servers share a store.
func (s *Simulator) PartnerPairs() int {
	twice := 0
	for _, n := range s.partnersOf() {
		twice += n
	}
	return twice / 2
}

// partners returns the lower median and the largest number of servers with
// which a server shares a store, over the servers with instances.
func (s *Simulator) partners() (median, largest int) {
	counts := s.partnersOf()
	if len(counts) == 0 {
		return 0, 0
	}
	slices.Sort(counts)
	return counts[(len(counts)-1)/2], counts[len(counts)-1]
}

// partnersOf returns the number of servers with which each server that has
// instances shares a store.
func (s *Simulator) partnersOf() []int {
	sets := make([]map[int32]bool, len(s.fleet.Capacity))
	for _, sites := range s.layout {
		for _, a := range sites {
			if sets[a] == nil {
				sets[a] = map[int32]bool{}
			}
			for _, b := range sites {
				if a != b {
					sets[a][b] = true
				}
			}
		}
	}
	var counts []int
	for _, set := range sets {
		if set != nil {
			counts = append(counts, len(set))
		}
	}
	return counts
}

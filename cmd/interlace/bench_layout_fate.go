package main

import (
	"slices"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// fate computes what failures do to a layout: the worst utilisation after one of
// the level, and the rest.
func fate(f *load.Fleet, l load.Layout, level inventory.Level) (planner.Number, *report.Fate) {
	sim := simulate.New(f, l)
	promises := sim.Promises()
	made := &report.Fate{
		Partners: promises.PartnersMedian, OfflineMost: promises.StoresOfflineWorstPair,
		Fullest: promises.Fullest.Utilisation,
	}
	made.LargestShare, made.MedianShare = largestShares(sim.Level(0))
	made.OfflineMean, made.OfflineChance = offlineByTwo(f, l)
	return worstAt(promises, level), made
}

func worstAt(p planner.Promises, level inventory.Level) planner.Number {
	if level == inventory.LevelServer {
		return p.WorstSingle.Utilisation
	}
	return p.WorstDomain[level].Utilisation
}

func boundAt(b planner.LayoutBounds, level inventory.Level) planner.Number {
	if level == inventory.LevelServer {
		return b.WorstSingle
	}
	return b.WorstDomain[level]
}

// largestShares returns the largest share that a survivor takes over: over all failures,
// and the median.
func largestShares(impacts []planner.Impact) (largest, median planner.Number) {
	var list []float64
	for i := range impacts {
		if share := impacts[i].LargestShare; share.Known {
			list = append(list, share.Value)
		}
	}
	if list == nil {
		return planner.Number{}, planner.Number{}
	}
	slices.Sort(list)
	return planner.Known(list[len(list)-1]), planner.Known(list[(len(list)-1)/2])
}

// offlineByTwo returns how many stores go offline in the mean over all pairs of servers
// that are up, and the chance that any does. A store with one instance up goes
// offline with any pair that its server is in, one with two up with that pair.
func offlineByTwo(f *load.Fleet, l load.Layout) (mean, chance planner.Number) {
	servers := 0
	for _, down := range f.Down {
		if !down {
			servers++
		}
	}
	if servers < 2 {
		return planner.Number{}, planner.Number{}
	}
	alone, both, stores := map[int32]bool{}, map[[2]int32]bool{}, 0
	for _, sites := range l {
		up := slices.DeleteFunc(slices.Clone(sites), func(s int32) bool { return f.Down[s] })
		slices.Sort(up)
		switch up = slices.Compact(up); len(up) {
		case 1:
			alone[up[0]] = true
			stores += servers - 1
		case 2:
			both[[2]int32{up[0], up[1]}] = true
			stores++
		}
	}
	n := float64(servers)
	safe := n - float64(len(alone))
	bad := n*(n-1)/2 - safe*(safe-1)/2
	for pair := range both {
		if !alone[pair[0]] && !alone[pair[1]] {
			bad++
		}
	}
	all := n * (n - 1) / 2
	return planner.Known(float64(stores) / all), planner.Known(bad / all)
}

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

// largestShares returns the largest share that a survivor takes over, over all
// failures, and the median of what it is after each.
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

// offlineByTwo returns how many stores go offline in the mean over all pairs of
// servers that are up, and the chance that any does. A store with one instance up
// goes offline with any pair that its server is in, one with two up with that pair.
func offlineByTwo(f *load.Fleet, l load.Layout) (mean, chance planner.Number) {
	servers := 0
	for _, down := range f.Down {
		if !down {
			servers++
		}
	}
	all := pairsOf(servers)
	if all == 0 {
		return planner.Number{}, planner.Number{}
	}
	alone, together, stores := map[int32]bool{}, map[[2]int32]bool{}, 0
	for _, sites := range l {
		up := slices.DeleteFunc(slices.Clone(sites), func(s int32) bool { return f.Down[s] })
		slices.Sort(up)
		switch up = slices.Compact(up); len(up) {
		case 1:
			alone[up[0]] = true
			stores += servers - 1
		case 2:
			together[[2]int32{up[0], up[1]}] = true
			stores++
		}
	}
	bad := all - pairsOf(servers-len(alone))
	for pair := range together {
		if !alone[pair[0]] && !alone[pair[1]] {
			bad++
		}
	}
	return planner.Known(float64(stores) / float64(all)), planner.Known(float64(bad) / float64(all))
}

// pairsOf returns how many pairs there are of n things.
func pairsOf(n int) int { return n * (n - 1) / 2 }

package main

import (
	"slices"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
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
	made.OfflineMean = planner.Known(durability.MeanOffline(f, l, 2))
	made.OfflineChance = planner.Known(durability.ChanceOffline(f, l, 2, 0).Value) // counted: no seed is used
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

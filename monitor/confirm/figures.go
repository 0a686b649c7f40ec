package confirm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// slack is by how much more than promised a figure may be: mail keeps coming, and the
// planners themselves take that for good enough.
const slack = 0.02

// figure is a promised utilisation.
type figure struct {
	name  monitor.PromiseName
	value planner.Number
}

// promised returns the figures of a plan.
func promised(p planner.Plan) []figure {
	switch p := p.(type) {
	case *planner.Layout:
		list := onServers(p.Promises.WorstSingle, p.Promises.WorstDomain, p.Promises.Normal, p.Promises.Fullest)
		if p.Promises.WorstPair != nil {
			list = append(list, figure{"worst_pair", p.Promises.WorstPair.Utilisation})
		}
		return list
	case *planner.Assignment:
		list := onServers(p.Promises.WorstSingle, p.Promises.WorstDomain, p.Promises.Normal, p.Promises.Fullest)
		return append(list, figure{"peak_utilisation", p.Promises.PeakUtilisation})
	}
	return nil
}

func onServers(single planner.Worst, domains map[inventory.Level]planner.Worst, normal, fullest planner.Place) []figure {
	list := []figure{{"worst_single", single.Utilisation}}
	for _, level := range slices.Sorted(maps.Keys(domains)) {
		list = append(list, figure{monitor.PromiseName("worst_domain." + string(level)), domains[level].Utilisation})
	}
	return append(list, figure{"normal", normal.Utilisation}, figure{"fullest", fullest.Utilisation})
}

// computed returns the figures of a fleet as it is.
func computed(live *inventory.Inventory) map[monitor.PromiseName]planner.Number {
	fleet := load.New(live)
	p := simulate.New(fleet, fleet.Current()).Promises()
	list := onServers(p.WorstSingle, p.WorstDomain, p.Normal, p.Fullest)
	if p.WorstPair != nil {
		list = append(list, figure{"worst_pair", p.WorstPair.Utilisation})
	}
	found := map[monitor.PromiseName]planner.Number{"peak_utilisation": peak(fleet)}
	for _, f := range list {
		found[f.name] = f.value
	}
	return found
}

// peak is the largest part of a capacity that a store carries.
func peak(f *load.Fleet) planner.Number {
	var most planner.Number
	for s := range f.Inventory.Stores {
		for r, capacity := range f.Inventory.Stores[s].Capacity[:f.Resources] {
			if capacity > 0 {
				most = planner.Known(max(most.Value, float64(f.Active[s][r])/f.Scale.Quanta(r, capacity)))
			}
		}
	}
	return most
}

// figures compares what a plan promised with what is there. Unseen says why nothing can
// be computed, or nothing.
func figures(p planner.Plan, live *inventory.Inventory, unseen string) []monitor.Promise {
	var found map[monitor.PromiseName]planner.Number
	estimated := ""
	if unseen == "" {
		found, estimated = computed(live), estimates(live)
	}
	var list []monitor.Promise
	for _, f := range promised(p) {
		if f.value.Known {
			list = append(list, f.judge(found[f.name], unseen, estimated))
		}
	}
	return list
}

func (f *figure) judge(found planner.Number, unseen, estimated string) monitor.Promise {
	p := monitor.Promise{Name: f.name, Verdict: monitor.Met, Expected: percent(f.value.Value)}
	d := monitor.Doubt{Verdict: monitor.UnknownFulfilment, Expected: "at most " + p.Expected}
	switch {
	case unseen != "":
		p.Found, d.Found, d.Next = "not computed", unseen, "ask again when that is done"
	case !found.Known:
		p.Found, d.Found, d.Next = "not known", "no failure leaves a server that carries anything", "interlace simulate"
	default:
		p.Found = joined(percent(found.Value), estimated)
		if !planner.Above(found.Value, f.value.Value*(1+slack)) {
			return p
		}
		d.Verdict, d.Found, d.Next = monitor.Unmet, p.Found, "make a new plan: the loads are not those that this one was made on"
	}
	p.Verdict, p.Doubts = d.Verdict, []monitor.Doubt{d}
	return p
}

// estimates says in which resources loads are estimated.
func estimates(inv *inventory.Inventory) string {
	var mask uint8
	for i := range inv.Users {
		mask |= inv.Users[i].Estimated
	}
	var names []string
	for r := range inv.Resources {
		if mask&(1<<r) != 0 {
			names = append(names, string(inv.Resources[r].Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "it rests on estimates of " + strings.Join(names, " and ")
}

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

package usage

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Load is what a store was measured to weigh in a resource.
type Load struct {
	Store    inventory.StoreID
	Resource string
	BusyHour int // of the day, 0 to 23, in which its master does most
	// Master and Replica are what an instance of that role used in that hour:
	// the middle, over the days, of what 95 of 100 samples did not pass. Of
	// several replicas it is the one that used most.
	Master, Replica inventory.Number
	// Factor is Replica over Master, as a resource's replica factor.
	Factor inventory.Number
	Days   int // that were seen of the master
}

// fewestSamples of an hour say something about 95 of 100.
const fewestSamples = 10

// Loads returns what stores weigh, from the hours in which they were looked at,
// sorted by store and resource. The hours of the day are those at a place.
// What is left on a disk is no load; what fills it grows, so its last hour counts.
func Loads(hours []monitor.UsageHour, at *time.Location) []Load {
	type subject struct {
		store    inventory.StoreID
		resource string
	}
	by := map[subject][]monitor.UsageHour{}
	for _, h := range hours {
		if h.Resource != "disk_free" && (h.Samples >= fewestSamples || h.Resource == "disk") {
			by[subject{h.Store, h.Resource}] = append(by[subject{h.Store, h.Resource}], h)
		}
	}
	subjects := slices.SortedFunc(maps.Keys(by), func(a, b subject) int {
		return cmp.Or(cmp.Compare(a.store, b.store), cmp.Compare(a.resource, b.resource))
	})
	var loads []Load
	for _, s := range subjects {
		loads = append(loads, load(s.store, s.resource, by[s], at))
	}
	return loads
}

func load(store inventory.StoreID, resource string, hours []monitor.UsageHour, at *time.Location) Load {
	l := Load{Store: store, Resource: resource}
	masters := map[int][]monitor.UsageHour{}                         // by hour of the day
	replicas := map[inventory.ServerID]map[int][]monitor.UsageHour{} // and by server
	for _, h := range hours {
		of := masters
		if h.Role != inventory.Master {
			if replicas[h.Server] == nil {
				replicas[h.Server] = map[int][]monitor.UsageHour{}
			}
			of = replicas[h.Server]
		}
		hour := h.Begins.In(at).Hour()
		if resource == "disk" {
			hour = 0
		}
		of[hour] = append(of[hour], h)
	}
	l.BusyHour = busiest(masters)
	l.Days = len(masters[l.BusyHour])
	l.Master = weight(resource, masters[l.BusyHour])
	for _, of := range replicas {
		hour := l.BusyHour
		if len(masters) == 0 {
			hour = busiest(of)
		}
		if n := weight(resource, of[hour]); n.Known && (!l.Replica.Known || n.Value > l.Replica.Value) {
			l.Replica = n
		}
	}
	if l.Master.Known && l.Replica.Known && l.Master.Value > 0 {
		l.Factor = inventory.Known(l.Replica.Value / l.Master.Value)
	}
	return l
}

// busiest returns the hour of the day with the highest mean over the days, the
// first one if there are several.
func busiest(by map[int][]monitor.UsageHour) int {
	best, most := 0, -1.0
	for _, hour := range slices.Sorted(maps.Keys(by)) {
		sum := 0.0
		for _, h := range by[hour] {
			sum += h.Mean
		}
		if mean := sum / float64(len(by[hour])); mean > most {
			best, most = hour, mean
		}
	}
	return best
}

// weight returns what an instance used in the same hour of several days.
func weight(resource string, hours []monitor.UsageHour) inventory.Number {
	if len(hours) == 0 {
		return inventory.Number{}
	}
	if resource == "disk" {
		last := slices.MaxFunc(hours, func(a, b monitor.UsageHour) int { return a.Begins.Compare(b.Begins) })
		return inventory.Known(last.P95)
	}
	values := make([]float64, len(hours))
	for i, h := range hours {
		values[i] = h.P95
	}
	slices.Sort(values)
	return inventory.Known((values[(len(values)-1)/2] + values[len(values)/2]) / 2)
}

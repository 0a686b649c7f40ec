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
	// BusyHour is the hour of the day, 0 to 23, in which the master does most, of
	// those that were seen on at least half as many days as any.
	BusyHour int
	// Master and Replica are what an instance of that role used in that hour:
	// the middle, over the days, of what 95 of 100 samples did not pass. Of
	// several replicas it is the one that used most.
	Master, Replica inventory.Number
	// Factor is Replica over Master, as a resource's replica factor.
	Factor inventory.Number
	Days   int // on which that hour was seen of the master
}

// fewestSamples of an hour say something about 95 of 100.
const fewestSamples = 10

// Loads returns what stores weigh, from the hours in which they were looked at,
// sorted by store and resource. The hours of the day are those at a place.
// What is left on a disk is no load; what is on it grows, so its last hour counts.
func Loads(hours []monitor.UsageHour, at *time.Location) []Load {
	type subject struct {
		store    inventory.StoreID
		resource string
	}
	by := map[subject][]monitor.UsageHour{}
	for _, h := range hours {
		if h.Resource != "disk_free" && h.Resource != "disk_fill" && (h.Samples >= fewestSamples || h.Resource == "disk") {
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
	l.BusyHour = busiest(masters, at)
	l.Days = days(masters[l.BusyHour], at)
	l.Master = weight(resource, masters[l.BusyHour])
	for _, of := range replicas {
		hour := l.BusyHour
		if len(masters) == 0 {
			hour = busiest(of, at)
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

// busiest returns the hour of the day with the highest mean, the first one if there
// are several. An hour that was seen on few days only, such as that of a restart, tells
// less than others.
func busiest(by map[int][]monitor.UsageHour, at *time.Location) int {
	enough := 0
	for _, hours := range by {
		enough = max(enough, (days(hours, at)+1)/2)
	}
	best, most := 0, -1.0
	for _, hour := range slices.Sorted(maps.Keys(by)) {
		sum := 0.0
		for _, h := range by[hour] {
			sum += h.Mean
		}
		if mean := sum / float64(len(by[hour])); mean > most && days(by[hour], at) >= enough {
			best, most = hour, mean
		}
	}
	return best
}

// days counts the days of hours.
func days(hours []monitor.UsageHour, at *time.Location) int {
	seen := map[string]bool{}
	for _, h := range hours {
		seen[h.Begins.In(at).Format(time.DateOnly)] = true
	}
	return len(seen)
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
	return inventory.Known(middle(values))
}

// middle returns the median.
func middle(values []float64) float64 {
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

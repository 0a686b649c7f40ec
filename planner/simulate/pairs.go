package simulate

import (
	"slices"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Pairs returns what the failures of two do that happen at once: at level 0 of
// any two servers that are up, at another of any of its domains and any server
// outside it. Of the worst it gives as many impacts as are asked for.
func (s *Simulator) Pairs(level, worst int) planner.Pairs {
	return s.survey(level, worst).told()
}

// survey goes through all pairs of a domain and a server outside it.
//
// Most pairs have nothing to do with one another: they share no survivor, hold
// no store together, and spare the busiest server. Such a pair does what each of
// the two does alone, so that it is enough to sort failures by that and to count.
// The others meet, and are looked at one by one: for each domain, the servers
// from which one of its survivors takes something over, too; those that take
// something over from it or leave it something; and all of them where the busiest
// server is in it. There a survivor may take over from both, the busiest survivor
// of the one may be the other, and a store with its master in one and its first
// replica in the other is promoted on the next, or goes offline.
//
// For n servers with k stores each that takes O(n·k² + n·log n) steps, where a
// scan over all pairs takes n²·k, and memory in proportion to the layout.
type survey struct {
	*Simulator
	level   *load.Level
	servers bool       // the domains are servers, and each pair is looked at once
	up      []int32    // servers that may fail
	domains *takeovers // of the level
	single  *takeovers // of servers
	sources *sources
	next    []int32 // the sources of each survivor that may still pair with the domain

	second, firstSecond []int32 // stores by their first replica

	idle float64 // the utilisation of the busiest server in the normal state

	// What each survivor carries in the normal state, and its capacity, in each
	// failover resource.
	carried  []int64
	capacity []float64

	tally    *tally
	worst    *podium
	hottest  *podium
	emptiest *podium
	pairs    int64
	offline  int64 // pairs that take stores offline
	left     int   // servers that may still pair
	unhurt   int   // those of them that take no store offline alone

	// Scratch of one domain.
	meetings []meeting // by server
	met      []int32   // servers
	later    []promotion
}

func (s *Simulator) survey(level, worst int) *survey {
	n := len(s.fleet.Capacity)
	v := &survey{
		Simulator: s, level: &s.fleet.Levels[level], servers: level == 0, up: slices.Sorted(slices.Values(s.order)),
		tally:    newTally(),
		meetings: slices.Repeat([]meeting{apartYet}, n),
	}
	v.second, v.firstSecond = s.byFirstReplica()
	v.single = s.takeovers(s.fleet.Levels[0].Domains)
	v.domains = v.single
	if !v.servers {
		v.domains = s.takeovers(v.level.Domains)
	}
	v.sources = v.single.bySurvivor(len(s.fleet.Failover))
	v.next = slices.Clone(v.sources.first)
	for server := range n {
		for _, r := range s.fleet.Failover {
			v.carried = append(v.carried, s.normal.Amounts[server][r])
			v.capacity = append(v.capacity, s.fleet.Capacity[server][r])
		}
	}
	v.worst = newPodium(worst, v.up, v.single.alone, byUsers)
	v.hottest = newPodium(1, v.up, v.single.alone, byUtilisation)
	v.emptiest = newPodium(1, v.up, v.single.alone, byStores)
	v.left = len(v.up)
	if len(s.order) > 0 {
		v.idle = s.after(s.order[0])
	}
	v.countApart()
	for d := range v.level.Domains {
		if v.fails(d) {
			v.visit(int32(d))
		}
	}
	return v
}

// fails reports whether the domain is one of those that are looked at.
func (v *survey) fails(d int) bool {
	return v.level.Domains[d].Level == v.level.Name && v.Simulator.up(v.level.Domains[d])
}

// byFirstReplica lists the stores by the server of their first replica that is
// up: those on server s are stores[first[s]:first[s+1]].
func (s *Simulator) byFirstReplica() (stores, first []int32) {
	first = make([]int32, len(s.fleet.Capacity)+1)
	replica := make([]int32, len(s.layout))
	for store, sites := range s.layout {
		replica[store] = -1
		if master := load.Master(sites, s.failed); master >= 0 {
			replica[store] = s.without(master, sites)
		}
		if replica[store] >= 0 {
			first[replica[store]+1]++
		}
	}
	for server := range s.fleet.Capacity {
		first[server+1] += first[server]
	}
	stores, next := make([]int32, first[len(first)-1]), slices.Clone(first)
	for store, server := range replica {
		if server >= 0 {
			stores[next[server]] = int32(store)
			next[server]++
		}
	}
	return stores, first
}

// without returns the server that serves the store when one more fails.
func (s *Simulator) without(server int32, sites []int32) int32 {
	s.failed[server] = true
	to := load.Master(sites, s.failed)
	s.failed[server] = false
	return to
}

// countApart tallies all pairs as if no two had anything to do with one another:
// the larger of their steps counts.
func (v *survey) countApart() {
	var servers, domains []int32
	for _, server := range v.up {
		servers = append(servers, v.single.alone[server].step)
		if v.single.alone[server].stores == 0 {
			v.unhurt++
		}
	}
	slices.Sort(servers)
	if v.servers {
		for i, step := range servers {
			v.tally.add(step, int64(i))
		}
		return
	}
	for d := range v.level.Domains {
		if v.fails(d) {
			domains = append(domains, v.domains.alone[d].step)
		}
	}
	slices.Sort(domains)
	for _, step := range domains {
		upTo, _ := slices.BinarySearch(servers, step+1)
		v.tally.add(step, int64(upTo))
	}
	for _, step := range servers {
		below, _ := slices.BinarySearch(domains, step)
		v.tally.add(step, int64(below))
	}
}

// told sums the survey up.
func (v *survey) told() planner.Pairs {
	p := planner.Pairs{Count: v.pairs, TakingOffline: v.offline, OverCapacity: v.tally.above(stepsPerOne), Histogram: v.tally.histogram()}
	if v.pairs > 0 {
		p.ChanceOffline = planner.Known(float64(v.offline) / float64(v.pairs))
		p.StoresOfflineWorst = v.emptiest.pairs[0].stores
		p.Utilisation = v.tally.quantiles(v.peakUtilisation())
	}
	for _, q := range v.worst.pairs {
		p.Worst = append(p.Worst, v.Fail(v.both(q)...))
	}
	return p
}

func (v *survey) peakUtilisation() planner.Number {
	if u := v.hottest.pairs[0].utilisation; u >= 0 {
		return planner.Known(u)
	}
	return planner.Number{}
}

// both returns the two that fail.
func (v *survey) both(q pair) []load.Domain {
	return []load.Domain{v.level.Domains[q.domain], v.fleet.Levels[0].Domains[q.server]}
}

// worstPair returns the largest utilisation over all pairs of servers, whatever
// they take offline, and the most stores that a pair does.
func (s *Simulator) worstPair() (*planner.Worst, int) {
	worst, offline := noPeaks(), 0
	if v := s.survey(0, 0); v.pairs > 0 {
		worst.steady, offline = v.hottestPeak(), v.emptiest.pairs[0].stores
		worst.firstHour = s.coldly().survey(0, 0).hottestPeak()
	}
	named := s.named(worst)
	return &named, offline
}

// hottestPeak is the busiest survivor of the pair that leaves it busiest.
func (v *survey) hottestPeak() peak {
	domains := v.both(v.hottest.pairs[0])
	o := v.strike(domains)
	defer v.heal(o)
	worst := noPeaks().steady
	p := v.peak(o, v.steady)
	p.failed = names(domains)
	worst.raise(p)
	return worst
}

package bounds

import (
	"cmp"
	"math"
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

// Mixture says what servers that are alike are to carry of stores that are alike.
type Mixture struct {
	Worst          float64 // worst single-failure utilisation, if it can be laid out
	Configurations []Configuration
}

// Configuration is what one server carries.
type Configuration struct {
	Masters  int
	Replicas int // first replicas
	Slice    int // most of these that one failure may make it promote
}

// Mixtures returns ways to fill the servers of a fleet in which all servers that
// may carry instances are alike, and all stores: first every server with as much
// as the others, then, where there are better ones, some that are, from the best
// on. Each is a list of as many configurations as there are such servers, those
// with the most masters first. There are none where servers or stores differ.
func Mixtures(f *load.Fleet) []Mixture {
	p := newProblem(f, true, nil)
	a := newAlike(p, 0)
	if a == nil || !a.guarded || len(f.Failover) == 0 {
		return nil
	}
	mixtures := []Mixture{a.mixture(a.balanced())}
	for t := a.least(); t*nearly < mixtures[0].Worst && len(mixtures) <= mostMixtures; t = a.above(t * nearly) {
		if mix := a.mix(t * nearly); mix != nil {
			mixtures = append(mixtures, a.mixture(mix))
		}
	}
	return mixtures
}

// mostMixtures is how many mixtures are tried.
const mostMixtures = 12

// mixture says how many a server may have to promote at once: as many as the
// worst of the configurations leaves room for.
func (a *alike) mixture(list []configuration) Mixture {
	m := Mixture{}
	for _, c := range list {
		m.Worst = max(m.Worst, a.worst(c))
	}
	slices.SortFunc(list, func(a, b configuration) int { return cmp.Or(b.m-a.m, b.r-a.r) })
	for _, c := range list {
		m.Configurations = append(m.Configurations, Configuration{c.m, c.r, a.slice(c, m.Worst)})
	}
	return m
}

// slice returns the most that a server with the configuration can promote within a
// worst utilisation of t.
func (a *alike) slice(c configuration, t float64) int {
	most := c.r
	for _, r := range a.fleet.Failover {
		active, passive := a.fleet.Active[0][r], a.fleet.Passive[0][r]
		room := Most(a.model.capacity[r], t) - int64(c.m)*active - int64(c.r)*passive
		most = min(most, fitting(room, active-passive, 0, 1, most))
	}
	return most
}

// balanced gives every server as many masters and replicas as the others, or one
// more; more replicas to those with fewer masters.
func (a *alike) balanced() []configuration {
	list := make([]configuration, a.servers)
	for i := range list {
		list[i].m = a.stores / a.servers
		list[i].r = list[i].m
		if i < a.stores%a.servers {
			list[i].m++
		}
		if i >= a.servers-a.stores%a.servers {
			list[i].r++
		}
	}
	return list
}

// mostMixing limits the work of [alike.mix].
const mostMixing = 10_000_000

// mixed is for how many servers configurations are chosen one by one.
func (a *alike) mixed() int {
	k := float64(a.stores)/float64(a.servers) + 1
	return min(a.servers, int(math.Sqrt(mostMixing/(3*k*k))))
}

// exact reports whether the fleet is so small that [alike.mix] finds a mixture if
// there is one.
func (a *alike) exact() bool { return a.mixed() == a.servers }

// mix returns a configuration for each server, at a worst utilisation of t, that
// have a place for all masters and first replicas; nil if none was found. Where there
// are many servers, most of them get the two corners of the hull next to the mean;
// for the others, or all, it is a knapsack: the most replicas that so many servers
// can have beside so many masters, server by server.
func (a *alike) mix(t float64) []configuration {
	few := a.mixed()
	list := a.corners(t, a.servers-few)
	masters, replicas := a.stores, a.stores
	for _, c := range list {
		masters, replicas = masters-c.m, replicas-c.r
	}
	if masters < 0 || list == nil && few < a.servers {
		return nil
	}
	var most []int // replicas by masters
	for m := 0; m <= masters; m++ {
		r := a.replicas(m, t)
		if r < 0 {
			break
		}
		most = append(most, r)
	}
	best := make([][]int, few+1)
	best[0] = make([]int, masters+1)
	for m := range best[0] {
		best[0][m] = math.MinInt / 2
	}
	best[0][0] = 0
	for n := range few {
		best[n+1] = make([]int, masters+1)
		for m := range best[n+1] {
			best[n+1][m] = math.MinInt / 2
			for here := 0; here < len(most) && here <= m; here++ {
				best[n+1][m] = max(best[n+1][m], best[n][m-here]+most[here])
			}
		}
	}
	if best[few][masters] < 0 || a.guarded && best[few][masters] < replicas {
		return nil
	}
	for n, m := few, masters; n > 0; n-- {
		here := 0
		for best[n-1][m-here]+most[here] != best[n][m] {
			here++
		}
		list = append(list, configuration{here, most[here]})
		m -= here
	}
	return a.trim(list)
}

// corners returns so many configurations, of the two corners of the hull at t next
// to the mean.
func (a *alike) corners(t float64, servers int) []configuration {
	hull := a.hull(t)
	at := slices.IndexFunc(hull, func(c configuration) bool { return c.m*a.servers >= a.stores })
	if at < 0 {
		return nil
	}
	u, v := hull[max(at-1, 0)], hull[at]
	list := make([]configuration, servers)
	for i := range list {
		list[i] = u
		if u == v || i < servers*(a.stores-u.m*a.servers)/(a.servers*(v.m-u.m)) {
			list[i] = v
		}
	}
	return list
}

// trim takes away replicas that are more than the stores have, one by one from the
// servers that are then the least busy ones.
func (a *alike) trim(list []configuration) []configuration {
	surplus := -a.stores
	for _, c := range list {
		surplus += c.r
	}
	for ; a.guarded && surplus > 0; surplus-- {
		at := -1
		for i, c := range list {
			if c.r > 0 && (at < 0 || a.worst(c) > a.worst(list[at])) {
				at = i
			}
		}
		list[at].r--
	}
	return list
}

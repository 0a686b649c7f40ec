package bounds

import (
	"cmp"
	"iter"
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

// Mixtures yields ways to fill the servers of a fleet in which all servers that may
// carry instances are alike, and all stores: first every server with as much as the
// others, then those that are better, if they can be laid out, from the best on.
// Each is a list of as many configurations as there are such servers, those with
// the most masters first. There are none where servers or stores differ.
func Mixtures(f *load.Fleet, opts LayoutOptions) iter.Seq[Mixture] {
	return func(yield func(Mixture) bool) {
		a := newAlike(newProblem(f, opts), 0)
		if a == nil || !a.guarded || len(f.Failover) == 0 {
			return
		}
		even := a.mixture(a.balanced(), 0)
		if !yield(even) {
			return
		}
		found := 0
		for t := a.least(); t*nearly < even.Worst && found < mostMixtures; t = a.above(t * nearly) {
			mix, _ := a.mix(t * nearly)
			if mix == nil {
				continue
			}
			if found++; !yield(a.mixture(a.trim(mix), t*nearly)) {
				return
			}
		}
	}
}

// mostMixtures is how many mixtures are tried.
const mostMixtures = 12

// mixture says how many a server may have to promote at once: as many as a worst
// utilisation of t leaves room for, or the worst of the configurations.
func (a *alike) mixture(list []configuration, t float64) Mixture {
	m := Mixture{}
	for _, c := range list {
		m.Worst = max(m.Worst, t, a.worst(c))
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
		most = fitting(room, active-passive, most)
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
		list[i].slice = (list[i].r + a.reach - 1) / a.reach
	}
	return list
}

// trim takes away replicas that are more than the stores have, one from each server
// in turn, the busiest first.
func (a *alike) trim(list []configuration) []configuration {
	surplus := -a.stores
	for _, c := range list {
		surplus += c.r
	}
	for surplus > 0 {
		slices.SortStableFunc(list, func(x, y configuration) int { return cmp.Compare(a.worst(y), a.worst(x)) })
		for i := range list {
			if c := &list[i]; c.r > 0 && surplus > 0 {
				c.r--
				c.slice = min(c.slice, c.r)
				surplus--
			}
		}
	}
	return list
}

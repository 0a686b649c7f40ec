package bounds

import "math"

// alike is a fleet whose holders are all alike and whose stores are all alike,
// with at most two live instances each: what a server carries is a configuration,
// a number of masters M and one of first replicas R.
type alike struct {
	*problem
	servers, stores int
	reach           int  // domains that can make a server promote something
	guarded         bool // stores have a first replica
	model           model
}

// newAlike returns nil where servers or stores differ.
func newAlike(p *problem, level int) *alike {
	kinds := p.models()
	if len(kinds) != 1 || len(p.live) == 0 || p.live[0] < 1 || p.live[0] > 2 {
		return nil
	}
	for store := range p.live {
		if p.live[store] != p.live[0] || p.guarded[store] != (p.live[0] == 2) || p.fleet.Active[store] != p.fleet.Active[0] {
			return nil
		}
	}
	a := &alike{
		problem: p, servers: len(p.holders), stores: len(p.live), reach: p.reach(level), guarded: p.guarded[0], model: kinds[0],
	}
	if a.guarded && a.reach == 0 {
		return nil
	}
	return a
}

// configured returns the least T at which configurations can make up the layout,
// and 0 where servers or stores differ.
//
// A server with M masters and R first replicas carries M·L + R·ρL in the normal
// state. Its replicas are promoted by reach domains at most, so one of these makes
// it promote ⌈R/reach⌉ stores or more. T is therefore at least
//
//	(M·L + R·ρL + ⌈R/reach⌉·Δ) / C
//
// in each failover resource; the resources with ρ ≥ 1 keep their ceilings, and
// slots are not exceeded. In whole numbers that leaves a finite number of
// configurations for every T. Over all servers the mean of M is the number of
// stores for each server, K, and so is the mean of R; so T is possible only if
// (K, K), or something that is more in both, lies in the convex hull of the
// configurations. Servers of which some carry masters only, and promote nothing,
// can therefore do better than servers that are all filled with (K, K). Where the
// fleet is small enough, some number of servers in each configuration must add up
// to the stores ([alike.mix]), which is more than that their mean does.
func (p *problem) configured(level int) float64 {
	if a := newAlike(p, level); a != nil {
		return a.least()
	}
	return 0
}

// least returns the bound.
func (a *alike) least() float64 {
	lo := 0.0
	for _, r := range a.fleet.Failover {
		w, _ := a.totals(r)
		lo = max(lo, w/a.capacity(r)*slack)
	}
	if a.possible(lo) || !a.possible(absurd) {
		return lo
	}
	t := a.above(least(lo, a.possible))
	for a.exact() && a.mix(t*nearly) == nil {
		t = a.above(t * nearly)
	}
	return t
}

// nearly passes over worst utilisations that differ by the rounding of loads only.
const nearly = 1 + 1e-10

// above returns the least worst utilisation above t at which there is another
// configuration: until then nothing changes.
func (a *alike) above(t float64) float64 {
	next := math.Inf(1)
	for m := 0; m <= a.stores; m++ {
		r := a.replicas(m, t)
		if r < a.replicas(m, absurd) {
			next = min(next, a.worst(configuration{m, r + 1}))
		}
		if r < 0 {
			break
		}
	}
	return next
}

// worst returns the worst utilisation of a server with the configuration.
func (a *alike) worst(c configuration) float64 {
	f, t := a.fleet, 0.0
	for _, r := range f.Failover {
		active, passive := f.Active[0][r], f.Passive[0][r]
		groups := (c.r + max(a.reach, 1) - 1) / max(a.reach, 1)
		t = max(t, float64(int64(c.m)*active+int64(c.r)*passive+int64(groups)*(active-passive))/a.model.capacity[r])
	}
	return t
}

// possible reports whether means of configurations reach (K, K) at a worst
// utilisation of t: whether some point of their upper hull at K is not below K.
// It is enough to look at pairs of configurations with K between their masters.
func (a *alike) possible(t float64) bool {
	hull := a.hull(t)
	for i, v := range hull {
		if v.m*a.servers == a.stores && a.enough(v.r*a.servers) {
			return true
		}
		if i == 0 {
			continue
		}
		u := hull[i-1]
		left, right := a.stores-u.m*a.servers, v.m*a.servers-a.stores
		if left >= 0 && right >= 0 && a.enough((right*u.r+left*v.r)/(v.m-u.m)) {
			return true
		}
	}
	return false
}

func (a *alike) enough(replicas int) bool { return !a.guarded || replicas >= a.stores }

// configuration is what one server carries: masters and first replicas.
type configuration struct{ m, r int }

// hull returns the corners of the upper hull of the configurations at a worst
// utilisation of t, by rising numbers of masters: with most replicas for these.
func (a *alike) hull(t float64) []configuration {
	var out []configuration
	for m := 0; m <= a.stores; m++ {
		v := configuration{m, a.replicas(m, t)}
		if v.r < 0 {
			break
		}
		for len(out) >= 2 {
			u, w := out[len(out)-2], out[len(out)-1]
			if (w.r-u.r)*(v.m-u.m) > (v.r-u.r)*(w.m-u.m) {
				break
			}
			out = out[:len(out)-1]
		}
		out = append(out, v)
	}
	return out
}

// replicas returns the most first replicas that a server can carry beside m
// masters at a worst utilisation of t, −1 if not even the masters.
func (a *alike) replicas(m int, t float64) int {
	f := a.fleet
	most := min(int(a.model.slots)-m, a.stores)
	active, passive := &f.Active[0], &f.Passive[0]
	for _, r := range f.Full {
		room := Most(a.model.capacity[r], f.Inventory.Resources[r].Ceiling) - int64(m)*active[r]
		most = fitting(room, passive[r], 0, 1, most)
	}
	for _, r := range f.Failover {
		room := Most(a.model.capacity[r], t) - int64(m)*active[r]
		most = fitting(room, passive[r], active[r]-passive[r], max(a.reach, 1), most)
	}
	return most
}

// fitting returns how many things of a size fit into the room where every group of
// so many that is begun takes more, at most the given number; −1 where there is
// less than no room.
func fitting(room, size, more int64, group, most int) int {
	if room < 0 {
		return -1
	}
	low := 0
	for low < most {
		mid := (low + most + 1) / 2
		if int64(mid)*size+int64((mid+group-1)/group)*more <= room {
			low = mid
		} else {
			most = mid - 1
		}
	}
	return min(low, most)
}

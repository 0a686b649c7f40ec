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

// mostAlike is the number of stores for each server up to which configurations are
// looked at. With more of them it hardly matters that they are whole.
const mostAlike = 250

// newAlike returns nil where servers or stores differ.
func newAlike(p *problem, level int) *alike {
	kinds := p.models()
	if len(kinds) != 1 || len(p.live) == 0 || len(p.live) > mostAlike*len(p.holders) || p.live[0] < 1 || p.live[0] > 2 {
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
// state. If its slice, the most that it promotes at once, is S stores, then R is at most
// reach·S, for reach domains at most can make it promote something, and T at least
//
//	(M·L + R·ρL + S·Δ) / C
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
	for next := t; a.exact() && !math.IsInf(next, 1); next = a.above(t * nearly) {
		t = next
		if _, possible := a.mix(t * nearly); possible {
			break
		}
	}
	return t // the last one where whole servers make up no layout at all
}

// nearly passes over worst utilisations that differ by the rounding of loads only.
const nearly = 1 + 1e-10

// above returns the least worst utilisation above t at which there is another
// configuration: until then nothing changes.
func (a *alike) above(t float64) float64 {
	next := math.Inf(1)
	for m := 0; m <= a.stores; m++ {
		c := configuration{m: m}
		for ; ; c.slice++ {
			c.r = max(a.replicas(c, t)+1, c.slice)
			if c.r <= a.replicas(c, absurd) {
				next = min(next, a.worst(c))
			}
			if a.replicas(c, t) < c.slice {
				break
			}
		}
		if c.slice == 0 {
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
		t = max(t, float64(int64(c.m)*active+int64(c.r)*passive+int64(c.slice)*(active-passive))/a.model.capacity[r])
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

// configuration is what one server carries: masters, first replicas, and how many of
// these it can promote at once.
type configuration struct{ m, r, slice int }

// perReplica is what a replica is worth where a slice is worth the weight.
const perReplica = 2

func (c configuration) value(weight int) int { return perReplica*c.r + weight*c.slice }

// hull returns the corners of the upper hull of the configurations at a worst
// utilisation of t, by rising numbers of masters: with most replicas for these.
func (a *alike) hull(t float64) []configuration {
	var out []configuration
	for m := 0; m <= a.stores; m++ {
		v, ok := a.best(m, t, math.MaxInt, 0)
		if !ok {
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

// best returns the configuration with m masters that is worth most, with at most
// so many masters and slices within.
func (a *alike) best(m int, t float64, within, weight int) (best configuration, ok bool) {
	for c := (configuration{m: m}); c.slice <= within-m; c.slice++ {
		c.r = a.replicas(c, t)
		if c.r < c.slice || weight == 0 && c.r < best.r {
			break
		}
		if !ok || c.value(weight) > best.value(weight) {
			best, ok = c, true
		}
	}
	return best, ok
}

// replicas returns the most first replicas that a server can carry beside the
// masters and the slice of a configuration at a worst utilisation of t, −1 if not
// even these.
func (a *alike) replicas(c configuration, t float64) int {
	f := a.fleet
	most := min(int(a.model.slots)-c.m, a.reach*c.slice, a.stores)
	active, passive := &f.Active[0], &f.Passive[0]
	for _, r := range f.Full {
		room := Most(a.model.capacity[r], f.Inventory.Resources[r].Ceiling) - int64(c.m)*active[r]
		most = fitting(room, passive[r], most)
	}
	for _, r := range f.Failover {
		room := Most(a.model.capacity[r], t) - int64(c.m)*active[r] - int64(c.slice)*(active[r]-passive[r])
		most = fitting(room, passive[r], most)
	}
	return most
}

// fitting returns how many things of a size fit into the room, at most the given
// number; −1 where there is less than no room.
func fitting(room, size int64, most int) int {
	switch {
	case room < 0:
		return -1
	case size == 0:
		return most
	}
	return int(min(int64(most), room/size))
}

package durability

import (
	"context"
	"slices"
)

// exact returns the figures that follow from the model: exactly, but for
// occasions (see [model.occasions]), which are at least as many as those of one
// store and at most as many as those of all, each by itself. It stops early if the context ends.
func (m *model) exact(ctx context.Context) tally {
	var t tally
	var mostGoing, mostLost float64 // of one store
	x := exactStore{model: m}
	for store := range m.sites {
		if ctx.Err() != nil {
			return t
		}
		x.enter(m.sites[store], nil)
		offline, going := x.offline()
		t[storesOffline] += offline
		t[usersOffline] += offline * float64(m.users[store])
		t.addGoing(m, int32(store), going)
		lost := x.lost()
		t.addLost(m, int32(store), lost)
		t.addFailover(m, int32(store), x.failedOver)
		mostGoing, mostLost = max(mostGoing, going), max(mostLost, lost)
	}
	offline, loss := m.occasions(ctx)
	t[offlineOccasions] = min(max(offline, mostGoing), t[storesGoing])
	t[lossOccasions] = min(max(loss, mostLost), t[storesLost])
	return t
}

// exactStore computes the figures of one store. Its instances depend on one
// another only through failure domains that several of their servers share;
// given which of them those take away, each is by itself available, present on a
// server that is away, or missing.
type exactStore struct {
	*model
	sites  []int32
	shocks []shock

	present []float64 // chance that the instance is not missing
	alone   []float64 // chance that it is available, as far as it does not share its fate
	strikes []float64 // failures a year that hit an available instance and not the others
	chances []float64 // by set of sites: that the shocks have taken away these and no others
	here    []float64 // chance that it is available given what the shocks have taken away

	failedOver float64
}

// siteSet is some of the sites of a store, a bit for each.
type siteSet uint32

func only(i int) siteSet { return 1 << i }

// shock is the domains that hold the same sites, several of them: any of these
// domains takes all of these sites away.
type shock struct {
	sites siteSet
	rate  float64 // failures a year of the domains that have not failed
	well  float64 // chance that none has failed
}

// enter prepares the instances of a store, or some of them. Domains that are
// spared are known not to be away.
func (x *exactStore) enter(sites, spared []int32) {
	x.sites = sites
	x.shocks = x.shocks[:0]
	x.present, x.alone, x.strikes = x.present[:0], x.alone[:0], x.strikes[:0]
	x.here = append(x.here[:0], make([]float64, len(x.sites))...)
	for i, e := range x.sites {
		present := 1 - x.missing(x.window[e])
		alone, strikes := present*(1-x.outage.away()), x.outage.rate+x.loss
		for _, d := range x.domainsOf[x.server[e]] {
			held := x.sitesIn(d)
			switch {
			case slices.Contains(spared, d), held&(only(i)-1) != 0: // counted at the first of them
			case held == only(i):
				alone *= 1 - x.domains[d].away()
				strikes += x.domains[d].rate
			default:
				x.share(held, x.domains[d].source)
			}
		}
		x.present, x.alone, x.strikes = append(x.present, present), append(x.alone, alone), append(x.strikes, strikes)
	}
	x.shake()
}

// sitesIn returns the store's sites that the domain holds.
func (x *exactStore) sitesIn(d int32) siteSet {
	var held siteSet
	for i, e := range x.sites {
		if x.holds(d, x.server[e]) {
			held |= only(i)
		}
	}
	return held
}

// share lets the sites share the fate of one more domain.
func (x *exactStore) share(sites siteSet, domain source) {
	at := slices.IndexFunc(x.shocks, func(s shock) bool { return s.sites == sites })
	if at < 0 {
		at = len(x.shocks)
		x.shocks = append(x.shocks, shock{sites: sites, well: 1})
	}
	x.shocks[at].rate += domain.rate
	x.shocks[at].well *= 1 - domain.away()
}

// shake finds the chances of what the shocks have taken away, one shock after the
// other. A set that a shock adds to becomes a larger one, so that the sets are
// gone through from the largest down.
func (x *exactStore) shake() {
	x.chances = append(x.chances[:0], make([]float64, 1<<len(x.sites))...)
	x.chances[0] = 1
	for _, s := range x.shocks {
		for away := len(x.chances) - 1; away >= 0; away-- {
			if more := siteSet(away) | s.sites; more != siteSet(away) {
				x.chances[more] += x.chances[away] * (1 - s.well)
				x.chances[away] *= s.well
			}
		}
	}
}

// offline returns the part of the time that the store is offline, and how often
// it goes offline in a year: the sum over what may fail of how often it does,
// times the chance that the store then depends on it.
func (x *exactStore) offline() (part, going float64) {
	x.failedOver = 0
	for away, chance := range x.chances {
		if chance == 0 {
			continue
		}
		x.given(siteSet(away))
		gone := x.unserved(0)
		part += chance * gone
		for i := range x.sites {
			going += chance * x.here[i] * x.strikes[i] * x.unserved(only(i))
			x.failedOver += chance * x.here[i] * x.loss * x.takesOver(i)
		}
		for _, s := range x.shocks {
			going += chance * s.rate * (x.unserved(s.sites) - gone)
		}
	}
	return part, going
}

// given sets the chances of the instances given the sites that shocks have taken
// away.
func (x *exactStore) given(away siteSet) {
	copy(x.here, x.alone)
	for i := range x.sites {
		if away&only(i) != 0 {
			x.here[i] = 0
		}
	}
}

// unserved returns the chance that no instance is available but for those struck.
func (x *exactStore) unserved(struck siteSet) float64 {
	chance := 1.0
	for i := range x.sites {
		if struck&only(i) == 0 {
			chance *= 1 - x.here[i]
		}
	}
	return chance
}

// takesOver returns the chance that an available instance is the one that serves
// (no earlier one is available) and that another copy is there.
func (x *exactStore) takesOver(i int) float64 {
	serves, last := 1.0, 1.0
	for j := range x.sites {
		if j < i {
			serves *= 1 - x.here[j]
		}
		if j != i {
			last *= 1 - x.present[j]
		}
	}
	return serves - last
}

// lost returns how often in a year the last copy goes.
func (x *exactStore) lost() float64 {
	rate := 0.0
	for i := range x.sites {
		chance := x.present[i]
		for j := range x.sites {
			if j != i {
				chance *= 1 - x.present[j]
			}
		}
		rate += x.loss * chance
	}
	return rate
}

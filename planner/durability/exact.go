package durability

import "slices"

// exact returns the figures that follow from the model: exactly, but for
// occasions (see [model.occasions]).
func (m *model) exact() tally {
	var t tally
	x := exactStore{model: m}
	for store := range m.sites {
		x.enter(m.sites[store], nil)
		offline, going := x.offline()
		t[storesOffline] += offline
		t[usersOffline] += offline * float64(m.users[store])
		t.addGoing(m, int32(store), going)
		t.addLost(m, int32(store), x.lost())
		t.addFailover(m, int32(store), x.failedOver)
	}
	t[offlineOccasions], t[lossOccasions] = m.occasions()
	return t
}

// exactStore computes the figures of one store. Its instances depend on one
// another only through failure domains that several of their servers share;
// given the states of those, each is by itself available, present on a server
// that is away, or missing.
type exactStore struct {
	*model
	sites  []int32
	shared []int32 // domains that hold more than one of the servers

	present []float64 // chance that the instance is not missing
	alone   []float64 // chance that it is available, as far as it does not share its fate
	strikes []float64 // failures a year that hit an available instance and not the others
	here    []float64 // chance that it is available given the states of the shared domains

	failedOver float64
}

// enter prepares the instances of a store, or some of them. Domains that are
// spared are known not to be away.
func (x *exactStore) enter(sites, spared []int32) {
	x.sites = sites
	x.shared = x.shared[:0]
	x.present, x.alone, x.strikes = x.present[:0], x.alone[:0], x.strikes[:0]
	x.here = append(x.here[:0], make([]float64, len(x.sites))...)
	for i, e := range x.sites {
		present := 1 - x.missing(x.window[e])
		alone, strikes := present*(1-x.outage.away()), x.outage.rate+x.loss
		for _, d := range x.domainsOf[x.server[e]] {
			switch {
			case slices.Contains(spared, d), x.firstIn(d) < i:
			case x.holdsMore(d, i):
				x.shared = append(x.shared, d)
			default:
				alone *= 1 - x.domains[d].away()
				strikes += x.domains[d].rate
			}
		}
		x.present, x.alone, x.strikes = append(x.present, present), append(x.alone, alone), append(x.strikes, strikes)
	}
}

// firstIn returns the first of the store's sites that the domain holds.
func (x *exactStore) firstIn(d int32) int {
	for i, e := range x.sites {
		if x.holds(d, x.server[e]) {
			return i
		}
	}
	return len(x.sites)
}

// holdsMore reports whether the domain holds a site behind the i-th.
func (x *exactStore) holdsMore(d int32, i int) bool {
	for _, e := range x.sites[i+1:] {
		if x.holds(d, x.server[e]) {
			return true
		}
	}
	return false
}

// offline returns the part of the time that the store is offline, and how often
// it goes offline in a year: the sum over what may fail of how often it does,
// times the chance that the store then depends on it.
func (x *exactStore) offline() (part, going float64) {
	x.failedOver = 0
	without := make([]float64, len(x.shared)) // chance that the store is offline and the domain away
	for state := range uint64(1) << len(x.shared) {
		chance := x.given(state)
		gone := chance
		for i := range x.sites {
			gone *= 1 - x.here[i]
		}
		part += gone
		for b := range x.shared {
			if state>>b&1 == 1 {
				without[b] += gone
			}
		}
		for i := range x.sites {
			going += chance * x.here[i] * x.strikes[i] * x.othersAway(i)
			x.failedOver += chance * x.here[i] * x.loss * x.takesOver(i)
		}
	}
	for b, d := range x.shared {
		if s := x.domains[d]; s.mean > 0 {
			going += s.frequency() * (without[b]/s.away() - (part-without[b])/(1-s.away()))
		}
	}
	return part, going
}

// given sets the chances of the instances given which of the shared domains are
// away, and returns the chance of that.
func (x *exactStore) given(state uint64) float64 {
	copy(x.here, x.alone)
	chance := 1.0
	for b, d := range x.shared {
		if state>>b&1 == 0 {
			chance *= 1 - x.domains[d].away()
			continue
		}
		chance *= x.domains[d].away()
		for i, e := range x.sites {
			if x.holds(d, x.server[e]) {
				x.here[i] = 0
			}
		}
	}
	return chance
}

// othersAway returns the chance that no other instance is available.
func (x *exactStore) othersAway(i int) float64 {
	chance := 1.0
	for j := range x.sites {
		if j != i {
			chance *= 1 - x.here[j]
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

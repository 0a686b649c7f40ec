package durability

import (
	"context"
	"math/rand/v2"
)

// forced draws single failures and the states of the components that their
// consequences depend on, likely to have failed, with weights that make up for
// it.
type forced struct {
	*model
	rng *rand.Rand

	round      int32
	serverAt   []int32 // the round in which the state of a server's outage and disk, a domain was drawn
	domainAt   []int32
	storeAt    []int32   // the round in which a store was looked at
	serverAway []bool    // whether the server itself is in an outage
	domainAway []bool    // whether the domain is in one
	lostSince  []float64 // how long ago its disks were lost last
	widest     []float64 // the longest window of an instance on the server

	own, others              []int32 // servers of the round: what is struck, and the rest
	ownDomains, otherDomains []int32
	weight                   float64
	spareServer, spareDomain int32   // the component that fails now, and so has not failed before
	boostOwn, boostOthers    float64 // the least chances with which a component has failed
	spareOwn, spareOthers    float64 // and with which one that mostly has failed has not
	struck                   tally
	found                    batch
}

// visitsPerBatch is how many instances a batch looks at for the failures of one
// class at most: that of a site concerns many, and needs fewer samples.
const visitsPerBatch = 100_000

// force draws one batch of every class of failures that is wanted: what takes
// stores offline, or only what loses data.
func (m *model) force(ctx context.Context, rng *rand.Rand, strikes int, offlineToo bool) batch {
	f := &forced{
		model: m, rng: rng,
		serverAt: make([]int32, m.servers()), domainAt: make([]int32, len(m.domains)), storeAt: make([]int32, len(m.sites)),
		serverAway: make([]bool, m.servers()), domainAway: make([]bool, len(m.domains)),
		lostSince: make([]float64, m.servers()), widest: make([]float64, m.servers()),
	}
	for e, s := range m.server {
		f.widest[s] = max(f.widest[s], m.window[e])
	}
	for _, c := range m.strikes().classes {
		if c.rate > 0 && (offlineToo || c.kind == diskFails) {
			f.class(ctx, c, strikes)
		}
	}
	if offlineToo {
		f.states(ctx, strikes)
	}
	return f.found
}

// class samples failures of the class.
func (f *forced) class(ctx context.Context, c class, strikes int) {
	n := f.affordable(c, strikes)
	for range n {
		if ctx.Err() != nil {
			return
		}
		hit := component{c.kind, c.from + f.rng.Int32N(c.to-c.from)}
		f.begin(hit)
		f.draw()
		f.judge(hit)
		f.found.failures++
		f.settleAccount(c.rate * f.working(hit) / float64(n))
	}
}

// states samples what is offline at any time: of one server the stores whose
// master it carries.
func (f *forced) states(ctx context.Context, samples int) {
	for range samples {
		if ctx.Err() != nil || f.servers() == 0 {
			return
		}
		f.clear()
		f.own = append(f.own, f.rng.Int32N(int32(f.servers())))
		f.gather()
		f.boostOwn = 1 / float64(2+len(f.ownDomains)) // about one part of it is to have failed, too
		f.draw()
		from, to := f.instances(f.own[0])
		for e := from; e < to; e++ {
			store := f.store[e]
			if f.sites[store][0] == e && f.isOffline(store) {
				f.struck[storesOffline]++
				f.struck[usersOffline] += float64(f.users[store])
			}
		}
		f.settleAccount(float64(f.servers()) / float64(samples))
	}
}

// working is the part of the time that the component can fail.
func (f *forced) working(c component) float64 {
	switch c.kind {
	case serverFails:
		return 1 - f.outage.away()
	case domainFails:
		return 1 - f.domains[c.of].away()
	}
	return 1
}

// affordable is how many samples of the class a batch has.
func (f *forced) affordable(c class, strikes int) int {
	servers := 1
	if c.kind == domainFails {
		total := 0
		for _, d := range f.domains[c.from:c.to] {
			total += len(d.servers)
		}
		servers = max(1, total/int(c.to-c.from))
	}
	each := max(1, servers*len(f.store)/max(1, f.servers()))
	return min(strikes, max(2, visitsPerBatch/each))
}

// begin collects the components that decide what the failure does.
func (f *forced) begin(hit component) {
	f.clear()
	switch hit.kind {
	case domainFails:
		f.spareDomain = hit.of
		f.own = append(f.own, f.domains[hit.of].servers...)
	case serverFails:
		f.spareServer = hit.of
		f.own = append(f.own, hit.of)
	default:
		f.own = append(f.own, hit.of)
	}
	f.gather()
}

func (f *forced) clear() {
	f.round++
	f.own, f.others, f.ownDomains, f.otherDomains = f.own[:0], f.others[:0], f.ownDomains[:0], f.otherDomains[:0]
	f.spareServer, f.spareDomain = -1, -1
	f.boostOwn = 0
	f.weight = 1
}

// gather collects the other servers that carry the stores of the own ones, and
// the domains of all.
func (f *forced) gather() {
	for _, s := range f.own {
		f.serverAt[s] = f.round
		f.ownDomains = f.addDomains(f.ownDomains, s)
	}
	for _, s := range f.own {
		from, to := f.instances(s)
		for e := from; e < to; e++ {
			for _, o := range f.sites[f.store[e]] {
				if on := f.server[o]; f.serverAt[on] != f.round {
					f.serverAt[on] = f.round
					f.others = append(f.others, on)
					f.otherDomains = f.addDomains(f.otherDomains, on)
				}
			}
		}
	}
	// About one of the others is to have failed: each has an outage, disks and
	// its share of the domains.
	f.boostOthers = 1 / float64(max(2, 2*len(f.others)+len(f.otherDomains)))
	// Of each, likewise, where nearly all have: for nothing happens to what is not there.
	f.spareOwn, f.spareOthers = 1/float64(max(2, 2*len(f.own)+len(f.ownDomains))), f.boostOthers
}

func (f *forced) addDomains(list []int32, server int32) []int32 {
	for _, d := range f.domainsOf[server] {
		if f.domainAt[d] != f.round {
			f.domainAt[d] = f.round
			list = append(list, d)
		}
	}
	return list
}

// draw draws the states of all components collected.
func (f *forced) draw() {
	for _, s := range f.own {
		f.drawServer(s, f.boostOwn, f.spareOwn)
	}
	for _, d := range f.ownDomains {
		f.domainAway[d] = d != f.spareDomain && f.happens(f.domains[d].away(), f.boostOwn, f.spareOwn)
	}
	for _, s := range f.others {
		f.drawServer(s, f.boostOthers, f.spareOthers)
	}
	for _, d := range f.otherDomains {
		f.domainAway[d] = d != f.spareDomain && f.happens(f.domains[d].away(), f.boostOthers, f.spareOthers)
	}
}

func (f *forced) drawServer(s int32, boost, spare float64) {
	f.serverAway[s] = s != f.spareServer && f.happens(f.outage.away(), boost, spare)
	// Disks were lost at exponentially distributed times: at most the widest
	// window ago, where instances are missing, or before.
	chance := f.missing(f.widest[s])
	f.lostSince[s] = f.widest[s]
	if f.happens(chance, boost, spare) {
		f.lostSince[s] = f.quantile(f.rng.Float64() * chance)
	}
}

// happens draws an event of the chance, at least as often as boost says, and one that
// is likely no more often than leaves its opposite as much as spare says, and weighs
// it.
func (f *forced) happens(chance, boost, spare float64) bool {
	if chance == 0 {
		return false
	}
	often := max(min(chance, max(0.5, 1-spare)), boost)
	if f.rng.Float64() < often {
		f.weight *= chance / often
		return true
	}
	f.weight *= (1 - chance) / (1 - often)
	return false
}

// settleAccount adds what was struck, weighed.
func (f *forced) settleAccount(factor float64) {
	t := &f.struck
	if t[storesGoing]+t[storesLost]+t[failoverStores]+t[storesOffline] == 0 {
		return
	}
	t.scale(factor * f.weight)
	f.found.add(t)
	for i, v := range t {
		f.found.squares[i] += v * v
	}
	*t = tally{}
}

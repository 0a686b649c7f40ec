package durability

import (
	"context"
	"math/rand/v2"
)

// walk follows a fleet through time, failure by failure.
type walk struct {
	*model
	rng *rand.Rand
	now float64

	away       []int32   // outages of the server and its domains that it is in
	serverAway []bool    // whether the server itself is in one
	domainAway []bool    // whether the domain is in one
	missing    []bool    // by instance
	seededAt   []float64 // by instance that is missing
	missingOn  []int32   // instances that are missing, by server
	troubled   []bool    // whether a server is away or an instance on it is missing
	copies     []int16   // instances of each store that are there
	isOffline  []bool    // by store
	offlineOn  []int32   // stores that are offline, by server that carries them
	events     queue

	offline, usersOffline int     // now
	since                 float64 // when that began
	struck                tally   // what the present failure does
	found                 batch
}

// run follows the fleet for some years, starting in the steady state, and adds
// up what happens. It stops early if the context ends.
func (m *model) run(ctx context.Context, rng *rand.Rand, years float64) batch {
	w := &walk{
		model: m, rng: rng,
		away: make([]int32, m.servers()), serverAway: make([]bool, m.servers()), domainAway: make([]bool, len(m.domains)),
		missing: make([]bool, len(m.store)), seededAt: make([]float64, len(m.store)), missingOn: make([]int32, m.servers()),
		troubled: make([]bool, m.servers()), copies: make([]int16, len(m.sites)),
		isOffline: make([]bool, len(m.sites)), offlineOn: make([]int32, m.servers()),
	}
	w.settle()
	strikes := w.strikes()
	for checked := 0; ; checked++ {
		next := w.now + rng.ExpFloat64()/strikes.rate
		for len(w.events) > 0 && w.events[0].at <= min(next, years) {
			w.end(w.events.pop())
		}
		if next > years || checked&0xfff == 0 && ctx.Err() != nil {
			break
		}
		w.now = next
		w.fail(strikes.pick(rng))
	}
	w.now = years
	w.passTime()
	w.found.scale(1 / years)
	w.found.squares.scale(1 / (years * years))
	return w.found
}

// settle draws the state in which the fleet is at any time.
func (w *walk) settle() {
	for s := range w.first[1:] {
		if w.rng.Float64() < w.outage.away() {
			w.takeAway(int32(s))
		}
		sinceLoss := w.rng.ExpFloat64() / w.loss
		from, to := w.instances(int32(s))
		for e := from; e < to; e++ {
			if sinceLoss < w.window[e] {
				w.miss(e, w.window[e]-sinceLoss)
			}
		}
	}
	for d := range w.domains {
		if w.rng.Float64() < w.domains[d].away() {
			w.shut(int32(d))
		}
	}
	for store, sites := range w.sites {
		for _, e := range sites {
			if !w.missing[e] {
				w.copies[store]++
			}
		}
		if w.serving(int32(store)) < 0 {
			w.setOffline(int32(store), 1)
		}
	}
}

func (w *walk) takeAway(s int32) {
	w.serverAway[s] = true
	w.leave(s)
	w.events.push(event{w.now + w.rng.ExpFloat64()*w.outage.mean, serverBack, s})
}

func (w *walk) shut(d int32) {
	w.domainAway[d] = true
	for _, s := range w.domains[d].servers {
		w.leave(s)
	}
	w.events.push(event{w.now + w.rng.ExpFloat64()*w.domains[d].mean, domainBack, d})
}

func (w *walk) leave(s int32) {
	w.away[s]++
	w.troubled[s] = true
}

func (w *walk) miss(e int32, until float64) {
	if !w.missing[e] {
		w.missing[e] = true
		w.missingOn[w.server[e]]++
		w.troubled[w.server[e]] = true
		w.events.push(event{until, seeded, e})
	}
	w.seededAt[e] = until
}

// fail strikes a component, unless it has failed already.
func (w *walk) fail(c component) {
	switch c.kind {
	case serverFails:
		if w.serverAway[c.of] {
			return
		}
		w.takeAway(c.of)
		if w.away[c.of] == 1 {
			w.withdraw(c.of)
		}
	case domainFails:
		if w.domainAway[c.of] {
			return
		}
		w.shut(c.of)
		for _, s := range w.domains[c.of].servers {
			if w.away[s] == 1 {
				w.withdraw(s)
			}
		}
	case diskFails:
		w.lose(c.of)
	}
	w.found.failures++
	w.settleAccount()
}

// settleAccount adds what the failure did to what was found.
func (w *walk) settleAccount() {
	t := &w.struck
	if t[storesGoing]+t[storesLost]+t[failoverStores] == 0 {
		return
	}
	if t[storesGoing] > 0 {
		t[offlineOccasions] = 1
	}
	if t[storesLost] > 0 {
		t[lossOccasions] = 1
	}
	w.found.add(t)
	for i, v := range t {
		w.found.squares[i] += v * v
	}
	*t = tally{}
}

// withdraw takes those stores of a server that went away offline which no other
// server can serve. Most of the time all its partners are well.
func (w *walk) withdraw(s int32) {
	if !w.anyTroubled(w.partners[s]) {
		for _, store := range w.alone[s] {
			w.check(store)
		}
		return
	}
	from, to := w.instances(s)
	for e := from; e < to; e++ {
		w.check(w.store[e])
	}
}

func (w *walk) anyTroubled(servers []int32) bool {
	for _, s := range servers {
		if w.troubled[s] {
			return true
		}
	}
	return false
}

// check takes the store offline if nothing serves it any more.
func (w *walk) check(store int32) {
	if !w.isOffline[store] && w.serving(store) < 0 {
		w.passTime()
		w.setOffline(store, 1)
		w.struck.addGoing(w.model, store, 1)
	}
}

// restore brings the stores back that a server that is back can serve.
func (w *walk) restore(s int32) {
	w.troubled[s] = w.missingOn[s] > 0
	if w.offlineOn[s] == 0 {
		return
	}
	from, to := w.instances(s)
	for e := from; e < to; e++ {
		w.recheck(e)
	}
}

// recheck brings the store of the instance back if it can serve it.
func (w *walk) recheck(e int32) {
	if store := w.store[e]; w.isOffline[store] && !w.missing[e] && w.away[w.server[e]] == 0 {
		w.passTime()
		w.setOffline(store, -1)
	}
}

// setOffline takes a store offline (1) or back (-1).
func (w *walk) setOffline(store int32, by int) {
	w.isOffline[store] = by > 0
	w.offline += by
	w.usersOffline += by * w.users[store]
	for _, e := range w.sites[store] {
		w.offlineOn[w.server[e]] += int32(by)
	}
}

// serving returns the instance that serves the store, the first that is there on
// a server that is not away, or -1.
func (w *walk) serving(store int32) int32 {
	for _, e := range w.sites[store] {
		if !w.missing[e] && w.away[w.server[e]] == 0 {
			return e
		}
	}
	return -1
}

// lose loses the disks of a server.
func (w *walk) lose(s int32) {
	from, to := w.instances(s)
	for e := from; e < to; e++ {
		until := w.now + w.window[e]
		if w.missing[e] {
			w.miss(e, until)
			continue
		}
		store := w.store[e]
		switch w.copies[store]--; {
		case w.copies[store] == 0:
			w.struck.addLost(w.model, store, 1)
		case w.serving(store) == e:
			w.struck.addFailover(w.model, store, 1)
		}
		w.miss(e, until)
		w.check(store)
	}
}

// passTime adds up what was offline until now.
func (w *walk) passTime() {
	w.found.tally[storesOffline] += float64(w.offline) * (w.now - w.since)
	w.found.tally[usersOffline] += float64(w.usersOffline) * (w.now - w.since)
	w.since = w.now
}

// end brings back what was away or missing.
func (w *walk) end(e event) {
	w.now = e.at
	switch e.kind {
	case serverBack:
		w.serverAway[e.of] = false
		w.release(e.of)
	case domainBack:
		w.domainAway[e.of] = false
		for _, s := range w.domains[e.of].servers {
			w.release(s)
		}
	case seeded:
		w.seed(e.of)
	}
}

func (w *walk) release(s int32) {
	if w.away[s]--; w.away[s] == 0 {
		w.restore(s)
	}
}

// seed brings an instance back whose re-seed has ended, or waits for that which
// its disk made necessary that was lost again in the meantime.
func (w *walk) seed(e int32) {
	if w.seededAt[e] > w.now {
		w.events.push(event{w.seededAt[e], seeded, e})
		return
	}
	s := w.server[e]
	w.missing[e] = false
	w.missingOn[s]--
	w.troubled[s] = w.missingOn[s] > 0 || w.away[s] > 0
	w.copies[w.store[e]]++
	w.recheck(e)
}

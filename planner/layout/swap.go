package layout

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// leaver is an instance that is to leave its server. Where nothing is wrong with the
// store and the server, servers that take it can be told without a try from those
// that would come out too full, which are most of them.
type leaver struct {
	store, at int
	from      int32
	weighs    *inventory.Amounts
	promotes  inventory.Amounts // by failover resource: the most that its server promotes without it
	told      bool
}

func (s *search) leaver(store, at int) leaver {
	sites := s.sites[store]
	l := leaver{store: store, at: at, from: sites[at], weighs: s.weighs(store, sites, at)}
	l.told = l.weighs != nil && s.sound(store, sites) && !s.scores[l.from].broken()
	s.effects = s.effects[:0]
	e, i := s.effect(l.from), s.peak.level
	if heir, domain := s.promotes(i, sites); at > 0 && heir == l.from {
		e.takes[i].less = append(e.takes[i].less, take{int32(store), domain})
	}
	l.promotes = s.promotesMost(e)
	return l
}

// promotesMost returns, by failover resource, the most that the server promotes, with
// the effect, in the failures that peaks are about.
func (s *state) promotesMost(e *effect) inventory.Amounts {
	switch s.peak.objective {
	case planner.ObjectiveNormal:
		return inventory.Amounts{}
	case planner.ObjectivePair:
		return s.largestTwo(e.server, &e.takes[0])
	}
	return s.slicesWith(s.peak.level, e)
}

// outlook estimates the potential of a server that gets one instance, in exchange
// for another if there is one, and promotes this much then: +Inf where it comes
// above a ceiling, or above the limit and its present peak.
func (s *state) outlook(server int32, limit float64, more, less, promotes *inventory.Amounts) float64 {
	carried, most, capacity := &s.carried[server], &s.most[server], &s.fleet.Capacity[server]
	var sc serverScore
	for j, r := range s.fleet.Failover {
		amount := carried[r] + more[r] - less[r]
		sc.peak = max(sc.peak, float64(amount+promotes[j])/capacity[r])
		if amount > most[r] {
			return math.Inf(1)
		}
	}
	if sc.peak > limit && sc.peak > s.scores[server].peak {
		return math.Inf(1)
	}
	for _, r := range s.fleet.Full {
		amount := carried[r] + more[r] - less[r]
		sc.tight = max(sc.tight, float64(amount)/max(float64(most[r]), 1))
		if amount > most[r] {
			return math.Inf(1)
		}
	}
	return s.potential(&sc)
}

// hopeless reports whether the server would come out too full with the instance.
func (s *search) hopeless(p *picker, l *leaver, c int32) bool {
	promotes := s.promotesMost(&effect{server: c, takes: s.none})
	return l.told && !s.scores[c].broken() && math.IsInf(s.outlook(c, p.limit, l.weighs, &inventory.Amounts{}, &promotes), 1)
}

// exchange offers to swap an instance with one on server c that plays the same part
// for another store.
func (s *search) exchange(p *picker, l *leaver, c int32) {
	if len(s.on[c]) == 0 {
		return
	}
	partner := s.counterpart(p.limit, l, c)
	if partner < 0 || !s.swappable(l, partner, c) {
		s.left--
		return
	}
	s.list = replaced(s.list, s.sites[l.store], l.at, c)
	p.offer(change{l.store, s.list}, change{partner, s.other})
}

// blindly is how often, one time in so many, an exchange is tried that makes servers
// look no better than they are: what other servers gain from it cannot be told.
const blindly = 4

// counterpart returns the store on c to exchange places with: the one with which
// both servers look best, or one at random where that cannot be told, or −1.
func (s *search) counterpart(limit float64, l *leaver, c int32) int {
	if l.told && !s.scores[c].broken() {
		if store := s.match(limit, l, c); store >= 0 || s.rng.IntN(blindly) > 0 {
			return store
		}
	}
	store := 0
	for range 4 {
		store = int(s.on[c][s.rng.IntN(len(s.on[c]))])
		if s.welcome(s.sites[store], slices.Index(s.sites[store], c), l.from) {
			break
		}
	}
	return store
}

// swappable reports whether the store on c may give its place there, one of the same
// kind, for that of the leaver, and writes its sites then into other.
func (s *search) swappable(l *leaver, store int, c int32) bool {
	sites := s.sites[store]
	at := slices.Index(sites, c)
	if store == l.store || s.fixed[store] || (at == 0) != (l.at == 0) || !s.may(store, l.from) || slices.Contains(sites, l.from) || !s.welcome(sites, at, l.from) {
		return false
	}
	s.other = replaced(s.other, sites, at, l.from)
	return s.relax != yieldsToNone || s.shortage(store, s.other) <= s.shortage(store, sites)
}

// match returns the store on c with which both servers look best after an exchange
// with the leaver, or −1 where none makes them look better than they are.
func (s *search) match(limit float64, l *leaver, c int32) int {
	here := s.promotesMost(&effect{server: c, takes: s.none})
	if l.at > 0 {
		s.raise(&here, l.store)
	}
	best, least := -1, s.weight[l.from]+s.weight[c]
	for _, o := range s.on[c] {
		store := int(o)
		if (s.master[store] == c) != (l.at == 0) {
			continue
		}
		other, there := &s.fleet.Active[store], l.promotes
		if l.at > 0 {
			other = &s.fleet.Passive[store]
			s.raise(&there, store)
		}
		value := s.outlook(c, limit, l.weighs, other, &here)
		if value < least {
			value += s.outlook(l.from, limit, other, l.weighs, &there)
		}
		if value < least && s.swappable(l, store, c) {
			best, least = store, value
		}
	}
	return best
}

// raise makes what a server promotes at most no less than the store alone.
func (s *state) raise(most *inventory.Amounts, store int) {
	for j, v := range s.deltas(int32(store)) {
		most[j] = max(most[j], v)
	}
}

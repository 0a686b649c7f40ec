package layout

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// state is a layout with what is needed to judge changes of it.
//
// Invariants: carried and used are the sums over sites; takes[i][b] lists the
// stores that b promotes when their master's domain at level levels[i] fails;
// on[b] lists the stores with an instance on b; scores[b] is the score of b;
// total is the sum of costs.
type state struct {
	*problem
	sites   load.Layout
	master  []int32 // server that serves each store in the normal state, or −1
	carried []inventory.Amounts
	used    []int
	takes   [][][]int32
	on      [][]int32
	scores  []serverScore
	costs   []cost // of each store, against the start
	total   cost

	steepness, reference float64 // of the potential

	affected []int32    // servers that the last changes looked at touch
	former   [2][]int32 // sites before the changes being tried
	scratch  []int64    // slices of one server by domain and failover resource; zero between uses
	touched  []int32
}

// serverScore is how good or bad a server stands.
type serverScore struct {
	over    float64 // largest excess of a utilisation over its ceiling in the normal state
	excess  float64 // sum of these over the resources
	slots   int     // instances above its slots
	leaving int     // instances on a server that drains
	failure float64 // largest excess over a failure ceiling
	peak    float64 // largest utilisation after the failure of one server
}

func newState(p *problem, sites load.Layout) *state {
	f := p.fleet
	n := len(f.Capacity)
	s := &state{
		problem: p, sites: make(load.Layout, len(sites)), master: make([]int32, len(sites)),
		carried: make([]inventory.Amounts, n), used: make([]int, n), takes: make([][][]int32, len(p.levels)),
		on: make([][]int32, n), scores: make([]serverScore, n), costs: make([]cost, len(sites)),
	}
	widest := 0
	for i, level := range p.levels {
		s.takes[i] = make([][]int32, n)
		widest = max(widest, len(f.Levels[level].Domains))
	}
	s.scratch = make([]int64, widest*len(f.Failover))
	for store := range sites {
		s.put(store, sites[store])
	}
	for server := range n {
		s.scores[server] = s.score(server)
	}
	return s
}

func (s *state) clone() *state { return newState(s.problem, s.sites) }

// put makes the list the sites of a store that has none. The list is copied.
func (s *state) put(store int, list []int32) {
	s.sites[store] = append(s.sites[store][:0], list...)
	s.master[store] = load.Master(list, s.fleet.Down)
	s.count(store, 1)
	for _, b := range list {
		s.on[b] = append(s.on[b], int32(store))
	}
	for i := range s.levels {
		if b := s.promotes(i, store); b >= 0 {
			s.takes[i][b] = append(s.takes[i][b], int32(store))
		}
	}
	s.costs[store] = s.cost(store)
	s.total.add(s.costs[store], 1)
}

// lift takes the store off its sites.
func (s *state) lift(store int) {
	for i := range s.levels {
		if b := s.promotes(i, store); b >= 0 {
			s.takes[i][b] = remove(s.takes[i][b], int32(store))
		}
	}
	for _, b := range s.sites[store] {
		s.on[b] = remove(s.on[b], int32(store))
	}
	s.count(store, -1)
	s.total.add(s.costs[store], -1)
	s.sites[store] = s.sites[store][:0]
}

// remove deletes one store from a list whose order does not matter.
func remove(list []int32, store int32) []int32 {
	at := slices.Index(list, store)
	list[at] = list[len(list)-1]
	return list[:len(list)-1]
}

func (s *state) count(store int, sign int64) {
	f := s.fleet
	master := s.master[store]
	for _, server := range s.sites[store] {
		s.used[server] += int(sign)
		if f.Down[server] {
			continue
		}
		amounts := &f.Passive[store]
		if server == master {
			amounts = &f.Active[store]
			master = -1
		}
		for r := range f.Resources {
			s.carried[server][r] += sign * amounts[r]
		}
	}
}

// promotes returns the server that promotes the store when its master's domain
// at level levels[i] fails, or -1.
func (s *state) promotes(i, store int) int32 {
	f := s.fleet
	of := f.Levels[s.levels[i]].Of
	master := s.master[store]
	if master < 0 {
		return -1
	}
	for _, b := range s.sites[store] {
		if !f.Down[b] && of[b] != of[master] {
			return b
		}
	}
	return -1
}

// score looks at one server.
func (s *state) score(server int) serverScore {
	f := s.fleet
	sc := serverScore{}
	if slots := f.Inventory.Servers[server].Slots; slots != inventory.Unlimited {
		sc.slots = max(0, s.used[server]-slots)
	}
	if s.drain[server] {
		sc.leaving = s.used[server]
	}
	if f.Down[server] {
		return sc
	}
	for r := range f.Resources {
		over := max(0, f.Utilisation(server, r, s.carried[server][r])-f.Inventory.Resources[r].Ceiling)
		sc.over = max(sc.over, over)
		sc.excess += over
	}
	for i := range s.levels {
		peak, excess := s.afterFailure(i, server)
		sc.failure = max(sc.failure, excess)
		if i == 0 {
			sc.peak = peak
		}
	}
	return sc
}

// afterFailure returns the largest utilisation of the server over failures of
// one domain of level levels[i], and the largest excess over its ceiling.
func (s *state) afterFailure(i, server int) (peak, excess float64) {
	f := s.fleet
	most := s.worstSlices(i, server)
	for j, r := range f.Failover {
		u := f.Utilisation(server, r, s.carried[server][r]+most[j])
		peak = max(peak, u)
		excess = max(excess, u-s.limits[i][j])
	}
	return peak, excess
}

// worstSlices returns, by failover resource, the most that the server promotes
// when one domain of level levels[i] fails.
func (s *state) worstSlices(i, server int) (most [inventory.MaxResources]int64) {
	f := s.fleet
	of := f.Levels[s.levels[i]].Of
	width := len(f.Failover)
	s.touched = s.touched[:0]
	for _, store := range s.takes[i][server] {
		d := int(of[s.master[store]]) * width
		s.touched = append(s.touched, int32(d))
		sums, delta := s.scratch[d:d+width], s.delta[int(store)*width:int(store)*width+width]
		for j, v := range delta {
			sums[j] += v
			most[j] = max(most[j], sums[j])
		}
	}
	for _, d := range s.touched {
		clear(s.scratch[d : int(d)+width])
	}
	return most
}

// worst returns the worst single-failure utilisation.
func (s *state) worst() float64 {
	t := 0.0
	for server := range s.scores {
		t = max(t, s.scores[server].peak)
	}
	return t
}

// standing sums up what is wrong with the whole layout.
func (s *state) standing() standing {
	var st standing
	for server := range s.scores {
		st.addServer(&s.initial[server], &s.scores[server], 1)
	}
	for store := range s.sites {
		s.addStore(&st, store, 1)
	}
	return st
}

// addStore enters the store, or with sign −1 takes it out.
func (s *state) addStore(st *standing, store int, sign float64) {
	sc := s.scoreStore(store, s.sites[store])
	initial := &s.initialStores[store]
	st.worse += sign * float64(sc.worse(initial))
	st.broken += sign * float64(sc.broken())
	if s.relax {
		st.spread += sign * float64(sc.short)
	} else {
		st.worse += sign * float64(max(0, sc.short-initial.short))
		st.broken += sign * float64(sc.short)
	}
	st.exposed += sign * float64(s.exposed(store, s.sites[store]))
}

// standing is what is wrong with a layout, the gravest first. Differences of
// standings have the same form.
type standing struct {
	worse   float64 // rules broken by more than at the start
	broken  float64 // rules broken, by their excess
	failure float64 // excess over failure ceilings
	spread  float64 // domains missing, where spread may be broken
	exposed float64 // stores that one failure takes offline
}

// addServer enters the server, or with sign −1 takes it out.
func (st *standing) addServer(initial, now *serverScore, sign float64) {
	st.worse += sign * (max(0, now.over-initial.over) + float64(max(0, now.slots-initial.slots)) +
		float64(max(0, now.leaving-initial.leaving)) + max(0, now.failure-initial.failure))
	st.broken += sign * (now.excess + float64(now.slots+now.leaving))
	st.failure += sign * now.failure
}

// minus returns the difference of two standings.
func (st standing) minus(other standing) standing {
	return standing{
		worse: st.worse - other.worse, broken: st.broken - other.broken, failure: st.failure - other.failure,
		spread: st.spread - other.spread, exposed: st.exposed - other.exposed,
	}
}

// negligible is the size below which a difference of sums of excesses is rounding.
const negligible = 1e-11

// sign returns −1 if the difference is an improvement, 1 if it is a change for
// the worse, 0 if it is neither.
func (st standing) sign() int {
	for _, v := range [...]float64{st.worse, st.broken, st.failure, st.spread, st.exposed} {
		if math.Abs(v) > negligible {
			if v < 0 {
				return -1
			}
			return 1
		}
	}
	return 0
}

package layout

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/load"
)

// state is a layout with what is needed to judge changes of it.
//
// Invariants: carried and used are the sums over sites; takes[i][b] lists the
// stores that b promotes when their master's domain at level levels[i] fails, and
// slices[i][b] holds the largest sum of their Δ over one domain; on[b] lists the
// stores with an instance on b; scores[b] is the score of b; total is the sum of
// costs.
type state struct {
	*problem
	sites   load.Layout
	master  []int32 // server that serves each store in the normal state, or −1
	carried []inventory.Amounts
	used    []int
	takes   [][][]take
	slices  [][]inventory.Amounts // by failover resource, not by resource
	on      [][]int32
	scores  []serverScore
	total   cost

	steepness, reference float64   // of the potential
	weight               []float64 // potential of each server
	frugal               bool      // costs count
	ceilings             bool      // what servers use of ceilings counts in the potential

	effects []effect   // of the changes being tried, by server
	former  [2][]int32 // sites before the changes being made
	scratch []int64    // sums of Δ by domain and failover resource; zero between uses
	touched []int32
	after   []float64 // utilisation of the server being scored after the worst failure at each level
	none    []takes   // by level, empty
}

// take is a store that a server promotes, and the domain whose failure makes it.
type take struct{ store, domain int32 }

func newState(p *problem, sites load.Layout) *state {
	f := p.fleet
	n := len(f.Capacity)
	s := &state{
		problem: p, master: make([]int32, len(sites)),
		carried: make([]inventory.Amounts, n), used: make([]int, n),
		takes: make([][][]take, len(p.levels)), slices: make([][]inventory.Amounts, len(p.levels)),
		scores: make([]serverScore, n), weight: make([]float64, n), frugal: true,
	}
	s.makeRows(sites)
	widest := 0
	for i, level := range p.levels {
		s.slices[i] = make([]inventory.Amounts, n)
		widest = max(widest, len(f.Levels[level].Domains))
	}
	s.after, s.none = make([]float64, len(p.levels)), make([]takes, len(p.levels))
	s.scratch = make([]int64, widest*len(f.Failover))
	for store := range sites {
		s.put(store, sites[store])
	}
	for server := range n {
		s.rescore(int32(server))
	}
	return s
}

// makeRows makes room for the lists of stores and servers with these sites.
func (s *state) makeRows(sites load.Layout) {
	instances, promotions := make([]int, len(sites)), make([][]int, len(s.levels))
	on := make([]int, len(s.used))
	for i := range promotions {
		promotions[i] = make([]int, len(s.used))
	}
	for store, list := range sites {
		instances[store] = max(len(list), s.copies[store])
		for _, b := range list {
			on[b]++
		}
		for i := range s.levels {
			if b, _ := s.promotes(i, list); b >= 0 {
				promotions[i][b]++
			}
		}
	}
	s.sites, s.on = rows[int32](instances, 0), rows[int32](on, spareRoom)
	for i := range promotions {
		s.takes[i] = rows[take](promotions[i], spareRoom)
	}
}

// spareRoom is for how many more stores than it begins with a server's lists have room.
const spareRoom = 4

// rows returns empty lists with room for so many entries, and some spare ones, side
// by side in memory. One that grows beyond that moves elsewhere.
func rows[T any](sizes []int, spare int) [][]T {
	total := 0
	for _, size := range sizes {
		total += size + spare
	}
	all, lists := make([]T, total), make([][]T, len(sizes))
	at := 0
	for i, size := range sizes {
		lists[i] = all[at : at : at+size+spare]
		at += size + spare
	}
	return lists
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
		if b, domain := s.promotes(i, list); b >= 0 {
			s.takes[i][b] = append(s.takes[i][b], take{int32(store), domain})
		}
	}
	s.total.add(s.cost(store, list), 1)
}

// lift takes the store off its sites.
func (s *state) lift(store int) {
	list := s.sites[store]
	for i := range s.levels {
		if b, domain := s.promotes(i, list); b >= 0 {
			s.takes[i][b] = remove(s.takes[i][b], take{int32(store), domain})
		}
	}
	for _, b := range list {
		s.on[b] = remove(s.on[b], int32(store))
	}
	s.count(store, -1)
	s.total.add(s.cost(store, list), -1)
	s.sites[store] = list[:0]
}

// remove deletes one entry from a list whose order does not matter.
func remove[T comparable](list []T, entry T) []T {
	at := slices.Index(list, entry)
	list[at] = list[len(list)-1]
	return list[:len(list)-1]
}

// count adds the store to what its servers carry (sign 1) or takes it off (−1).
func (s *state) count(store int, sign int64) {
	for at, server := range s.sites[store] {
		s.used[server] += int(sign)
		if amounts := s.weighs(store, s.sites[store], at); amounts != nil {
			for r := range s.fleet.Resources {
				s.carried[server][r] += sign * amounts[r]
			}
		}
	}
}

// weighs returns what the instance at a place in the list of the store's sites
// weighs: nothing on a server that is down, L on the first that is up.
func (p *problem) weighs(store int, list []int32, at int) *inventory.Amounts {
	down := p.fleet.Down
	if down[list[at]] {
		return nil
	}
	for _, before := range list[:at] {
		if !down[before] {
			return &p.fleet.Passive[store]
		}
	}
	return &p.fleet.Active[store]
}

// promotes returns the server that promotes a store with these sites when the
// domain of its master at level levels[i] fails, or −1, and that domain.
func (p *problem) promotes(i int, list []int32) (server, domain int32) {
	down, of := p.fleet.Down, p.fleet.Levels[p.levels[i]].Of
	domain = -1
	for _, b := range list {
		switch {
		case down[b]:
		case domain < 0:
			domain = of[b]
		case of[b] != domain:
			return b, domain
		}
	}
	return -1, domain
}

// worst returns the worst single-failure utilisation.
func (s *state) worst() float64 {
	t := 0.0
	for server := range s.scores {
		t = max(t, s.scores[server].peak)
	}
	return t
}

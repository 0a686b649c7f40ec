package simulate

import (
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

// takeovers are what the failure of each domain of a level makes survivors take
// over.
type takeovers struct {
	alone []single  // what the failure of each domain alone does
	first []int32   // the entries of domain d are first[d] up to first[d+1]
	to    []int32   // the survivor of each entry, ascending in each domain
	extra []int64   // what it takes over, in each failover resource
	after []float64 // its utilisation then
}

// single is what the failure of one domain does.
type single struct {
	figures
	step int32 // of its utilisation in the tally
	// heir is the busiest of the survivors that take something over, and after
	// its utilisation then; both are -1 if there is none.
	heir  int32
	after float64
}

// figures say how bad a failure is. Utilisation is -1 where no server survives.
type figures struct {
	users, stores int // that it takes offline
	utilisation   float64
}

func (s *Simulator) takeovers(domains []load.Domain) *takeovers {
	most := len(s.layout) // a store fails over with one domain
	t := &takeovers{
		alone: make([]single, 0, len(domains)), first: make([]int32, 1, len(domains)+1), to: make([]int32, 0, most),
		extra: make([]int64, 0, most*len(s.fleet.Failover)), after: make([]float64, 0, most),
	}
	for d := range domains {
		o := s.strike(domains[d : d+1])
		alone := single{figures: figures{s.usersOn(o.offline), len(o.offline), s.figure(o)}, heir: -1, after: -1}
		alone.step = stepOf(alone.utilisation)
		for _, server := range o.touched {
			after := s.after(server)
			t.to, t.after = append(t.to, server), append(t.after, after)
			for _, r := range s.fleet.Failover {
				t.extra = append(t.extra, s.steady[server][r])
			}
			if alone.heir < 0 || after > alone.after {
				alone.heir, alone.after = server, after
			}
		}
		t.alone, t.first = append(t.alone, alone), append(t.first, int32(len(t.to)))
		s.heal(o)
	}
	return t
}

// after returns the utilisation of a survivor with what it takes over, -1 where
// there is no failover resource.
func (s *Simulator) after(server int32) float64 {
	if u, r := s.busiest(int(server), &s.steady[server]); r >= 0 {
		return u
	}
	return -1
}

// figure returns the utilisation of the busiest survivor, -1 if there is none.
func (s *Simulator) figure(o *outage) float64 {
	if p := s.peak(o, s.steady); p.server >= 0 {
		return p.utilisation
	}
	return -1
}

// find returns the entry of the survivor in the domain, or -1.
func (t *takeovers) find(domain, survivor int32) int32 {
	from := t.first[domain]
	at, ok := slices.BinarySearch(t.to[from:t.first[domain+1]], survivor)
	if !ok {
		return -1
	}
	return from + int32(at)
}

// peak returns the utilisation of the busiest of some survivors of the domain,
// -1 if there is none.
func (t *takeovers) peak(domain int32, survives func(int32) bool) float64 {
	peak := -1.0
	for e := t.first[domain]; e < t.first[domain+1]; e++ {
		if survives(t.to[e]) {
			peak = max(peak, t.after[e])
		}
	}
	return peak
}

// sources are the takeovers of servers by survivor: whose failure makes it take
// something over.
type sources struct {
	first []int32 // those of survivor s are first[s] up to first[s+1]
	of    []int32 // the failing server, ascending for each survivor
	extra []int64 // as in takeovers
}

// bySurvivor turns the takeovers of servers round.
func (t *takeovers) bySurvivor(resources int) *sources {
	n := len(t.alone)
	v := &sources{first: make([]int32, n+1), of: make([]int32, len(t.to)), extra: make([]int64, len(t.extra))}
	for _, survivor := range t.to {
		v.first[survivor+1]++
	}
	for survivor := range n {
		v.first[survivor+1] += v.first[survivor]
	}
	next := slices.Clone(v.first)
	for server := range n {
		for e := t.first[server]; e < t.first[server+1]; e++ {
			at := next[t.to[e]]
			next[t.to[e]]++
			v.of[at] = int32(server)
			copy(v.extra[int(at)*resources:], t.extra[int(e)*resources:int(e+1)*resources])
		}
	}
	return v
}

package simulate

import (
	"slices"

	"github.com/interlacemail/interlace/planner/load"
)

// takeovers are what the failure of each domain of a level makes survivors take
// over.
type takeovers struct {
	alone   []figures // of each domain
	first   []int32   // the entries of domain d are first[d] up to first[d+1]
	to      []int32   // the survivor of each entry, ascending in each domain
	extra   []int64   // what it takes over, in each failover resource
	after   []float64 // its utilisation then
	busiest []int32   // the entry of each domain with the largest, -1 if it has none
}

// figures say how bad a failure is. Utilisation is -1 where no server survives.
type figures struct {
	users, stores int // that it takes offline
	utilisation   float64
}

func (s *Simulator) takeovers(domains []load.Domain) *takeovers {
	t := &takeovers{first: make([]int32, 1, len(domains)+1)}
	for d := range domains {
		o := s.strike(domains[d : d+1])
		busiest := int32(-1)
		for _, server := range o.touched {
			entry := int32(len(t.to))
			t.to, t.after = append(t.to, server), append(t.after, s.after(server))
			for _, r := range s.fleet.Failover {
				t.extra = append(t.extra, s.steady[server][r])
			}
			if busiest < 0 || t.after[entry] > t.after[busiest] {
				busiest = entry
			}
		}
		t.alone = append(t.alone, figures{s.usersOn(o.offline), len(o.offline), s.figure(o)})
		t.first, t.busiest = append(t.first, int32(len(t.to))), append(t.busiest, busiest)
		s.heal(o)
	}
	return t
}

// after returns the utilisation of a survivor that takes something over, -1
// where there is no failover resource.
func (s *Simulator) after(server int32) float64 {
	if u, r := s.busiest(int(server), &s.steady[server]); r >= 0 {
		return u
	}
	return -1
}

// figure returns the utilisation of the busiest survivor, -1 if there is none.
func (s *Simulator) figure(o *outage) float64 {
	if p := s.peak(o); p.server >= 0 {
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

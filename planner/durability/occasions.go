package durability

import (
	"context"
	"slices"

	"github.com/interlacemail/interlace/planner"
)

// rarely is the part of the time for which components may have failed so that the
// analytic values of occasions are to be relied on.
const rarely = 0.1

// neglected says what the analytic values of occasions leave out.
func (m *model) neglected() planner.Text {
	for _, d := range m.domains {
		if d.away() > rarely {
			return planner.BeyondFirstOrder
		}
	}
	often := func(window float64) bool { return m.missing(window) > rarely }
	if m.outage.away() > rarely || slices.ContainsFunc(m.window, often) {
		return planner.BeyondFirstOrder
	}
	return planner.FirstOrder
}

// occasions returns how many failures a year take at least one store offline,
// and how many lose one.
//
// A store goes offline with what is struck when one of its instances there served
// and something has failed already that keeps all others from it: one of its cuts
// has happened. So the chance that some store does is that of a union of cuts (see
// [anyOf]), in which a cause that stores share counts once, times the chance that
// what is struck was there, in the mean over the stores. It stops early if the
// context ends.
func (m *model) occasions(ctx context.Context) (offline, loss float64) {
	s := &strike{model: m, exact: exactStore{model: m}}
	for server := range int32(m.servers()) {
		if ctx.Err() != nil {
			return offline, loss
		}
		up := 1 - m.outage.away()
		for _, d := range m.domainsOf[server] {
			up *= 1 - m.domains[d].away()
		}
		going, lost := s.ofServer(server)
		offline += (m.outage.rate + m.loss) * up * going
		loss += m.loss * lost
	}
	for d := range int32(len(m.domains)) {
		if ctx.Err() != nil {
			return offline, loss
		}
		offline += m.domains[d].frequency() * s.ofDomain(ctx, d)
	}
	return offline, loss
}

// strike finds the chances of what one failure does.
type strike struct {
	*model
	exact       exactStore
	hit, others []int32 // scratch: instances of a store
}

// ofServer returns the chance that at least one store goes offline with the server,
// which is known to be up, and that one is lost with its disks.
func (s *strike) ofServer(server int32) (going, lost float64) {
	var offline, missing union
	from, to := s.instances(server)
	for e := from; e < to; e++ {
		s.part(s.store[e], func(o int32) bool { return o == e })
		there := 1 - s.missing(s.window[e])
		s.goOffline(&offline, there, s.domainsOf[server])
		missing.add(there, s.exposure(), cut(s.lossesOfOthers()))
	}
	return offline.chance(), missing.chance()
}

// ofDomain returns the chance that at least one store goes offline with the domain.
func (s *strike) ofDomain(ctx context.Context, d int32) float64 {
	var offline union
	for _, server := range s.domains[d].servers {
		if ctx.Err() != nil {
			return 0
		}
		from, to := s.instances(server)
		for e := from; e < to; e++ {
			s.part(s.store[e], func(o int32) bool { return s.holds(d, s.server[o]) })
			if s.hit[0] != e { // counted at the first of them
				continue
			}
			s.exact.enter(s.hit, []int32{d})
			away, _ := s.exact.offline()
			s.goOffline(&offline, 1-away, s.around(s.hit))
		}
	}
	return offline.chance()
}

// part parts the instances of a store by whether they are hit.
func (s *strike) part(store int32, isHit func(int32) bool) {
	s.hit, s.others = s.hit[:0], s.others[:0]
	for _, e := range s.sites[store] {
		if isHit(e) {
			s.hit = append(s.hit, e)
		} else {
			s.others = append(s.others, e)
		}
	}
}

// goOffline adds a store whose instances that are hit served with the given chance.
// Domains that are spared are then not away.
func (s *strike) goOffline(u *union, there float64, spared []int32) {
	s.exact.enter(s.others, spared)
	away, _ := s.exact.offline()
	u.add(there, away, s.cuts(s.others, spared, away)...)
}

// around returns the domains that hold all of the instances.
func (s *strike) around(instances []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(s.domainsOf[s.server[instances[0]]]), func(d int32) bool {
		return slices.ContainsFunc(instances, func(e int32) bool { return !s.holds(d, s.server[e]) })
	})
}

// exposure is the chance that all others are missing.
func (s *strike) exposure() float64 {
	chance := 1.0
	for _, o := range s.others {
		chance *= s.missing(s.window[o])
	}
	return chance
}

// lossesOfOthers returns what must have happened for all others to be missing.
func (s *strike) lossesOfOthers() []cause {
	var losses []cause
	for _, o := range s.others {
		losses = append(losses, cause{s.server[o], s.missing(s.window[o])})
	}
	return losses
}

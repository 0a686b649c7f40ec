package moves

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/planner/transit"
)

// unlock finds a wave when nothing is under way and no bundle can start. It
// waits for sources to be removed where that helps, and only there; else it lets
// the bundles pass that break rules by least.
func (s *scheduler) unlock(order []int32) []int32 {
	if wave := s.waitForRoom(order); len(wave) > 0 {
		return wave
	}
	return s.force(order)
}

// waitForRoom goes to the first time at which sources that are removed leave
// room for a bundle. If there is no such time, nothing has changed.
func (s *scheduler) waitForRoom(order []int32) []int32 {
	var released []keeping
	for len(s.kept) > 0 {
		until := s.kept[0].until
		released = append(released, s.release(until)...)
		if wave := s.choose(order, s.reach()); len(wave) > 0 {
			s.waited = append(s.waited, wait{s.now, until})
			s.now = until
			return wave
		}
	}
	for _, k := range released {
		s.hold(k, 1)
	}
	s.kept = released
	return nil
}

// force lets the bundles pass that break rules by least: one, then two, four and
// so on each time it comes to that, so that a plan that does not fit at all does
// not end in as many waves as changes.
func (s *scheduler) force(order []int32) []int32 {
	type cost struct {
		bundle int32
		excess float64
	}
	var costs []cost
	for _, i := range order {
		if _, ok := s.ready(&s.bundles[i]); ok {
			costs = append(costs, cost{i, s.excess(&s.bundles[i])})
		}
	}
	slices.SortStableFunc(costs, func(a, b cost) int { return cmp.Compare(a.excess, b.excess) })
	for _, c := range costs[:min(len(costs), 1<<min(s.forces, 20))] {
		s.pass(c.bundle)
	}
	s.forces++
	return s.choose(order, s.reach())
}

// excess returns by how much, relative to the limits, the bundle breaks rules.
func (s *scheduler) excess(b *bundle) float64 {
	s.begin(b)
	s.finish(b, 1)
	most := 0.0
	for i := range b.effects {
		if e := &b.effects[i]; e.sign >= 0 {
			for _, l := range []*transit.Ledger{s.during, s.after} {
				if br, bad := l.At(e.store, transit.Whole); bad {
					most = max(most, (br.Value-br.Limit)/max(br.Limit, 1e-9))
				}
			}
		}
	}
	s.finish(b, -1)
	s.cancel(b)
	return most
}

// pass puts the bundle under way whatever it breaks, and raises the limits so far
// that it breaks none.
func (s *scheduler) pass(i int32) {
	b := &s.bundles[i]
	s.begin(b)
	s.finish(b, 1)
	s.mark(i, chosen)
	seen := transit.Breaches{}
	for j := range b.effects {
		if e := &b.effects[j]; e.sign >= 0 {
			s.during.Excuse(seen, func() (transit.Breach, bool) { return s.during.At(e.store, s.reach()) })
			s.after.Excuse(seen, func() (transit.Breach, bool) { return s.after.At(e.store, transit.Whole) })
		}
	}
}

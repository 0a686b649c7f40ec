package layout

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// effect is what changes do to one server.
type effect struct {
	server  int32
	used    int
	amounts inventory.Amounts
	takes   []takes // by level, as counted in levels
}

// takes are those that come and go at one level. A take that stays as it is may
// stand in both lists.
type takes struct{ less, more []take }

// find lists in effects what the changes do to the servers that they touch.
func (s *state) find(changes []change) {
	s.effects = s.effects[:0]
	for i := range changes {
		s.enter(changes[i].store, s.sites[changes[i].store], -1)
		s.enter(changes[i].store, changes[i].sites, 1)
	}
}

// enter adds a store with a list of sites (sign 1) or takes it off (−1).
func (s *state) enter(store int, list []int32, sign int) {
	for at, server := range list {
		e := s.effect(server)
		e.used += sign
		if amounts := s.weighs(store, list, at); amounts != nil {
			for r := range s.fleet.Resources {
				e.amounts[r] += int64(sign) * amounts[r]
			}
		}
	}
	for i := range s.levels {
		b, domain := s.promotes(i, list)
		if b < 0 {
			continue
		}
		t := &s.effect(b).takes[i]
		if sign > 0 {
			t.more = append(t.more, take{int32(store), domain})
		} else {
			t.less = append(t.less, take{int32(store), domain})
		}
	}
}

// effect returns that on the server, an empty one if there is none yet.
func (s *state) effect(server int32) *effect {
	for i := range s.effects {
		if s.effects[i].server == server {
			return &s.effects[i]
		}
	}
	n := len(s.effects)
	s.effects = slices.Grow(s.effects, 1)[:n+1]
	e := &s.effects[n]
	e.server, e.used, e.amounts = server, 0, inventory.Amounts{}
	if e.takes == nil {
		e.takes = make([]takes, len(s.levels))
	}
	for i := range s.levels {
		e.takes[i].less, e.takes[i].more = e.takes[i].less[:0], e.takes[i].more[:0]
	}
	return e
}

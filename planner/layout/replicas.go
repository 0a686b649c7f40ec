package layout

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// placeReplicas gives every store its first replica, by segregation: stores in
// decreasing order of Δ, seats of the blueprint filled one after the other, so that
// each server promotes stores of like size. Quotas are stretched as far as it takes
// to place all stores.
func (c *construction) placeReplicas(plan *bounds.Blueprint, abreast int) bool {
	order := c.byDelta()
	var seats []int
	enough := func(stretch float64) bool {
		s := seating{construction: c, plan: plan, stretch: stretch, abreast: abreast, filled: make([]filling, len(plan.Seats))}
		placed := s.fill(order)
		if placed {
			seats = s.seats
		}
		return placed
	}
	low, high := 0.9, 1.0
	for !enough(high) {
		if low, high = high, high+0.1; high > 1.6 {
			return false
		}
	}
	for high-low > 0.002 {
		if mid := (low + high) / 2; enough(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	for i, store := range order {
		c.hold(store, plan.Seats[seats[i]].Server)
	}
	return true
}

// seating fills the seats of a blueprint with first replicas.
type seating struct {
	*construction
	plan    *bounds.Blueprint
	stretch float64 // of what seats are to hold
	abreast int     // seats filled at the same time, so that each gets of every resource what it is to get

	filled []filling // by seat
	open   []int     // the first seats that are not full
	next   int       // the first seat that was not opened yet
	seats  []int     // of the stores, as far as they are placed
}

// filling is what a seat holds.
type filling struct {
	cost     float64
	replicas int
	amounts  inventory.Amounts
}

// fill gives every store in turn one of the open seats, and reports whether all
// find one.
func (s *seating) fill(order []int) bool {
	for _, store := range order {
		seat := s.seat(store)
		if seat < 0 {
			return false
		}
		s.seats = append(s.seats, seat)
		f := &s.filled[seat]
		f.cost += s.plan.Cost(seat, store)
		f.replicas++
		f.amounts.Add(&s.fleet.Passive[store])
		if s.isFull(seat, store) {
			s.open = slices.DeleteFunc(s.open, func(o int) bool { return o == seat })
		}
	}
	return true
}

// seat returns a seat for a replica of the store, or −1. Open seats without room for
// it are full, for the stores that follow are alike, and others are opened until it
// may lie on one.
func (s *seating) seat(store int) int {
	s.open = slices.DeleteFunc(s.open, func(seat int) bool { return !s.fits(store, seat) })
	for ; s.next < len(s.plan.Seats); s.next++ {
		seat := -1
		if len(s.open) >= s.abreast {
			seat = s.best(store)
		}
		if seat >= 0 {
			return seat
		}
		if s.plan.Seats[s.next].Quota > 0 && s.fits(store, s.next) {
			s.open = append(s.open, s.next)
		}
	}
	return s.best(store)
}

// best returns the open seat that a replica of the store makes least full, or −1
// where it may lie on none.
func (s *seating) best(store int) int {
	best, least := -1, 0.0
	for _, seat := range s.open {
		if !s.may(store, s.plan.Seats[seat].Server) {
			continue
		}
		if loss := s.loss(store, seat); best < 0 || loss < least {
			best, least = seat, loss
		}
	}
	return best
}

// seatFullness is how much steeper the loss of room is counted the fuller a seat is.
const seatFullness = 30

// loss returns how much fuller a replica of the store makes the seat, of what it is
// to hold, the scarcest resource above all.
func (s *seating) loss(store, seat int) float64 {
	loss := 0.0
	for r := range s.fleet.Resources {
		if planned := s.plan.Seats[seat].Amounts[r]; planned > 0 {
			loss += filled(seatFullness, float64(s.filled[seat].amounts[r]), float64(s.fleet.Passive[store][r]), planned)
		}
	}
	return loss
}

// isFull reports whether the seat holds what it is to hold, of everything together
// or of something that has a ceiling, with half a store like the last one.
func (s *seating) isFull(seat, store int) bool {
	f, planned := &s.filled[seat], &s.plan.Seats[seat]
	for _, r := range s.fleet.Full {
		if float64(f.amounts[r]+s.fleet.Passive[store][r]/2) >= planned.Amounts[r]*s.stretch {
			return true
		}
	}
	return f.cost+s.plan.Cost(seat, store)/2 >= planned.Quota*s.stretch || float64(f.replicas) >= planned.Replicas*s.stretch
}

// fits reports whether the seat's server has a slot and room for a replica of the
// store, beside what it carries and the seat holds.
func (s *seating) fits(store, seat int) bool {
	b, f := s.plan.Seats[seat].Server, &s.filled[seat]
	if !s.hasSlot(b, f.replicas) {
		return false
	}
	for r := range s.fleet.Resources {
		if s.carried[b][r]+f.amounts[r]+s.fleet.Passive[store][r] > s.most[b][r] {
			return false
		}
	}
	return true
}

// hold gives the first replica of the store to the server.
func (c *construction) hold(store int, b int32) {
	c.replica[store] = b
	c.carried[b].Add(&c.fleet.Passive[store])
	c.used[b]++
	var alone inventory.Amounts
	copy(alone[:], c.deltas(int32(store)))
	c.promise(b, alone)
}

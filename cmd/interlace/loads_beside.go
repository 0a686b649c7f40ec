package main

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/usage"
)

// leastDays is on how many days a load must have been seen to be taken over.
const leastDays = 3

// besides puts what was measured beside what the facts have.
func (m *measured) besides(f *facts) []report.LoadsOf {
	var loads []usage.Load
	for i := range m.stores {
		loads = append(loads, m.stores[i].loads...)
	}
	factors := usage.Factors(loads)
	fleet, estimated := f.load(), f.estimated()
	list := []report.LoadsOf{}
	for _, resource := range measuredResources {
		u, r, foreign := unitsOf(f.Inventory, resource)
		of := report.LoadsOf{Resource: resource, Unit: u.name, Foreign: foreign}
		if i := slices.IndexFunc(factors, func(f usage.Factor) bool { return f.Resource == resource }); i >= 0 {
			of.Measured, of.Over = rounded(inventory.Known(factors[i].Replica)), factors[i].Stores
		}
		if r >= 0 {
			of.Replica = inventory.Known(f.Resources[r].Replica)
		}
		for i := range m.stores {
			s := &f.Stores[f.Inventory.Store(m.stores[i].name)]
			told, seen := m.store(&m.stores[i], s, resource, u)
			if !seen {
				continue
			}
			if r >= 0 {
				at := f.Inventory.Store(s.Name)
				weighs := fleet.Scale.Value(r, fleet.Active[at][r])
				putBeside(&told, &f.Resources[r], weighs, weighs-s.Base[r])
				told.Estimated = estimated[at]>>r&1 == 1
			}
			of.Stores = append(of.Stores, told)
		}
		if of.Stores != nil {
			list = append(list, of)
		}
	}
	return list
}

// store returns what a store was measured to weigh in a resource, if it was seen.
func (m *measured) store(of *measuredStore, s *inventory.Store, resource string, u unit) (told report.StoreLoad, seen bool) {
	told.Store = s.Name
	for _, l := range of.loads {
		if l.Resource != resource {
			continue
		}
		seen = true
		told.Master, told.Replica, told.Factor, told.Days = u.of(l.Master), u.of(l.Replica), rounded(l.Factor), l.Days
		if l.Master.Known && resource != "disk" {
			told.BusyHour = inventory.Known(float64(l.BusyHour))
		}
	}
	for _, room := range of.rooms {
		if resource != "disk" || s.On(room.Server) == nil {
			continue
		}
		seen = true
		left := m.room(room)
		switch {
		case s.Master().Server == room.Server:
			told.Room = left
		case told.ReplicaRoom == nil || left.Fill.Value > told.ReplicaRoom.Fill.Value:
			told.ReplicaRoom = left
		}
	}
	return told, seen
}

// roomKept is for how long what was left on a file system is believed.
const roomKept = 24 * time.Hour

func (m *measured) room(r usage.Room) *report.Room {
	told := &report.Room{Server: r.Server}
	if m.until.Sub(r.Begins) <= roomKept {
		told.Free, told.Fill = inventory.Number{Value: math.Round(r.Free.Value), Known: r.Free.Known}, rounded(r.Fill)
	}
	return told
}

// putBeside puts what a store weighs beside what it was measured to weigh, and what its
// own load would be for both to be equal.
func putBeside(s *report.StoreLoad, r *inventory.Resource, weighs, users float64) {
	s.Known, s.KnownReplica = inventory.Known(digits(r, weighs, 12)), inventory.Known(digits(r, weighs*r.Replica, 12))
	if !s.Master.Known {
		return
	}
	s.Difference = inventory.Known(digits(r, s.Master.Value-weighs, 12))
	if s.Days >= leastDays {
		s.Base = inventory.Known(digits(r, max(0, s.Master.Value-users), 4))
	}
}

// digits keeps so many digits of a load, and whole bytes.
func digits(r *inventory.Resource, v float64, n int) float64 {
	if r.Unit == inventory.UnitBytes {
		return math.Round(v)
	}
	return toDigits(v, n)
}

// rounded is a number without the noise of its arithmetic.
func rounded(n inventory.Number) inventory.Number {
	return inventory.Number{Value: toDigits(n.Value, 12), Known: n.Known}
}

func toDigits(v float64, n int) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', n, 64), 64)
	if err != nil {
		return v // not a number
	}
	return rounded
}

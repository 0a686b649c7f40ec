package users

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// crowd is the disk that stores and servers need while users move: what leaves a
// store stays on its disk for a while, so nothing is taken off. Whoever has room
// in the crowd need not wait for others to leave. Who has none must wait until
// others are removed from their sources; and who has none even then, because a
// server has no room for both copies or because groups would have to change
// places, cannot move: package moves would find no order.
type crowd struct {
	load  []int64 // of disk on each store
	carry []int64 // and on each server
}

// newCrowd returns what disk is used today.
func newCrowd(p *problem, carry []inventory.Amounts) crowd {
	disk := p.Fleet.Inventory.Disk()
	if disk < 0 {
		return crowd{}
	}
	c := crowd{make([]int64, len(p.Drains)), make([]int64, len(carry))}
	for s := range c.load {
		c.load[s] = p.Fleet.Active[s][disk]
	}
	for server := range c.carry {
		c.carry[server] = carry[server][disk]
	}
	return c
}

func (c crowd) clone() crowd { return crowd{slices.Clone(c.load), slices.Clone(c.carry)} }

// rooms is the most disk that stores and servers may use on the way: below their
// ceilings or, where they are above them today, as much as today.
type rooms struct{ stores, servers []int64 }

func newRooms(p *problem, carry []inventory.Amounts) rooms {
	disk := p.Fleet.Inventory.Disk()
	if disk < 0 {
		return rooms{}
	}
	most := rooms{make([]int64, len(p.Drains)), make([]int64, len(carry))}
	for s := range most.stores {
		ceiling := bounds.Most(p.Capacity[s][disk], p.Fleet.Inventory.Resources[disk].Ceiling)
		most.stores[s] = max(ceiling, p.Fleet.Active[s][disk])
	}
	for server := range most.servers {
		most.servers[server] = max(p.ceilings[server][disk], carry[server][disk])
	}
	return most
}

// arrives returns the disk that is copied to the store if what has the number
// goes there.
func (p *problem) arrives(i, store int32) int64 {
	disk := p.Fleet.Inventory.Disk()
	if disk < 0 || p.piece(i).Store == store {
		return 0
	}
	amount := p.piece(i).Load[disk]
	for _, part := range p.parts(i) {
		if p.Pieces[part].Store == store {
			amount -= p.Pieces[part].Load[disk]
		}
	}
	return amount
}

// arrive adds to the crowd what has the number and goes to the store; sign -1
// takes it off.
func (t *tally) arrive(i, store int32, sign int64) {
	amount := sign * t.arrives(i, store)
	if amount == 0 {
		return
	}
	t.crowdAdd(store, amount)
}

// crowdAdd changes the disk in use on the store and its servers.
func (t *tally) crowdAdd(store int32, amount int64) {
	passive := t.crowdPassive(store, amount)
	t.crowd.load[store] += amount
	for k, server := range t.Sites[store] {
		if k == 0 {
			t.crowd.carry[server] += amount
		} else {
			t.crowd.carry[server] += passive
		}
	}
}

// crowdPassive returns what replicas of the store get of the amount of disk.
func (t *tally) crowdPassive(store int32, amount int64) int64 {
	replica, before := t.Fleet.Inventory.Resources[t.Fleet.Inventory.Disk()].Replica, t.crowd.load[store]
	return inventory.Times(before+amount, replica) - inventory.Times(before, replica)
}

// fitsNow reports whether the store and its servers have disk for what has the
// number even if nobody leaves.
func (t *tally) fitsNow(i, store int32) bool {
	amount := t.arrives(i, store)
	if amount == 0 {
		return true
	}
	if t.crowd.load[store]+amount > t.rooms.stores[store] {
		return false
	}
	passive := t.crowdPassive(store, amount)
	for _, server := range t.Sites[store] {
		more := t.onServer(store, server, &inventory.Amounts{amount}, &inventory.Amounts{passive})
		if t.crowd.carry[server]+more[0] > t.rooms.servers[server] {
			return false
		}
	}
	return true
}

// holdsBoth reports whether the servers of the store have disk for what is in
// hand even while its sources there hold it, too.
func (t *tally) holdsBoth(i, store int32) bool {
	amount := t.arrives(i, store)
	if amount == 0 {
		return true
	}
	disk := t.Fleet.Inventory.Disk()
	var load, passive inventory.Amounts
	load[disk], passive[disk] = t.piece(i).Load[disk], inventory.Times(t.piece(i).Load[disk], t.Fleet.Inventory.Resources[disk].Replica)
	for _, server := range t.Sites[store] {
		more := t.onServer(store, server, &load, &passive)
		held := t.heldOn(server, i, store)
		if held > 0 && t.carry[server][disk]+more[disk]+held > t.rooms.servers[server] {
			t.barred = true
			return false
		}
	}
	return true
}

// heldOn returns the disk that the sources of what has the number, but for the
// store, take up on the server.
func (t *tally) heldOn(server, i, store int32) int64 {
	disk := t.Fleet.Inventory.Disk()
	sum := int64(0)
	for _, part := range t.sources(i) {
		piece := &t.Pieces[part]
		if piece.Store == store {
			continue
		}
		load := inventory.Amounts{}
		load[disk] = piece.Load[disk]
		passive := inventory.Amounts{}
		passive[disk] = inventory.Times(piece.Load[disk], t.Fleet.Inventory.Resources[disk].Replica)
		held := t.onServer(piece.Store, server, &load, &passive)
		sum += held[disk]
	}
	return sum
}

// leave takes from the crowd what has the number and is removed from its sources.
func (t *tally) leave(i int32) {
	disk := t.Fleet.Inventory.Disk()
	for _, part := range t.sources(i) {
		if piece := &t.Pieces[part]; disk >= 0 && piece.Store != t.at[i] {
			t.crowdAdd(piece.Store, -piece.Load[disk])
		}
	}
}

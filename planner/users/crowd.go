package users

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/bounds"
)

// crowd is the disk that stores and servers need while users move: what leaves a
// store stays on its disk for a while, so nothing is taken off. Whoever has room
// in the crowd need not wait for others to leave.
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

// fitsNow reports whether the store and its servers have disk below their
// ceilings for what has the number even if nobody leaves.
func (t *tally) fitsNow(i, store int32) bool {
	amount := t.arrives(i, store)
	if amount == 0 {
		return true
	}
	disk := t.Fleet.Inventory.Disk()
	if t.crowd.load[store]+amount > bounds.Most(t.Capacity[store][disk], t.Fleet.Inventory.Resources[disk].Ceiling) {
		return false
	}
	passive := t.crowdPassive(store, amount)
	for _, server := range t.Sites[store] {
		more := t.onServer(store, server, &inventory.Amounts{amount}, &inventory.Amounts{passive})
		if t.crowd.carry[server]+more[0] > t.ceilings[server][disk] {
			return false
		}
	}
	return true
}

// late counts the groups that have no room before others have left: of those
// that move, the smallest are let in first.
func (t *tally) late() int {
	var arriving []int32
	for n := range t.size() {
		if i := int32(n); t.moved(i) {
			arriving = append(arriving, i)
		}
	}
	slices.SortFunc(arriving, func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.arrives(a, t.at[a]), t.arrives(b, t.at[b])), cmp.Compare(a, b))
	})
	now := *t
	now.crowd = newCrowd(t.problem, t.today)
	late := 0
	for _, i := range arriving {
		if now.fitsNow(i, t.at[i]) {
			now.arrive(i, t.at[i], 1)
		} else {
			late++
		}
	}
	return late
}

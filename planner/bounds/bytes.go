package bounds

import "slices"

// bytes returns what any layout that keeps the rules must copy at least: the disk of
// each instance that is missing or lies where it may not stay, and what must leave
// disks above their ceiling.
func (p *problem) bytes() float64 {
	f := p.fleet
	r := f.Inventory.Disk()
	total := int64(0)
	carried := make([]int64, len(f.Capacity))
	for store, sites := range p.today {
		st := &f.Inventory.Stores[store]
		if len(sites) == 0 {
			continue
		}
		staying := p.staying(store)
		promised := f.Inventory.PromisedCopies(st)
		if !st.Pinned {
			total += int64(max(promised-len(staying), 0)) * f.DiskBytes(store)
		}
		if r < 0 || len(staying) > promised {
			continue // what is too many may go without a copy
		}
		for _, s := range staying {
			carried[s] += min(f.Active[store][r], f.Passive[store][r])
		}
	}
	return float64(total) + p.overfull(carried)
}

// staying returns the servers on which instances of the store may stay.
func (p *problem) staying(store int) []int32 {
	st := &p.fleet.Inventory.Stores[store]
	var staying []int32
	for _, s := range p.today[store] {
		if (st.Pinned || !p.emptied[s] && st.AllowedOn(&p.fleet.Inventory.Servers[s])) && !slices.Contains(staying, s) {
			staying = append(staying, s)
		}
	}
	return staying
}

// overfull returns the bytes that must leave servers, given what instances weigh
// there that may stay and must be copied where they go: what is above the ceiling of
// the disk. An instance that goes frees no more than its copy takes, which is the
// disk of a master; a role weighs no less than the lighter one.
func (p *problem) overfull(carried []int64) float64 {
	f := p.fleet
	r := f.Inventory.Disk()
	if r < 0 {
		return 0
	}
	total := int64(0)
	for s, amount := range carried {
		if !f.Down[s] && !p.emptied[s] {
			total += max(0, amount-Most(f.Capacity[s][r], f.Inventory.Resources[r].Ceiling))
		}
	}
	return f.Scale.Value(r, total)
}

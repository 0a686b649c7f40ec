package durability

// there reports whether the instance is not missing.
func (f *forced) there(e int32) bool { return f.lostSince[f.server[e]] >= f.window[e] }

// up reports whether the server of the instance is not away.
func (f *forced) up(e int32) bool {
	s := f.server[e]
	if f.serverAway[s] {
		return false
	}
	for _, d := range f.domainsOf[s] {
		if f.domainAway[d] {
			return false
		}
	}
	return true
}

func (f *forced) serves(e int32) bool { return f.there(e) && f.up(e) }

// judge counts what the failure does, given the states before it.
func (f *forced) judge(hit component) {
	for _, s := range f.own {
		from, to := f.instances(s)
		for e := from; e < to; e++ {
			store := f.store[e]
			if f.storeAt[store] == f.round {
				continue
			}
			f.storeAt[store] = f.round
			if hit.kind == diskFails {
				f.judgeDisk(e)
			}
			if f.goesOffline(store, hit) {
				f.struck.addGoing(f.model, store, 1)
			}
		}
	}
	if f.struck[storesGoing] > 0 {
		f.struck[offlineOccasions] = 1
	}
	if f.struck[storesLost] > 0 {
		f.struck[lossOccasions] = 1
	}
}

// goesOffline reports whether the store is served before the failure, but not
// after it.
func (f *forced) goesOffline(store int32, hit component) bool {
	served := false
	for _, o := range f.sites[store] {
		if !f.serves(o) {
			continue
		}
		if on := f.server[o]; hit.kind == domainFails && !f.holds(hit.of, on) || hit.kind != domainFails && on != hit.of {
			return false
		}
		served = true
	}
	return served
}

// judgeDisk counts what is lost with the instance.
func (f *forced) judgeDisk(e int32) {
	if !f.there(e) {
		return
	}
	store := f.store[e]
	last, first := true, f.up(e)
	before := true
	for _, o := range f.sites[store] {
		if o == e {
			before = false
			continue
		}
		last = last && !f.there(o)
		first = first && !(before && f.serves(o))
	}
	switch {
	case last:
		f.struck.addLost(f.model, store, 1)
	case first:
		f.struck.addFailover(f.model, store, 1)
	}
}

// isOffline reports whether nothing serves the store.
func (f *forced) isOffline(store int32) bool {
	for _, e := range f.sites[store] {
		if f.serves(e) {
			return false
		}
	}
	return true
}

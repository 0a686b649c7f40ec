package rules

import (
	"iter"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// weights yields, instance by instance, what a store puts on the servers that
// have not failed: L on the first of them, which serves, and ρ·L on the others.
func (s *state) weights(store int, failed func(server int) bool) iter.Seq2[int, inventory.Amounts] {
	return func(yield func(int, inventory.Amounts) bool) {
		serving := false
		for _, server := range s.sites[store] {
			if failed(server) {
				continue
			}
			amounts := s.loads[store]
			for r, res := range s.inv.Resources {
				if serving {
					amounts[r] = inventory.Times(amounts[r], res.Replica)
				}
			}
			serving = true
			if !yield(server, amounts) {
				return
			}
		}
	}
}

// carriedNow returns what each server carries in the normal state, in which only
// those that are down have failed.
func (s *state) carriedNow() []inventory.Amounts {
	carried := make([]inventory.Amounts, len(s.inv.Servers))
	for store := range s.inv.Stores {
		for server, amounts := range s.weights(store, s.isDown) {
			carried[server].Add(&amounts)
		}
	}
	return carried
}

// carriedAfter returns what the servers carry that a failure touches: those that
// it leaves to the stores with an instance in the domain. All others carry what
// they do in the normal state.
func (s *state) carriedAfter(d domain) map[int]*inventory.Amounts {
	fails := map[int]bool{}
	var stores []int
	for _, server := range d.servers {
		fails[server] = true
		stores = append(stores, s.on[server]...)
	}
	slices.Sort(stores)
	carried := map[int]*inventory.Amounts{}
	for _, store := range slices.Compact(stores) {
		for server, amounts := range s.weights(store, s.isDown) {
			if carried[server] == nil {
				now := s.normal[server]
				carried[server] = &now
			}
			carried[server].Sub(&amounts)
		}
		failed := func(server int) bool { return s.isDown(server) || fails[server] }
		for server, amounts := range s.weights(store, failed) {
			carried[server].Add(&amounts)
		}
	}
	for server := range fails {
		delete(carried, server)
	}
	return carried
}

// isDown reports whether the server has failed already.
func (s *state) isDown(server int) bool { return s.inv.Servers[server].State == inventory.Down }

package durability_test

import (
	"context"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/durability"
	"github.com/interlacemail/interlace/planner/load"
)

// build returns a fleet: servers are written like "a rack=r1 site=s1" or "a
// down", stores like "a b c", the servers that carry them. Every store holds
// size bytes and 10 persons, and every server copies a million bytes a second in
// one transfer at a time.
func build(t testing.TB, size float64, servers, stores []string) *load.Fleet {
	t.Helper()
	inv := inventory.New()
	for _, words := range servers {
		parts := strings.Fields(words)
		s := inventory.Server{
			Name: inventory.ServerID(parts[0]), State: inventory.Active, Slots: inventory.Unlimited,
			Capacity: inventory.Load{1e15, 1e6}, Domains: map[inventory.Level]inventory.DomainID{},
			Bandwidth: 1_000_000, Transfers: 1,
		}
		for _, label := range parts[1:] {
			if level, domain, ok := strings.Cut(label, "="); ok {
				s.Domains[inventory.Level(level)] = inventory.DomainID(domain)
			} else {
				s.State = inventory.State(label)
			}
		}
		inv.Servers = append(inv.Servers, s)
	}
	for i, words := range stores {
		st := inventory.Store{Name: inventory.StoreID(rune('A' + i)), State: inventory.Active, Base: inventory.Load{size}}
		for j, server := range strings.Fields(words) {
			role := inventory.Replica
			if j == 0 {
				role = inventory.Master
			}
			st.Instances = append(st.Instances, inventory.Instance{Server: inventory.ServerID(server), Role: role})
		}
		inv.Stores = append(inv.Stores, st)
		for p := range 10 {
			inv.Users = append(inv.Users, inventory.User{Name: inventory.UserID(string(st.Name) + string(rune('0'+p))), Store: st.Name})
		}
	}
	inv.Sort()
	return load.New(inv)
}

func simulated(f *load.Fleet, a planner.Assumptions, failures int) *planner.Years {
	return durability.Simulate(context.Background(), f, f.Current(), durability.Options{Seed: 1, Years: 1, Assumptions: a, Failures: failures})
}

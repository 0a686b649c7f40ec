package inventory

import (
	"cmp"
	"maps"
	"slices"
)

func compareServers(old, now []Server, same sameLoads) []Change {
	added, removed := kind("server", "added"), kind("server", "removed")
	state, changed := kind("server", "state"), kind("server", "changed")
	for a, b := range Merge(old, now, func(a, b *Server) int { return cmp.Compare(a.Name, b.Name) }) {
		switch {
		case a == nil:
			added.count(string(b.Name), "", "")
			continue
		case b == nil:
			removed.count(string(a.Name), "", "")
			continue
		}
		if a.State != b.State {
			state.count(string(b.Name), string(a.State), string(b.State))
		}
		changed.countIn(string(b.Name),
			property{"domains", !maps.Equal(a.Domains, b.Domains)}, property{"capacity", !same.loads(&a.Capacity, &b.Capacity)},
			property{"slots", a.Slots != b.Slots}, property{"bandwidth", a.Bandwidth != b.Bandwidth}, property{"transfers", a.Transfers != b.Transfers})
	}
	return []Change{added, removed, state, changed}
}

func compareStores(old, now []Store, same sameLoads) []Change {
	added, removed, state := kind("store", "added"), kind("store", "removed"), kind("store", "state")
	master, replicas, changed := kind("store", "master"), kind("store", "replicas"), kind("store", "changed")
	for a, b := range Merge(old, now, func(a, b *Store) int { return cmp.Compare(a.Name, b.Name) }) {
		switch {
		case a == nil:
			added.count(string(b.Name), "", "")
			continue
		case b == nil:
			removed.count(string(a.Name), "", "")
			continue
		}
		if a.State != b.State {
			state.count(string(b.Name), string(a.State), string(b.State))
		}
		if from, to := masterOf(a), masterOf(b); from != to {
			master.count(string(b.Name), from, to)
		}
		if from, to := replicasOf(a), replicasOf(b); from != to {
			replicas.count(string(b.Name), from, to)
		}
		changed.countIn(string(b.Name),
			property{"capacity", !same.loads(&a.Capacity, &b.Capacity)}, property{"base", !same.loads(&a.Base, &b.Base)},
			property{"pinned", a.Pinned != b.Pinned}, property{"copies", a.Copies != b.Copies},
			property{"only", !sameDomains(a, b)}, property{"instances", !sameInstances(a, b)})
	}
	return []Change{added, removed, state, master, replicas, changed}
}

func masterOf(s *Store) string {
	if m := s.Master(); m != nil {
		return string(m.Server)
	}
	return ""
}

func replicasOf(s *Store) string {
	var names []ServerID
	for i := 1; i < len(s.Instances); i++ {
		names = append(names, s.Instances[i].Server)
	}
	return join(names)
}

func sameDomains(a, b *Store) bool {
	return maps.EqualFunc(a.Only, b.Only, slices.Equal[[]DomainID])
}

// sameInstances reports whether the servers that both stores are on are reached
// and configured in the same way.
func sameInstances(a, b *Store) bool {
	for _, now := range b.Instances {
		same := func(before Instance) bool {
			before.Role = now.Role
			return before == now
		}
		if a.On(now.Server) != nil && !slices.ContainsFunc(a.Instances, same) {
			return false
		}
	}
	return true
}

func compareUsers(old, now []User, same sameLoads) []Change {
	added, removed, moved := kind("user", "added"), kind("user", "removed"), kind("user", "moved")
	load, counts, changed := kind("user", "load"), kind("user", "counts"), kind("user", "changed")
	for a, b := range Merge(old, now, func(a, b *User) int { return cmp.Compare(a.Name, b.Name) }) {
		switch {
		case a == nil:
			added.count(string(b.Name), "", "")
			continue
		case b == nil:
			removed.count(string(a.Name), "", "")
			continue
		}
		if a.Store != b.Store {
			moved.count(string(b.Name), string(a.Store), string(b.Store))
		}
		if !same.loads(&a.Load, &b.Load) || !same.bits(a.Estimated, b.Estimated) {
			load.count(string(b.Name), "", "")
		}
		if a.Messages != b.Messages || a.Mailboxes != b.Mailboxes {
			counts.count(string(b.Name), "", "")
		}
		changed.countIn(string(b.Name),
			property{"kind", a.Kind != b.Kind}, property{"pinned", a.Pinned != b.Pinned}, property{"moved", a.Moved != b.Moved})
	}
	return []Change{added, removed, moved, load, counts, changed}
}

func compareAllShares(old, now []Share) []Change {
	added, removed, rights := kind("share", "added"), kind("share", "removed"), kind("share", "rights")
	for a, b := range Merge(old, now, func(a, b *Share) int { return compareShares(*a, *b) }) {
		switch {
		case a == nil:
			added.count(shareText(b), "", "")
		case b == nil:
			removed.count(shareText(a), "", "")
		case a.Rights != b.Rights:
			rights.count(shareText(b), a.Rights, b.Rights)
		}
	}
	return []Change{added, removed, rights}
}

func shareText(s *Share) string { return string(s.Owner) + " " + s.Folder + " " + s.Grantee }

func compareGroups(old, now []Membership) []Change {
	added, removed := kind("membership", "added"), kind("membership", "removed")
	byName := func(a, b *Membership) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Member, b.Member))
	}
	for a, b := range Merge(old, now, byName) {
		switch {
		case a == nil:
			added.count(b.Group+" "+string(b.Member), "", "")
		case b == nil:
			removed.count(a.Group+" "+string(a.Member), "", "")
		}
	}
	return []Change{added, removed}
}

//go:build cgo

package database

import (
	"cmp"
	_ "embed" // the queries
	"reflect"

	"github.com/interlacemail/interlace/inventory"
)

var (
	//go:embed query/insert_resources.sql
	insertResources string
	//go:embed query/end_resources.sql
	endResources string
	//go:embed query/load_resources.sql
	loadResources string
)

// resourceRow is a resource and its place in the loads.
type resourceRow struct {
	position int
	inventory.Resource
}

var resources = table[resourceRow]{
	name:   "resources",
	insert: insertResources, end: endResources, load: loadResources,
	keys: 1,
	columns: func(r *resourceRow) []any {
		return []any{
			&r.position, (*string)(&r.Name), &r.Unit, &r.Replica, &r.Cold, &r.Ceiling,
			&r.FailureCeiling.Default, asJSON(&r.FailureCeiling.ByLevel),
		}
	},
	compare: func(a, b *resourceRow) int { return cmp.Compare(a.position, b.position) },
	equal:   same[resourceRow],
}

var (
	//go:embed query/insert_servers.sql
	insertServers string
	//go:embed query/end_servers.sql
	endServers string
	//go:embed query/load_servers.sql
	loadServers string
)

var servers = table[inventory.Server]{
	name:   "servers",
	insert: insertServers, end: endServers, load: loadServers,
	keys: 1,
	columns: func(s *inventory.Server) []any {
		return []any{
			(*string)(&s.Name), asJSON(&s.Domains), &s.Slots, (*loadColumn)(&s.Capacity),
			(*string)(&s.State), &s.Bandwidth, &s.Transfers,
		}
	},
	compare: func(a, b *inventory.Server) int { return cmp.Compare(a.Name, b.Name) },
	equal:   same[inventory.Server],
}

var (
	//go:embed query/insert_stores.sql
	insertStores string
	//go:embed query/end_stores.sql
	endStores string
	//go:embed query/load_stores.sql
	loadStores string
)

// stores keeps the stores without their instances.
var stores = table[inventory.Store]{
	name:   "stores",
	insert: insertStores, end: endStores, load: loadStores,
	keys: 1,
	columns: func(s *inventory.Store) []any {
		return []any{
			(*string)(&s.Name), (*loadColumn)(&s.Capacity), (*loadColumn)(&s.Base),
			(*string)(&s.State), &s.Pinned, &s.Copies, asJSON(&s.Only),
		}
	},
	compare: func(a, b *inventory.Store) int { return cmp.Compare(a.Name, b.Name) },
	equal:   same[inventory.Store],
}

var (
	//go:embed query/insert_instances.sql
	insertInstances string
	//go:embed query/end_instances.sql
	endInstances string
	//go:embed query/load_instances.sql
	loadInstances string
)

// instanceRow is an instance and its place in its store.
type instanceRow struct {
	store    inventory.StoreID
	position int
	inventory.Instance
}

var instances = table[instanceRow]{
	name:   "instances",
	insert: insertInstances, end: endInstances, load: loadInstances,
	keys: 2,
	columns: func(r *instanceRow) []any {
		s := &r.Settings
		return []any{
			(*string)(&r.store), &r.position, (*string)(&r.Server), (*string)(&r.Role),
			&r.IMAP, &r.CSync, &r.IMAPDConf, &r.SyncDir, &r.Log,
			&s.Version, &s.Separator, &s.VirtDomains, &s.Conversations, &s.Partitions,
		}
	},
	compare: func(a, b *instanceRow) int {
		return cmp.Or(cmp.Compare(a.store, b.store), cmp.Compare(a.position, b.position))
	},
	equal: func(a, b *instanceRow) bool { return *a == *b },
}

var (
	//go:embed query/insert_store_sums.sql
	insertStoreSums string
	//go:embed query/end_store_sums.sql
	endStoreSums string
	//go:embed query/load_store_sums.sql
	loadStoreSums string
)

var storeSums = table[StoreSum]{
	name:   "sums of stores",
	insert: insertStoreSums, end: endStoreSums, load: loadStoreSums,
	keys: 1,
	columns: func(s *StoreSum) []any {
		return []any{(*string)(&s.Store), &s.Users, (*loadColumn)(&s.Load)}
	},
	compare: func(a, b *StoreSum) int { return cmp.Compare(a.Store, b.Store) },
	equal:   func(a, b *StoreSum) bool { return *a == *b },
}

var (
	//go:embed query/insert_users.sql
	insertUsers string
	//go:embed query/end_users.sql
	endUsers string
	//go:embed query/load_users.sql
	loadUsers string
)

var users = table[inventory.User]{
	name:   "users",
	insert: insertUsers, end: endUsers, load: loadUsers,
	keys: 1,
	columns: func(u *inventory.User) []any {
		return []any{
			(*string)(&u.Name), (*string)(&u.Store), (*loadColumn)(&u.Load), (*string)(&u.Moved),
			(*int64)(&u.Messages), (*int64)(&u.Mailboxes), (*uint8)(&u.Kind), &u.Pinned, &u.Estimated,
		}
	},
	compare: func(a, b *inventory.User) int { return cmp.Compare(a.Name, b.Name) },
	equal:   func(a, b *inventory.User) bool { return *a == *b },
}

var (
	//go:embed query/insert_shares.sql
	insertShares string
	//go:embed query/end_shares.sql
	endShares string
	//go:embed query/load_shares.sql
	loadShares string
)

var shares = table[inventory.Share]{
	name:   "shares",
	insert: insertShares, end: endShares, load: loadShares,
	keys: 3,
	columns: func(s *inventory.Share) []any {
		return []any{(*string)(&s.Owner), &s.Folder, &s.Grantee, &s.Rights}
	},
	compare: func(a, b *inventory.Share) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.Grantee, b.Grantee))
	},
	equal: func(a, b *inventory.Share) bool { return *a == *b },
}

var (
	//go:embed query/insert_memberships.sql
	insertMemberships string
	//go:embed query/end_memberships.sql
	endMemberships string
	//go:embed query/load_memberships.sql
	loadMemberships string
)

var memberships = table[inventory.Membership]{
	name:   "memberships",
	insert: insertMemberships, end: endMemberships, load: loadMemberships,
	keys: 2,
	columns: func(m *inventory.Membership) []any {
		return []any{&m.Group, (*string)(&m.Member)}
	},
	compare: func(a, b *inventory.Membership) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Member, b.Member))
	},
	equal: func(a, b *inventory.Membership) bool { return *a == *b },
}

// same reports whether two rows with lists or maps hold the same.
func same[R any](a, b *R) bool { return reflect.DeepEqual(*a, *b) }

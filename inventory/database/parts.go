//go:build cgo

package database

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// StoreSum is what the users of a store amount to.
type StoreSum struct {
	Store inventory.StoreID
	Users int            // users and shared trees
	Load  inventory.Load // of them together, without the store's own base
}

// parts are the rows of one inventory by kind.
type parts struct {
	resources   rows[resourceRow]
	servers     rows[inventory.Server]
	stores      rows[inventory.Store] // without instances
	instances   rows[instanceRow]
	sums        rows[StoreSum]
	users       rows[inventory.User]
	shares      rows[inventory.Share]
	memberships rows[inventory.Membership]
}

// split returns the rows of the inventory.
func split(inv *inventory.Inventory) *parts {
	p := &parts{}
	p.servers.list, p.stores.list = inv.Servers, slices.Clone(inv.Stores)
	p.users.list, p.shares.list, p.memberships.list = inv.Users, inv.Shares, inv.Groups
	p.sums.list = sum(inv.Users)
	for i, r := range inv.Resources {
		p.resources.list = append(p.resources.list, resourceRow{i, r})
	}
	for i := range p.stores.list {
		s := &p.stores.list[i]
		for j, instance := range s.Instances {
			p.instances.list = append(p.instances.list, instanceRow{s.Name, j, instance})
		}
		s.Instances = nil
	}
	return p
}

// fill puts the rows into the inventory; it is the inverse of split. The
// instances of all stores share one array.
func (p *parts) fill(inv *inventory.Inventory) {
	inv.Servers, inv.Stores = p.servers.list, slices.Clone(p.stores.list)
	inv.Users, inv.Shares, inv.Groups = p.users.list, p.shares.list, p.memberships.list
	for _, r := range p.resources.list {
		inv.Resources = append(inv.Resources, r.Resource)
	}
	rest := p.instances.list
	all := make([]inventory.Instance, 0, len(rest))
	for i := range inv.Stores {
		s, first := &inv.Stores[i], len(all)
		for len(rest) > 0 && rest[0].store == s.Name {
			all, rest = append(all, rest[0].Instance), rest[1:]
		}
		if n := len(all); n > first {
			s.Instances = all[first:n:n]
		}
	}
}

// sum adds up the users of each store, sorted by store.
func sum(users []inventory.User) []StoreSum {
	at := map[inventory.StoreID]int{}
	var sums []StoreSum
	for i := range users {
		u := &users[i]
		k, ok := at[u.Store]
		if !ok {
			k = len(sums)
			at[u.Store] = k
			sums = append(sums, StoreSum{Store: u.Store})
		}
		sums[k].Users++
		for r, x := range u.Load {
			sums[k].Load[r] += x
		}
	}
	slices.SortFunc(sums, func(a, b StoreSum) int { return cmp.Compare(a.Store, b.Store) })
	return sums
}

// readParts returns the rows of the inventory; the users and what belongs to
// them only of one that is whole.
func readParts(ctx context.Context, tx *sql.Tx, d Dated) (*parts, error) {
	p := &parts{}
	err := inOrder(
		func() error { return resources.read(ctx, tx, d.Number, &p.resources) },
		func() error { return servers.read(ctx, tx, d.Number, &p.servers) },
		func() error { return stores.read(ctx, tx, d.Number, &p.stores) },
		func() error { return instances.read(ctx, tx, d.Number, &p.instances) },
		func() error { return storeSums.read(ctx, tx, d.Number, &p.sums) },
	)
	if err != nil || !d.Whole {
		return p, err
	}
	p.users.list, p.users.since = slices.Grow(p.users.list, d.Users), slices.Grow(p.users.since, d.Users)
	return p, inOrder(
		func() error { return users.read(ctx, tx, d.Number, &p.users) },
		func() error { return shares.read(ctx, tx, d.Number, &p.shares) },
		func() error { return memberships.read(ctx, tx, d.Number, &p.memberships) },
	)
}

// write makes the rows those of the numbered inventory, where old were those of
// the one before. It stops at the first error: one that ended the transaction
// inside SQLite must not be followed by a statement.
func (p *parts) write(ctx context.Context, tx *sql.Tx, number int, old *parts) error {
	return inOrder(
		func() error { return resources.write(ctx, tx, number, old.resources, p.resources) },
		func() error { return servers.write(ctx, tx, number, old.servers, p.servers) },
		func() error { return stores.write(ctx, tx, number, old.stores, p.stores) },
		func() error { return instances.write(ctx, tx, number, old.instances, p.instances) },
		func() error { return storeSums.write(ctx, tx, number, old.sums, p.sums) },
		func() error { return users.write(ctx, tx, number, old.users, p.users) },
		func() error { return shares.write(ctx, tx, number, old.shares, p.shares) },
		func() error { return memberships.write(ctx, tx, number, old.memberships, p.memberships) },
	)
}

func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

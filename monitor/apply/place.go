package apply

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// place is a store with its instances.
type place struct {
	store *inventory.Store
	hosts []*host // of its instances, the master first
	// inTurn says that its instances are not worked on at once: what is rehearsed is told
	// in one order.
	inTurn bool
}

func (p *place) master() inventory.Instance { return p.store.Instances[0] }

// place returns a store and what its instances say of themselves.
func (o *Options) place(ctx context.Context, name inventory.StoreID) (*place, error) {
	i := o.Inventory.Store(name)
	if i < 0 {
		return nil, fmt.Errorf("the inventory has no store %s", name)
	}
	p := &place{store: &o.Inventory.Stores[i], inTurn: o.rehearsed}
	var wrong error
	for _, in := range p.store.Instances {
		h := &host{run: o.Run, server: in.Server, tools: o.Tools, conf: in.IMAPDConf, unit: "interlace"}
		if in.IMAPDConf == "" {
			wrong = errors.Join(wrong, fmt.Errorf("the inventory does not say where imapd.conf of %s is on %s", name, in.Server))
			continue
		}
		wrong = errors.Join(wrong, h.read(ctx))
		p.hosts = append(p.hosts, h)
	}
	if len(p.store.Instances) == 0 {
		wrong = fmt.Errorf("store %s has no instance", name)
	}
	return p, wrong
}

// each does something for users on all instances of a store at once.
func (p *place) each(ctx context.Context, users []inventory.UserID, do func(*host, context.Context, []inventory.UserID) error) error {
	if len(users) == 0 {
		return nil
	}
	var doing errgroup.Group
	if p.inTurn {
		doing.SetLimit(1)
	}
	for _, h := range p.hosts {
		doing.Go(func() error { return do(h, ctx, users) })
	}
	return doing.Wait()
}

// source is a place with what leaves it.
type source struct {
	place
	users  []inventory.UserID
	trees  []inventory.UserID // shared trees
	owners map[cyrus.Owner]bool
}

// take adds a user or a shared tree.
func (s *source) take(name inventory.UserID, kind inventory.Kind) {
	if kind == inventory.Shared {
		s.trees = append(s.trees, name)
	} else {
		s.users = append(s.users, name)
	}
	s.owners[cyrus.Owner{Name: string(name), Shared: kind == inventory.Shared}] = true
}

// kindOf tells users from shared trees.
func (o *Options) kindOf(name inventory.UserID) inventory.Kind {
	if i := o.Inventory.User(name); i >= 0 {
		return o.Inventory.Users[i].Kind
	}
	return inventory.Person
}

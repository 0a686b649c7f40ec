package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// hostOf is an instance with a name for the files there, of which nothing is read yet.
func (o *Options) hostOf(in inventory.Instance, unit string) *host.Host {
	return &host.Host{Run: o.Run, Server: in.Server, Tools: o.Tools, Conf: in.IMAPDConf, Unit: unit, Dry: o.rehearsed}
}

// account is the one that sync servers let in.
func (o *Options) account() host.Account {
	return host.Account{User: o.SyncUser, Password: o.SyncPassword}
}

// nameOf stands for a unit in the names of files on servers.
func nameOf(u *course.Unit) string { return host.FileName(u.Plan, u.Name) }

// place is a store with its instances.
type place struct {
	store *inventory.Store
	hosts []*host.Host // of its instances, the master first
	// inTurn says that its instances are not worked on at once: what is rehearsed is told
	// in one order.
	inTurn bool
}

func (p *place) master() inventory.Instance { return p.store.Instances[0] }

// place returns a store and what its instances say of themselves, those that answer.
func (o *Options) place(ctx context.Context, name inventory.StoreID) (*place, error) {
	i := o.Inventory.Store(name)
	if i < 0 {
		return nil, fmt.Errorf("the inventory has no store %s", name)
	}
	p := &place{store: &o.Inventory.Stores[i], inTurn: o.rehearsed}
	var wrong error
	for _, in := range p.store.Instances {
		h := o.hostOf(in, "interlace")
		h.Silent = o.silent
		if in.IMAPDConf == "" {
			wrong = errors.Join(wrong, fmt.Errorf("the inventory does not say where imapd.conf of %s is on %s", name, in.Server))
			continue
		}
		p.hosts = append(p.hosts, h)
	}
	if len(p.store.Instances) == 0 {
		wrong = fmt.Errorf("store %s has no instance", name)
	}
	_ = p.known(ctx)
	return p, wrong
}

// known reads the settings of all instances that are not known yet, and says which do not
// answer.
func (p *place) known(ctx context.Context) error {
	wrong := make([]error, len(p.hosts))
	var asking sync.WaitGroup
	for i, h := range p.hosts {
		asking.Go(func() { wrong[i] = h.Know(ctx) })
	}
	asking.Wait()
	return errors.Join(wrong...)
}

// each does something on all instances of a store at once.
func (p *place) each(do func(*host.Host) error) error {
	var doing errgroup.Group
	if p.inTurn {
		doing.SetLimit(1)
	}
	for _, h := range p.hosts {
		doing.Go(func() error { return do(h) })
	}
	return doing.Wait()
}

// later says when and how another run does what could not be done now, however often it
// is tried.
type later string

func (l later) Error() string { return string(l) }

// errLeft says that something is left to be done on an instance that can't be reached now.
var errLeft = later("interlace apply --resume --yes, or --rollback --yes, does the rest when it answers again")

// letInReplicas lets users in on the replicas, each of which is tried.
func (p *place) letInReplicas(ctx context.Context, users []inventory.UserID, others ...string) error {
	ctx, cancel := context.WithTimeout(ctx, host.Short)
	defer cancel()
	wrong := make([]error, len(p.hosts))
	var doing sync.WaitGroup
	for i, h := range p.hosts[1:] {
		doing.Go(func() {
			if err := h.LetIn(ctx, users, others...); err != nil {
				wrong[i] = fmt.Errorf("still kept out of the replica on %s, where nobody works: %w", h.Server, err)
			}
		})
	}
	doing.Wait()
	return errors.Join(wrong...)
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

// endScripts ends the sessions on all instances in which users who leave keep Sieve scripts.
func (s *source) endScripts(ctx context.Context) error {
	return s.each(func(h *host.Host) error { return h.EndScripts(ctx, s.users) })
}

// kindOf tells users from shared trees.
func (o *Options) kindOf(name inventory.UserID) inventory.Kind {
	if i := o.Inventory.User(name); i >= 0 {
		return o.Inventory.Users[i].Kind
	}
	return inventory.Person
}

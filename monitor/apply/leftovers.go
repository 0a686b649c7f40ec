package apply

import (
	"context"
	"errors"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

// Leftovers are what applies have left beside instances that have ended, or were killed.
type Leftovers struct {
	Private []Leftover
	// Unseen says where it could not be looked.
	Unseen error

	hosts []*host.Host
	over  map[*host.Host][]string // claims of units that are done
}

// Leftover is a private configuration, with the password of sync, that an apply which was
// killed has left on a server.
type Leftover struct {
	Server inventory.ServerID
	File   string
}

// Leftovers returns what lies on the servers of stores, and fails where another journal has
// claimed an instance there, or this one is older than what was done: then nothing of it is
// to be removed. Nothing is changed.
func (o *Options) Leftovers(ctx context.Context, stores []inventory.StoreID) (*Leftovers, error) {
	left := &Leftovers{over: map[*host.Host][]string{}}
	left.hosts, left.Unseen = o.answering(ctx, stores)
	all, confs, unseen := host.Claims(ctx, left.hosts)
	left.Unseen = errors.Join(left.Unseen, unseen)
	for _, h := range left.hosts {
		for _, file := range confs[h] {
			left.Private = append(left.Private, Leftover{h.Server, file})
			left.over[h] = append(left.over[h], file)
		}
	}
	if err := o.refused(ctx, all, (*host.Claim).Empty); err != nil {
		left.over = nil
		return left, err
	}
	journal, err := o.Journal.Identity(ctx)
	if err != nil {
		return left, err
	}
	for i := range all {
		state, err := o.stateOf(ctx, journal, &all[i])
		if err != nil {
			return left, err
		}
		if state == stale {
			left.over[all[i].Host] = append(left.over[all[i].Host], all[i].File)
		}
	}
	return left, nil
}

// Remove removes what was left. No apply may run.
func (l *Leftovers) Remove(ctx context.Context) error {
	hosts := slices.DeleteFunc(slices.Clone(l.hosts), func(h *host.Host) bool { return len(l.over[h]) == 0 })
	wrong := make([]error, len(hosts))
	_ = host.Everywhere(hosts, func(h *host.Host) error {
		wrong[slices.Index(hosts, h)] = h.Clear(ctx, l.over[h])
		return nil
	})
	return errors.Join(wrong...)
}

// answering are the instances of stores that say where their files are. The error tells of
// the others.
func (o *Options) answering(ctx context.Context, stores []inventory.StoreID) ([]*host.Host, error) {
	var hosts []*host.Host
	for _, name := range stores {
		at := o.Inventory.Store(name)
		if at < 0 {
			continue // it is to be made
		}
		for _, in := range o.Inventory.Stores[at].Instances {
			if in.IMAPDConf != "" {
				hosts = append(hosts, o.hostOf(in, "interlace"))
			}
		}
	}
	unheard := make([]error, len(hosts))
	_ = host.Everywhere(hosts, func(h *host.Host) error {
		unheard[slices.Index(hosts, h)] = h.Know(ctx)
		return nil
	})
	return slices.DeleteFunc(hosts, func(h *host.Host) bool { return h.Settings == nil }), errors.Join(unheard...)
}

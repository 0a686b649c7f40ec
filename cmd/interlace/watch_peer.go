package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/processes"
)

// routing says on which server the users of a store are served now. The routing
// has to name that server, or the address there: a store's name stays the same when
// another of its instances becomes the master, so it says nothing of that. A name at
// which the inventory has no instance of the store is returned as it is.
func (l *local) routing(ctx context.Context, store inventory.StoreID) (inventory.ServerID, error) {
	l.mu.Lock()
	users, s := l.users[store], l.store(store)
	l.mu.Unlock()
	if len(users) == 0 || s == nil {
		return "", errors.New("the inventory has no user on it who could be asked for")
	}
	routes, err := l.app.config.routes(ctx, users)
	if in := (*files.Error)(nil); errors.As(err, &in) {
		return "", errors.New(inShort(err))
	}
	if err != nil {
		return "", err
	}
	var at inventory.ServerID
	for i, u := range users {
		name, known := routes[u]
		if !known {
			return "", fmt.Errorf("nothing is said of user %s", inventory.Printable(string(u)))
		}
		serving := servedBy(s, name)
		switch {
		case len(serving) == 0 && name != string(s.Name):
			serving = []inventory.ServerID{inventory.ServerID(name)}
		case len(serving) > 1:
			return "", fmt.Errorf("user %s is routed to %s, which is %s and %s; the routing has to name the server, or the port too", inventory.Printable(string(u)), inventory.Quoted(name), serving[0], serving[1])
		case len(serving) == 0:
			return "", fmt.Errorf("user %s is routed to store %s, which does not say on which server its master is; let routing_query print the server", inventory.Printable(string(u)), name)
		}
		if i > 0 && serving[0] != at {
			return "", fmt.Errorf("users %s and %s are routed to different servers", inventory.Printable(string(users[0])), inventory.Printable(string(u)))
		}
		at = serving[0]
	}
	return at, nil
}

// servedBy returns the servers of the store's instances that a route may mean: a
// host without a port means all that it has.
func servedBy(s *inventory.Store, name string) []inventory.ServerID {
	var list []inventory.ServerID
	for _, in := range s.Instances {
		host, _, _ := strings.Cut(in.IMAP, ":")
		if name == string(in.Server) || in.IMAP != "" && (name == in.IMAP || name == host) {
			list = append(list, in.Server)
		}
	}
	return list
}

// store returns the store, or nil.
func (l *local) store(name inventory.StoreID) *inventory.Store {
	i := slices.IndexFunc(l.stores.Stores, func(s inventory.Store) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &l.stores.Stores[i]
}

// peer says what the replica at the other end of a channel takes itself to be, as
// the processes on its server show: whoever sends his changes on is a master.
func (l *local) peer(ctx context.Context, job *processes.Job) (inventory.Role, error) {
	l.mu.Lock()
	at, err := l.replica(job)
	l.mu.Unlock()
	if err != nil {
		return "", err
	}
	if len(l.app.config.Monitor.Runner) == 0 && !isHere(job.Channel.Peer) {
		return "", fmt.Errorf("runner.argv in the configuration is not set, so %s cannot be asked from here", at.Server)
	}
	return l.app.config.roleOf(ctx, at.Server, at.IMAPDConf)
}

// isHere reports whether an address is one of this machine, so that its processes
// can be seen here.
func isHere(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	if err != nil || ip == nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	return ip.IsLoopback() || err == nil && slices.ContainsFunc(own, func(a net.Addr) bool {
		network, ok := a.(*net.IPNet)
		return ok && network.IP.Equal(ip)
	})
}

// syncDir says where the sync logs are that belong to an imapd.conf of this machine.
func syncDir(conf string) (string, error) {
	in := instances.Read("", &inventory.Instance{IMAPDConf: conf})
	if in.Trouble != "" {
		return "", errors.New(in.Trouble)
	}
	return in.SyncDir, nil
}

// restart is the command that restarts the rolling client of a store, or nothing.
func (l *local) restart(store inventory.StoreID) []string {
	if len(l.app.config.Monitor.Restart) == 0 {
		return nil
	}
	return inPlace(l.app.config.Monitor.Restart, "{store}", string(store))
}

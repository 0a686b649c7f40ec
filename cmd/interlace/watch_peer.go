package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/processes"
)

// routing says on which server the users of a store are served now. The routing
// names a store, which is where its master is, or the server or the address at
// which an instance of it is.
func (l *local) routing(ctx context.Context, store inventory.StoreID) (inventory.ServerID, error) {
	l.mu.Lock()
	users, s := l.users[store], l.store(store)
	l.mu.Unlock()
	if len(users) == 0 || s == nil {
		return "", errors.New("the inventory has no user on it who could be asked for")
	}
	routes, err := l.app.config.routes(ctx, users)
	if err != nil {
		return "", err
	}
	var at inventory.ServerID
	for i, u := range users {
		name, known := routes[u]
		if !known {
			return "", fmt.Errorf("nothing is said of user %s", inventory.Printable(string(u)))
		}
		server := served(s, name)
		if server == "" {
			return "", fmt.Errorf("user %s is routed to %s", inventory.Printable(string(u)), inventory.Quoted(name))
		}
		if i > 0 && server != at {
			return "", fmt.Errorf("users %s and %s are routed to different servers", inventory.Printable(string(users[0])), inventory.Printable(string(u)))
		}
		at = server
	}
	return at, nil
}

// served returns the server of the store's instance that a route names, or none.
func served(s *inventory.Store, name string) inventory.ServerID {
	for _, in := range s.Instances {
		host, _, _ := strings.Cut(in.IMAP, ":")
		if name == string(s.Name) && in.Role == inventory.Master || name == string(in.Server) || in.IMAP != "" && (name == in.IMAP || name == host) {
			return in.Server
		}
	}
	return ""
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
// the processes on its server show.
func (l *local) peer(ctx context.Context, job *processes.Job) (inventory.Role, error) {
	l.mu.Lock()
	s := l.store(job.Instance.Store)
	l.mu.Unlock()
	if s == nil {
		return "", errors.New("the inventory does not know the store")
	}
	var others []inventory.Instance
	for _, in := range s.Instances {
		if in.Server != l.server && (in.CSync == "" || in.CSync == job.Channel.Peer || len(s.Instances) == 2) {
			others = append(others, in)
		}
	}
	switch {
	case len(others) != 1:
		return "", errors.New("the inventory does not say whose address that is: csync of the store's instances")
	case others[0].IMAPDConf == "":
		return "", fmt.Errorf("the inventory does not say where imapd.conf is on %s", others[0].Server)
	}
	commands, err := l.app.config.on(ctx, others[0].Server, "ps", "-A", "-ww", "-o", "args=")
	if err != nil {
		return "", err
	}
	return processes.RoleOf(commands, others[0].IMAPDConf)
}

// restart is the command that restarts the rolling client of a store, or nothing.
func (l *local) restart(store inventory.StoreID) []string {
	if len(l.app.config.Monitor.Restart) == 0 {
		return nil
	}
	return inPlace(l.app.config.Monitor.Restart, "{store}", string(store))
}

// on runs a command on a server, through the runner or, without one, here, and
// returns what it prints.
func (c *config) on(ctx context.Context, server inventory.ServerID, words ...string) (string, error) {
	if len(c.Monitor.Runner) == 0 {
		return output(ctx, words)
	}
	if c.Monitor.RunnerQuote == "sh" {
		quoted := inventory.Paste(words...)
		if quoted == "" {
			return "", errors.New("the command has words that cannot be quoted for a shell")
		}
		words = []string{string(quoted)}
	}
	return output(ctx, append(inPlace(c.Monitor.Runner, "{server}", string(server)), words...))
}

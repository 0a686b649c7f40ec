package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/instances"
)

// thisServer returns the server that is watched: the one that is named, else the
// one whose name in the inventory is that of this host, with its domain or
// without.
func (a *app) thisServer(inv *inventory.Inventory, named string) (inventory.ServerID, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(inv.Servers, func(s inventory.Server) bool { return string(s.Name) == name })
	}
	if name := cmp.Or(named, a.config.Monitor.Server); name != "" {
		if !has(name) {
			return "", a.unknownServer(inv, name)
		}
		return inventory.ServerID(name), nil
	}
	host, err := hostname()
	if err != nil {
		return "", fmt.Errorf("the name of this host: %w", err)
	}
	short, _, _ := strings.Cut(host, ".")
	for _, name := range []string{host, short} {
		if has(name) {
			return inventory.ServerID(name), nil
		}
	}
	return "", hint(fmt.Errorf("no server of the inventory is named like this host, %s", inventory.Quoted(host)),
		"--server NAME, or server in the configuration, says which one this is")
}

func (a *app) unknownServer(inv *inventory.Inventory, name string) error {
	err := fmt.Errorf("there is no server %s in the inventory", inventory.Quoted(name))
	if meant := inventory.Nearest(name, texts(serverNames(inv))); meant != "" {
		return hint(err, "did you mean %s?", meant)
	}
	return err
}

// local is what is known of the server that is watched, as it stands by now. It is read again
// when it has changed.
type local struct {
	app    *app
	server inventory.ServerID

	mu     sync.Mutex
	known  *facts                                   // what the inventory has, without users
	stores *inventory.Inventory                     // the stores that have an instance here, and nothing else
	users  map[inventory.StoreID][]inventory.UserID // some of each store
	others []string                                 // imapd.conf of instances of other servers that are this machine
	at     map[string]inventory.ServerID            // the servers behind addresses
	down   map[inventory.ServerID]bool              // servers that are down in the inventory
	// mailboxes is how many each store has, as far as that is known.
	mailboxes map[inventory.StoreID]int
	stamp     string    // tells the inventory from later ones
	taken     time.Time // when it was read
	// doubts say of which stores it is not known which instances they have by now, and why.
	doubts   map[inventory.StoreID]string
	followed string                   // tells what plans have changed from later changes
	stood    time.Time                // when that was looked at
	layouts  map[string][]course.Unit // what the plans of each apply change of layouts
}

// someUsers is how many users of a store are asked for where they are routed.
const someUsers = 3

// take keeps what concerns this server.
func (l *local) take(f *facts) {
	known := *f
	known.Inventory, known.groups = &inventory.Inventory{Servers: f.Servers, Stores: f.Stores}, nil
	l.known = &known
	l.users, l.mailboxes = map[inventory.StoreID][]inventory.UserID{}, map[inventory.StoreID]int{}
	for i := range f.Users {
		u := &f.Users[i]
		if u.Kind == inventory.Person && len(l.users[u.Store]) < someUsers {
			l.users[u.Store] = append(l.users[u.Store], inventory.UserID(strings.Clone(string(u.Name))))
		}
		if u.Mailboxes != inventory.Unknown {
			l.mailboxes[u.Store] += int(u.Mailboxes)
		}
	}
	l.down = map[inventory.ServerID]bool{}
	for i := range f.Servers {
		l.down[f.Servers[i].Name] = f.Servers[i].State == inventory.Down
	}
	l.settle(known.Inventory, &standing{facts: &known})
	l.taken, l.followed = l.app.now(), ""
}

// settle keeps which instances there are: those of the fleet, as far as they are on this machine,
// and of the stores here, as they stand.
func (l *local) settle(fleet *inventory.Inventory, s *standing) {
	l.others, l.at = neighbours(fleet, l.server), hosts(fleet)
	l.stores, l.doubts = &inventory.Inventory{}, s.doubts
	for i := range s.Stores {
		if s.Stores[i].On(l.server) != nil {
			l.stores.Stores = append(l.stores.Stores, s.Stores[i])
		}
	}
}

// neighbours returns the imapd.conf of instances of other servers that are reached
// on this very machine, as are those of the server: in trials all servers are one.
func neighbours(inv *inventory.Inventory, server inventory.ServerID) []string {
	var others []string
	same := false
	for i := range inv.Stores {
		for _, in := range inv.Stores[i].Instances {
			host, _, err := net.SplitHostPort(in.IMAP)
			if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
				continue
			}
			if in.Server == server {
				same = true
			} else if in.IMAPDConf != "" {
				others = append(others, filepath.Clean(in.IMAPDConf))
			}
		}
	}
	if !same {
		return nil
	}
	return others
}

func (l *local) neighbours() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.others
}

// hosts returns the servers behind the addresses of the fleet.
func (l *local) hosts() map[string]inventory.ServerID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at
}

// newest tells the facts that there are now from those that there were: which
// inventory in the database is the newest, or how the files look.
func (l *local) newest(ctx context.Context) (string, error) {
	if !l.app.fromFile() {
		db, err := l.app.readDatabase(ctx)
		if err != nil {
			return "", err
		}
		defer db.Close()
		dated, err := db.List(ctx)
		if err != nil || len(dated) == 0 {
			return "", err
		}
		return fmt.Sprint(dated[len(dated)-1].Number), nil
	}
	var b strings.Builder
	for _, path := range l.known.read {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String(), nil
}

// instances returns those of this server, as their configuration is now. Where the
// inventory, or what plans have done, has changed and cannot be read they are those of
// before, with an error that says so.
func (l *local) instances(ctx context.Context) ([]monitor.Instance, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.renew(ctx)
	switch {
	case err != nil && l.stamp == "":
		return nil, err
	case err != nil:
		err = fmt.Errorf("%s; watch goes on with the inventory that it read at %s", inShort(err), monitor.Time(l.taken))
	}
	err = errors.Join(err, l.follow(ctx))
	return instances.On(l.stores, l.server), err
}

// renew takes the inventory that there is now, if it is another one.
func (l *local) renew(ctx context.Context) error {
	now, err := l.newest(ctx)
	if err != nil {
		return err
	}
	if l.stamp != "" && now != l.stamp {
		f, err := l.app.facts(ctx)
		if err != nil {
			return err
		}
		if f.Server(l.server) < 0 {
			return fmt.Errorf("%s has no server %s any more", f.source, inventory.Quoted(string(l.server)))
		}
		l.take(f)
	}
	l.stamp = now
	return nil
}

// unsure is how long an instance must have been watched before it is known whether
// it was a replica a day ago.
const unsure = 24 * time.Hour

// promoted returns when the store's instance here was last seen as a replica: it
// became the master after that. Zero: not within a day. As long as nobody has
// watched it for a day nobody knows: then an operator who asks is believed, and
// else it may have been promoted when it was first seen.
func (l *local) promoted(ctx context.Context, h *history.History, store inventory.StoreID, asked bool) (time.Time, error) {
	now := l.app.now()
	looks, err := h.Usage(ctx, monitor.Span{Server: l.server, Store: store, From: now.Add(-2 * unsure)})
	if err != nil {
		return time.Time{}, err
	}
	first, last := now, time.Time{}
	for i := range looks {
		at := looks[i].At
		if at.Before(first) {
			first = at
		}
		if looks[i].Role == inventory.Replica && at.After(last) {
			last = at
		}
	}
	if last.IsZero() && now.Sub(first) < unsure && !asked {
		return first, nil
	}
	return last, nil
}

// errWatched says that somebody watches the server already.
var errWatched = errors.New("a watch of this server runs already")

// claimWatch claims that this process, and no other, follows the logs of the
// server. The claim ends with the process.
func (a *app) claimWatch(server inventory.ServerID) (release func(), err error) {
	path, err := a.databaseFile()
	if err != nil {
		return nil, err
	}
	f, err := openClaim(path, "watch-"+string(server))
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, hint(fmt.Errorf("watch %s: %w", server, errWatched), "interlace watch --once looks without disturbing it")
		}
		return nil, fmt.Errorf("claim the watch of %s: %w", server, err)
	}
	return func() { f.Close() }, nil
}

// noteSecond warns where another watch of the same instances runs, with a database of
// its own, whose claim nobody sees here. Its own mark, a name that the kernel keeps for
// as long as the process lives, is taken away by the function that it returns.
func (a *app) noteSecond(server inventory.ServerID, list []monitor.Instance) (release func()) {
	hash := sha256.New()
	fmt.Fprintln(hash, server)
	for i := range list {
		fmt.Fprintln(hash, list[i].Conf, list[i].SyncDir)
	}
	mark, err := net.Listen("unix", fmt.Sprintf("@interlace-watch-%x", hash.Sum(nil)[:8]))
	switch {
	case err == nil:
		return func() { mark.Close() }
	case errors.Is(err, syscall.EADDRINUSE):
		a.note("warning: another watch of %s runs, with another database: both tell what they find; end one of them", server)
	}
	return func() {}
}

// whose returns the account that a file belongs to, or nothing if there is none.
func whose(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	id := fmt.Sprint(info.Sys().(*syscall.Stat_t).Uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "account " + id
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
)

// router returns what sends mail and clients to where users are served now. It may be
// asked for the same twice, and does one thing at a time.
func (a *app) router(inv *inventory.Inventory) func(context.Context, []apply.Route) error {
	var one sync.Mutex
	return func(ctx context.Context, routes []apply.Route) error {
		one.Lock()
		defer one.Unlock()
		return a.config.reroute(ctx, inv, routes)
	}
}

// reroute routes users anew: by the hook or, without one, in the file of routes.
func (c *config) reroute(ctx context.Context, inv *inventory.Inventory, routes []apply.Route) error {
	var err error
	if len(c.Apply.RoutingHook) > 0 {
		err = c.hookRoutes(ctx, inv, routes)
	} else {
		err = editRoutes(c.Monitor.RoutingFile, inv, routes)
	}
	if err != nil {
		return err
	}
	if len(c.Monitor.RoutingQuery) > 0 {
		return c.routed(ctx, inv, routes)
	}
	return nil
}

// kick has the mail relay try again what it has put off.
func (c *config) kick(ctx context.Context) error {
	if len(c.Apply.Kick) == 0 {
		return nil
	}
	_, err := output(ctx, c.Apply.Kick)
	if err != nil {
		err = fmt.Errorf("mta_kick: %w", err)
	}
	return err
}

// hookRoutes runs the hook with a file of a line USER,FROM,TO for each user.
func (c *config) hookRoutes(ctx context.Context, inv *inventory.Inventory, routes []apply.Route) error {
	f, err := os.CreateTemp("", "interlace-routes-*")
	if err != nil {
		return fmt.Errorf("routing_hook: %w", err)
	}
	defer os.Remove(f.Name())
	for _, r := range routes {
		fmt.Fprintf(f, "%s,%s,%s\n", r.User, routeTo(inv, r.From), routeTo(inv, r.To))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("routing_hook: %w", err)
	}
	if _, err := output(ctx, inPlace(c.Apply.RoutingHook, "{file}", f.Name())); err != nil {
		return fmt.Errorf("routing_hook: %w", err)
	}
	return nil
}

// routeTo is how a route names an instance: by its server or, where that has another one
// too, by the address of its IMAP service.
func routeTo(inv *inventory.Inventory, in inventory.Instance) string {
	for i := range inv.Stores {
		if other := inv.Stores[i].On(in.Server); other != nil && other.IMAP != in.IMAP && in.IMAP != "" {
			return in.IMAP
		}
	}
	return string(in.Server)
}

// routed fails where a user is not routed to where the routes lead.
func (c *config) routed(ctx context.Context, inv *inventory.Inventory, routes []apply.Route) error {
	users := make([]inventory.UserID, len(routes))
	for i := range routes {
		users[i] = routes[i].User
	}
	found, err := queryRoutes(ctx, c.Monitor.RoutingQuery, users)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if got := found[r.User]; !means(inv, got, r.To) {
			return fmt.Errorf("user %s is routed to %s and not to %s, as routing_query says", inventory.Printable(string(r.User)), inventory.Quoted(got), routeTo(inv, r.To))
		}
	}
	return nil
}

// means reports whether a route names an instance: by its server, its address, the host
// of that, or its store.
func means(inv *inventory.Inventory, name string, in inventory.Instance) bool {
	host, _, _ := net.SplitHostPort(in.IMAP)
	if name == string(in.Server) || in.IMAP != "" && (name == in.IMAP || name == host) {
		return true
	}
	i := inv.Store(inventory.StoreID(name))
	return i >= 0 && len(inv.Stores[i].Instances) > 0 && inv.Stores[i].Instances[0] == in
}

// editRoutes changes where a file routes users, and nothing else in it: other lines, their
// order, the owner and the mode stay, and whoever reads it sees all changes or none.
func editRoutes(path string, inv *inventory.Inventory, routes []apply.Route) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("routing_file: %w", err)
	}
	to := map[string]string{}
	for _, r := range routes {
		to[string(r.User)] = routeTo(inv, r.To)
	}
	edited := reroutedLines(old, routes, to)
	if bytes.Equal(old, edited) {
		return nil
	}
	if err := replaceSame(path, edited); err != nil {
		return fmt.Errorf("routing_file: %w", err)
	}
	return nil
}

// reroutedLines are the lines of a file with other routes for some users; who has none
// gets one at the end.
func reroutedLines(old []byte, routes []apply.Route, to map[string]string) []byte {
	var edited bytes.Buffer
	there := map[string]bool{}
	for line := range bytes.Lines(old) {
		text := strings.TrimSpace(string(line))
		user, server, err := readRoute(text)
		if now, moves := to[user]; err == nil && moves {
			there[user] = true
			if server != now {
				line = bytes.Replace(line, []byte(text), []byte(user+","+now), 1)
			}
		}
		edited.Write(line)
	}
	if n := edited.Len(); n > 0 && edited.Bytes()[n-1] != '\n' {
		edited.WriteByte('\n')
	}
	for _, r := range routes {
		if user := string(r.User); !there[user] {
			fmt.Fprintf(&edited, "%s,%s\n", user, to[user])
		}
	}
	return edited.Bytes()
}

// replaceSame replaces what is in a file, atomically; it keeps its owner and its mode.
func replaceSame(path string, content []byte) (err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	owner := info.Sys().(*syscall.Stat_t)
	_, err = f.Write(content)
	err = errors.Join(err, f.Chown(int(owner.Uid), int(owner.Gid)), f.Chmod(info.Mode().Perm()), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// syncDirectory lets what was renamed in a directory outlast a crash.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
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

// reroute routes users anew, by the hook or, without one, in the file of routes, and fails
// where they are not routed so then, as far as that can be asked: with [apply.Unseen], for the hook
// has taken it.
func (c *config) reroute(ctx context.Context, inv *inventory.Inventory, routes []apply.Route) error {
	lines := routeLines(inv, routes)
	var err error
	if len(c.Apply.RoutingHook) > 0 {
		err = c.hookRoutes(ctx, lines)
	} else {
		err = editRoutes(c.Monitor.RoutingFile, lines)
	}
	if err != nil {
		return err
	}
	if err := c.routed(ctx, inv, lines); err != nil {
		return apply.Unseen{Err: err}
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

// routeTimeout is how long the hook may take.
const routeTimeout = time.Minute

// hookRoutes runs the hook with a file of a line USER,FROM,TO for each user.
func (c *config) hookRoutes(ctx context.Context, lines []routeLine) error {
	var content strings.Builder
	for i := range lines {
		content.WriteString(lines[i].String() + "\n")
	}
	if _, err := c.hooked(ctx, "apply-routes", routeTimeout, c.Apply.RoutingHook, []byte(content.String()), answer); err != nil {
		return fmt.Errorf("routing_hook: %w", err)
	}
	return nil
}

// knowsRoutes reports whether it can be asked where users are routed.
func (c *config) knowsRoutes() bool {
	return len(c.Monitor.RoutingQuery) > 0 || c.Monitor.RoutingFile != ""
}

// routedWithin is how long a new route may take until it can be seen, but in tests, which
// would wait.
var routedWithin = 10 * time.Second

// routed fails where users are not routed to where lines lead, and says so also where the
// time is over.
func (c *config) routed(ctx context.Context, inv *inventory.Inventory, lines []routeLine) error {
	if !c.knowsRoutes() {
		return nil
	}
	left := slices.DeleteFunc(slices.Clone(lines), func(l routeLine) bool { return l.shared })
	var elsewhere error
	for begin, pause := time.Now(), routedWithin/40; ; pause *= 2 {
		found, err := c.routes(ctx, usersIn(left))
		if err == nil {
			left = slices.DeleteFunc(left, func(l routeLine) bool { return l.leads(inv, found[l.User]) })
			elsewhere = c.elsewhere(left, found)
		}
		switch {
		case err == nil && len(left) == 0:
			return nil
		case ctx.Err() != nil:
			return cmp.Or(elsewhere, context.Cause(ctx))
		case time.Since(begin) >= routedWithin:
			return cmp.Or(err, elsewhere)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// elsewhere says who is still routed to somewhere else than where lines lead: a few names
// for each such way, and how many more.
func (c *config) elsewhere(left []routeLine, found map[inventory.UserID]string) error {
	type way struct{ at, to string }
	users := map[way][]inventory.UserID{}
	var ways []way
	for _, l := range left {
		w := way{found[l.User], l.Names.To}
		if users[w] == nil {
			ways = append(ways, w)
		}
		users[w] = append(users[w], l.User)
	}
	var texts []string
	for _, w := range ways[:min(mostWays, len(ways))] {
		texts = append(texts, fmt.Sprintf("%s routed to %s and not to %s", course.Who(users[w]), inventory.Quoted(w.at), w.to))
	}
	if len(ways) > mostWays {
		texts = append(texts, fmt.Sprintf("and so on, %d users in all", len(left)))
	}
	if texts == nil {
		return nil
	}
	return fmt.Errorf("%s, as %s says", strings.Join(texts, "; "), c.routesSource())
}

// mostWays is how many ways are told on which users are still routed.
const mostWays = 3

// routesSource is the key of what says where users are routed.
func (c *config) routesSource() string {
	if len(c.Monitor.RoutingQuery) > 0 {
		return "routing_query"
	}
	return "routing_file"
}

// editRoutes changes where a file routes users, and nothing else in it: other lines, their
// order, the owner and the mode stay, and whoever reads it sees all changes or none.
func editRoutes(path string, lines []routeLine) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return apply.Untold{Err: fmt.Errorf("routing_file: %w", err)}
	}
	edited := reroutedLines(old, lines)
	if bytes.Equal(old, edited) {
		return nil
	}
	if err := replaceSame(path, edited); err != nil {
		err = fmt.Errorf("routing_file: %w", err)
		if now, unread := os.ReadFile(path); unread == nil && bytes.Equal(now, old) {
			err = apply.Untold{Err: err}
		}
		return err
	}
	return nil
}

// reroutedLines are the lines of a file with other routes for some; a user who has none
// gets one at the end, a shared tree does not.
func reroutedLines(old []byte, lines []routeLine) []byte {
	var edited bytes.Buffer
	to, there := map[string]string{}, map[string]bool{}
	for _, l := range lines {
		to[string(l.User)] = l.Names.To
	}
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
	for _, l := range lines {
		if user := string(l.User); !there[user] && !l.shared {
			fmt.Fprintf(&edited, "%s,%s\n", user, l.Names.To)
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

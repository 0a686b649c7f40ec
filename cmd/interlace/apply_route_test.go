package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
)

// routedStores are two stores, of which the second shares its server with a third.
func routedStores() *inventory.Inventory {
	on := func(server, imap string) []inventory.Instance {
		return []inventory.Instance{{Server: inventory.ServerID(server), Role: inventory.Master, IMAP: imap}}
	}
	return &inventory.Inventory{Stores: []inventory.Store{
		{Name: "s1", Instances: on("imap1", "imap1.example.org:143")}, {Name: "s2", Instances: on("imap2", "imap2.example.org:2143")}, {Name: "s3", Instances: on("imap2", "imap2.example.org:3143")},
	}}
}

func routesTo(inv *inventory.Inventory, users ...string) (list []apply.Route) {
	for _, u := range users {
		list = append(list, apply.Route{User: inventory.UserID(u), From: inv.Stores[0].Instances[0], To: inv.Stores[1].Instances[0]})
	}
	return list
}

// linesTo are the routes with the names that they have where no routing can be asked.
func linesTo(t *testing.T, inv *inventory.Inventory, users ...string) []routeLine {
	t.Helper()
	return routeLines(inv, withNames(t, newConfig(), inv, routesTo(inv, users...)))
}

// withNames are routes with their names, as a unit decides them that begins.
func withNames(t *testing.T, c *config, inv *inventory.Inventory, routes []apply.Route) []apply.Route {
	t.Helper()
	routes, err := (&naming{config: c, inv: inv}).name(t.Context(), inv, routes)
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

// TestEditRoutes changes routes in a file, and nothing else there.
func TestEditRoutes(t *testing.T) {
	inv := routedStores()
	for _, c := range []struct{ name, before, after string }{
		{"in order", "zoe,imap9\nanna,imap1\nben,imap1\n", "zoe,imap9\nanna,imap2.example.org:2143\nben,imap2.example.org:2143\n"},
		{"other lines", "# anna,imap1\n\n  anna,imap1 \r\nx\nben, jr,imap1\nben,imap1", "# anna,imap1\n\n  anna,imap2.example.org:2143 \r\nx\nben, jr,imap1\nben,imap2.example.org:2143\n"},
		{"twice", "anna,imap1\nben,imap1\nanna,imap1\n", "anna,imap2.example.org:2143\nben,imap2.example.org:2143\nanna,imap2.example.org:2143\n"},
		{"nobody yet", "", "anna,imap2.example.org:2143\nben,imap2.example.org:2143\n"},
		{"no newline at the end", "zoe,imap9", "zoe,imap9\nanna,imap2.example.org:2143\nben,imap2.example.org:2143\n"},
	} {
		dir := t.TempDir()
		path, link := filepath.Join(dir, "routes"), filepath.Join(dir, "link")
		write(t, path, c.before)
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("routes", link); err != nil {
			t.Fatal(err)
		}
		var last os.FileInfo
		for range 2 {
			if err := editRoutes(link, linesTo(t, inv, "anna", "ben")); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			text, err := os.ReadFile(path)
			if err != nil || string(text) != c.after {
				t.Errorf("%s: %q, %v, want %q", c.name, text, err, c.after)
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("%s: mode %v, %v", c.name, info.Mode(), err)
			}
			if last != nil && !os.SameFile(last, info) {
				t.Errorf("%s: what was there already was written again", c.name)
			}
			last = info
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 2 {
			t.Errorf("%s: %v is left", c.name, entries)
		}
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), "/proc/version"} {
		if err := editRoutes(path, linesTo(t, inv, "anna")); !errors.As(err, &apply.Untold{}) {
			t.Errorf("%s, which can't be written: %v", path, err)
		}
	}
}

// rerouter is a configuration in a directory of its own, with programs there.
func rerouter(t *testing.T) (c *config, script func(name, text string) string) {
	dir := t.TempDir()
	c = newConfig()
	c.DB = filepath.Join(dir, "interlace.db")
	before := routedWithin
	routedWithin = 100 * time.Millisecond
	t.Cleanup(func() { routedWithin = before })
	return c, func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, "#!/bin/sh\ncd "+dir+"\n"+text)
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// TestReroute runs the hook and asks where users are routed, of a query or in the file.
func TestReroute(t *testing.T) {
	inv := routedStores()
	c, script := rerouter(t)
	dir := filepath.Dir(c.DB)
	c.Apply.RoutingHook = []string{script("hook", "cat \"$1\" >>routed\n"), "{file}"}
	c.Monitor.RoutingQuery = []string{script("query", "grep -F \"$1,\" routed | sed 's/.*,//'\n"), "{user}"}
	if err := c.reroute(t.Context(), inv, withNames(t, c, inv, routesTo(inv, "a,b", "$(touch x)"))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "routed"))
	if want := "a,b,imap1,imap2.example.org:2143\n$(touch x),imap1,imap2.example.org:2143\n"; err != nil || string(text) != want {
		t.Errorf("%q, %v, want %q", text, err, want)
	}
	// What is routed only in a moment is waited for.
	c.Apply.RoutingHook = []string{script("hook", "{ sleep 0.05; cat \"$1\" >>routed; } &\nsleep 0.01\n"), "{file}"}
	if err := c.reroute(t.Context(), inv, withNames(t, c, inv, routesTo(inv, "late"))); err != nil {
		t.Error(err)
	}
	// A hook that does nothing is found out, whoever says where users are routed.
	c.Apply.RoutingHook = []string{script("hook", ""), "{file}"}
	c.Monitor.RoutingQuery = []string{script("query", "echo imap1\n"), "{user}"}
	if err := c.reroute(t.Context(), inv, withNames(t, c, inv, routesTo(inv, "anna"))); !errors.As(err, &apply.Unseen{}) || !strings.Contains(err.Error(), `user anna is routed to "imap1" and not to imap2.example.org:2143, as routing_query says`) {
		t.Errorf("routed elsewhere: %v", err)
	}
	// Where the time is over before that is known for certain it is told who is routed where.
	routedWithin = time.Minute
	c.Monitor.RoutingQuery = []string{script("query", "case $1 in f) echo imap9;; *) echo imap1;; esac\n"), "{user}"}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("it is late"))
	defer cancel()
	err = c.reroute(ctx, inv, withNames(t, c, inv, routesTo(inv, "a", "b", "c", "d", "e", "f", "g")))
	if want := `users a, b, c, d, e and 1 more are routed to "imap1" and not to imap2.example.org:2143; user f is routed to "imap9" and not to imap2.example.org:2143, as routing_query says`; err == nil || err.Error() != want {
		t.Errorf("routed elsewhere when the time is over: %v, want %s", err, want)
	}
	routedWithin = 100 * time.Millisecond
	c.Monitor.RoutingQuery, c.Monitor.RoutingFile = nil, filepath.Join(dir, "routing")
	write(t, c.Monitor.RoutingFile, "anna,imap1\n")
	if err := c.reroute(t.Context(), inv, withNames(t, c, inv, routesTo(inv, "anna"))); err == nil || !strings.Contains(err.Error(), `user anna is routed to "imap1" and not to imap2.example.org:2143, as routing_file says`) {
		t.Errorf("routed elsewhere: %v", err)
	}
	for _, name := range []string{"imap2", "imap2.example.org", "imap2.example.org:2143", "s2"} {
		if !means(inv, name, inv.Stores[1].Instances[0]) {
			t.Errorf("%s is not where it is", name)
		}
	}
	c.Apply.RoutingHook = []string{script("hook", "echo no >&2; exit 3\n"), "{file}"}
	if err := c.reroute(t.Context(), inv, withNames(t, c, inv, routesTo(inv, "anna"))); err == nil || errors.As(err, &apply.Unseen{}) || !strings.Contains(err.Error(), "routing_hook: "+dir+"/hook: exit status 3: no") {
		t.Errorf("a hook that fails: %v", err)
	}
}

// TestRouteLines names places in the words of whoever routes.
func TestRouteLines(t *testing.T) {
	inv := routedStores()
	inv.Stores[0].Instances[0].IMAP = "imap1.example.org:143"
	inv.Stores[0].Instances = append(inv.Stores[0].Instances, inventory.Instance{Server: "imap4", Role: inventory.Replica, IMAP: "four.example.org:143"})
	inv.Users = []inventory.User{
		{Name: "anna", Store: "s1"}, {Name: "ben", Store: "s2"}, {Name: "carl", Store: "s2"}, {Name: "team", Store: "s1", Kind: inventory.Shared},
	}
	move := routesTo(inv, "anna", "team")
	for i := range move {
		move[i].Store = "s2"
	}
	back := []apply.Route{{User: "ben", From: inv.Stores[1].Instances[0], To: inv.Stores[0].Instances[0], Was: "imap1.example.org"}}
	gone := []apply.Route{{User: "ben", From: inv.Stores[1].Instances[0], To: inv.Stores[0].Instances[0], Was: "imap9"}}
	promotion := []apply.Route{{User: "anna", From: inv.Stores[0].Instances[0], To: inv.Stores[0].Instances[1], Store: "s1"}}
	fresh := promotion[0]
	fresh.To = inventory.Instance{Server: "imap5", IMAP: "five.example.org:143"} // the inventory does not have it yet
	for _, test := range []struct {
		name, routing string
		routes        []apply.Route
		want          string
	}{
		{"as others are routed there", "anna,imap1\nben,imap2\n", move, "anna,imap1,imap2 team,imap1,imap2"},
		{"not as somebody who is elsewhere", "anna,imap1\nben,imap9\ncarl,imap2.example.org\n", move, "anna,imap1,imap2.example.org team,imap1,imap2.example.org"},
		{"by server, where that says which", "anna,imap1\n", move, "anna,imap1,imap2.example.org:2143 team,imap1,imap2.example.org:2143"},
		{"by store", "anna,s1\n", move, "anna,s1,s2 team,s1,s2"},
		{"back, by the name of before", "anna,imap1\nben,imap2.example.org:2143\n", back, "ben,imap2.example.org:2143,imap1.example.org"},
		{"back, not to where it never was", "anna,imap1\nben,imap2.example.org:2143\n", gone, "ben,imap2.example.org:2143,imap1"},
		{"by store, promoted", "anna,s1\n", promotion, "anna,s1,s1"},
		{"by server, promoted", "anna,imap1\n", promotion, "anna,imap1,imap4"},
		{"by host, promoted", "anna,imap1.example.org\n", promotion, "anna,imap1.example.org,four.example.org"},
		{"by address, promoted", "anna,imap1.example.org:143\n", promotion, "anna,imap1.example.org:143,four.example.org:143"},
		{"promoted before", "anna,four.example.org:143\n", promotion, "anna,imap1,four.example.org:143"},
		{"made anew", "anna,s1\n", []apply.Route{fresh}, "anna,s1,s1"},
		{"nobody knows", "zoe,imap9\n", promotion, "anna,imap1,imap4"},
	} {
		c, _ := rerouter(t)
		c.Monitor.RoutingFile = filepath.Join(filepath.Dir(c.DB), "routing")
		write(t, c.Monitor.RoutingFile, test.routing)
		routes := withNames(t, c, inv, test.routes)
		var got []string
		for _, l := range routeLines(inv, routes) {
			got = append(got, l.String())
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %s, want %s", test.name, strings.Join(got, " "), test.want)
		}
		// The lines are in effect when they are written, and then nothing is left to do.
		for range 2 {
			if err := c.reroute(t.Context(), inv, routes); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		}
		if text, err := os.ReadFile(c.Monitor.RoutingFile); err != nil || strings.Contains(string(text), "team") || strings.Count(string(text), "anna,") != 1 {
			t.Errorf("%s: the routes are then %q, %v", test.name, text, err)
		}
	}
}

// A route that is an address means one instance, the name of a server any that it has, and that of a
// store whichever leads it.
func TestDestinations(t *testing.T) {
	inv := &inventory.Inventory{Stores: []inventory.Store{
		{Name: "s1", Instances: []inventory.Instance{{Server: "imap1", IMAP: "mx1.example.org:143"}}},
		{Name: "s2", Instances: []inventory.Instance{{Server: "imap1", IMAP: "mx1.example.org:144"}}},
	}}
	for name, want := range map[string]apply.Destination{
		"mx1.example.org:143": {Store: "s1", Server: "imap1"}, "mx1.example.org:144": {Store: "s2", Server: "imap1"},
		"imap1": {Server: "imap1"}, "mx1.example.org": {Server: "imap1"}, "s2": {Store: "s2"}, "imap9": {Server: "imap9"},
	} {
		if got := destinationOf(inv, name); got != want {
			t.Errorf("%s means %+v, want %+v", name, got, want)
		}
	}
}

// Where mail is taken is said of instances, too, of which the inventory knows nothing yet, or another role.
func TestWhereMailIsTaken(t *testing.T) {
	c := &config{}
	c.Apply.LMTP = "{store}.{server}.example.org:24"
	if got := c.Apply.lmtpOf("s1", inventory.Instance{Server: "imap9", Role: inventory.Master}); got != "s1.imap9.example.org:24" {
		t.Errorf("mail is taken at %s", got)
	}
}

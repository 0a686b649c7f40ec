package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
			if err := editRoutes(link, inv, routesTo(inv, "anna", "ben")); err != nil {
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
	if err := editRoutes(filepath.Join(t.TempDir(), "none"), inv, routesTo(inv, "anna")); err == nil {
		t.Error("a file that is not there is written")
	}
}

// TestReroute runs the hook and asks where users are routed.
func TestReroute(t *testing.T) {
	inv, dir := routedStores(), t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, "#!/bin/sh\ncd "+dir+"\n"+text)
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c := newConfig()
	c.Apply.RoutingHook = []string{script("hook", "cat \"$1\" >>routed\n"), "{file}"}
	c.Monitor.RoutingQuery = []string{script("query", "grep -F \"$1,\" routed | sed 's/.*,//'\n"), "{user}"}
	if err := c.reroute(t.Context(), inv, routesTo(inv, "a,b", "$(touch x)")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "routed"))
	if want := "a,b,imap1,imap2.example.org:2143\n$(touch x),imap1,imap2.example.org:2143\n"; err != nil || string(text) != want {
		t.Errorf("%q, %v, want %q", text, err, want)
	}
	c.Monitor.RoutingQuery = []string{script("query", "echo imap1\n"), "{user}"}
	if err := c.reroute(t.Context(), inv, routesTo(inv, "anna")); err == nil || !strings.Contains(err.Error(), `user anna is routed to "imap1" and not to imap2.example.org:2143`) {
		t.Errorf("routed elsewhere: %v", err)
	}
	for _, name := range []string{"imap2", "imap2.example.org", "imap2.example.org:2143", "s2"} {
		if !means(inv, name, inv.Stores[1].Instances[0]) {
			t.Errorf("%s is not where it is", name)
		}
	}
	c.Apply.RoutingHook = []string{script("hook", "echo no >&2; exit 3\n"), "{file}"}
	if err := c.reroute(t.Context(), inv, routesTo(inv, "anna")); err == nil || !strings.Contains(fmt.Sprint(err), "routing_hook: ") || !strings.Contains(err.Error(), "no") {
		t.Errorf("a hook that fails: %v", err)
	}
}

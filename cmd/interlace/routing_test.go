package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/processes"
)

func TestRoutes(t *testing.T) {
	dir := t.TempDir()
	table := filepath.Join(dir, "routing")
	write(t, table, "# who is where\nanna,s1\n smith, john,s2 \n\nbob,s3\r\nbob,s4\n")
	users := []inventory.UserID{"anna", "smith, john", "nothing", "carl"}
	c := newConfig()
	if _, err := c.routes(t.Context(), users); err == nil || !strings.Contains(err.Error(), "neither is set") {
		t.Errorf("without a source: %v", err)
	}
	c.Monitor.RoutingFile = table
	got, err := c.routes(t.Context(), users)
	if want := map[inventory.UserID]string{"anna": "s1", "smith, john": "s2"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("from a file: %v, %v", got, err)
	}
	// A query comes first, and its words reach the program as they are.
	c.Monitor.RoutingQuery = []string{"sh", "-c", `case $1 in "a; echo s9") echo s1; echo more;; esac`, "sh", "{user}"}
	got, err = c.routes(t.Context(), []inventory.UserID{"a; echo s9", "carl"})
	if want := map[inventory.UserID]string{"a; echo s9": "s1"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("from a query: %v, %v", got, err)
	}
	c.Monitor.RoutingQuery = []string{"sh", "-c", "echo no such user >&2; exit 3"}
	if _, err = c.routes(t.Context(), users); err == nil || !strings.Contains(err.Error(), "exit status 3: no such user") {
		t.Errorf("from a query that fails: %v", err)
	}
}

// TestRoutesRefuseWhatIsNone checks that all lines are told that are no routes, and
// users who are routed to two servers.
func TestRoutesRefuseWhatIsNone(t *testing.T) {
	table := filepath.Join(t.TempDir(), "routing")
	for content, want := range map[string][]string{
		"anna,s1\nnothing\n\n,s4\nbob,\n":         {`:2:1: "nothing" is no line USER,SERVER`, `:4:1: ",s4" is no line`, `:5:1: "bob," is no line`, "3 mistakes in 1 file"},
		"anna,s1\nanna,s2\nbob,s1\nbob,s1\n":      {":2:1: user anna is routed to s1 and to s2", "1 mistake in 1 file"},
		"anna,s1\x1b[2J\n":                        {`:1:1: "anna,s1\x1b[2J" has characters that no name has`},
		"anna,s1\n" + strings.Repeat("x", 70_000): {":2:1: the line is too long"},
	} {
		write(t, table, content)
		routes, err := readRoutes(t.Context(), table, []inventory.UserID{"anna", "bob"})
		if err == nil || routes != nil {
			t.Errorf("%.20q: %v, %v", content, routes, err)
			continue
		}
		for _, text := range want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%.20q: no %q in %v", content, text, err)
			}
		}
	}
}

// here is what the inventory says of imap1, and no more.
func here(t *testing.T) *local {
	s := inventory.Store{Name: "s1", Instances: []inventory.Instance{
		{Server: "imap1", Role: inventory.Master, IMAP: "10.0.0.1:143"},
		{Server: "imap2", Role: inventory.Replica, IMAP: "10.0.0.2:143", CSync: "10.0.0.2:2005", IMAPDConf: "/etc/s1.conf"},
	}}
	far := inventory.Store{Name: "s2", Instances: []inventory.Instance{{Server: "imap2", Role: inventory.Master}}}
	l := &local{app: &app{config: newConfig(), now: time.Now}, server: "imap1"}
	l.app.config.Monitor.RoutingFile = filepath.Join(t.TempDir(), "routing")
	inv := &inventory.Inventory{Stores: []inventory.Store{s, far}, Users: []inventory.User{
		{Name: "anna", Store: "s1"}, {Name: "bob", Store: "s1"}, {Name: "office", Store: "s1", Kind: inventory.Shared}, {Name: "carl", Store: "s2"},
	}}
	l.take(&facts{Inventory: inv})
	return l
}

func TestRoutingNamesTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		want  inventory.ServerID
		wrong string
	}{
		"the store":               {"anna,s1\nbob,s1\n", "", "routed to store s1, which does not say on which server"},
		"the server":              {"anna,imap2\nbob,imap2\n", "imap2", ""},
		"an address":              {"anna,10.0.0.2:143\nbob,10.0.0.2\n", "imap2", ""},
		"one that is unknown":     {"anna,imap9\nbob,imap9\n", "imap9", ""},
		"another store":           {"anna,imap1\nbob,s2\n", "", "users anna and bob are routed to different servers"},
		"nothing of one":          {"anna,imap1\n", "", "nothing is said of user bob"},
		"no table":                {"anna,imap1\nnonsense\nbob imap1", "", `routing:2:1: "nonsense" is no line USER,SERVER (2 mistakes in 1 file)`},
		"now here, now elsewhere": {"anna,imap1\nbob,imap2\n", "", "users anna and bob are routed to different servers"},
	} {
		l := here(t)
		write(t, l.app.config.Monitor.RoutingFile, c.table)
		at, err := l.routing(t.Context(), "s1")
		if at != c.want || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %q, %v", name, at, err)
		}
	}
	// In trials all servers are one machine.
	one := here(t)
	for i, port := range []string{"1143", "2143"} {
		one.stores.Stores[0].Instances[i].IMAP = "127.0.0.1:" + port
	}
	write(t, one.app.config.Monitor.RoutingFile, "anna,127.0.0.1\nbob,127.0.0.1\n")
	if at, err := one.routing(t.Context(), "s1"); at != "" || err == nil || !strings.Contains(err.Error(), `"127.0.0.1", which is imap1 and imap2`) {
		t.Errorf("a host that both instances have: %q, %v", at, err)
	}
	write(t, one.app.config.Monitor.RoutingFile, "anna,127.0.0.1:2143\nbob,127.0.0.1:2143\n")
	if at, err := one.routing(t.Context(), "s1"); at != "imap2" || err != nil {
		t.Errorf("a host with its port: %q, %v", at, err)
	}
	if _, err := here(t).routing(t.Context(), "s2"); err == nil {
		t.Error("a store that is not here is routed")
	}
}

func TestPeerIsAskedThroughTheRunner(t *testing.T) {
	l := here(t)
	job := &processes.Job{Instance: monitor.Instance{Server: "imap1", Store: "s1"}, Channel: monitor.Channel{Peer: "10.0.0.2:2005"}}
	runner := func(ps, readlink string) {
		l.app.config.Monitor.Runner = []string{"sh", "-c", `case "$1 $(eval echo "$2")" in "imap2 ps -A -ww -o args=") ` + ps + `;; "imap2 readlink"*) ` + readlink + `;; *) exit 9;; esac`, "sh", "{server}"}
		l.app.config.Monitor.RunnerQuote = "sh"
	}
	runner("echo imapd -C /etc/s1.conf", "")
	if role, err := l.peer(t.Context(), job); role != inventory.Replica || err != nil {
		t.Errorf("a replica: %q, %v", role, err)
	}
	runner("echo sync_client -C /etc/s1.conf -r", "")
	if role, err := l.peer(t.Context(), job); role != inventory.Master || err != nil {
		t.Errorf("a master: %q, %v", role, err)
	}
	runner("echo no route to host >&2; exit 255", "")
	if role, err := l.peer(t.Context(), job); role != "" || err == nil || !strings.Contains(err.Error(), "no route to host") {
		t.Errorf("one that cannot be asked: %q, %v", role, err)
	}
	// Clients that name their imapd.conf in other ways may be those of the instance.
	const two = "echo imapd -C /etc/s1.conf; echo sync_client -C /etc/cyrus/link.conf -r"
	for readlink, want := range map[string]inventory.Role{
		"echo /etc/s1.conf; echo /etc/s1.conf": inventory.Master, "echo /etc/s1.conf; echo /etc/s2.conf": inventory.Replica, "echo /etc/s1.conf": "", "exit 1": "",
	} {
		runner(two, readlink)
		if role, err := l.peer(t.Context(), job); role != want || (err == nil) != (want != "") {
			t.Errorf("a client by another path, %s: %q, %v", readlink, role, err)
		}
	}
	runner("echo imapd -C /etc/s1.conf; echo sync_client -C s1.conf -r", "")
	if role, err := l.peer(t.Context(), job); role != "" || err == nil || !strings.Contains(err.Error(), "may be that of any instance") {
		t.Errorf("a client by a relative path: %q, %v", role, err)
	}
	runner("echo imapd -C /etc/s1.conf", "")
	elsewhere := &processes.Job{Instance: job.Instance, Channel: monitor.Channel{Peer: "203.0.113.77:2005"}}
	if role, err := l.peer(t.Context(), elsewhere); role != "" || err == nil || !strings.Contains(err.Error(), "no other instance of s1 with csync: ") {
		t.Errorf("a host that nobody knows: %q, %v", role, err)
	}
	l.app.config.Monitor.Runner = nil
	if role, err := l.peer(t.Context(), job); role != "" || err == nil || !strings.Contains(err.Error(), "runner.argv") {
		t.Errorf("another machine without a runner: %q, %v", role, err)
	}
	l.stores.Stores[0].Instances[1].IMAPDConf = ""
	if role, err := l.peer(t.Context(), job); role != "" || err == nil {
		t.Errorf("one of which too little is known: %q, %v", role, err)
	}
}

// TestPromoted checks from when on an instance is known to be the master.
func TestPromoted(t *testing.T) {
	l := here(t)
	h, err := history.Open(t.Context(), filepath.Join(t.TempDir(), "facts.db"), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	now := time.Now().UTC().Truncate(time.Microsecond)
	seen := func(role inventory.Role, ago time.Duration) time.Time {
		at := now.Add(-ago)
		if err := h.SaveUsage(t.Context(), []monitor.Usage{{At: at, Server: "imap1", Store: "s1", Role: role, CPU: inventory.Known(1)}}); err != nil {
			t.Fatal(err)
		}
		return at
	}
	promoted := func(asked bool) time.Time {
		at, err := l.promoted(t.Context(), h, "s1", asked)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if promoted(false).IsZero() || !promoted(true).IsZero() {
		t.Error("of an instance that nobody has watched only an operator knows that it is the master")
	}
	first := seen(inventory.Master, time.Hour)
	if !promoted(false).Equal(first) {
		t.Errorf("watched for an hour: %v", promoted(false))
	}
	seen(inventory.Master, 30*time.Hour)
	if at := promoted(false); !at.IsZero() {
		t.Errorf("watched for 30 hours: %v", at)
	}
	last := seen(inventory.Replica, 3*time.Hour)
	if !promoted(false).Equal(last) || !promoted(true).Equal(last) {
		t.Errorf("a replica three hours ago: %v", promoted(true))
	}
}

// TestNeighbours checks that servers that are one machine are told from others.
func TestNeighbours(t *testing.T) {
	inv := &inventory.Inventory{Stores: []inventory.Store{{Instances: []inventory.Instance{
		{Server: "imap1", IMAP: "127.0.0.1:143", IMAPDConf: "/a.conf"},
		{Server: "imap2", IMAP: "127.0.0.1:144", IMAPDConf: "/b.conf"},
		{Server: "imap3", IMAP: "10.0.0.3:143", IMAPDConf: "/c.conf"},
		{Server: "imap4", IMAP: "localhost", IMAPDConf: "/d.conf"},
	}}}}
	if got := neighbours(inv, "imap1"); len(got) != 1 || got[0] != "/b.conf" {
		t.Errorf("of imap1: %v", got)
	}
	if got := neighbours(inv, "imap3"); got != nil {
		t.Errorf("of imap3: %v", got)
	}
}

// TestLocalFollowsTheInventory checks that a changed fleet file is read again.
func TestLocalFollowsTheInventory(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/fleet")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "fleet.yaml")
	a := &app{config: newConfig(), now: time.Now, stderr: &strings.Builder{}}
	a.config.Fleet = path
	f, err := a.facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := &local{app: a, server: "imap1"}
	l.take(f)
	count := func() int {
		list, err := l.instances(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := count()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.Replace(string(text), "{name: s1, capacity: {disk: 200GB}, instances: [{server: imap1,", "{name: s1, capacity: {disk: 200GB}, instances: [{server: imap2,", 1))
	if after := count(); before < 3 || after != before-1 {
		t.Errorf("%d instances, then %d", before, after)
	}
	write(t, path, "format: 9\n")
	if _, err := l.instances(t.Context()); err == nil {
		t.Error("a broken fleet file is no error")
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestPairsOfWatch has a watch compare the masters of its server with the replicas
// that are up and have an address, each as its configuration says.
func TestPairsOfWatch(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(server inventory.ServerID, role inventory.Role, imap string) inventory.Instance {
		return inventory.Instance{Server: server, Role: role, IMAP: imap, IMAPDConf: "/etc/" + string(server) + ".conf"}
	}
	f := newFacts(&inventory.Inventory{
		Servers: []inventory.Server{{Name: "imap1"}, {Name: "imap2"}, {Name: "imap3", State: inventory.Down}},
		Stores: []inventory.Store{
			{Name: "s1", Instances: []inventory.Instance{in("imap1", inventory.Master, "imap1:143"), in("imap2", inventory.Replica, "imap2:143"), in("imap3", inventory.Replica, "imap3:143")}},
			{Name: "s2", Instances: []inventory.Instance{in("imap2", inventory.Master, "imap2:1143"), in("imap1", inventory.Replica, "imap1:1143")}},
			{Name: "s3", Instances: []inventory.Instance{in("imap1", inventory.Master, "imap1:2143"), in("imap2", inventory.Replica, "")}},
			{Name: "s4", Instances: []inventory.Instance{in("imap1", inventory.Master, ""), in("imap2", inventory.Replica, "imap2:3143")}},
		},
		Users: []inventory.User{{Name: "anna", Store: "s1", Mailboxes: 40_000}, {Name: "bob", Store: "s1", Mailboxes: inventory.Unknown}, {Name: "carl", Store: "s1", Mailboxes: 2}},
	}, "fleet.yaml", nil)
	a := &app{config: newConfig(), now: time.Now}
	a.config.DB = filepath.Join(t.TempDir(), "interlace.db")
	l := &local{app: a, server: "imap1"}
	l.take(f)

	if c, err := a.comparing(t.Context(), l); err != nil || c.Every != 0 {
		t.Errorf("as it is by default: %+v, %v", c, err)
	}
	a.config.Monitor.Compare.Every = time.Hour
	if _, err := a.comparing(t.Context(), l); err == nil || !strings.Contains(err.Error(), "imap.user and imap.password_file are not both set") {
		t.Errorf("without an account: %v", err)
	}
	a.config.Monitor.SyncClient = "/opt/cyrus/bin/sync_client"
	a.config.IMAP = access{User: "admin", PasswordFile: password, TLS: "tls"}
	a.config.servers["imap2"] = &access{User: "root"}
	c, err := a.comparing(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := c.Pairs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range pairs {
		got = append(got, fmt.Sprintf("%s: %s %s %s %s %s, %s %s %s %s %s, %d", p.Store,
			p.Master.Server, p.Master.IMAP.Address, p.Master.IMAP.User, p.Master.Conf, p.Master.Programs, p.Replica.Server, p.Replica.IMAP.Address, p.Replica.IMAP.User, p.Replica.Conf, p.Replica.Programs, p.Master.IMAP.Mailboxes))
	}
	if want := []string{"s1: imap1 imap1:143 admin /etc/imap1.conf /opt/cyrus/bin, imap2 imap2:143 root /etc/imap2.conf /opt/cyrus/bin, 40002"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if c.Within != 7*24*time.Hour || c.For != 30*time.Minute || c.Look.Level != monitor.CompareAccounts || c.Look.Rate != 100 || c.Look.Connections != 1 || !c.Open(time.Now()) {
		t.Errorf("by default %+v", c)
	}
	release, err := c.Claim(monitor.Copy{Store: "s1", Server: "imap2"})
	if err != nil {
		t.Fatal(err)
	}
	release()
}

// TestShares divides the connections of a server among its pairs.
func TestShares(t *testing.T) {
	c := &comparing{app: &app{config: newConfig()}}
	c.app.config.Connections = 6
	for _, p := range []string{"a b", "a c", "a d", "e f", "e g", "h i"} {
		c.pairs = append(c.pairs, pairOf{master: inventory.Instance{Server: inventory.ServerID(p[:1])}, replica: inventory.Instance{Server: inventory.ServerID(p[2:])}})
	}
	if got := c.shares(); !slices.Equal(got, []int{2, 2, 2, 3, 3, 6}) {
		t.Errorf("%v", got)
	}
	c.app.config.Connections = 1
	if got := c.shares(); slices.Max(got) != 1 || slices.Min(got) != 1 {
		t.Errorf("of one: %v", got)
	}
}

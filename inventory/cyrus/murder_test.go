package cyrus_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// TestMurder asks the three kinds of servers of a Cyrus murder: a back end, which
// has mailboxes, a front end, which lists them too, and the mupdate server, which
// knows of them all.
func TestMurder(t *testing.T) {
	cyrustest.Need(t, "mupdate")
	mupdate, port := freeAddress(t)
	keeper, kept := one(t, cyrustest.Settings{Services: []cyrustest.Service{{Name: "mupdate", Command: "mupdate -m", Listen: mupdate}}})
	eventually(t, "the mupdate server listens", func() bool {
		conn, err := net.Dial("tcp", mupdate)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	member := func(further map[string]string) cyrustest.Settings {
		extra := map[string]string{
			"mupdate_server": mupdate, "mupdate_port": port, "mupdate_authname": cyrustest.AdminUser, "mupdate_username": cyrustest.AdminUser,
			"mupdate_password": keeper.Password, "mupdate_realm": kept.Name, "force_sasl_client_mech": "PLAIN",
		}
		for key, value := range further {
			extra[key] = value
		}
		return cyrustest.Settings{Extra: extra}
	}
	// An account in proxyservers is what makes a member a back end.
	backFleet, back := one(t, member(map[string]string{"proxyservers": "proxy"}),
		cyrustest.Mailbox{Name: "user.anna"}, cyrustest.Mailbox{Name: "user.anna.Sent"}, cyrustest.Mailbox{Name: "team"})
	front := member(nil)
	slave, _ := freeAddress(t)
	front.Services = []cyrustest.Service{{Name: "mupdate", Command: "mupdate", Listen: slave}}
	frontFleet, fore := one(t, front)
	eventually(t, "the front end knows the mailboxes", func() bool {
		conn, err := fore.Dial(within(t, 10*time.Second))
		if err != nil {
			return false
		}
		defer conn.Close()
		lines, err := conn.Do(`LIST "" "*"`)
		return err == nil && len(lines) == 3
	})
	for name, o := range map[string]cyrus.Options{"back end": admin(backFleet, back), "front end": admin(frontFleet, fore)} {
		s := read(t, o)
		if want := "mupdate://" + mupdate + "/"; s.Server.Murder != want || len(s.Mailboxes) != 0 || !strings.HasPrefix(s.Server.Version, "3.") {
			t.Errorf("of the %s got %+v, want only that it is part of the murder of %s", name, s, want)
		}
	}
	s, err := cyrus.Read(within(t, 20*time.Second), admin(keeper, kept))
	if err == nil || !strings.Contains(err.Error(), "murder") {
		t.Errorf("of the mupdate server got %+v, %v, want an error that speaks of a murder", s, err)
	}
}

// freeAddress returns an address on which nobody listens.
func freeAddress(t *testing.T) (address, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address = listener.Addr().String()
	_, port, err = net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return address, port
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s it is still not so that %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

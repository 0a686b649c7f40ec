package main_test

import (
	"strings"
	"testing"
)

// TestApplyRoutes has a map that names both stores of a server by that server: nobody is
// moved from one to the other before the map tells them apart. The way back leaves the map as
// it was.
func TestApplyRoutes(t *testing.T) {
	m := newMoving(t, "anna")
	m.put("users.csv", "user,store,disk,io\nanna,s1,1MB,1\nzed,s2,1MB,1\n")
	address := m.fleet.Stores[1].Master().IMAP
	m.plan()
	routing := "zed,imap1\n\n# people\nanna,imap1\n"
	m.put("routing", routing)
	refusal := `user anna is routed to "imap1", and s2 on imap1 has the same name, so that a route there would change nothing: first have routing_file name it ` + address + ` for all users who are there`
	if a, _ := m.apply(1, "users.json"); len(a.Units) != 1 || len(a.Units[0].Refused) != 1 || a.Units[0].Refused[0] != refusal {
		t.Fatalf("both ends have one name: %+v", a)
	}
	if _, stderr := m.apply(1, "users.json", "--yes"); !strings.Contains(stderr, refusal) || m.routing() != routing || m.served("anna") != "s1" {
		t.Errorf("both ends have one name: %s\n%s", stderr, m.routing())
	}

	routing = strings.Replace(routing, "zed,imap1", "zed,"+address, 1)
	m.put("routing", routing)
	rehearsal, _ := m.apply(0, "users.json")
	if done, stderr := m.apply(0, "users.json", "--yes"); len(done.Units) != 1 || done.Units[0].State != "moved" {
		t.Fatalf("%+v, %s", done, stderr)
	}
	m.routedAs(&rehearsal, routing)
	if want := strings.Replace(routing, "anna,imap1", "anna,"+address, 1); m.routing() != want || m.served("anna") != "s2" {
		t.Errorf("the routes are\n%s, want\n%s", m.routing(), want)
	}

	moved := m.routing()
	rehearsal, _ = m.apply(0, "--rollback")
	if back, stderr := m.apply(0, "--rollback", "--yes"); len(back.Units) != 2 || back.Units[1].State != "moved" {
		t.Errorf("%+v, %s", back, stderr)
	}
	m.routedAs(&rehearsal, moved)
	if m.routing() != routing || m.served("anna") != "s1" {
		t.Errorf("the routes are not as before:\n%s, want\n%s", m.routing(), routing)
	}
}

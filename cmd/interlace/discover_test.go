package main_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// program runs the program, which the tests' main has put on the path.
func program(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return (&place{T: t}).program(args...)
}

// discovery is the answer of discover.
type discovery struct {
	Asked, Answered int
	Written         bool
	Findings        []struct {
		Kind, Server string
		Stops        bool
	}
}

func answer(t *testing.T, text string) discovery {
	t.Helper()
	var d discovery
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return d
}

// describe returns the fleet file of a running fleet, with further keys of each
// instance.
func describe(fleet *cyrustest.Fleet, further func(*cyrustest.Instance) string) string {
	var b strings.Builder
	b.WriteString("format: 1\nservers:\n")
	for i := range 2 {
		fmt.Fprintf(&b, "  - {name: imap%d, capacity: {disk: 1TB, io: 100}}\n", i+1)
	}
	b.WriteString("stores:\n")
	for _, store := range fleet.Stores {
		fmt.Fprintf(&b, "  - name: %s\n    instances:\n", store.Name)
		for i, in := range store.Instances {
			role := "master"
			if i > 0 {
				role = "replica"
			}
			fmt.Fprintf(&b, "      - {server: imap%d, role: %s, imap: %q%s}\n", i+1, role, in.IMAP, further(in))
		}
	}
	return b.String()
}

// fleetFile describes a running fleet in a place of its own, with its configuration.
func fleetFile(t *testing.T, fleet *cyrustest.Fleet) *place {
	t.Helper()
	p := newPlace(t)
	p.put("fleet.yaml", describe(fleet, func(*cyrustest.Instance) string { return "" }))
	p.put("password", fleet.Password+"\n")
	p.put("interlace.yaml", "fleet: fleet.yaml\nimap: {user: "+cyrustest.AdminUser+", password_file: password, tls: none}\n")
	return p
}

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDiscoverLiveFleet(t *testing.T) {
	t.Parallel()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"})
	err := fleet.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{
		{Name: "user.anna", Messages: 3},
		{Name: "user.anna.Projects", ACL: []cyrustest.Right{{Identifier: "bob", Rights: "lrs"}}, Messages: 2},
		{Name: "user.bob", Messages: 1},
		{Name: "office", ACL: []cyrustest.Right{{Identifier: "anyone", Rights: "lrs"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := fleet.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := fleetFile(t, fleet)

	status, stdout, stderr := p.program("discover", "--out", "found")
	if status != 0 || !strings.Contains(stdout, "2 of 2 instances answered") || !strings.Contains(stdout, "2 servers, 1 store, 2 users, 1 shared tree") {
		t.Fatalf("status %d: %s%s", status, stdout, stderr)
	}
	if !strings.Contains(stdout, "io is estimated for 3 users") {
		t.Errorf("nothing is said of estimates: %s", stdout)
	}
	status, stdout, _ = p.program("show", "users", "--fleet", "found/fleet.yaml", "-o", "csv")
	for _, want := range []string{"\nanna,s1,user,anna,2,", "\nbob,s1,user,anna,2,", "\noffice,s1,shared,office,1,"} {
		if status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("users: %s, want a line %q", stdout, want)
		}
	}

	// What is discovered goes into the database, and a second time nothing changes.
	if status, stdout, stderr = p.program("discover", "--quiet"); status != 0 {
		t.Fatalf("status %d: %s%s", status, stdout, stderr)
	}
	status, stdout, stderr = p.program("export", "again", "--db", "interlace.db")
	if status != 0 || !strings.Contains(stdout, "2 servers, 1 store, 2 users, 1 shared tree") {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}

	// Stores weigh what was measured, if one asks for that.
	p.put("uses.txt", "uses 100h 0h imap1 s1 io=60 cpu=0.3\n")
	if out, err := p.command(t.Context(), "recordsamples", "interlace.db", "uses.txt").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	status, _, stderr = p.program("discover", "--out", "weighed", "--measured", "7d")
	if status != 0 || !strings.Contains(stderr, "1 store weighs as measured in io: ") {
		t.Errorf("status %d: %s", status, stderr)
	}
	status, stdout, _ = p.program("show", "loads", "--fleet", "weighed/fleet.yaml", "-o", "csv")
	if line := "\ns1,io,ops/s,60,,,60.000"; status != 0 || !strings.Contains(stdout, line) {
		t.Errorf("loads: %s, want a line %q", stdout, line)
	}
	if status, stdout, stderr = p.program("discover", "--measured", "3h"); status != 0 || !strings.Contains(stderr, "1 store keeps its base: fewer than 3 days were seen") {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}

	// An instance that does not answer is named, and nothing is written.
	if err := fleet.Stores[0].Replicas()[0].Stop(); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = p.program("discover", "--out", "half", "-o", "json")
	found := answer(t, stdout)
	if status != 1 || found.Answered != 1 || found.Written || !strings.Contains(stderr, "1 of 2 instances did not answer; nothing was written") {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
	if len(found.Findings) == 0 || found.Findings[0].Kind != "unreachable" || found.Findings[0].Server != "imap2" {
		t.Errorf("the instance is not named: %s", stdout)
	}
	if _, err := os.Stat(p.path("half")); err == nil {
		t.Error("something was written")
	}
	status, stdout, stderr = p.program("discover", "--out", "half", "--partial")
	if status != 1 || !strings.Contains(stderr, "what was known of them stays") {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
	if _, err := os.Stat(p.path("half/fleet.yaml")); err != nil {
		t.Error(err)
	}
}

// Nobody listens, or nobody says anything.
func TestDiscoverDeadFleet(t *testing.T) {
	t.Chdir(t.TempDir())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, "fleet.yaml", `format: 1
servers:
  - {name: imap1, capacity: {disk: 1TB, io: 100}}
stores:
  - {name: s1, instances: [{server: imap1, role: master, imap: "`+address+`"}]}
`)
	put(t, "password", "geheim\n")
	for _, c := range []struct {
		name, config string
		status       int
		want         string
	}{
		{"nobody to log in as", "{}", 2, "imap.user and imap.password_file are not both set"},
		{"password for all to read", "{user: admin, password_file: open}", 2, "others may read open"},
		{"nobody listens", "{user: admin, password_file: password, tls: none}", 1, "1 of 1 instances did not answer; nothing was written"},
		{"another password file for the server", "{user: admin, password_file: password, servers: {imap1: {password_file: missing}}}", 2, "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			put(t, "interlace.yaml", "fleet: fleet.yaml\nimap: "+c.config+"\n")
			if err := os.WriteFile("open", []byte("geheim\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			status, stdout, stderr := program(t, "discover")
			if status != c.status || !strings.Contains(stderr, c.want) {
				t.Errorf("status %d, want %d and %q: %s%s", status, c.status, c.want, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "geheim") {
				t.Errorf("the password is told: %s%s", stdout, stderr)
			}
			if _, err := os.Stat("interlace.db"); err == nil {
				t.Error("a database was made")
			}
		})
	}
}

// putFleetOfOne writes a fleet of one instance, and the configuration to ask it.
func putFleetOfOne(t *testing.T, address string) {
	t.Helper()
	put(t, "fleet.yaml", `format: 1
servers:
  - {name: imap1, capacity: {disk: 1TB, io: 100}}
stores:
  - {name: s1, instances: [{server: imap1, role: master, imap: "`+address+`"}]}
`)
	put(t, "password", "geheim\n")
	put(t, "interlace.yaml", "fleet: fleet.yaml\nimap: {user: admin, password_file: password, tls: none}\n")
}

// TestDiscoverNowhere has the result written where it can't be: that is found
// before anybody is asked.
func TestDiscoverNowhere(t *testing.T) {
	player := cyrustest.Play(t, "S: * OK ready\nC: CAPABILITY\nhang", nil)
	t.Chdir(t.TempDir())
	put(t, "file", "")
	putFleetOfOne(t, player.Addr)
	directories := map[string]string{"file": "write into file: not a directory", "file/new": "write into file/new: not a directory"}
	if os.Getuid() != 0 { // root may write everywhere
		if err := os.Mkdir("closed", 0o500); err != nil {
			t.Fatal(err)
		}
		directories["closed"], directories["closed/new/newer"] = "write into closed: permission denied", "write into closed: permission denied"
	}
	for dir, want := range directories {
		if status, _, stderr := program(t, "discover", "--out", dir); status != 2 || !strings.Contains(stderr, want) {
			t.Errorf("--out %s: status %d, want 2 and %q: %s", dir, status, want, stderr)
		}
	}
	if commands := player.Commands(); len(commands) > 0 {
		t.Errorf("the server was asked %q", commands)
	}
}

// TestDiscoverRefused has an administrator who is not let in: the instances did
// answer, what to look at is said, and equal causes are told once.
func TestDiscoverRefused(t *testing.T) {
	const plain = `
		S: * OK ready
		C: CAPABILITY
		S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
		S: $tag OK done
		C: AUTHENTICATE PLAIN
		S: $tag NO authentication failure
		close`
	const starttls = `
		S: * OK ready
		C: STARTTLS
		S: $tag BAD Unrecognized command
		close`
	for _, c := range []struct{ name, tls, dialogue, cause, hint string }{
		{"a wrong password", "none", plain, "the login is refused", "imap.user and imap.password_file"},
		{"no TLS", "starttls", starttls, "STARTTLS: the server answers", "imap.tls says how"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			one, two := cyrustest.Play(t, c.dialogue, nil), cyrustest.Play(t, c.dialogue, nil)
			put(t, "fleet.yaml", `format: 1
servers:
  - {name: imap1, capacity: {disk: 1TB, io: 100}}
stores:
  - {name: s1, instances: [{server: imap1, role: master, imap: "`+one.Addr+`"}]}
  - {name: s2, instances: [{server: imap1, role: master, imap: "`+two.Addr+`"}]}
users:
  - {user: anna, store: s1, disk: 1GB, io: 1}
shares:
  - {owner: anna, folder: Work, grantee: ghost, rights: lrs}
`)
			put(t, "password", "geheim\n")
			put(t, "interlace.yaml", "imap: {user: admin, password_file: password, tls: "+c.tls+"}\n")
			status, stdout, stderr := program(t, "discover", "--fleet", "fleet.yaml", "--out", "found")
			said := strings.Join(strings.Fields(stdout), " ")
			if status != 1 || !strings.Contains(said, "2 instances: ") || strings.Count(said, c.cause) != 1 || !strings.Contains(said, "(s1 on imap1, s2 on imap1)") {
				t.Errorf("status %d; want the cause %q once: %s", status, c.cause, stdout)
			}
			if !strings.Contains(stdout, c.hint) || strings.Contains(stdout, "sharing: ignore") || strings.Contains(stderr, "--partial") {
				t.Errorf("want the hint %q and no other: %s%s", c.hint, stdout, stderr)
			}
			if !strings.Contains(stderr, "did not let us in; nothing was written") {
				t.Errorf("the instances are said not to answer: %s", stderr)
			}
		})
	}
}

// TestDiscoverForeignServers discovers a fleet of one instance that is of a kind
// that can't be used.
func TestDiscoverForeignServers(t *testing.T) {
	const dialogue = `
		S: * OK ready
		C: CAPABILITY
		S: * CAPABILITY IMAP4rev1 LITERAL+ ID AUTH=PLAIN SASL-IR
		S: $tag OK done
		C: AUTHENTICATE PLAIN
		S: $tag OK [CAPABILITY IMAP4rev1 LITERAL+ ID ACL QUOTA NAMESPACE%s] welcome
		C: ID NIL
		S: * ID ("name" "Cyrus IMAPD" "version" "%s")
		S: $tag OK done
		C: LIST "" ""
		S: * LIST (\\Noselect) "." ""
		S: $tag OK done
		C: NAMESPACE
		S: * NAMESPACE NIL (("user." ".")) (("" "."))
		S: $tag OK done
		C: SYNCGET MAILBOXES (user)
		S: $tag %s
		C: LOGOUT
		close`
	for _, c := range []struct {
		name, capabilities, version, syncget string
		status                               int
		found, want                          string
	}{
		{"part of a murder", " X-REPLICATION MUPDATE=mupdate://mupdate.example.org/", "v2.4.17", "OK done", 2, "murder", "is part of a Cyrus murder"},
		{"too old", "", "v2.3.7-Invoca-RPM-2.3.7-12.el5", "BAD Unrecognized command", 1, "unreachable", "1 of 1 instances did not answer; nothing was written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			player := cyrustest.Play(t, fmt.Sprintf(dialogue, c.capabilities, c.version, c.syncget), nil)
			t.Chdir(t.TempDir())
			putFleetOfOne(t, player.Addr)
			status, stdout, stderr := program(t, "discover", "--out", "found", "-o", "json")
			if status != c.status || !strings.Contains(stderr, c.want) {
				t.Errorf("status %d, want %d and %q: %s", status, c.status, c.want, stderr)
			}
			found := answer(t, stdout)
			if len(found.Findings) != 1 || found.Findings[0].Kind != c.found || found.Findings[0].Server != "imap1" || found.Written {
				t.Errorf("want only that it is %s: %s", c.found, stdout)
			}
			if _, err := os.Stat("found"); err == nil {
				t.Error("something was written")
			}
		})
	}
}

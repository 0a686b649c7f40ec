package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// moving is a running fleet with plans that move its users.
type moving struct {
	*testing.T
	fleet *cyrustest.Fleet
	users []string
}

// newMoving fills a store with users, of whom the first two share a folder, describes the
// fleet in a new directory, and plans to drain that store.
func newMoving(t *testing.T, users ...string) *moving {
	t.Helper()
	m := &moving{T: t, fleet: cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"}, cyrustest.StoreOptions{Name: "s2"}), users: users}
	m.fill(users)
	fleetFile(t, m.fleet)
	m.describe("s1")
	put(t, "sync-password", m.fleet.Password+"\n")
	put(t, "routing", "# where users are served\n"+strings.Join(users, ",imap1\n")+",imap1\nzoe,imap9\n")
	if err := os.WriteFile("run", []byte("#!/bin/sh\n"+
		"server=$1\nshift\nif [ -e \"down-$server\" ]; then echo 'no route to host' >&2; exit 255; fi\nexec setpriv --reuid=cyrus --regid=mail --clear-groups -- \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	m.must(err)
	put(t, "interlace.yaml", fmt.Sprintf(`fleet: fleet.yaml
imap: {user: %s, password_file: password, tls: none}
sync: {user: repl, password_file: sync-password}
runner: {argv: [%s/run, "{server}"]}
routing_file: routing
stop_file: %s/stop
cyrus_tools: /usr/lib/cyrus/bin
`, cyrustest.AdminUser, wd, wd))
	m.must(os.Chmod(wd, 0o755))
	if status, _, stderr := program(t, "import", "fleet.yaml"); status != 0 {
		t.Fatal(stderr)
	}
	m.plan()
	return m
}

// describe writes the fleet file, in which all users are on a store.
func (m *moving) describe(store string) {
	m.Helper()
	put(m.T, "fleet.yaml", describe(m.fleet, func(in *cyrustest.Instance) string {
		return fmt.Sprintf(", csync: %q, imapd_conf: %s", in.Csync, in.Conf)
	})+"users: users.csv\nshares: shares.csv\n")
	list := "user,store,disk,io\n"
	for _, u := range m.users {
		list += fmt.Sprintf("%q,%s,1MB,1\n", u, store)
	}
	put(m.T, "users.csv", list)
	shares := "owner,folder,grantee,rights\n"
	if len(m.users) > 1 {
		shares += fmt.Sprintf("%q,Work,%q,lrswi\n", m.users[0], m.users[1])
	}
	put(m.T, "shares.csv", shares)
}

func (m *moving) plan() {
	m.Helper()
	if status, stdout, stderr := program(m.T, "users", "--drain", "s1", "--plan", "users.json"); status != 0 {
		m.Fatal(stdout, stderr)
	}
}

func (m *moving) fill(users []string) {
	m.Helper()
	var boxes []cyrustest.Mailbox
	for i, u := range users {
		work := cyrustest.Mailbox{Name: "user." + u + ".Work", Messages: 2}
		if i == 0 && len(users) > 1 {
			work.ACL = []cyrustest.Right{{Identifier: users[1], Rights: "lrswi"}}
		}
		boxes = append(boxes, cyrustest.Mailbox{Name: "user." + u, Messages: 3, Quota: 100000}, work)
	}
	m.must(m.fleet.Stores[0].Master().Fill(m.Context(), boxes))
	m.must(m.fleet.Settle(m.Context()))
}

func (m *moving) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// served are the stores that let a user log in.
func (m *moving) served(user string) (stores string) {
	m.Helper()
	for _, s := range m.fleet.Stores {
		c, err := s.Master().DialAs(m.Context(), user)
		if err != nil {
			continue
		}
		if out, err := c.Do("STATUS INBOX (MESSAGES)"); err == nil && strings.Contains(strings.Join(out, ""), "MESSAGES 3") {
			stores += s.Name
		}
		c.Close()
	}
	return stores
}

// allServed fails unless all users are served by one store alone, and routed there.
func (m *moving) allServed(store string) {
	m.Helper()
	routes, err := os.ReadFile("routing")
	m.must(err)
	for _, u := range m.users {
		if at := m.served(u); at != store {
			m.Errorf("%s is served by %q, want %s", u, at, store)
		}
		address := "imap1"
		if i := m.fleet.Stores[1]; store == i.Name || strings.Contains(string(routes), "127.0.0.1") {
			address = m.fleet.Stores[map[string]int{"s1": 0, "s2": 1}[store]].Master().IMAP
		}
		if !strings.Contains(string(routes), u+","+address+"\n") {
			m.Errorf("%s is not routed to %s: %s", u, address, routes)
		}
	}
	if text := string(routes); !strings.HasPrefix(text, "# where users are served\n") || !strings.Contains(text, "zoe,imap9\n") {
		m.Errorf("other lines of the routes are gone: %s", text)
	}
	for _, in := range m.fleet.Instances() {
		if left, _ := filepath.Glob(filepath.Join(in.Dir, "conf", "interlace-*.conf")); left != nil {
			m.Errorf("%v is left", left)
		}
	}
}

// answerOfApply is the answer of apply as JSON.
type answerOfApply struct {
	Units []struct {
		Unit, State, Step string
		Users             int
		Denied            *float64 `json:"denied_seconds"`
		Expected          *float64 `json:"denied_expected_seconds"`
		Refused           []string
		Steps             []struct {
			Step     string
			Commands []struct{ Server, Command string }
		}
	}
}

func (m *moving) apply(want int, args ...string) (a answerOfApply, stderr string) {
	m.Helper()
	status, stdout, stderr := program(m.T, append([]string{"apply", "-o", "json"}, args...)...)
	if status != want {
		m.Fatalf("apply %v: status %d, want %d: %s%s", args, status, want, stdout, stderr)
	}
	if status < 2 && stdout != "" {
		if err := json.Unmarshal([]byte(stdout), &a); err != nil {
			m.Fatalf("%v: %s", err, stdout)
		}
	}
	return a, stderr
}

// TestApplyLive carries a plan out on real Cyrus, and takes it back.
func TestApplyLive(t *testing.T) {
	m := newMoving(t, "anna'", "$(ben)", "carl")
	rehearsal, _ := m.apply(0, "users.json")
	text, _ := json.Marshal(rehearsal)
	for _, want := range []string{"sync_client", `cyr_deny -C`, `'$(ben)'`, `'anna'\\'''`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the rehearsal has no %s: %.1000s", want, text)
		}
	}
	m.allServed("s1")

	done, stderr := m.apply(0, "users.json", "--yes")
	for _, u := range done.Units {
		if u.State != "moved" || u.Denied == nil || u.Expected == nil {
			t.Errorf("%+v", u)
		}
	}
	if !strings.Contains(stderr, "until") {
		t.Errorf("nothing is said of the originals: %s", stderr)
	}
	m.allServed("s2")
	if again, _ := m.apply(0, "users.json", "--yes"); len(again.Units) != 2 || again.Units[0].State != "moved" {
		t.Errorf("once more: %+v", again)
	}
	back, _ := m.apply(0, "--rollback", "--yes")
	for _, u := range back.Units {
		if u.State != "moved" {
			t.Errorf("back: %+v", u)
		}
	}
	m.allServed("s1")
}

// begin starts apply, and returns what ends it.
func (m *moving) begin(args ...string) *exec.Cmd {
	m.Helper()
	c := exec.Command("interlace", append([]string{"apply"}, args...)...)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	m.must(c.Start())
	return c
}

var _ = []any{context.Background, syscall.SIGKILL, time.Now}

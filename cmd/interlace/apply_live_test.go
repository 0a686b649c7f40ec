package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// moving is a running fleet with plans that move its users.
type moving struct {
	*place
	fleet    *cyrustest.Fleet
	users    []string
	operator *cyrustest.Operator // who changes instances; nil: nobody does
}

// newMoving fills a store with users, of whom the first two share a folder, describes the
// fleet in a place of its own, and plans to drain that store. It runs beside other tests.
func newMoving(t *testing.T, users ...string) *moving {
	t.Helper()
	t.Parallel()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"}, cyrustest.StoreOptions{Name: "s2"})
	m := &moving{place: fleetFile(t, fleet), fleet: fleet, users: users}
	m.fill(users)
	m.describe("s1")
	m.put("routing", "yara,imap9\n\n"+strings.Join(users, ",imap1\n")+",imap1\nzoe,imap9\n")
	m.equip()
	m.configure("")
	if status, _, stderr := m.program("import", "fleet.yaml"); status != 0 {
		t.Fatal(stderr)
	}
	m.plan()
	return m
}

// runScript runs commands as the account of Cyrus, whatever the server: all are here. A
// server may be down, and while users are kept out a stop file appear, or a copy hang.
const runScript = `#!/bin/sh
server=$1
at=$(dirname "$0")
shift
if [ -e "$at/down-$server" ]; then
	echo 'no route to host' >&2
	exit 255
fi
case "$*" in
*' -O '*)
	[ ! -e "$at/stop-when-denied" ] || touch "$(cat "$at/stop-when-denied")"
	[ ! -e "$at/hang-when-denied" ] || exec sleep 20
	if [ -e "$at/lock-when-denied" ]; then
		touch "$at/lock-now"
		while [ ! -e "$at/locked" ]; do sleep 0.05; done
	fi
	;;
*/cyr_deny*' -a '*)
	[ ! -e "$at/hang-when-let-in" ] || { touch "$at/lets-in"; exec sleep 20; }
	;;
esac
exec setpriv --reuid=cyrus --regid=mail --clear-groups -- "$@"
`

// equip writes what the configuration names: the password of sync, and the runner.
func (m *moving) equip() {
	m.Helper()
	m.must(os.Chmod(m.dir, 0o755))
	m.put("sync-password", m.fleet.Password+"\n")
	m.must(os.WriteFile(m.path("run"), []byte(runScript), 0o755))
}

// configure writes the configuration, with further lines.
func (m *moving) configure(further string) {
	m.Helper()
	m.put("interlace.yaml", fmt.Sprintf(`fleet: fleet.yaml
imap: {user: %s, password_file: password, tls: none}
sync: {user: repl, password_file: sync-password}
runner: {argv: [%s/run, "{server}"]}
routing_file: routing
stop_file: %s
cyrus_tools: /usr/lib/cyrus/bin
%s`, cyrustest.AdminUser, m.dir, m.stopFile(), further))
}

// stopFile is where the account of Cyrus sees it.
func (m *moving) stopFile() string { return filepath.Join(m.fleet.Dir, "stop") }

// describe writes the fleet file, in which all users are on a store.
func (m *moving) describe(store string) {
	m.Helper()
	m.put("fleet.yaml", describe(m.fleet, func(in *cyrustest.Instance) string {
		return fmt.Sprintf(", csync: %q, imapd_conf: %s", in.Csync, in.Conf)
	})+"users: users.csv\nshares: shares.csv\n")
	list := "user,store,disk,io\n"
	for _, u := range m.users {
		list += fmt.Sprintf("%q,%s,1MB,1\n", u, store)
	}
	m.put("users.csv", list)
	shares := "owner,folder,grantee,rights\n"
	if len(m.users) > 1 {
		shares += fmt.Sprintf("%q,Work,%q,lrswi\n", m.users[0], m.users[1])
	}
	m.put("shares.csv", shares)
}

func (m *moving) plan() {
	m.Helper()
	if status, stdout, stderr := m.program("users", "--drain", "s1", "--plan", "users.json"); status != 0 {
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
	routes := m.routing()
	for _, u := range m.users {
		if at := m.served(u); at != store {
			m.Errorf("%s is served by %q, want %s", u, at, store)
		}
		address := "imap1"
		if i := m.fleet.Stores[1]; store == i.Name || strings.Contains(routes, "127.0.0.1") {
			address = m.fleet.Stores[map[string]int{"s1": 0, "s2": 1}[store]].Master().IMAP
		}
		if !strings.Contains(routes, u+","+address+"\n") {
			m.Errorf("%s is not routed to %s: %s", u, address, routes)
		}
	}
	if !strings.HasPrefix(routes, "yara,imap9\n\n") || !strings.Contains(routes, "zoe,imap9\n") {
		m.Errorf("other lines of the routes are gone: %s", routes)
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
		Unit, State, Step, Text, Why string
		Since                        *string
		Users                        int
		Denied                       *float64 `json:"denied_seconds"`
		Expected                     *float64 `json:"denied_expected_seconds"`
		Refused                      []string
		Steps                        []struct {
			Verb, Step string
			Commands   []struct {
				Server, Command, Note string
				Pastable              bool
			}
			Routes []string
		}
		Waits []string
		Kept  string `json:"kept_until"`
		Out   string `json:"kept_out_since"`
	}
	Notes []string
}

func (m *moving) apply(want int, args ...string) (a answerOfApply, stderr string) {
	m.Helper()
	status, stdout, stderr := m.program(append([]string{"apply", "-o", "json"}, args...)...)
	if status != want {
		m.Fatalf("apply %v: status %d, want %d: %s%s", args, status, want, stdout, stderr)
	}
	if status < 2 && stdout != "" {
		a = answerIn(m.T, stdout)
	}
	return a, stderr
}

// answerIn is the answer of apply among what it prints.
func answerIn(t *testing.T, printed string) (a answerOfApply) {
	t.Helper()
	text := printed[max(strings.Index(printed, "{\n"), 0):]
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&a); err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	return a
}

// TestApplyLive carries a plan out on real Cyrus, and takes it back with the mail that
// has come since.
func TestApplyLive(t *testing.T) {
	m := newMoving(t, "anna'", "$(ben)", "carl")
	rehearsal, _ := m.apply(0, "users.json")
	text, _ := json.Marshal(rehearsal)
	for _, want := range []string{"sync_client", "cyr_deny -C", "'$(ben)'", `'anna'\\'''`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the rehearsal has no %s: %.1000s", want, text)
		}
	}
	m.pasted(&rehearsal)
	m.allServed("s1")
	before := m.routing()

	done, stderr := m.apply(0, "users.json", "--yes")
	for _, u := range done.Units {
		if u.State != "moved" || u.Denied == nil || u.Expected == nil {
			t.Errorf("%+v", u)
		}
	}
	if !strings.Contains(stderr, "the originals stay where they were, denied, until 20") || !strings.Contains(stderr, " UTC; interlace apply --resume --yes then deletes them") {
		t.Errorf("nothing is said of the originals: %s", stderr)
	}
	m.allServed("s2")
	m.routedAs(&rehearsal, before)
	if again, _ := m.apply(0, "users.json", "--yes"); len(again.Units) != 2 || again.Units[0].State != "moved" {
		t.Errorf("once more: %+v", again)
	}
	for _, u := range first(m.apply(0, "--resume")).Units {
		if u.Kept == "" || len(u.Steps)+len(u.Waits) > 0 || u.Out != "" {
			t.Errorf("at rest: %+v", u)
		}
	}
	if status, stdout, _ := m.program("alerts", "silence"); status != 0 || !strings.Contains(stdout, "nothing is silenced") {
		t.Errorf("silences are left: %s", stdout)
	}

	m.describe("s2") // as discover finds them, or not
	m.must(m.fleet.Stores[1].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.carl.New", Messages: 5}}))
	if would, _ := m.apply(0, "--rollback"); len(would.Units) != 4 || !strings.HasSuffix(would.Units[3].Unit, ", back to s1") || len(would.Units[3].Steps) == 0 {
		t.Errorf("what would be taken back: %+v", would)
	}
	m.configure("max_denied: 4s\nrouting_hook: [/bin/false, \"{file}\"]\n") // nobody is routed back
	if _, stderr := m.apply(1, "--rollback", "--yes"); strings.Count(stderr, "NOT moved back") != 2 {
		t.Errorf("nobody was moved back: %s", stderr)
	}
	m.configure("")
	back, _ := m.apply(0, "--rollback", "--yes")
	for i, u := range back.Units {
		if want := []string{"back", "back", "moved", "moved"}[i]; u.State != want {
			t.Errorf("back: %+v, want %s", u, want)
		}
	}
	m.describe("s1")
	m.allServed("s1")
	if now := m.routing(); now != before {
		t.Errorf("the routes are not as before:\n%s\nwant\n%s", now, before)
	}
	c, err := m.fleet.Stores[0].Master().DialAs(t.Context(), "carl")
	m.must(err)
	defer c.Close()
	if out, err := c.Do("STATUS INBOX.New (MESSAGES)"); err != nil || !strings.Contains(strings.Join(out, ""), "MESSAGES 5") {
		t.Errorf("what came on the new store is not on the old one: %v, %v", out, err)
	}

	if _, stderr := m.apply(2, "users.json", "--yes"); !strings.Contains(stderr, "was carried out and was taken back, which began on ") || strings.Contains(stderr, "goes on with that") {
		t.Errorf("forth again: %s", stderr)
	}
	// The users of a night are those of all plans; without the database a plan takes the store
	// that keeps copies.
	if status, _, stderr := m.program("users", "--fleet", "fleet.yaml", "--drain", "s1", "--seed", "2", "--plan", "again.json"); status != 0 {
		t.Fatal(stderr)
	}
	another, _ := m.apply(1, "again.json", "--users-per-night", "6") // what they left is there still
	if len(another.Units) != 2 {
		t.Errorf("the plan is another one than this test takes it to be: %+v", another)
	}
	for _, u := range another.Units {
		if want := "6 users move this night already (3 of them back, which counts too), and no more than 6 may: until "; len(u.Waits) != 1 || !strings.HasPrefix(u.Waits[0], want) {
			t.Errorf("after three users went there and back: %+v, want %s", u.Waits, want)
		}
	}
	again, _ := m.apply(0, "--resume", "--yes")
	if len(again.Units) != 4 || again.Units[0].State != "back" {
		t.Errorf("resumed: %+v", again)
	}
	if would, _ := m.apply(0, "--resume"); len(would.Units) != 4 || would.Units[0].State != "back" || *would.Units[0].Since != *again.Units[0].Since {
		t.Errorf("what is left: %+v", would)
	}
	m.allServed("s1")

	m.configure("keep_source: 0s\n")
	last, _ := m.apply(0, "--resume", "--yes")
	for i, u := range last.Units {
		if want := []string{"back", "back", "finished", "finished"}[i]; u.State != want || *u.Since != *again.Units[i].Since && want == "back" {
			t.Errorf("at last: %+v, want %s", u, want)
		}
	}
	m.allServed("s1")
	if open, stderr := m.apply(0, "--resume", "--yes"); len(open.Units) > 0 || !strings.Contains(stderr, "nothing is begun and not done") {
		t.Errorf("something is open: %+v, %s", open, stderr)
	}
}

// routing is the routing file.
func (m *moving) routing() string { return m.read("routing") }

// routedAs fails unless the lines of the routes of a rehearsal are what was written into the
// routing file, and nothing else.
func (m *moving) routedAs(a *answerOfApply, before string) {
	m.Helper()
	want, lines := before, 0
	for _, u := range a.Units {
		for _, s := range u.Steps {
			for _, line := range s.Routes {
				there := strings.LastIndexByte(line, ',')
				old := line[:there]
				user := old[:strings.LastIndexByte(old, ',')]
				if lines++; !strings.Contains(want, old+"\n") {
					m.Errorf("%s was not there: %s", old, before)
				}
				want = strings.Replace(want, old+"\n", user+line[there:]+"\n", 1)
			}
		}
	}
	if now := m.routing(); now != want || lines == 0 {
		m.Errorf("the rehearsal tells of other routes:\n%s\nwant\n%s", now, want)
	}
}

func first(a answerOfApply, _ string) answerOfApply { return a }

// pasted pastes commands of a rehearsal into a shell, as far as that is said to work, and
// looks whether people are shown them whole.
func (m *moving) pasted(a *answerOfApply) {
	m.Helper()
	m.env = []string{"COLUMNS=50"}
	status, screen, stderr := m.program("apply", "users.json")
	m.env = nil
	if status != 0 {
		m.Fatal(stderr)
	}
	pasted := map[string]int{}
	for _, u := range a.Units {
		for _, s := range u.Steps {
			for _, c := range s.Commands {
				if line := "\n    " + c.Command + "  # on " + c.Server + "\n"; strings.Contains(screen, line) != c.Pastable {
					m.Errorf("pastable is %v, and it is not shown so: %s\n%s", c.Pastable, c.Command, screen)
				}
				if strings.Contains(c.Command, "/interlace-") && (c.Pastable || c.Note == "") {
					m.Errorf("it reads a file that is not there, and is to be pasted: %s", c.Command)
				}
				if c.Pastable && (s.Step == "deny_target" || s.Step == "allow_target") {
					out, err := m.command(m.Context(), m.path("run"), c.Server, "sh", "-c", c.Command).CombinedOutput()
					if err != nil {
						m.Errorf("%s: %v: %s", c.Command, err, out)
					}
					pasted[s.Step]++
				}
			}
			if s.Step == "route" && (len(s.Routes) != u.Users || !strings.HasSuffix(s.Routes[0], ",imap1,"+m.fleet.Stores[1].Master().IMAP)) {
				m.Errorf("the routes are %v", s.Routes)
			}
		}
	}
	if pasted["deny_target"] < 4 || pasted["deny_target"] != pasted["allow_target"] {
		m.Errorf("pasted were %v", pasted)
	}
}

// TestApplyRefused carries nothing out where something speaks against it, and stops when
// it is asked to.
func TestApplyRefused(t *testing.T) {
	m := newMoving(t, "anna", "ben", "carl")
	refused := func(want int, text string, args ...string) {
		t.Helper()
		a, stderr := m.apply(want, args...)
		if all := fmt.Sprintf("%+v %s", a, stderr); !strings.Contains(all, text) {
			t.Errorf("apply %v: nothing is said of %q: %s", args, text, all)
		}
		m.allServed("s1")
	}
	m.put("down-imap2", "")
	refused(1, "", "users.json")
	refused(2, "no route to host", "users.json", "--yes")
	m.must(os.Remove(m.path("down-imap2")))

	put(t, m.stopFile(), "")
	refused(1, "/stop on imap1", "users.json", "--yes")
	if stopped, _ := m.apply(0, "users.json"); len(stopped.Units[0].Waits) != 1 || !strings.Contains(stopped.Units[0].Waits[0], "/stop on imap1") {
		t.Errorf("it is not told that it would wait: %+v", stopped.Units[0].Waits)
	}
	m.must(os.Remove(m.stopFile()))

	m.users = m.users[:2]
	m.describe("s1")
	refused(2, "group carl is not as it was", "users.json", "--yes")
	m.users = m.users[:3]
	m.describe("s1")

	m.must(m.fleet.Stores[1].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.carl"}}))
	m.must(m.fleet.Settle(t.Context()))
	refused(1, "user carl is on imap1 already", "users.json")

	// Outside of its window it waits, and no other one runs meanwhile.
	now := time.Now()
	closed := now.Add(2*time.Hour).Format("15:04") + "-" + now.Add(3*time.Hour).Format("15:04")
	waiting := m.begin("users.json", "--yes", "--window", closed)
	m.wait("it waits", func() bool { return strings.Contains(waiting.said.String(), "waits: the window "+closed+" is closed") })
	refused(2, "an apply with this database runs already: process", "users.json", "--yes")
	refused(0, "asked for", "--stop")
	if status := waiting.end(); status != 1 || !strings.Contains(waiting.said.String(), "stopped by interlace apply --stop") {
		t.Errorf("status %d: %s", status, waiting.said.String())
	}
	refused(2, "no apply runs", "--stop")

	// Who is kept out is let in again first.
	m.put("stop-when-denied", m.stopFile())
	a, stderr := m.apply(1, "users.json", "--yes")
	if a.Units[0].State != "moved" || a.Units[1].State != "waiting" || !strings.Contains(stderr, "/stop on imap1") {
		t.Errorf("%+v, %s", a, stderr)
	}
	if at := m.served("anna") + m.served("ben") + m.served("carl"); at != "s2s2s1" {
		t.Errorf("they are served by %s", at)
	}
}

// TestApplyBesideDownServer kills apply while users are kept out, and has a server be down
// when it is gone on with or taken back: the users are let in nevertheless, and the rest is
// done when the server is back.
func TestApplyBesideDownServer(t *testing.T) {
	m := newMoving(t, "anna", "ben")
	m.killWhenDenied()
	m.put("down-imap2", "")
	for _, how := range []string{"--resume", "--rollback"} {
		a, stderr := m.apply(1, how, "--yes")
		if at := m.served("anna") + m.served("ben"); at != "s1s1" {
			t.Errorf("after %s they are served by %q: %+v, %s", how, at, a, stderr)
		}
		if all := fmt.Sprintf("%+v %s", a, stderr); a.Units[0].State != "broken" || !strings.Contains(all, "users anna, ben, and who may write to what they have, are let in on the master of s1, on imap1; still kept out of the replica on imap2") {
			t.Errorf("after %s nothing is said of imap2: %s", how, all)
		}
	}
	m.must(os.Remove(m.path("down-imap2")))
	if a, stderr := m.apply(0, "--rollback", "--yes"); a.Units[0].State != "back" {
		t.Errorf("%+v, %s", a, stderr)
	}
	m.allServed("s1")

	// Likewise when an instance has died: what copies to it may be gone with it.
	m.killWhenDenied()
	m.must(m.fleet.Stores[0].Replicas()[0].Kill())
	if a, stderr := m.apply(1, "--resume", "--yes"); a.Units[0].State != "back" || !strings.Contains(fmt.Sprintf("%+v %s", a, stderr), "it does not answer as it should: nothing with ") {
		t.Errorf("%+v, %s", a, stderr)
	}
	m.allServed("s1")
}

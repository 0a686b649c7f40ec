package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// instanceScript is an operator's command: it puts an order into a directory and waits for
// what comes of it.
const instanceScript = `#!/bin/sh
at=$(dirname "$0")/orders
[ ! -e "$at/refuse-$1" ] || { echo "no $1 today" >&2; exit 1; }
{ printf '%s\n' "$1" "$2" "$3"; grep -o '"server": "[^"]*"' "$4" | tail -n +2 | cut -d '"' -f 4; } >"$at/$$.tmp"
mv "$at/$$.tmp" "$at/$$.order"
until [ -e "$at/$$.done" ]; do sleep 0.05; done
cat "$at/$$.done"
exit "$(cat "$at/$$.status")"
`

// serve carries out the orders of instanceScript until the test ends.
func serve(t *testing.T, operator *cyrustest.Operator, dir string) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	t.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			orders, _ := filepath.Glob(filepath.Join(dir, "*.order"))
			for _, path := range orders {
				content, err := os.ReadFile(path)
				words := strings.Fields(string(content))
				out, status := "", "0"
				if err == nil {
					out, err = operator.Do(ctx, words[0], words[1], words[2], words[3:])
				}
				if err != nil {
					out, status = err.Error(), "1"
				}
				base := strings.TrimSuffix(path, ".order")
				os.WriteFile(base+".status", []byte(status), 0o600)
				os.WriteFile(base+".tmp", []byte(out), 0o600)
				os.Remove(path)
				os.Rename(base+".tmp", base+".done")
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
}

// operate has the operator's command change instances, with further lines of the configuration.
func (m *moving) operate(further string) {
	m.Helper()
	m.equip()
	m.must(os.WriteFile(m.path("instance"), []byte(instanceScript), 0o755))
	m.must(os.Mkdir(m.path("orders"), 0o755))
	serve(m.T, m.operator, m.path("orders"))
	m.configure(fmt.Sprintf("instance_hook: [%s/instance, \"{action}\", \"{store}\", \"{server}\", \"{file}\"]\n", m.dir) + further)
}

// TestApplyLayoutLive drains a server of real Cyrus by a layout plan, with a command that
// makes, promotes and removes instances.
func TestApplyLayoutLive(t *testing.T) {
	t.Parallel()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"})
	operator := &cyrustest.Operator{Fleet: fleet}
	operator.Name("s1", "imap1", fleet.Stores[0].Instances[0])
	operator.Name("s1", "imap2", fleet.Stores[0].Instances[1])
	m := &moving{place: fleetFile(t, fleet), fleet: fleet, operator: operator, users: []string{"anna", "ben"}}
	m.fill(m.users)
	m.put("routing", "anna,imap1\nben,imap1\nzoe,imap9\n")
	m.operate("seed_command: [/bin/true, \"{server}\"]\n")
	instances := ""
	for i, in := range fleet.Stores[0].Instances {
		instances += fmt.Sprintf("      - {server: imap%d, role: %s, imap: %q, csync: %q, imapd_conf: %s}\n", i+1, []string{"master", "replica"}[i], in.IMAP, in.Csync, in.Conf)
	}
	describe := func(instances string) {
		text := "format: 1\nservers:\n"
		for i := range 3 {
			text += fmt.Sprintf("  - {name: imap%d, capacity: {disk: 1TB, io: 100}}\n", i+1)
		}
		m.put("fleet.yaml", text+"stores:\n  - name: s1\n    instances:\n"+instances+"users: users.csv\n")
	}
	m.put("users.csv", "user,store,disk,io\nanna,s1,1MB,1\nben,s1,1MB,1\n")
	describe(instances)
	for _, args := range [][]string{{"import", "fleet.yaml"}, {"layout", "--drain", "server:imap1", "--plan", "layout.json"}} {
		m.does(args...)
	}
	rehearsed, _ := m.apply(0, "layout.json")
	if len(rehearsed.Units) != 3 {
		t.Fatalf("the plan has other changes than this test takes it to have: %+v", rehearsed)
	}
	var asked []string
	for _, u := range rehearsed.Units {
		for _, s := range u.Steps {
			for _, c := range s.Commands {
				if c.Note == "seed_command, on this machine; replication then copies what is missing" && s.Step == "seed" && !c.Pastable {
					asked = append(asked, c.Command)
				}
				if words, found := strings.CutPrefix(c.Note, "instance_hook "); found {
					asked = append(asked, strings.TrimSuffix(words, ", on this machine"))
					if act, _, _ := strings.Cut(words, " "); !strings.HasPrefix(c.Command, m.path("instance")+" "+act+" s1 imap") || !strings.HasSuffix(c.Command, " '{file}'") || c.Pastable {
						t.Errorf("the operator's command is shown as %+v", c)
					}
				}
			}
		}
	}
	if want := "create s1 imap3 replica, /bin/true imap3, start s1 imap3 replica, stop s1 imap1 master, promote s1 imap3 master, start s1 imap1 replica, remove s1 imap1 replica"; strings.Join(asked, ", ") != want {
		t.Errorf("the operator's command is said to be asked for %v", asked)
	}

	m.put("orders/refuse-promote", "")
	_, stderr := m.apply(1, "layout.json", "--yes")
	if !strings.Contains(stderr, "no promote today") {
		t.Errorf("it is not told that the operator's command fails: %s", stderr)
	}
	m.must(os.Remove(m.path("orders/refuse-promote")))
	c, verdicts := m.confirmed(1, "layout.json")
	for _, name := range []string{"taken_back", "copies", "caught_up", "spool"} {
		if verdicts[name] != "met" {
			t.Errorf("half way %s is %s: %+v", name, verdicts[name], c.Doubts)
		}
	}
	m.refused()
	rehearsed, _ = m.apply(0, "--resume")
	before := m.routing()

	// Users are led to the new master by now, and the old one does not come back as a replica.
	m.put("orders/refuse-start", "")
	_, stderr = m.apply(2, "--resume", "--yes")
	for _, want := range []string{
		"store s1 does NOT STAND as it has to, at step serve of c2 promote s1 on imap3: ", "no start today", "store s1 is led from imap3 by now", "master_down of the old master on imap1",
		"which the fleet file has to say:", "{server: imap3, role: master, ", "{server: imap1, role: replica, ", "{server: imap2, role: replica, ",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("where the old master does not start it is not said: %s: %s", want, stderr)
		}
	}
	if a, _ := m.apply(0, "--rollback"); !strings.Contains(strings.Join(a.Notes, "; "), "NOT taken back: c2 promote s1 on imap3: from route on there is no way back") || !strings.Contains(strings.Join(a.Notes, "; "), "NOT taken back, since it is done: c1 ") {
		t.Errorf("what is not taken back is not said before: %v", a.Notes)
	}
	if _, screen, _ := m.program("apply", "--rollback"); strings.Contains(screen, "out while") {
		t.Errorf("users who are let in are said to be kept out: %s", screen)
	}
	m.overtaken()
	m.must(os.Remove(m.path("orders/refuse-start")))
	m.env = []string{"COLUMNS=50"} // which breaks nothing that is to be copied
	done, stderr := m.apply(0, "--resume", "--yes")
	m.env = nil
	for _, u := range done.Units {
		if u.State != "finished" {
			t.Errorf("%+v: %s", u, stderr)
		}
		if strings.Contains(u.Unit, "promote") && (u.Denied == nil || u.Expected == nil) {
			t.Errorf("how long users were kept out is not told: %+v", u)
		}
	}
	if operator.On("s1", "imap1") != nil || operator.On("s1", "imap3") == nil {
		t.Error("the instances are not where the plan wants them")
	}
	m.routedAs(&rehearsed, before)
	master := "imap2"
	if fleet.Stores[0].Master() == operator.On("s1", "imap3") {
		master = "imap3"
	}
	if want := "anna," + master + "\nben," + master + "\nzoe,imap9\n"; m.routing() != want {
		t.Errorf("the routes are\n%s, want\n%s", m.routing(), want)
	}
	if at := m.served("anna"); at != "s1" {
		t.Errorf("anna is served by %q", at)
	}

	// It is confirmed at once, though the fleet file does not know the new instance yet. That it
	// does not is told where it is imported, by a discovery, and by a comparison of what the journal
	// has.
	if c, verdicts := m.confirmed(0, "layout.json"); len(verdicts) < 6 || verdicts["changes"] != "met" {
		t.Errorf("right after it: %v, %+v", verdicts, c.Doubts)
	}
	if _, stderr := m.apply(0, "--resume", "--yes"); !strings.Contains(stderr, "nothing is begun and not done") || strings.Contains(stderr, "is not known everywhere") {
		t.Errorf("when all is done, and the fleet file still names what was removed: %s", stderr)
	}
	by := func(what string) string {
		return "; by the journal plan " + c.Plans[0].Plan + " has " + what + " on 20"
	}
	for _, args := range [][]string{{"import", "fleet.yaml"}, {"discover", "--partial"}, {"compare", "--level", "1"}} {
		status, _, stderr := m.program(args...)
		if args[0] == "compare" && status != 0 {
			t.Errorf("what the journal has is not compared: %s", stderr)
		}
		for _, want := range []string{
			"has no instance of store s1 on imap3" + by("made it"), "has the master of store s1 on imap1" + by("made imap3 the master"),
			"has an instance of store s1 on imap1" + by("removed it"), "hint: unless somebody has changed that by hand since",
		} {
			if !strings.Contains(stderr, want) {
				t.Errorf("%v lacks %q: %s", args, want, stderr)
			}
		}
	}

	// What is done is not taken back, and that is said.
	would, _ := m.apply(0, "layout.json", "--rollback")
	_, stayed := m.apply(1, "layout.json", "--rollback", "--yes")
	for _, u := range would.Units {
		if !strings.HasPrefix(u.Text, "it is done, and not taken back: interlace layout --plan FILE") || !strings.Contains(stayed, u.Unit) {
			t.Errorf("of %s is said %q and %s", u.Unit, u.Text, stayed)
		}
	}
	if !strings.Contains(stayed, "NOT taken back, since it is done: ") {
		t.Errorf("that it is not taken back is not told: %s", stayed)
	}

	// The fleet file follows as apply says, and then fits what is there.
	instances = ""
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "- ") {
			instances += "      " + line
		}
	}
	if instances == "" {
		t.Fatalf("the fleet file is not told: %s", stderr)
	}
	describe(instances)
	if status, stdout, stderr := m.program("import", "fleet.yaml"); status != 0 || strings.Contains(stderr, "journal") {
		t.Errorf("import: %s%s", stdout, stderr)
	}
	if status, stdout, stderr := m.program("discover"); status != 0 || strings.Contains(stderr, "journal") {
		t.Errorf("discover: %s%s", stdout, stderr)
	}
}

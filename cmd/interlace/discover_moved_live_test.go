package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// TestDiscoverMoved discovers while the originals of a move are kept: who moved, a shared
// tree among them, is on the new store, and everything else goes on; and it discovers when
// they were moved back.
func TestDiscoverMoved(t *testing.T) {
	t.Parallel()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"}, cyrustest.StoreOptions{Name: "s2"})
	m := &moving{place: fleetFile(t, fleet), fleet: fleet, users: []string{"anna", "ben", "carl", "finn"}}
	m.fill(m.users)
	m.must(m.fleet.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "team", Messages: 2, ACL: []cyrustest.Right{{Identifier: "anna", Rights: "lrswipte"}}}}))
	m.must(m.fleet.Stores[1].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.dora", Messages: 1}}))
	m.must(m.fleet.Settle(t.Context()))
	file := describe(m.fleet, func(in *cyrustest.Instance) string {
		return fmt.Sprintf(", csync: %q, imapd_conf: %s", in.Csync, in.Conf)
	})
	m.put("fleet.yaml", file)
	m.put("routing", "anna,s1\nben,s1\ncarl,s1\ndora,s2\nfinn,s1\n")
	m.equip()
	m.configure("")
	m.put("interlace.yaml", strings.Replace(m.read("interlace.yaml"), "fleet: fleet.yaml\n", "", 1))

	run := func(want int, args ...string) string {
		t.Helper()
		status, stdout, stderr := m.program(args...)
		if status != want {
			t.Fatalf("%v: status %d, want %d: %s%s", args, status, want, stdout, stderr)
		}
		return stdout + stderr
	}
	places := func(what, want string) {
		t.Helper()
		var got []string
		for _, line := range strings.Split(run(0, "show", "users", "-o", "csv"), "\n")[1:] {
			if columns := strings.Split(line, ","); len(columns) > 1 {
				got = append(got, columns[0]+" "+columns[1])
			}
		}
		if all := strings.Join(got, ", "); all != want {
			t.Errorf("%s: %s, want %s", what, all, want)
		}
	}
	before, after := "anna s1, ben s1, carl s1, dora s2, finn s1, team s1", "anna s2, ben s2, carl s2, dora s2, finn s2, team s2"
	m.env = []string{"COLUMNS=400"}
	run(0, "import", "fleet.yaml")
	run(0, "discover")
	places("at first", before)
	run(0, "users", "--drain", "s1", "--plan", "users.json")
	if _, stderr := m.apply(0, "users.json", "--yes"); !strings.Contains(stderr, "shared trees can't be denied (team): whoever may read them still can where they were") {
		t.Errorf("nothing is said of who still reads the tree: %s", stderr)
	}

	text := run(0, "discover")
	if !strings.Contains(text, "originals_kept") || !strings.Contains(text, "s1 has originals of 5 users and shared trees, such as anna") {
		t.Errorf("nothing is said of the originals: %s", text)
	}
	places("moved", after)
	if text := run(0, "users", "--drain", "s1", "-o", "json"); !strings.Contains(text, `"changes": []`) && !strings.Contains(text, `"changes":[]`) {
		t.Errorf("who has moved is moved again: %s", text)
	}
	run(0, "check")
	c, verdicts := m.confirmed(0, "users.json")
	for _, p := range c.Promises {
		if want, is := map[string]string{"placement": "4 users and 1 shared tree are there", "routing": "4 users are sent there"}[p.Promise]; is && p.Found != want {
			t.Errorf("%s: %q, want %q", p.Promise, p.Found, want)
		}
	}
	for _, name := range []string{"changes", "placement", "routing", "nothing_lost", "shares", "copies", "caught_up", "worst_single", "fullest"} {
		if verdicts[name] != "met" {
			t.Errorf("%s is %s", name, verdicts[name])
		}
	}
	if a, _ := m.apply(0, "--resume"); len(a.Units) == 0 || a.Units[0].State != "moved" {
		t.Errorf("the originals are not known any more: %+v", a)
	}
	for _, c := range [][2]string{{"--level=1", "5 users and 1 shared tree are identical"}, {"--known", "s2 imap2 1 5 + 1 tree 6 0 0 0"}} {
		screen := strings.Join(strings.Fields(run(0, "compare", c[0])), " ")
		for _, want := range []string{c[1], "4 users' originals on s1, kept until", "1 shared tree's original on s1, kept until", "s2: can't be denied, so that whoever may read"} {
			if !strings.Contains(screen, want) {
				t.Errorf("compare %s: no %q in\n%s", c[0], want, screen)
			}
		}
	}

	// The fleet file says nothing of users: they stay where discover has found them.
	m.put("fleet.yaml", strings.Replace(file, "disk: 1TB", "disk: 2TB", 1))
	if text := run(0, "import", "fleet.yaml"); !strings.Contains(text, "the 6 users in the database stay") {
		t.Errorf("imported: %s", text)
	}
	places("imported", after)

	// Somebody else is on two stores: nobody but him is kept from being discovered, and the
	// routing or the denials tell where he is.
	m.must(m.fleet.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.dora"}, {Name: "user.emil"}}))
	m.must(m.fleet.Settle(t.Context()))
	if text := run(0, "discover"); !strings.Contains(text, "dora is on the masters of s1 and s2, and which one is used is not known; taken to be on s2, as before") {
		t.Errorf("nothing is said of dora: %s", text)
	}
	places("one in doubt", strings.Replace(after, "dora s2, ", "dora s2, emil s1, ", 1))
	if text := run(0, "discover", "--routed"); !strings.Contains(text, "dora is on s2, to which users are routed, and has mailboxes on s1 too") {
		t.Errorf("nothing is said of dora: %s", text)
	}
	m.put("routing", strings.Replace(m.routing(), "dora,s2\n", "", 1))
	for _, in := range m.fleet.Stores[1].Instances {
		if out, err := in.Tool(t.Context(), "cyr_deny", "--", "dora"); err != nil {
			t.Fatal(out, err)
		}
	}
	if text := run(0, "discover", "--routed"); !strings.Contains(text, "dora is on s1, the only one where the user is not denied") {
		t.Errorf("nothing is said of dora: %s", text)
	}
	for _, s := range m.fleet.Stores {
		for _, user := range []string{"dora", "emil"} {
			s.Replicas()[0].Tool(t.Context(), "sync_reset", "-f", user)
			s.Master().Tool(t.Context(), "sync_reset", "-f", user)
		}
	}
	run(0, "discover")

	m.apply(0, "--rollback", "--yes")
	run(0, "discover")
	places("moved back", strings.Replace(before, "dora s2, ", "", 1))
	c, verdicts = m.confirmed(0, "users.json")
	if len(verdicts) != 1 || verdicts["taken_back"] != "met" {
		t.Errorf("moved back: %v, %+v", verdicts, c.Doubts)
	}
	if c, _ := m.confirmed(0, "--due"); len(c.Plans) != 0 {
		t.Errorf("due though it was asked: %+v", c.Plans)
	}
	run(0, "check")

	// Copies are kept on the store that they were moved back from: no plan takes it, and one that
	// was made without the database is told of, refused, and not taken for carried out.
	if text := run(1, "users", "--drain", "s1"); !strings.Contains(text, "5 users are planned onto no store that keeps a copy of them after an earlier move (s2); the last of these copies is kept until ") {
		t.Errorf("planned onto kept copies: %s", text)
	}
	run(0, "export", "exported")
	run(0, "users", "--fleet", "exported/fleet.yaml", "--drain", "s1", "--seed", "2", "--plan", "again.json")
	if text := run(0, "check", "--after", "again.json"); !strings.Contains(text, "users anna, ben, carl, finn, team are to move to where a copy of them is kept after an earlier move (s2), which interlace apply refuses") {
		t.Errorf("nothing is said of the plan: %s", text)
	}
	if text := run(1, "apply", "again.json"); !strings.Contains(text, "user carl is on imap1 already, with 2 mailboxes: interlace keeps this copy of plan ") {
		t.Errorf("rehearsed: %s", text)
	}
	c, verdicts = m.confirmed(1, "again.json")
	if len(verdicts) != 1 || c.Promises[0].Found != "not carried out: nothing of it was begun" {
		t.Errorf("before it is begun: %v, %+v", verdicts, c)
	}
	if text := run(0, "confirm", "--known"); strings.Contains(text, c.Plans[0].Plan) {
		t.Errorf("kept though nothing was begun: %s", text)
	}
	m.apply(1, "again.json", "--yes")
	c, verdicts = m.confirmed(1, "again.json")
	if verdicts["taken_back"] != "met" || verdicts["changes"] != "unmet" || verdicts["nothing_lost"] != "unknown" {
		t.Errorf("refused: %v", verdicts)
	}
	never := 0
	for _, d := range c.Doubts {
		if d.Verdict == "unmet" && d.Promise != "changes" || strings.Contains(d.Next, "remove") {
			t.Errorf("refused: %+v", d)
		}
		if strings.HasPrefix(d.Found, "never begun; on s2 is a copy that plan ") {
			never++
		}
	}
	if found := c.Promises[0].Found; never != 1 || !strings.HasPrefix(found, "4 are as before; 2 parts taken back, the last on ") || !strings.Contains(found, " UTC") || strings.Count(found, ";") != 1 {
		t.Errorf("%d never begun: %s\n%+v", never, found, c.Doubts)
	}

	// Given up, it is as before; the plan that moved them was before this one.
	m.apply(0, "--rollback", "again.json", "--yes")
	c, verdicts = m.confirmed(0, "again.json")
	if len(verdicts) != 1 || verdicts["taken_back"] != "met" || !strings.Contains(c.Promises[0].Found, "; finn to s2: never begun, and the plan is given up") {
		t.Errorf("given up: %v, %+v", verdicts, c)
	}
	for _, in := range m.fleet.Stores[1].Instances {
		if out, err := in.Tool(t.Context(), "cyr_deny", "-a", "--", "finn"); err != nil {
			t.Fatal(out, err)
		}
	}
	if text := run(1, "confirm", "again.json"); !strings.Contains(text, "kept and not denied: mail and logins may reach it") || !strings.Contains(text, " -- finn") {
		t.Errorf("a copy that is kept and not denied: %s", text)
	}
}

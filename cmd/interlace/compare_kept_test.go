package main_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// keptAnswer is what compare and compare --known say of what is kept.
type keptAnswer struct {
	Users struct{ Checked, Identical, Different, Unknown int }
	Kept  *struct {
		Run    int
		Ended  bool
		Before int                                         `json:"compared_before"`
		In     struct{ Checked, Identical, Different int } `json:"before"`
		NotDue int                                         `json:"not_due"`
		Left   int                                         `json:"not_in_time"`
		All    struct {
			Users, Identical, Never int
			Whole                   string `json:"whole_since"`
		}
	}
	Copies []struct {
		Store, Server, Level                        string
		Users, Identical, Different, Unknown, Never int
	}
	Differences []struct {
		User, Kind, Owner string
		First             string `json:"first_seen"`
		Last              string `json:"last_seen"`
		Repair            []struct{ Server, Command string }
	}
	Late       []struct{ User string }
	Broken     string `json:"broken_off"`
	Unanswered []struct{ Why string }
	Seed       uint64
	Spool      []struct{ All, Checked int64 }
	Uncompared []struct{ What, Why string }
}

func (p *place) answered(want int, args ...string) keptAnswer {
	p.Helper()
	status, stdout, stderr := p.program(append(args, "-o", "json")...)
	var a keptAnswer
	if err := json.Unmarshal([]byte(stdout), &a); err != nil || status != want {
		p.Fatalf("%v: status %d, %v: %s%s", args, status, err, stdout, stderr)
	}
	return a
}

// onDatabase runs a statement on the database.
func (p *place) onDatabase(statement string) {
	p.Helper()
	db, err := sql.Open("sqlite3", p.path("interlace.db"))
	p.must(err)
	defer db.Close()
	_, err = db.Exec(statement)
	p.must(err)
}

// TestCompareKept keeps comparisons of a store: it shows them without a server, goes
// on where one was killed, and compares everybody in turn.
func TestCompareKept(t *testing.T) {
	t.Parallel()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{Client: cyrustest.ClientNone}, {}}})
	master, replica := fleet.Stores[0].Master(), fleet.Stores[0].Replicas()[0]
	const users = 25
	var mailboxes []cyrustest.Mailbox
	for i := range users {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: fmt.Sprintf("user.u%02d", i), Messages: 1})
	}
	if err := master.Fill(t.Context(), mailboxes); err != nil {
		t.Fatal(err)
	}
	if out, err := master.Tool(t.Context(), "sync_client", "-A"); err != nil {
		t.Fatal(out, err)
	}
	p := fleetFile(t, fleet)
	conf := func(in *cyrustest.Instance) string { return ", imapd_conf: " + filepath.Join(in.Dir, "imapd.conf") }
	p.put("fleet.yaml", describe(fleet, conf))
	status, _, stderr := p.program("compare", "--level", "1")
	if status != 0 || !strings.Contains(stderr, "nothing of this is kept") {
		t.Errorf("without a database: status %d, %s", status, stderr)
	}
	for _, flag := range []string{"--resume", "--due=7d"} {
		if status, _, stderr := p.program("compare", flag); status != 2 || !strings.Contains(stderr, "need the database") {
			t.Errorf("%s without a database: status %d, %s", flag, status, stderr)
		}
	}
	if status, _, stderr := p.program("import", "fleet.yaml"); status != 0 {
		t.Fatal(stderr)
	}
	if a := p.answered(0, "compare", "--known"); len(a.Copies) != 1 || len(a.Differences) != 0 {
		t.Errorf("before the first one: %+v", a)
	}

	p.answered(0, "compare", "--level", "1")
	// Who interrupts one is told what goes on with it.
	interrupted := func(status int, flags ...string) string {
		t.Helper()
		var said strings.Builder
		cut := p.command(t.Context(), "interlace", append([]string{"compare", "--rate", "1", "--quiet"}, flags...)...)
		cut.Stderr = &said
		if err := cut.Start(); err != nil {
			t.Fatal(err)
		}
		for a := (keptAnswer{}); a.Broken == ""; a = p.answered(status, "compare", "--known") {
			time.Sleep(50 * time.Millisecond)
		}
		cut.Process.Signal(os.Interrupt)
		cut.Wait()
		return said.String()
	}
	if said := interrupted(0, "--level", "3"); !strings.Contains(said, "hint: interlace compare --resume --level 3 goes on with it") {
		t.Errorf("interrupted: %s", said)
	}

	// A run is killed when some users are done.
	slow := p.command(t.Context(), "interlace", "compare", "--rate", "4", "--quiet")
	if err := slow.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for a := (keptAnswer{}); len(a.Copies) == 0 || a.Copies[0].Identical == 0; a = p.answered(0, "compare", "--known", "--level", "2") {
		if time.Now().After(deadline) {
			t.Fatal("nobody is ever done")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if _, stdout, _ := p.program("compare", "-o", "json"); !strings.Contains(stdout, "another interlace compares this pair now") {
		t.Errorf("two at once: %s", stdout)
	}
	slow.Process.Kill()
	slow.Wait()
	if a := p.answered(0, "compare", "--known", "--level", "2"); a.Broken == "" || len(a.Late) > 0 || a.Copies[0].Never == 0 || a.Copies[0].Never+a.Copies[0].Identical != users {
		t.Errorf("after it was killed: %+v", a)
	}
	if status, _, stderr := p.program("compare", "--resume", "--user", "u01"); status != 2 || !strings.Contains(stderr, `at level 2 of --user "u01" was not broken off`) {
		t.Errorf("another one is resumed: status %d, %s", status, stderr)
	}
	a := p.answered(0, "compare", "--resume")
	if !a.Kept.Ended || a.Users.Checked+a.Kept.Before != users || a.Kept.All.Whole == "" || a.Kept.All.Identical != users {
		t.Errorf("resumed: %+v %+v", a.Users, a.Kept)
	}
	if status, _, stderr := p.program("compare", "--resume"); status != 2 || !strings.Contains(stderr, "of everything was not broken off") {
		t.Errorf("resumed twice: status %d, %s", status, stderr)
	}

	// A difference stays known until a comparison does not find it any more.
	conn, err := replica.DialAs(t.Context(), "u07")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do("SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`); err != nil {
		t.Fatal(err)
	}
	p.answered(1, "compare", "--level", "1", "--user", "u07")
	a = p.answered(1, "compare", "--known")
	if len(a.Differences) != 1 || a.Differences[0].Owner != "u07" || a.Differences[0].First == "" || len(a.Differences[0].Repair) == 0 {
		t.Fatalf("known are %+v", a.Differences)
	}
	status, stdout, _ := p.program("compare", "--known")
	for _, want := range []string{"1 difference is open; that one is repaired shows when it is compared again with this database", "interlace compare --store s1 --user u07 --level 4 --sample 1 --save saved  # here", "u07", "flags", strings.Replace(a.Differences[0].First[:16], "T", " ", 1)} {
		if status != 1 || !strings.Contains(stdout, want) {
			t.Errorf("status %d, no %s in %s", status, want, stdout)
		}
	}
	if a := p.answered(0, "compare", "--known", "--user", "u08"); len(a.Differences) != 0 {
		t.Errorf("of another user are known %+v", a.Differences)
	}
	if status, _, stderr := p.program("compare", "--known", "--store", "s9", "--user", "u077"); status != 2 || !strings.Contains(stderr, "u077 looks like u07") || !strings.Contains(stderr, `"s9": no comparison has seen it`) {
		t.Errorf("of nobody: status %d, %s", status, stderr)
	}

	// What was found before it was broken off is told by what goes on with it.
	if a := p.answered(1, "compare", "--for", "1s", "--rate", "8"); a.Users.Different != 1 || a.Kept.Ended {
		t.Fatalf("broken off with a difference: %+v %+v", a.Users, a.Kept)
	}
	a = p.answered(1, "compare", "--resume")
	if a.Kept.In.Different != 1 || a.Kept.In.Checked != a.Kept.Before || a.Users.Different != 0 || len(a.Differences) != 1 || a.Differences[0].User != "u07" || len(a.Differences[0].Repair) != 1 {
		t.Errorf("gone on with: %+v %+v %+v", a.Users, a.Kept, a.Differences)
	}

	// All were compared just now: it is the turn of u07, who differs, and a share.
	a = p.answered(1, "compare", "--due", "5d")
	if a.Users.Different != 1 || a.Users.Checked < 5 || a.Users.Checked > 7 || a.Kept.NotDue != users-a.Users.Checked || !a.Kept.Ended {
		t.Errorf("in turn: %+v %+v", a.Users, a.Kept)
	}
	if _, err := conn.Do(`UID STORE 1 -FLAGS (\Flagged)`); err != nil {
		t.Fatal(err)
	}
	var known keptAnswer
	if err := json.Unmarshal([]byte(p.printed(a.Differences[0].Repair[0].Command+" -o json")), &known); err != nil || len(known.Differences) != 1 || len(known.Differences[0].Repair) != 2 {
		t.Fatalf("to repair: %+v %v", known, err)
	}
	for _, command := range known.Differences[0].Repair {
		p.paste(command.Command)
	}
	p.answered(0, "compare", "--user", "u07")
	if a := p.answered(0, "compare", "--known"); len(a.Differences) != 0 || a.Broken != "" {
		t.Errorf("after the repair: %+v", a)
	}

	// When the time is up there is something left to go on with.
	a = p.answered(0, "compare", "--for", "1s", "--rate", "8")
	if a.Kept.Left == 0 || a.Kept.Ended {
		t.Errorf("when the time was up: %+v %+v", a.Users, a.Kept)
	}
	if b := p.answered(0, "compare", "--resume"); b.Kept.Before != users-a.Kept.Left || b.Users.Checked != a.Kept.Left || b.Kept.Run != a.Kept.Run {
		t.Errorf("then: %+v %+v", b.Users, b.Kept)
	}

	// What was found is printed, though the end cannot be written down.
	p.onDatabase("CREATE TRIGGER stuck BEFORE UPDATE ON comparisons BEGIN SELECT RAISE(ABORT, 'stuck'); END")
	status, stdout, stderr = p.program("compare", "--level", "1")
	if status != 2 || !strings.Contains(stdout, "25 users are identical") || !strings.Contains(stderr, "the end of the comparison is not kept") {
		t.Errorf("with a database that takes nothing more: status %d, %s%s", status, stdout, stderr)
	}
	p.onDatabase("DROP TRIGGER stuck")

	// Rights that level 1 comes upon count there, as the comparison itself says.
	admin, err := replica.DialAs(t.Context(), cyrustest.AdminUser)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Do("SETACL user.u03 u04 lrs"); err != nil {
		t.Fatal(err)
	}
	for _, level := range []string{"1", "2"} {
		said, known := p.answered(1, "compare", "--level", level), p.answered(1, "compare", "--known", "--level", "1")
		if c := known.Copies[0]; said.Users.Different != 1 || c.Different != 1 || c.Identical != said.Users.Identical || c.Unknown != said.Users.Unknown {
			t.Errorf("a comparison at level %s counts %+v, and known of level 1 is %+v", level, said.Users, c)
		}
	}

	// What goes on with one does so alike, but for what is given anew.
	said := interrupted(1, "--level", "4", "--sample", "1", "--save", "saved", "--seed", "7", "--for", "30m")
	if !strings.Contains(said, "hint: interlace compare --resume --level 4 --for 30m goes on with it") {
		t.Errorf("interrupted: %s", said)
	}
	alike := p.answered(1, "compare", "--resume", "--level", "4", "--rate", "1000", "--for", "30m")
	if alike.Seed != 7 || len(alike.Spool) != 2 || alike.Spool[0].All == 0 || alike.Spool[0].Checked != alike.Spool[0].All {
		t.Errorf("gone on with: --seed %d, %+v", alike.Seed, alike.Spool)
	}

	// What is down is not asked.
	p.put("fleet.yaml", strings.Replace(describe(fleet, conf), "name: imap2", "state: down, name: imap2", 1))
	if a := p.answered(2, "compare", "--level", "1"); len(a.Unanswered) != 0 || len(a.Uncompared) != 1 || !strings.HasSuffix(a.Uncompared[0].Why, " is down") {
		t.Errorf("of a server that is down: %+v", a)
	}
}

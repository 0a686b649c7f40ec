package apply_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// accounts gives people what no counter of a mailbox tells of, of which ben is denied.
func accounts(t *testing.T, in *cyrustest.Instance) {
	t.Helper()
	people(t, in)
	talk(t, in, "anna", "SUBSCRIBE INBOX.Work", `SETMETADATA INBOX (/private/comment "mine" /shared/comment "ours")`)
	talk(t, in, "ben", "SUBSCRIBE INBOX.Work")
	talk(t, in, cyrustest.AdminUser, "SETACL user.ben anna lrs", `SETMETADATA "" (/shared/comment "of the server")`)
	talk(t, in, "anna", "SELECT user.ben", `UID STORE 1:2 +FLAGS (\Seen)`, "CLOSE")
	_, err := in.Tool(t.Context(), "cyr_deny", "-m", "locked", "ben")
	must(t, err)
}

// What a seed_command leaves out beside messages, replication brings before the new replica is in
// service: also of who is denied and can't be looked at, which is told.
func TestSeedWithoutAccounts(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	accounts(t, op.on("m"))
	s := &seedCommand{op: op, files: []string{"conf/quotas.db"}}
	j := op.must(t, alteration(planner.Seed, "n", "m", 2), s.options)
	for _, want := range []string{"4 users and shared trees were compared; replication has brought what of 2 of them was not known to be the same; not looked at after that: ", " of ben: ", "was looked at for 3 users"} {
		if !strings.Contains(j.String(), want) {
			t.Errorf("not told is %q:\n%v", want, j)
		}
	}
	for _, server := range []inventory.ServerID{"m", "n"} {
		_, err := op.on(server).Tool(t.Context(), "cyr_deny", "-a", "ben")
		must(t, err)
	}
	found, err := op.compare(t.Context(), "s1", op.instance("m", inventory.Master), op.instance("n", inventory.Replica), compare.Options{Level: monitor.CompareAccounts})
	must(t, err)
	if len(found.Owners) != 4 || len(found.Differences)+len(found.Uncompared) > 0 {
		t.Errorf("the new replica lacks %+v, %+v", found.Differences, found.Uncompared)
	}
	const ask = `GETMETADATA "" /shared/comment`
	if want, got := talk(t, op.on("m"), cyrustest.AdminUser, ask), talk(t, op.on("n"), cyrustest.AdminUser, ask); !strings.Contains(want, "of the server") || got != want {
		t.Errorf("the server is annotated with %s, not with %s", got, want)
	}
}

// A replica that would not run the Sieve scripts of its master is neither promoted nor is anything
// dropped beside it, until what lies in sievedir is there.
func TestSeedWithoutScripts(t *testing.T) {
	t.Parallel()
	op := newOperatorWith(t, cyrustest.Settings{Sieve: true})
	m := op.on("m")
	people(t, m)
	s := session(t, m, "anna")
	must(t, s.Put("main", "discard;\r\n"))
	_, err := s.Do(`SETACTIVE "main"`)
	must(t, err)
	must(t, s.Close())
	must(t, op.fleet.Settle(t.Context()))
	out, err := m.Tool(t.Context(), "mbpath", "-S", "-u", "--", "anna")
	must(t, err)
	dir := strings.TrimSpace(out)
	out, err = m.Tool(t.Context(), "mbpath", "-U", "-u", "--", "anna")
	must(t, err)
	index := strings.TrimSpace(out) + "/dav.db"

	command := &seedCommand{op: op, files: []string{"conf/quotas.db"}}
	units := wholeStore()
	j := &journal{left: -1}
	carry := func() []course.Result {
		t.Helper()
		o := op.options(j)
		command.options(o)
		o.Groups = &inventory.ShareGroups{}
		results, err := apply.CarryOut(t.Context(), units, false, o)
		must(t, err)
		return results
	}
	refused := func(text string) {
		t.Helper()
		results := carry()
		if r := &results[0]; r.Outcome != course.Stopped || r.Step() != monitor.StepProveAccounts || results[1].Outcome != course.Waiting || results[2].Outcome != course.Waiting {
			t.Fatalf("%s, %s; %s; %s\n%v", r.Outcome, r.Why, results[1].Outcome, results[2].Outcome, j)
		}
		for _, want := range []string{"the Sieve scripts of 1 user are not run on n as on m", "anna " + text + "; next: while nothing runs there, have " + op.on("n").Dir + "/sieve and ", "interlace apply --resume --yes looks again", "Nothing is promoted or dropped"} {
			if !strings.Contains(results[0].Why, want) {
				t.Errorf("%s does not tell: %s", results[0].Why, want)
			}
		}
		if want := []string{"create s1 n replica"}; !slices.Equal(op.orders, want) || command.runs != 1 || len(command.read) > 0 {
			t.Errorf("the operator was told to %v, the seed_command ran %d times, and read was %v", op.orders, command.runs, command.read)
		}
	}
	refused("no script is run when mail comes, and main on the master, dav.db lists no scripts")
	to := strings.Replace(dir, m.Dir, op.on("n").Dir, 1)
	_, err = run(t.Context(), "", "", "mkdir", "-p", filepath.Dir(to))
	must(t, err)
	_, err = run(t.Context(), "", "", "cp", "-a", "--", dir, to)
	must(t, err)
	_, err = run(t.Context(), "other code", "", "dd", "of="+to+"/main.bc", "status=none")
	must(t, err)
	_, err = run(t.Context(), "", "", "cp", "-a", "--", index, strings.Replace(index, m.Dir, op.on("n").Dir, 1))
	must(t, err)
	refused("what is compiled is not what the master has")
	_, err = run(t.Context(), "", "", "cp", "-a", "--", dir+"/main.bc", to+"/main.bc")
	must(t, err)
	finished(t, carry(), j)
	op.follow(t, units, j)
	op.check(t, "master n, replica r")
	if got := scripts(t, op.on("n"), "anna"); got != `"main" ACTIVE` {
		t.Errorf("on the new master are the scripts %s", got)
	}
}

package apply_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// scripted are stores whose users keep Sieve scripts, of which these have one each, on s1.
func scripted(t *testing.T, users ...string) *rig {
	r := newRig(t, 2, cyrustest.Settings{Sieve: true})
	var mailboxes []cyrustest.Mailbox
	for _, u := range users {
		mailboxes = append(mailboxes, cyrustest.Mailbox{Name: "user." + u, Messages: 1})
	}
	must(t, r.Stores[0].Master().Fill(t.Context(), mailboxes))
	for _, u := range users {
		s := session(t, r.Stores[0].Master(), u)
		must(t, s.Put("main", "keep;\r\n"))
		must(t, s.Close()) // the session that makes the mailbox keeps all others from it
	}
	must(t, r.Settle(t.Context()))
	return r
}

// session is one of ManageSieve in which something was done already.
func session(t *testing.T, in *cyrustest.Instance, user string) *cyrustest.Scripts {
	t.Helper()
	s, err := in.Scripts(t.Context(), user)
	must(t, err)
	_, err = s.Do("LISTSCRIPTS")
	must(t, err)
	return s
}

// scripts are the names of a user's scripts on an instance.
func scripts(t *testing.T, in *cyrustest.Instance, user string) string {
	t.Helper()
	s, err := in.Scripts(t.Context(), user)
	must(t, err)
	defer s.Close()
	lines, err := s.Do("LISTSCRIPTS")
	must(t, err)
	return strings.Join(lines, " ")
}

// Sessions of ManageSieve, which Cyrus asks no denial for, end when their users are denied, and
// again when these are routed to the new store; what came in between is brought along. Those of
// others go on.
func TestSessionsOfScriptsEnd(t *testing.T) {
	t.Parallel()
	r := scripted(t, "anna", "ben")
	from, to := r.Stores[0].Master(), r.Stores[1].Master()
	before, other := session(t, from, "anna"), session(t, from, "ben")
	var again *cyrustest.Scripts
	ended := false
	o := r.options(&journal{left: -1})
	at(o, "-O", func() { ended = before.Put("late", "stop;\r\n") != nil })
	route := o.Route
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		again = session(t, from, "anna")
		must(t, again.Put("later", "stop;\r\n"))
		return route(ctx, routes)
	}
	if outcome, err := o.Carry(t.Context(), unit("anna", "s1", "s2", "anna"), false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	if !ended {
		t.Error("a session from before goes on while its user is kept out")
	}
	if err := again.Put("last", "stop;\r\n"); err == nil {
		t.Error("a session on the old store goes on when its user is routed to the new one")
	}
	must(t, other.Put("more", "stop;\r\n"))
	if got := scripts(t, to, "anna"); got != `"later" "main"` && got != `"main" "later"` {
		t.Errorf("on the new store are the scripts %s", got)
	}
}

// An idle session of ManageSieve on the old store does not hold up the removal of the original.
func TestSessionOfScriptsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	r := scripted(t, "anna")
	o := r.options(&journal{left: -1})
	u := unit("anna", "s1", "s2", "anna")
	if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
	session(t, r.Stores[0].Master(), "anna")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if outcome, err := later(o).Carry(ctx, u, false); outcome != course.Finished {
		t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
	}
}

// Where scripts were changed on an original the commands that are told save them and remove it,
// and the unit goes on: forth and back.
func TestChangedScriptsAreSaved(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		r := scripted(t, "anna")
		from := r.Stores[0].Master()
		o := r.options(&journal{left: -1})
		u := unit("anna", "s1", "s2", "anna")
		if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Moved {
			t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
		}
		must(t, session(t, from, "anna").Put("later", "# only here\r\nstop;\r\n"))
		must(t, r.Settle(t.Context()))
		next, flag, stuck, done := u, "--resume", course.Stuck, course.Finished
		on := later(o)
		if back {
			next, flag, stuck, done = &course.Reverse(u)[0], "--rollback", course.Back, course.Moved
			on = o
		}
		outcome, err := on.Carry(t.Context(), next, false)
		if outcome != stuck || err == nil || !strings.Contains(err.Error(), "user.anna.#sieve on "+from.Name+" was written to since it was copied") ||
			!strings.Contains(err.Error(), "interlace apply "+flag+" --yes goes on") {
			t.Fatalf("%s, %v\n%v", outcome, err, o.Journal)
		}
		if got := saved(t, err.Error()); !strings.Contains(got, "# only here") || !strings.Contains(got, "Subject: later") {
			t.Errorf("what was saved is %s", got)
		}
		if got := carryOut(t, on, next, false); got.Outcome != done {
			t.Fatalf("%s, %s\n%v", got.Outcome, got.Why, o.Journal)
		}
		if back {
			r.look(t, "anna", 1, 0)
			if got := scripts(t, from, "anna"); got != `"main"` {
				t.Errorf("back on the old store are the scripts %s", got)
			}
		}
	}
}

// saved follows an advice in a shell, as the account of Cyrus, and returns the text of what it
// saves.
func saved(t *testing.T, advice string) (text string) {
	t.Helper()
	if kill := regexp.MustCompile(`kill -TERM [0-9 ]+`).FindString(advice); kill != "" { // who removes then waits for the rest
		_, err := cyrustest.Program(t.Context(), "", "sh", "-c", kill)
		must(t, err)
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o777))
	must(t, os.Chmod(filepath.Dir(dir), 0o777))
	for _, command := range []string{`cp -a -- "\$\(.*?\)" \S+`, `\S+/sync_reset .*? -f -- \S+`} {
		words := strings.TrimRight(regexp.MustCompile(command).FindString(advice), ";")
		out, err := cyrustest.Program(t.Context(), "", "sh", "-c", "cd "+dir+" && "+words)
		if err != nil {
			t.Fatalf("%s: %s, %v", words, out, err)
		}
	}
	out, err := exec.Command("sh", "-c", "cat "+dir+"/saved-*/*.").Output()
	must(t, err)
	return string(out)
}

// What lies in sievedir and is not copied is told before, and nothing else: what Cyrus reads there
// of who has no mailbox of scripts yet is copied.
func TestLooseScriptsAreTold(t *testing.T) {
	t.Parallel()
	r := scripted(t, "anna", "ben")
	from := r.Stores[0].Master()
	must(t, from.Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.carl"}, {Name: "user.dora"}}))
	put := func(dir, name string) {
		_, err := cyrustest.Program(t.Context(), "", "mkdir", "-p", dir)
		must(t, err)
		_, err = cyrustest.Program(t.Context(), "keep;\r\n", "dd", "of="+dir+"/"+name+".script", "status=none")
		must(t, err)
		_, err = from.Tool(t.Context(), "sievec", dir+"/"+name+".script", dir+"/"+name+".bc")
		must(t, err)
		_, err = cyrustest.Program(t.Context(), "", "ln", "-sf", name+".bc", dir+"/defaultbc")
		must(t, err)
	}
	own := func(user string) string {
		dir, err := from.Tool(t.Context(), "mbpath", "-S", "-u", "--", user)
		must(t, err)
		return strings.TrimSpace(dir)
	}
	put(own("ben"), "hand")
	put(own("carl"), "old")
	put(from.Dir+"/sieve/d/dora", "older")
	j := &journal{left: -1}
	if outcome, err := r.options(j).Carry(t.Context(), unit("all", "s1", "s2", "anna", "ben", "carl", "dora"), false); outcome != course.Moved {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	var told []string
	for _, s := range j.steps {
		for text := range strings.SplitSeq(string(s.Text), "Sieve scripts of user ") {
			if what, _, found := strings.Cut(text, " on "+from.Name); found && strings.Contains(what, " are not copied") {
				told = append(told, what)
			}
		}
	}
	want := []string{"ben are not copied: hand.script (hand.bc is run when mail comes) in " + own("ben"), "dora are not copied: older.script, which Cyrus does not read, in " + from.Dir + "/sieve/d/dora"}
	if !slices.Equal(told, want) {
		t.Errorf("told is %q, want %q\n%v", told, want, j)
	}
	for user, want := range map[string]string{"anna": `"main"`, "ben": `"main"`, "carl": `"old" ACTIVE`, "dora": ""} {
		if got := scripts(t, r.Stores[1].Master(), user); got != want {
			t.Errorf("%s has %s on the new store, want %s", user, got, want)
		}
	}
}

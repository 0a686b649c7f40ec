package main_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// What somebody has changed by hand since apply has, and the fleet file says, is believed where the
// processes show it; where these do not tell, a plan of that store waits and says why.
func TestApplyAfterChangesByHandLive(t *testing.T) {
	m := scheduling(t)
	by := func(action, server string, servers ...string) {
		t.Helper()
		_, err := m.operator.Do(t.Context(), action, "s2", server, servers)
		m.must(err)
	}
	m.does("import", "fleet.yaml")
	m.does("layout", "--max-bytes", "0", "--plan", "layout.json")
	m.apply(0, "layout.json", "--yes")
	m.comparedAsTheJournalHasIt()
	by("stop", "imap3")
	by("promote", "imap2", "imap2", "imap3")
	by("start", "imap3", "imap2", "imap3")
	m.put("routing", strings.ReplaceAll(m.routing(), m.operator.On("s2", "imap3").IMAP, m.operator.On("s2", "imap2").IMAP))
	m.does("import", "fleet.yaml")
	m.does("users", "--drain", "s1", "--plan", "users.json")

	m.apply(0, "users.json")
	if status, stdout, stderr := m.program("compare", "--level", "1"); status != 0 || strings.Contains(stderr, "journal") {
		t.Errorf("what somebody has changed by hand is compared with the status %d: %s%s", status, stdout, stderr)
	}

	by("stop", "imap2")
	m.must(os.Chtimes(m.path("fleet.yaml"), time.Time{}, time.Now())) // somebody has changed it, too
	if status, stdout, stderr := m.program("compare", "--store", "s2"); status == 0 || !strings.Contains(strings.Join(strings.Fields(stdout+stderr), " "), "which instances store s2 has is not known") {
		t.Errorf("where the master is stopped compare ends with %d: %s%s", status, stdout, stderr)
	}
	rehearsed, _ := m.apply(1, "users.json")
	said := ""
	for _, u := range rehearsed.Units {
		said += strings.Join(append(u.Refused, u.Waits...), " ")
	}
	for _, want := range []string{
		"which instances store s2 has is not known: the inventory, fleet.yaml, ", "has the master of store s2 on imap2; by the journal plan ", " has made imap3 the master on ",
		"let the fleet file say which there are, and interlace import it",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("where the master is stopped it is not said: %s: %s", want, said)
		}
	}
	by("start", "imap2", "imap2", "imap3")
	m.apply(0, "users.json", "--yes")
	if got := strings.Count(m.routing(), ","+m.operator.On("s2", "imap2").IMAP+"\n"); got != 3 {
		t.Errorf("%d users are routed to imap2, not 3:\n%s", got, m.routing())
	}
	if _, stderr := m.apply(0, "--resume", "--yes"); strings.Contains(stderr, "has these instances") {
		t.Errorf("the journal is believed: %s", stderr)
	}
}

// comparedAsTheJournalHasIt compares s2, whose roles apply has exchanged and the fleet file has as they
// were before: what only the replica has differs, at every level, and is known of that replica.
func (m *moving) comparedAsTheJournalHasIt() {
	m.Helper()
	said := func(want int, args ...string) string {
		m.Helper()
		status, stdout, stderr := m.program(append([]string{"compare"}, args...)...)
		if status != want {
			m.Errorf("compare %v ends with %d: %s%s", args, status, stdout, stderr)
		}
		return strings.Join(strings.Fields(stdout+stderr), " ")
	}
	for _, level := range []string{"1", "2"} {
		got := said(0, "--store", "s2", "--level", level)
		for _, want := range []string{"warning: the inventory has the master of store s2 on imap2; by the journal plan ", "compared are the instances of these stores that the journal has"} {
			if !strings.Contains(got, want) {
				m.Errorf("at level %s it lacks %q: %s", level, want, got)
			}
		}
	}
	if got := said(0, "--known", "--store", "s2"); !strings.Contains(got, "s2 imap2 ") || strings.Contains(got, "s2 imap3 ") {
		m.Errorf("known is %s", got)
	}
	replica := m.operator.On("s2", "imap2")
	m.must(replica.Fill(m.Context(), []cyrustest.Mailbox{{Name: "user.carl.Lost", Messages: 1}}))
	if got := said(1, "--store", "s2"); !strings.Contains(got, "user.carl.Lost") {
		m.Errorf("what only the replica has is not told: %s", got)
	}
	conn, err := replica.Dial(m.Context())
	m.must(err)
	defer conn.Close()
	_, err = conn.Do("SETACL user.carl.Lost "+cyrustest.AdminUser+" lrswipkxtecda", "DELETE user.carl.Lost")
	m.must(err)
}

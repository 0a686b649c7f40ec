package main_test

import (
	"os"
	"strings"
	"testing"
	"time"
)

// What somebody has changed by hand since apply has, and the fleet file says, is believed where the
// processes show it; where these do not tell, a plan of that store waits and says why.
func TestApplyAfterChangesByHandLive(t *testing.T) {
	m, _ := scheduling(t)
	do := func(args ...string) {
		t.Helper()
		if status, stdout, stderr := m.program(args...); status != 0 {
			t.Fatal(args, stdout, stderr)
		}
	}
	by := func(action, server string, servers ...string) {
		t.Helper()
		_, err := m.operator.Do(t.Context(), action, "s2", server, servers)
		m.must(err)
	}
	do("import", "fleet.yaml")
	do("layout", "--max-bytes", "0", "--plan", "layout.json")
	m.apply(0, "layout.json", "--yes")
	by("stop", "imap3")
	by("promote", "imap2", "imap2", "imap3")
	by("start", "imap3", "imap2", "imap3")
	m.put("routing", strings.ReplaceAll(m.routing(), m.operator.On("s2", "imap3").IMAP, m.operator.On("s2", "imap2").IMAP))
	do("import", "fleet.yaml")
	do("users", "--drain", "s1", "--plan", "users.json")

	m.apply(0, "users.json")

	by("stop", "imap2")
	m.must(os.Chtimes(m.path("fleet.yaml"), time.Time{}, time.Now())) // somebody has changed it, too
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

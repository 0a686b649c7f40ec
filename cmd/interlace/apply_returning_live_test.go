package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// A plan that mends a broken rule is taken back when the inventory has followed it: the rule is
// broken again then, which is said before and after, and keeps nobody from going back. A rule
// that was not broken before bars who would break it, and nobody else.
func TestRollbackOfAMendedRule(t *testing.T) {
	m := newMoving(t, "anna", "ben", "carl")
	m.must(m.fleet.Stores[1].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.dora", Messages: 3}}))
	m.must(m.fleet.Settle(t.Context()))
	list := func(store, pinned string) {
		m.put("users.csv", fmt.Sprintf("user,store,disk,io,pinned\nanna,%[1]s,1MB,1,\nben,%[1]s,1MB,1,\ncarl,%[1]s,1MB,1,%s\ndora,s2,1MB,1,\n", store, pinned))
		m.put("shares.csv", "owner,folder,grantee,rights\nanna,Work,ben,lrswi\ndora,Work,anna,lrs\n")
	}
	list("s1", "false")
	m.plan()
	m.apply(0, "users.json", "--yes")
	list("s2", "false")
	would, _ := m.apply(0, "--rollback")
	const again = "share group anna lives on 2 stores again, as before the plan"
	if !strings.Contains(strings.Join(would.Notes, "; "), again) {
		t.Errorf("it is not told before: %v", would.Notes)
	}
	list("s2", "true")
	for _, u := range first(m.apply(1, "--rollback")).Units {
		if barred := strings.Contains(strings.Join(u.Refused, " "), "user carl is pinned"); barred != (u.Unit == "carl to s2, back to s1") {
			t.Errorf("%s is refused: %v", u.Unit, u.Refused)
		}
	}
	if a, stderr := m.apply(1, "--rollback", "--yes"); !strings.Contains(stderr, again) || m.served("anna")+m.served("ben")+m.served("carl") != "s1s1s2" {
		t.Errorf("not all but who is pinned are back, or it is not told: %+v, %s", a, stderr)
	}
	list("s2", "false")
	back, stderr := m.apply(0, "--rollback", "--yes")
	if m.allServed("s1"); strings.Contains(stderr, again) {
		t.Errorf("it is told once more: %+v %s", back, stderr)
	}
}

// Who was removed since he was moved is not moved back, and is nowhere: that is said, and ends each run
// with 1, until it is given up; what is kept of him where he was stays there, denied.
func TestRollbackOfARemovedUser(t *testing.T) {
	m := newMoving(t, "anna", "ben", "carl")
	m.apply(0, "users.json", "--yes")
	s2 := m.fleet.Stores[1]
	for _, in := range []*cyrustest.Instance{s2.Replicas()[0], s2.Master()} {
		_, err := in.Tool(t.Context(), "sync_reset", "-f", "carl")
		m.must(err)
	}
	const gone = "carl to s2, back to s1: NOT moved back from s2, since user carl is not on imap1 any more: find out what became of the mailboxes; interlace apply --rollback --yes tries again, and interlace apply --resume --give-up --yes gives it up"
	for _, how := range []string{"--rollback", "--resume"} {
		if _, stderr := m.apply(1, how, "--yes"); !strings.Contains(stderr, gone) || strings.Contains(stderr, "still where the plan has moved them") {
			t.Errorf("%s: %s", how, stderr)
		}
	}
	served := func() {
		t.Helper()
		if at := m.served("anna") + m.served("ben") + m.served("carl"); at != "s1s1" || !strings.Contains(m.routing(), "anna,imap1\nben,imap1\n") {
			t.Errorf("they are served by %s: %s", at, m.routing())
		}
	}
	served()
	if _, stderr := m.apply(1, "--resume", "--give-up"); strings.Count(stderr, "carl to s2, back to s1: would be given up") != 1 {
		t.Errorf("it is not told what would be given up: %s", stderr)
	}
	if _, stderr := m.apply(0, "--resume", "--give-up", "--yes"); strings.Count(stderr, "given up") != 1 || strings.Contains(stderr, "NOT") {
		t.Errorf("it is not told what is given up: %s", stderr)
	}
	if _, stderr := m.apply(0, "--resume", "--yes"); strings.Contains(stderr, "NOT") {
		t.Errorf("it is not given up: %s", stderr)
	}
	if _, stderr := m.apply(1, "--rollback", "--yes"); !strings.Contains(stderr, gone) {
		t.Errorf("it is not tried again: %s", stderr)
	}
	m.apply(0, "--resume", "--give-up", "--yes")

	m.configure("keep_source: 0s\n")
	if _, stderr := m.apply(0, "--resume", "--yes"); !strings.Contains(stderr, "the original of user carl on s1 stays, denied") {
		t.Errorf("it is not told what stays: %s", stderr)
	}
	served()
	if _, stderr := m.apply(0, "--resume", "--yes"); !strings.Contains(stderr, "nothing is begun and not done") {
		t.Errorf("it is not at its end: %s", stderr)
	}
}

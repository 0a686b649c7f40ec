package main_test

import (
	"strings"
	"testing"
)

// A plan of users is confirmed on the instances that a later plan has left of their stores, though
// the inventory has those of before. When they are moved back nothing is said of what the
// later one has removed.
func TestConfirmAfterLaterPlanLive(t *testing.T) {
	m := scheduling(t)
	for _, args := range [][]string{
		{"import", "fleet.yaml"},
		{"users", "--drain", "s1", "--plan", "users.json"},
		{"apply", "users.json", "--yes"},
		{"layout", "--drain", "server:imap3", "--plan", "layout.json"},
		{"apply", "layout.json", "--yes"},
	} {
		m.does(args...)
	}
	if m.operator.On("s2", "imap3") != nil {
		t.Fatal("the later plan leaves s2 on imap3")
	}
	if c, verdicts := m.confirmed(0, "users.json"); verdicts["changes"] != "met" || verdicts["copies"] != "met" {
		t.Errorf("%v, %+v", verdicts, c.Doubts)
	}
	if a, stderr := m.apply(0, "users.json", "--rollback", "--yes"); len(a.Units) != 2 || m.served("anna") != "s1" || strings.Contains(stderr, "cyr_deny") {
		t.Errorf("%+v: %s", a.Units, stderr)
	}
}

package main_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// confirmation is the answer of confirm.
type confirmation struct {
	Plans    []struct{ Plan, Occasion, Verdict string }
	Promises []struct {
		Promise, Verdict, Expected, Found string
		Kept                              *bool
	}
	Doubts []struct{ Promise, Verdict, User, Found, Next string }
}

// confirmed checks plans and returns what was found, by promise.
func (p *place) confirmed(status int, args ...string) (confirmation, map[string]string) {
	p.Helper()
	got, stdout, stderr := p.program(slices.Concat([]string{"confirm", "-o", "json"}, args)...)
	var c confirmation
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || got != status {
		p.Fatalf("confirm %v: status %d, %v: %s%s", args, got, err, stdout, stderr)
	}
	verdicts := map[string]string{}
	for _, of := range c.Promises {
		verdicts[of.Promise] = of.Verdict
		if kept := map[string]*bool{"met": new(bool), "unmet": new(bool)}[of.Verdict]; (kept == nil) != (of.Kept == nil) || kept != nil && *of.Kept != (of.Verdict == "met") {
			p.Errorf("%s is %s and kept %v", of.Promise, of.Verdict, of.Kept)
		}
	}
	return c, verdicts
}

// TestConfirmLive has apply carry out a plan on real Cyrus, and confirms it: before, at
// once, when it is due, and when it is not kept any more.
func TestConfirmLive(t *testing.T) {
	m := newMoving(t, "anna", "ben")
	m.put("routing", "anna,s1\nben,s1\n")
	if c, verdicts := m.confirmed(1, "users.json"); len(verdicts) != 1 || verdicts["changes"] != "unmet" || len(c.Doubts) != 1 || c.Doubts[0].Found != "not carried out: nothing of it was begun" {
		t.Errorf("before it is carried out: %v, %+v", verdicts, c.Doubts)
	}
	if status, stdout, stderr := m.program("apply", "users.json", "--yes"); status != 0 {
		t.Fatal(stdout, stderr)
	}
	c, verdicts := m.confirmed(0, "users.json")
	for _, name := range []string{"changes", "placement", "routing", "nothing_lost", "shares", "copies", "caught_up", "worst_single", "fullest"} {
		if verdicts[name] != "met" {
			t.Errorf("%s is %s: %+v", name, verdicts[name], c.Doubts)
		}
	}

	// It was carried out just now: it is checked once, and a day later again.
	if c, _ := m.confirmed(0, "--due"); len(c.Plans) != 0 {
		t.Errorf("due although it was checked: %+v", c.Plans)
	}
	m.env = []string{"CLOCK=" + time.Now().Add(25*time.Hour).UTC().Format(time.RFC3339)}
	if c, _ := m.confirmed(0, "--due"); len(c.Plans) != 1 || c.Plans[0].Occasion != "after_a_day" {
		t.Errorf("a day later: %+v", c.Plans)
	}

	m.put("routing", "anna,s2\nben,s1\n")
	c, verdicts = m.confirmed(1, "users.json")
	if verdicts["routing"] != "unmet" || len(c.Doubts) != 1 || c.Doubts[0].User != "ben" || c.Doubts[0].Next == "" {
		t.Errorf("routed to the old place: %v, %+v", verdicts, c.Doubts)
	}
	status, stdout, stderr := m.program("confirm", "--known")
	if status != 1 || !strings.Contains(stdout, "1 is not") || !strings.Contains(stdout, `sent to "s1"`) {
		t.Errorf("known: status %d, %s%s", status, stdout, stderr)
	}
	m.put("routing", "anna,s2\nben,s2\n")
	if c, _ := m.confirmed(0, "--due"); len(c.Plans) != 1 {
		t.Errorf("not met before: %+v", c.Plans)
	}

	m.must(m.fleet.Stores[1].Replicas()[0].Stop())
	_, verdicts = m.confirmed(1, "users.json")
	for name, want := range map[string]string{"changes": "met", "placement": "unknown", "copies": "unknown", "worst_single": "unknown"} {
		if verdicts[name] != want {
			t.Errorf("with a replica that is stopped %s is %s", name, verdicts[name])
		}
	}
}

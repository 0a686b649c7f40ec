package main_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// scheduling starts s1 and s2 on three servers, with users anna and ben, who share, and carl. It
// runs beside other tests.
func scheduling(t *testing.T) *moving {
	t.Helper()
	t.Parallel()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1"}, cyrustest.StoreOptions{Name: "s2"})
	operator := &cyrustest.Operator{Fleet: fleet}
	m := &moving{place: fleetFile(t, fleet), fleet: fleet, operator: operator, users: []string{"anna", "ben"}}
	m.fill(m.users)
	m.must(fleet.Stores[1].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.carl", Messages: 3}}))
	m.must(fleet.Settle(t.Context()))
	m.operate("")
	text := "format: 1\nservers:\n  - {name: imap1, capacity: {disk: 1TB, io: 100}}\n  - {name: imap2, capacity: {disk: 1TB, io: 100}}\n  - {name: imap3, capacity: {disk: 1TB, io: 100}}\nstores:\n"
	for i, s := range fleet.Stores {
		text += "  - name: " + s.Name + "\n    instances:\n"
		for k, in := range s.Instances {
			operator.Name(s.Name, fmt.Sprint("imap", i+k+1), in)
			text += fmt.Sprintf("      - {server: imap%d, role: %s, imap: %q, csync: %q, imapd_conf: %s}\n", i+k+1, []string{"master", "replica"}[k], in.IMAP, in.Csync, in.Conf)
		}
	}
	routing := ""
	for user, s := range map[string]int{"anna": 0, "ben": 0, "carl": 1} {
		routing += user + "," + fleet.Stores[s].Master().IMAP + "\n"
	}
	m.put("fleet.yaml", text+"users: users.csv\nshares: shares.csv\n")
	m.put("shares.csv", "owner,folder,grantee,rights\nanna,Work,ben,lrswi\n")
	m.put("users.csv", "user,store,disk,io\nanna,s1,1MB,10\nben,s1,1MB,10\ncarl,s2,1MB,30\n")
	m.put("routing", routing)
	return m
}

// TestApplyScheduleLive carries a layout plan and a users plan out together on real Cyrus. What is
// rehearsed of the moves is what is written, though a promotion before them changes where their
// stores are.
func TestApplyScheduleLive(t *testing.T) {
	m := scheduling(t)
	routing := m.routing()
	for _, args := range [][]string{
		{"import", "fleet.yaml"},
		{"layout", "--max-bytes", "0", "--plan", "layout.json"},
		{"users", "--after", "layout.json", "--drain", "s1", "--plan", "users.json"},
		{"moves", "layout.json", "users.json", "--plan", "moves.json"},
	} {
		m.does(args...)
	}
	plans := []string{"moves.json", "layout.json", "users.json"}
	rehearsed, _ := m.apply(0, plans...)
	promoted := ""
	for _, u := range rehearsed.Units {
		switch store, is := strings.CutPrefix(u.Unit, "c1 promote "); {
		case is:
			promoted = store
		case promoted == "" || u.Text != "it is checked when this is done: c1 promote "+promoted || len(u.Refused) > 0:
			t.Errorf("%s, after the promotion of %q: %q, %v", u.Unit, promoted, u.Text, u.Refused)
		}
	}
	if len(rehearsed.Units) != 2 || promoted != "s2 on imap3" {
		t.Fatalf("the plans have other changes than this test takes them to have: %+v", rehearsed)
	}
	m.apply(0, append(slices.Clone(plans), "--yes")...)
	m.routedAs(&rehearsed, routing)
	if at := m.served("anna") + m.served("ben") + m.served("carl"); at != "s2s2s2" {
		t.Errorf("they are served by %s", at)
	}

	// A rollback that has not come to its end names what it can't take back, and so does the run that
	// brings it there, which ends with 1 for that; no later one does.
	const stays = "NOT taken back, since it is done: c1 promote s2 on imap3; "
	hook := fmt.Sprintf("instance_hook: [%s/instance, \"{action}\", \"{store}\", \"{server}\", \"{file}\"]\n", m.dir)
	m.configure(hook + "routing_hook: [/bin/false, \"{file}\"]\nmax_denied: 4s\n")
	run := func(status int, told bool, how string) {
		t.Helper()
		if _, stderr := m.apply(status, how, "--yes"); strings.Contains(stderr, stays) != told {
			t.Errorf("%s: %s", how, stderr)
		}
	}
	run(1, true, "--rollback")
	run(1, false, "--resume")
	m.configure(hook)
	run(1, true, "--resume")
	run(0, false, "--resume")
	if at := m.served("anna") + m.served("ben") + m.served("carl"); at != "s1s1s2" {
		t.Errorf("back they are served by %s", at)
	}
}

// A promotion routes those, too, whom apply has just moved to the store, though no discovery has
// found them there: by another plan, or by the same schedule before that was cut.
func TestApplyMovedIsPromotedLive(t *testing.T) {
	for _, test := range []struct {
		name  string
		plans [][]string
		apply [][]string
		cut   bool // the promotion does not begin in the first one
	}{
		{
			"two plans",
			[][]string{{"users", "--drain", "s1", "--plan", "users.json"}, {"layout", "--max-bytes", "0", "--plan", "layout.json"}},
			[][]string{{"users.json"}, {"layout.json"}},
			false,
		},
		{
			"one schedule",
			[][]string{{"users", "--drain", "s1", "--plan", "users.json"}, {"layout", "--max-bytes", "0", "--plan", "layout.json"}, {"moves", "users.json", "layout.json", "--plan", "moves.json"}},
			[][]string{{"moves.json", "users.json", "layout.json"}, {"--resume"}},
			true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := scheduling(t)
			for _, args := range append([][]string{{"import", "fleet.yaml"}}, test.plans...) {
				m.does(args...)
			}
			if test.cut {
				if a, _ := m.apply(0, test.apply[0]...); len(a.Units) != 2 || a.Units[1].Users != 3 {
					t.Errorf("behind the moves of the same run: %+v", a.Units)
				}
			}
			for i, args := range test.apply {
				status := 0
				if test.cut && i == 0 {
					m.put("orders/refuse-stop", "")
					status = 1
				}
				if _, stderr := m.apply(status, append(args, "--yes")...); status == 1 && !strings.Contains(stderr, "no stop today") {
					t.Errorf("%v: %s", args, stderr)
				}
				os.Remove(m.path("orders/refuse-stop"))
				if got := strings.Count(m.routing(), ","+m.fleet.Stores[1].Master().IMAP+"\n"); got != 3 {
					t.Errorf("after %v %d users are routed to the master of s2, not 3:\n%s", args, got, m.routing())
				}
			}
		})
	}
}

// Where users are routed by the name of their store, which says the same before and after it, a
// promotion is done in one run. It keeps out, and tells of, those whom plans have brought to the
// store, too.
func TestApplyPromotionByStoreLive(t *testing.T) {
	m := scheduling(t)
	m.put("routing", "anna,s1\nben,s1\ncarl,s2\n")
	for _, args := range [][]string{
		{"import", "fleet.yaml"}, {"users", "--drain", "s1", "--plan", "users.json"}, {"layout", "--max-bytes", "0", "--plan", "layout.json"},
	} {
		m.does(args...)
	}
	m.apply(0, "users.json", "--yes")
	if _, screen, _ := m.program("apply", "layout.json"); !strings.Contains(screen, "1 unit, which keep 3 users out while their stores are promoted") || !strings.Contains(screen, "c1 promote s2 on imap3, 3 users, ") {
		t.Errorf("who has moved there is not told: %s", screen)
	}
	done, stderr := m.apply(0, "layout.json", "--yes")
	if u := &done.Units[0]; len(done.Units) != 1 || u.State != "finished" || u.Users != 3 {
		t.Errorf("%+v: %s", done.Units, stderr)
	}
	if got := m.routing(); got != "anna,s2\nben,s2\ncarl,s2\n" {
		t.Errorf("the routes are\n%s", got)
	}
}

// Before an original is deleted the copies are looked at that there are by then: the replica that the
// same run has made, and not the one that it has removed.
func TestApplyConfirmsWhatItHasMadeLive(t *testing.T) {
	m := scheduling(t)
	m.configure(fmt.Sprintf("instance_hook: [%s/instance, \"{action}\", \"{store}\", \"{server}\", \"{file}\"]\nkeep_source: 0s\n", m.dir))
	for _, args := range [][]string{
		{"import", "fleet.yaml"},
		{"layout", "--drain", "server:imap3", "--plan", "layout.json"},
		{"users", "--after", "layout.json", "--drain", "s1", "--plan", "users.json"},
		{"moves", "layout.json", "users.json", "--plan", "moves.json"},
	} {
		m.does(args...)
	}
	done, stderr := m.apply(0, "moves.json", "layout.json", "users.json", "--yes")
	for _, u := range done.Units {
		if u.State != "finished" {
			t.Errorf("%+v: %s", u, stderr)
		}
	}
	if m.operator.On("s2", "imap3") != nil || m.operator.On("s2", "imap1") == nil {
		t.Error("the plan has other changes than this test takes it to have")
	}
	c, _ := m.confirmed(0, "--known")
	if p := &c.Promises[len(c.Promises)-1]; p.Promise != "spool" || !strings.HasPrefix(p.Found, "20 messages read whole") { // 10 on two copies
		t.Errorf("before the original was deleted: %+v", c.Promises)
	}
}

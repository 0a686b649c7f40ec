package discover_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/discover"
)

// measured is whether a user's io is measured.
func measured(u inventory.User) bool { return u.Estimated&2 == 0 }

func TestEstimatedWrites(t *testing.T) {
	// 864 writes in 10 days are one write in 1,000 seconds.
	s := server("user.anna", "user.anna.Sent", "user.bob", "user.new", "user.odd")
	mailbox(s, "user.new").Status.UIDValidity = uint32(at.Unix())
	mailbox(s, "user.odd").Status.UIDValidity = 1 // an age of decades
	w := world{}
	w.pair("s1", s)
	inv := found(t, fleet(1), w.ask, discover.Options{})
	for name, want := range map[inventory.UserID]float64{"anna": 0.002, "bob": 0.001, "new": 0.01} {
		if u := user(t, inv, name); u.Load[1] != want || measured(u) {
			t.Errorf("%s writes %v, measured %v; want %v, estimated", name, u.Load[1], measured(u), want)
		}
	}
	if u := user(t, inv, "odd"); u.Load[1] <= 0 || u.Load[1] > 1e-6 {
		t.Errorf("odd writes %v", u.Load[1])
	}
	// With one counter a user, the mailboxes must not be added up.
	s.Server.Conversations = cyrus.Yes
	w.pair("s1", s)
	if u := user(t, found(t, fleet(1), w.ask, discover.Options{}), "anna"); u.Load[1] != 0.001 {
		t.Errorf("with one counter anna writes %v, want 0.001", u.Load[1])
	}
}

func TestMeasuredWrites(t *testing.T) {
	w := world{}
	w.pair("s1", server("user.anna", "user.anna.Sent", "user.bob", "user.carl", "user.carl.Old", "user.dora"))
	first := find(t, fleet(1), w.ask, discover.Options{})
	var file bytes.Buffer
	if err := first.Counters.Write(&file); err != nil {
		t.Fatal(err)
	}
	earlier, err := discover.ReadCounters(&file)
	if err != nil {
		t.Fatal(err)
	}

	// Too soon nothing is measured, and the older counters stay.
	soon := find(t, first.Inventory, w.ask, discover.Options{Earlier: earlier, Now: at.Add(10 * time.Minute)})
	if soon.Counters != earlier || measured(user(t, soon.Inventory, "anna")) {
		t.Errorf("after ten minutes: counters of %v, anna %+v", soon.Counters.Time, user(t, soon.Inventory, "anna"))
	}

	// Two hours later anna has 72 writes more, bob none, a folder of carl is
	// gone, and eva is new.
	s := server("user.anna", "user.anna.Sent", "user.bob", "user.carl", "user.dora", "user.eva")
	mailbox(s, "user.anna").Status.HighestModSeq += 50
	mailbox(s, "user.anna.Sent").Status.HighestModSeq += 22
	w.pair("s1", s)
	second := find(t, first.Inventory, w.ask, discover.Options{Earlier: earlier, Now: at.Add(2 * time.Hour)})
	for name, want := range map[inventory.UserID]float64{"anna": 0.01, "bob": 0, "dora": 0} {
		if u := user(t, second.Inventory, name); u.Load[1] != want || !measured(u) {
			t.Errorf("%s writes %v, measured %v; want %v, measured", name, u.Load[1], measured(u), want)
		}
	}
	for _, name := range []inventory.UserID{"carl", "eva"} {
		if u := user(t, second.Inventory, name); measured(u) {
			t.Errorf("%s writes %v, measured; nothing can be known of that yet", name, u.Load[1])
		}
	}
	// What was measured once stays when it can't be measured again.
	third := find(t, second.Inventory, w.ask, discover.Options{Now: at.Add(3 * time.Hour)})
	if u := user(t, third.Inventory, "anna"); u.Load[1] != 0.01 || !measured(u) {
		t.Errorf("anna writes %v, measured %v", u.Load[1], measured(u))
	}
	// Counters of the other kind can't be compared.
	s.Server.Conversations = cyrus.Yes
	w.pair("s1", s)
	fourth := find(t, first.Inventory, w.ask, discover.Options{Earlier: earlier, Now: at.Add(2 * time.Hour)})
	if u := user(t, fourth.Inventory, "dora"); measured(u) {
		t.Errorf("dora writes %v, measured by counters of two kinds", u.Load[1])
	}
}

func TestReadCountersRefuses(t *testing.T) {
	const header = "user,writes,counted,2026-03-15T12:00:00Z\n"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "read the counters"},
		{"no time", "user,writes,counted,yesterday\n", "line 1"},
		{"negative", header + "anna,-1,user,\n", "line 2"},
		{"unknown kind", header + "anna,1,user,\nbob,1,server,\n", "line 3"},
		{"too few columns", header + "anna,1\n", "line 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := discover.ReadCounters(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

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
	const header = "user,writes,counted,mailboxes,newest,2026-03-15T12:00:00Z\n"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "read the counters"},
		{"no time", "user,writes,counted,mailboxes,newest,yesterday\n", "line 1"},
		{"negative", header + "anna,-1,user,0,0,\n", "line 2"},
		{"unknown kind", header + "anna,1,user,0,0,\nbob,1,server,0,0,\n", "line 3"},
		{"a file of an older version", "user,writes,counted,2026-03-15T12:00:00Z\n", "wrong number of fields"},
		{"no number for the mailboxes", header + "anna,1,user,x,0,\n", "line 2"},
		{"a UIDVALIDITY beyond all", header + "anna,1,user,0,4294967296,\n", "line 2"},
		{"too few columns", header + "anna,1\n", "line 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := discover.ReadCounters(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// TestWritesOfAnHour discovers twice, an hour and a bit apart, with something
// happening in between that a count of writes must not be fooled by.
func TestWritesOfAnHour(t *testing.T) {
	const hour = 4000 * time.Second
	renewed := made + 1000 // the UIDVALIDITY of what was made in between
	for _, c := range []struct {
		name     string
		happens  func(s *cyrus.Snapshot)
		after    time.Duration
		measured bool
		rate     float64
	}{
		{"nothing", func(*cyrus.Snapshot) {}, hour, true, 0},
		{"writes", func(s *cyrus.Snapshot) {
			mailbox(s, "user.anna").Status.HighestModSeq += 100
			mailbox(s, "user.anna.Sent").Status.HighestModSeq += 100
		}, hour, true, 0.05},
		{"a new folder", func(s *cyrus.Snapshot) {
			*s = *server("user.anna", "user.anna.New", "user.anna.Sent", "user.bob")
			mailbox(s, "user.anna.New").Status.UIDValidity, mailbox(s, "user.anna.New").Status.HighestModSeq = renewed, 40
		}, hour, true, 0.01},
		{"a folder removed, and more written than it had", func(s *cyrus.Snapshot) {
			*s = *server("user.anna", "user.bob")
			mailbox(s, "user.anna").Status.HighestModSeq += 2000
		}, hour, false, 0},
		{"a folder removed and made anew, and more written than it had", func(s *cyrus.Snapshot) {
			mailbox(s, "user.anna.Sent").Status.UIDValidity, mailbox(s, "user.anna.Sent").UniqueID = renewed, "id of another"
			mailbox(s, "user.anna").Status.HighestModSeq += 2000
		}, hour, false, 0},
		{"a folder renumbered, and more written than it had", func(s *cyrus.Snapshot) {
			mailbox(s, "user.anna.Sent").Status.UIDValidity, mailbox(s, "user.anna.Sent").Status.HighestModSeq = renewed, 1
			mailbox(s, "user.anna").Status.HighestModSeq += 2000
		}, hour, false, 0},
		{"a folder reconstructed, which counts from the start", func(s *cyrus.Snapshot) {
			mailbox(s, "user.anna.Sent").Status.HighestModSeq = 1
		}, hour, false, 0},
		{"a folder renamed", func(s *cyrus.Snapshot) {
			m := mailbox(s, "user.anna.Sent")
			m.Internal, m.Name = "user.anna.Zent", "user.anna.Zent"
		}, hour, true, 0},
		{"a folder of another user's, with its count", func(s *cyrus.Snapshot) {
			m := mailbox(s, "user.bob")
			m.Internal, m.Name = "user.anna.Bob", "user.anna.Bob"
		}, hour, false, 0},
		{"all of it too soon", func(s *cyrus.Snapshot) { mailbox(s, "user.anna").Status.HighestModSeq += 100 }, 5 * time.Second, false, 0},
	} {
		for _, common := range []cyrus.Setting{cyrus.No, cyrus.Yes} {
			t.Run(c.name+" with conversations "+string(common), func(t *testing.T) {
				s := server("user.anna", "user.anna.Sent", "user.bob")
				s.Server.Conversations = common
				w := world{}
				w.pair("s1", s)
				first := find(t, fleet(1), w.ask, discover.Options{})
				now := copied(s)
				c.happens(now)
				now.Server.Conversations = common
				w.pair("s1", now)
				second := find(t, first.Inventory, w.ask, discover.Options{Earlier: first.Counters, Now: at.Add(c.after)})
				anna := user(t, second.Inventory, "anna")
				if common == cyrus.No && (measured(anna) != c.measured || c.measured && anna.Load[1] != c.rate) {
					t.Errorf("anna writes %v, measured %v; want %v, %v", anna.Load[1], measured(anna), c.rate, c.measured)
				}
				// With one counter for all, the greatest number counts.
				if common == cyrus.Yes && measured(anna) && anna.Load[1] > c.rate {
					t.Errorf("anna writes %v, measured; at most %v were written", anna.Load[1], c.rate)
				}
			})
		}
	}
}

func TestWritesOfAUserWhoMoved(t *testing.T) {
	for _, c := range []struct {
		name     string
		arrives  func(s *cyrus.Snapshot)
		measured bool
	}{
		{"by replication, which keeps numbers", func(*cyrus.Snapshot) {}, true},
		{"by a copy, which counts anew", func(s *cyrus.Snapshot) {
			mailbox(s, "user.anna").UniqueID, mailbox(s, "user.anna").Status.UIDValidity = "another", made+1000
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world{}
			w.pair("s1", server("user.anna", "user.bob"))
			w.pair("s2", server("user.carl"))
			first := find(t, fleet(2), w.ask, discover.Options{})
			there := server("user.anna", "user.carl")
			mailbox(there, "user.anna").Status.HighestModSeq += 72
			c.arrives(there)
			w.pair("s1", server("user.bob"))
			w.pair("s2", there)
			second := find(t, first.Inventory, w.ask, discover.Options{Earlier: first.Counters, Now: at.Add(2 * time.Hour)})
			anna := user(t, second.Inventory, "anna")
			if anna.Store != "s2" || measured(anna) != c.measured || c.measured && anna.Load[1] != 0.01 {
				t.Errorf("anna is %+v, want measured %v", anna, c.measured)
			}
		})
	}
}

// TestWritesOfATreeOnTwoStores counts a shared tree that has another name here
// than on its server.
func TestWritesOfATreeOnTwoStores(t *testing.T) {
	w := world{}
	w.pair("s1", server("team", "user.anna"))
	w.pair("s2", server("team", "user.bob"))
	first := find(t, fleet(2), w.ask, discover.Options{})
	s := server("team", "user.anna")
	mailbox(s, "team").Status.HighestModSeq += 72
	w.pair("s1", s)
	second := find(t, first.Inventory, w.ask, discover.Options{Earlier: first.Counters, Now: at.Add(2 * time.Hour)})
	if tree := user(t, second.Inventory, "team@s1"); tree.Load[1] != 0.01 || !measured(tree) {
		t.Errorf("the tree is %+v", tree)
	}
}

// TestClockThatWentBack discovers at a time before the last discovery: nothing is
// measured, that is said, and the next one measures again.
func TestClockThatWentBack(t *testing.T) {
	w := world{}
	w.pair("s1", server("user.anna"))
	first := find(t, fleet(1), w.ask, discover.Options{Now: at.Add(24 * time.Hour)})
	second := find(t, first.Inventory, w.ask, discover.Options{Earlier: first.Counters})
	only(t, second, discover.ClockBack, "2026-03-16T12:00:00Z")
	if measured(user(t, second.Inventory, "anna")) || !second.Counters.Time.Equal(at) {
		t.Errorf("anna is %+v, counters of %v", user(t, second.Inventory, "anna"), second.Counters.Time)
	}
	s := server("user.anna")
	s.Mailboxes[0].Status.HighestModSeq += 36
	w.pair("s1", s)
	third := find(t, second.Inventory, w.ask, discover.Options{Earlier: second.Counters, Now: at.Add(time.Hour)})
	if anna := user(t, third.Inventory, "anna"); anna.Load[1] != 0.01 || !measured(anna) {
		t.Errorf("anna is %+v", anna)
	}
}

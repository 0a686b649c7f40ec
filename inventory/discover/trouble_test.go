package discover_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/discover"
)

func TestReplicaThatTakesWrites(t *testing.T) {
	for _, c := range []struct {
		name            string
		master, replica func(*cyrus.Snapshot)
		kind            discover.Kind // empty for no finding
		text            string
	}{
		{"equal", nil, nil, "", ""},
		{"behind", func(s *cyrus.Snapshot) { mailbox(s, "user.anna").Status.HighestModSeq++ }, nil, "", ""},
		{
			"ahead in one mailbox", nil, func(s *cyrus.Snapshot) { mailbox(s, "user.anna").Status.HighestModSeq++ },
			discover.ReplicaWritten, "is ahead of its master in one mailbox (user.anna): something else than replication has written to it",
		},
		{
			"ahead by a message", nil, func(s *cyrus.Snapshot) { mailbox(s, "user.bob").Status.UIDNext++ },
			discover.ReplicaWritten, "something else than replication has written to it",
		},
		{
			"ahead here and behind there",
			func(s *cyrus.Snapshot) { mailbox(s, "user.anna").Status.HighestModSeq++ },
			func(s *cyrus.Snapshot) { mailbox(s, "user.bob").Status.HighestModSeq++ },
			discover.ReplicaWritten, "in one mailbox (user.bob): something else than replication",
		},
		{
			"with a mailbox of its own", nil, func(s *cyrus.Snapshot) { *s = *server("user.anna", "user.bob", "user.carl") },
			discover.ReplicaWritten, "has what its master has not: one mailbox (user.carl)",
		},
		{
			"without some mailboxes", func(s *cyrus.Snapshot) { *s = *server("user.anna", "user.bob", "user.carl", "user.dora") }, nil,
			discover.ReplicaIncomplete, "lacks what its master has: 2 mailboxes (user.carl)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world{}
			w.pair("s1", server("user.anna", "user.bob"))
			if c.master != nil {
				c.master(w["s1m:143"])
			}
			if c.replica != nil {
				c.replica(w["s1r:143"])
			}
			result := find(t, fleet(1), w.ask, discover.Options{})
			if c.kind == "" {
				if len(result.Findings) > 0 {
					t.Errorf("findings %+v, want none", result.Findings)
				}
				return
			}
			only(t, result, c.kind, c.text)
			if result.Inventory == nil || result.Findings[0].Server != "imap2" {
				t.Errorf("finding %+v", result.Findings[0])
			}
		})
	}
}

// TestReplicaThatLooksLikeTheMaster has a replica be ahead in many mailboxes of several users:
// only then are the roles to be exchanged, as a comparison has it, too.
func TestReplicaThatLooksLikeTheMaster(t *testing.T) {
	for _, c := range []struct {
		users, folders int
		looks          bool
	}{{5, 2, true}, {4, 5, false}, {9, 1, false}} {
		var names []string
		for u := range c.users {
			for f := range c.folders {
				names = append(names, "user."+strings.Join([]string{fmt.Sprintf("u%d", u), "Work"}[:min(f+1, 2)], ".")+strings.Repeat("x", f))
			}
		}
		w := world{}
		w.pair("s1", server(names...))
		for i := range w["s1r:143"].Mailboxes {
			w["s1r:143"].Mailboxes[i].Status.HighestModSeq++
		}
		result := find(t, fleet(1), w.ask, discover.Options{})
		only(t, result, discover.ReplicaWritten, fmt.Sprintf("is ahead of its master in %d mailboxes", c.users*c.folders))
		f := result.Findings[0]
		if looks, advised := strings.HasSuffix(f.Text, "it looks as if it is the master"), strings.Contains(f.Hint, "exchange the roles"); looks != c.looks || advised != c.looks {
			t.Errorf("%d users: %+v", c.users, f)
		}
	}
}

// TestEmptyMaster discovers a store whose replica has all there is, with nothing
// known from before.
func TestEmptyMaster(t *testing.T) {
	w := world{"s1m:143": server(), "s1r:143": server("user.anna", "user.bob")}
	result := find(t, fleet(1), w.ask, discover.Options{Partial: true})
	only(t, result, discover.NoUsers, "the master of s1 on imap1 has no mailbox, and its replica on imap2 has 2 mailboxes")
	if result.Inventory != nil {
		t.Error("that does not stop the discovery")
	}
}

func TestUserOnTwoMasters(t *testing.T) {
	w := world{}
	w.pair("s1", server("user.anna", "user.bob"))
	w.pair("s2", server("user.anna", "user.carl"))
	// Nothing else is kept from being found.
	result := find(t, fleet(2), w.ask, discover.Options{})
	only(t, result, discover.TwoMasters, "anna is on the masters of s1 and s2, and which one is used is not known; left out of the inventory")
	if result.Inventory.User("anna") >= 0 || user(t, result.Inventory, "bob").Store != "s1" || user(t, result.Inventory, "carl").Store != "s2" {
		t.Errorf("users %+v", result.Inventory.Users)
	}

	// The copy that a move leaves behind for a while is no second home.
	old := fleet(2)
	old.Users = []inventory.User{{Name: "anna", Store: "s2", Moved: "2026-03-05", Load: inventory.Load{1, 1}}}
	result = find(t, old, w.ask, discover.Options{})
	only(t, result, discover.LeftBehind, "anna was moved to s2 on 2026-03-05 and still has mailboxes on s1")
	if u := user(t, result.Inventory, "anna"); u.Store != "s2" || u.Load[0] != 1000 || u.Moved != "2026-03-05" {
		t.Errorf("anna is %+v", u)
	}
	old.Users[0].Moved = "2026-02-20"
	result = find(t, old, w.ask, discover.Options{})
	only(t, result, discover.TwoMasters, "anna is on the masters of s1 and s2, and which one is used is not known; taken to be on s2, as before")
	if u := user(t, result.Inventory, "anna"); u.Store != "s2" || u.Load[0] != 1000 {
		t.Errorf("anna is %+v", u)
	}
	old.Users[0].Moved, old.Users[0].Store = "2026-03-05", "s1"
	only(t, find(t, old, w.ask, discover.Options{}), discover.LeftBehind, "on s2")

	// Who was on a third store stays there, and shares nothing from elsewhere.
	old = fleet(3)
	old.Users = []inventory.User{{Name: "anna", Store: "s3", Load: inventory.Load{7, 1}}}
	w.pair("s3", server("user.dora"))
	result = find(t, old, w.ask, discover.Options{})
	only(t, result, discover.TwoMasters, "taken to be on s3, as before")
	if u := user(t, result.Inventory, "anna"); u.Store != "s3" || u.Load[0] != 7 {
		t.Errorf("anna is %+v", u)
	}
}

// TestDecided lets somebody else say which of two stores a user is on.
func TestDecided(t *testing.T) {
	w := world{}
	w.pair("s1", server("user.anna", "user.bob"))
	w.pair("s2", server("user.anna", "user.bob", "user.carl"))
	o := discover.Options{Decide: func(_ context.Context, doubtful map[inventory.UserID][]inventory.StoreID) map[inventory.UserID]discover.Decision {
		both := []inventory.StoreID{"s1", "s2"}
		if len(doubtful) != 2 || !slices.Equal(doubtful["anna"], both) || !slices.Equal(doubtful["bob"], both) {
			t.Errorf("asked about %v", doubtful)
		}
		return map[inventory.UserID]discover.Decision{"anna": {Store: "s2", Why: "to which mail is sent"}, "bob": {Why: "denied on both"}}
	}}
	result := find(t, fleet(2), w.ask, o)
	if u := user(t, result.Inventory, "anna"); u.Store != "s2" || result.Inventory.User("bob") >= 0 {
		t.Errorf("users %+v", result.Inventory.Users)
	}
	if f := result.Findings; len(f) != 2 || f[0].Text != "anna is on s2, to which mail is sent, and has mailboxes on s1 too, which do not count there" ||
		!strings.Contains(f[1].Text, "is not known (denied on both); left out") {
		t.Errorf("findings %+v", f)
	}
}

// TestOriginals discovers while originals of moves are kept, and copies are being made.
func TestOriginals(t *testing.T) {
	old := fleet(3)
	for _, name := range []inventory.UserID{"anna", "bob", "carl"} {
		old.Users = append(old.Users, inventory.User{Name: name, Store: "s1", Load: inventory.Load{1, 1}})
	}
	old.Users = append(old.Users, inventory.User{Name: "team", Store: "s1", Kind: inventory.Shared, Load: inventory.Load{1, 1}})
	old.Sort()
	moved := discover.Moved{Store: "s2", On: "2026-03-14", Left: []inventory.StoreID{"s1"}}
	o := discover.Options{Moved: map[inventory.UserID]discover.Moved{
		"anna": moved, "team": moved,
		"bob":  {Store: "s1", Left: []inventory.StoreID{"s2"}},                   // he is on his way
		"carl": {Store: "s1", On: "2026-03-14", Left: []inventory.StoreID{"s2"}}, // moved back, and what was there is deleted
	}}
	w := world{}
	everything := []string{"user.anna", "user.bob", "user.carl", "team", "team.plans"}
	w.pair("s1", server(everything...))
	w.pair("s2", server("user.anna", "user.bob", "team", "team.plans", "user.dora"))
	w.pair("s3", server("user.emil"))
	places := func(inv *inventory.Inventory) string {
		var list []string
		for _, u := range inv.Users {
			list = append(list, fmt.Sprint(u.Name, " ", u.Store, " ", u.Moved))
		}
		return strings.Join(list, ", ")
	}
	result := find(t, old, w.ask, o)
	if got, want := places(result.Inventory), "anna s2 2026-03-14, bob s1 , carl s1 2026-03-14, dora s2 , emil s3 , team s2 2026-03-14"; got != want {
		t.Errorf("users %s, want %s", got, want)
	}
	var texts []string
	for _, f := range result.Findings {
		texts = append(texts, string(f.Kind)+" "+f.Text)
	}
	want := []string{
		"copies_made s2 has copies, for moves that are under way, of 1 user or shared tree, such as bob: 1,000 bytes on the disks of its servers that do not count there",
		"originals_kept s1 has originals of 2 users and shared trees, such as anna: 3,000 bytes on the disks of its servers that do not count there",
	}
	if !slices.Equal(texts, want) {
		t.Errorf("findings\n%q\nwant\n%q", texts, want)
	}

	// A store on which nothing is left behind, by what is known, makes it a conflict.
	w.pair("s3", server("user.emil", "user.anna"))
	if f := find(t, old, w.ask, o).Findings; len(f) != 3 || f[2].Kind != discover.TwoMasters || !strings.Contains(f[2].Text, "masters of s1 and s2 and s3") {
		t.Errorf("findings %+v", f)
	}
	w.pair("s3", server("user.emil"))

	// Where the new store does not answer, an original is no home.
	delete(w, "s2m:143")
	o.Partial = true
	if got, want := places(find(t, old, w.ask, o).Inventory), "anna s2 , bob s1 , carl s1 2026-03-14, emil s3 , team s2 "; got != want {
		t.Errorf("users %s, want %s", got, want)
	}
}

func TestStoreThatLostItsUsers(t *testing.T) {
	old := fleet(2)
	old.Users = []inventory.User{{Name: "anna", Store: "s1", Load: inventory.Load{1, 1}}, {Name: "bob", Store: "s2", Load: inventory.Load{1, 1}}}
	w := world{}
	w.pair("s1", server("team"))
	w.pair("s2", server("user.bob"))
	only(t, find(t, old, w.ask, discover.Options{}), discover.NoUsers, "store s1 has no user any more, and 1 of those it had")

	// All of them are elsewhere: the store was emptied.
	w.pair("s2", server("user.anna", "user.bob"))
	if u := user(t, found(t, old, w.ask, discover.Options{}), "anna"); u.Store != "s2" || u.Moved != "2026-03-15" {
		t.Errorf("anna is %+v", u)
	}
	// A store that never had users may have none.
	old.Users = old.Users[1:]
	w.pair("s2", server("user.bob"))
	found(t, old, w.ask, discover.Options{})
}

func TestMurder(t *testing.T) {
	w := world{}
	w.pair("s1", server("user.anna"))
	w["s1r:143"].Server.Murder = "mupdate://mupdate.example.org/"
	only(t, find(t, fleet(1), w.ask, discover.Options{Partial: true}), discover.Murder, "mupdate.example.org")
}

func TestSharedTreesOfOneName(t *testing.T) {
	w := world{}
	for _, store := range []string{"s1", "s2"} {
		s := server("team", "team.plans", "user.of"+store)
		mailbox(s, "team.plans").ACL = []cyrus.Right{{Identifier: "of" + store, Rights: "lrs"}}
		w.pair(store, s)
	}
	result := find(t, fleet(2), w.ask, discover.Options{})
	only(t, result, discover.TreeOnStores, "2 stores have a shared tree team")
	for _, store := range []inventory.StoreID{"s1", "s2"} {
		tree := user(t, result.Inventory, "team@"+inventory.UserID(store))
		if tree.Store != store || !tree.Pinned || tree.Kind != inventory.Shared || tree.Mailboxes != 2 {
			t.Errorf("tree %+v", tree)
		}
	}
	if want := (inventory.Share{Owner: "team@s2", Folder: "plans", Grantee: "ofs2", Rights: "lrs"}); result.Inventory.Shares[1] != want {
		t.Errorf("share %+v, want %+v", result.Inventory.Shares[1], want)
	}

	// A tree and a user of one name are told apart, and the tree may move.
	w = world{}
	w.pair("s1", server("anna", "user.anna"))
	inv := found(t, fleet(1), w.ask, discover.Options{})
	if tree := user(t, inv, "anna@s1"); tree.Kind != inventory.Shared || tree.Pinned {
		t.Errorf("tree %+v", tree)
	}
}

func TestUnreadableMailbox(t *testing.T) {
	old := fleet(1)
	old.Users = []inventory.User{{Name: "anna", Store: "s1", Load: inventory.Load{9000, 1}}}
	w := world{}
	w.pair("s1", server("user.anna", "user.anna.Sent", "user.bob"))
	*mailbox(w["s1m:143"], "user.anna.Sent") = cyrus.Mailbox{Mark: cyrus.Mark{Name: "user.anna.Sent", Internal: "user.anna.Sent"}}
	result := find(t, old, w.ask, discover.Options{})
	if len(result.Findings) != 2 || result.Findings[1].Kind != discover.Unreadable || result.Findings[1].User != "anna" {
		t.Fatalf("findings %+v", result.Findings)
	}
	anna := user(t, result.Inventory, "anna")
	if anna.Messages != inventory.Unknown || anna.Mailboxes != 2 || anna.Load[0] != 9000 || anna.Estimated != 1 {
		t.Errorf("anna is %+v, want what was known before, marked as estimated", anna)
	}
	if bob := user(t, result.Inventory, "bob"); bob.Estimated != 2 {
		t.Errorf("bob is %+v", bob)
	}
}

func TestUnknownGrantees(t *testing.T) {
	old := fleet(1)
	old.Sharing.Ignore = []inventory.UserID{"archive"}
	s := server("user.anna", "user.anna.Sent")
	for i := range s.Mailboxes {
		s.Mailboxes[i].ACL = []cyrus.Right{
			{Identifier: "ghost", Rights: "l"}, {Identifier: "archive", Rights: "l"}, {Identifier: "group:g", Rights: "l"}, {Identifier: "anonymous", Rights: "l"},
		}
	}
	w := world{}
	w.pair("s1", s)
	result := find(t, old, w.ask, discover.Options{})
	only(t, result, discover.UnknownGrantee, "ghost has rights to 2 folders")
	if len(result.Inventory.Shares) != 8 {
		t.Errorf("%d shares, want all 8", len(result.Inventory.Shares))
	}
}

// TestOddVersion checks that a server's odd version is that server's trouble.
func TestOddVersion(t *testing.T) {
	for _, odd := range []string{"\x1b[31mnewest", "\xff\xfe", "of today"} {
		w := world{}
		w.pair("s1", server("user.anna"))
		w["s1m:143"].Server.Version = odd
		result := find(t, fleet(1), w.ask, discover.Options{})
		only(t, result, discover.OddVersion, "master of s1 on imap1 says that its version is ")
		if got := result.Inventory.Stores[0].Instances; got[0].Settings.Version != "" || got[1].Settings.Version != "3.6.1" {
			t.Errorf("versions of %q: %q and %q", odd, got[0].Settings.Version, got[1].Settings.Version)
		}
	}
}

// TestServerThatTellsLess discovers from an old server, which tells no messages
// and no bytes: quotas tell them, or nobody does.
func TestServerThatTellsLess(t *testing.T) {
	s := server("user.anna", "user.anna.Sent", "user.bob", "user.carl", "user.carl.Big")
	for i := range s.Mailboxes {
		s.Mailboxes[i].Status.Messages, s.Mailboxes[i].Status.Size = cyrus.UnknownCount, cyrus.UnknownCount
	}
	for _, name := range []string{"user.anna", "user.anna.Sent", "user.carl.Big"} {
		mailbox(s, name).QuotaRoot = cyrus.InternalName(name)
	}
	s.Quotas = []cyrus.Quota{{Root: "user.anna", Used: 3072}, {Root: "user.anna.Sent", Used: 1024}, {Root: "user.carl.Big", Used: 9216}}
	old := fleet(1)
	old.Users = []inventory.User{{Name: "bob", Store: "s1", Load: inventory.Load{5000, 1}}}
	w := world{}
	w.pair("s1", s)
	result := find(t, old, w.ask, discover.Options{})
	only(t, result, discover.TellsLess, "the master of s1 does not tell how many messages and bytes mailboxes have")
	for name, want := range map[inventory.UserID]struct {
		disk      float64
		estimated bool
	}{
		"anna": {4096, false}, // all of it is in quotas
		"bob":  {5000, true},  // what was known before
		"carl": {5000, true},  // like the others: his quota has only a part
	} {
		u := user(t, result.Inventory, name)
		if u.Load[0] != want.disk || u.Estimated&1 == 1 != want.estimated || u.Messages != inventory.Unknown || u.Mailboxes == 0 {
			t.Errorf("%s is %+v, want %v bytes, estimated %v, and unknown messages", name, u, want.disk, want.estimated)
		}
	}
	// Where messages are told and bytes are not, that is said.
	for i := range s.Mailboxes {
		s.Mailboxes[i].Status.Messages = 1
	}
	w.pair("s1", s)
	only(t, find(t, old, w.ask, discover.Options{}), discover.TellsLess, "does not tell how many bytes")
}

package discover_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/discover"
)

func TestUsersTreesAndShares(t *testing.T) {
	s := server("user.anna", "user.anna-b", "user.anna.Sent", "user.anna.M&APw-ller", "user.jane^doe", "team.plans", "DELETEDnot")
	mailbox(s, "user.anna.Sent").ACL = []cyrus.Right{
		{Identifier: "anna", Rights: "lrswipkxtecdan"},
		{Identifier: "admin", Rights: "la"},
		{Identifier: "jane.doe", Rights: "lrs"},
		{Identifier: "-anna-b", Rights: "lr"},
		{Identifier: "anyone", Rights: "l"},
		{Identifier: "group:staff", Rights: "lrs"},
	}
	mailbox(s, "user.anna.M&APw-ller").ACL = []cyrus.Right{{Identifier: "anna-b", Rights: "lrs"}}
	mailbox(s, "team.plans").ACL = []cyrus.Right{{Identifier: "anna", Rights: "lrswip"}}
	w := world{}
	w.pair("s1", s)
	inv := found(t, fleet(1), w.ask, discover.Options{Admins: []string{"admin"}})

	type row struct {
		name      inventory.UserID
		kind      inventory.Kind
		mailboxes inventory.Count
		messages  inventory.Count
		disk      float64
	}
	var rows []row
	for _, u := range inv.Users {
		rows = append(rows, row{u.Name, u.Kind, u.Mailboxes, u.Messages, u.Load[0]})
		if u.Store != "s1" || u.Estimated != 2 {
			t.Errorf("%s is on %s, estimated %b", u.Name, u.Store, u.Estimated)
		}
	}
	want := []row{
		{"DELETEDnot", inventory.Shared, 1, 2, 1000},
		{"anna", inventory.Person, 3, 6, 3000},
		{"anna-b", inventory.Person, 1, 2, 1000},
		{"jane.doe", inventory.Person, 1, 2, 1000},
		{"team", inventory.Shared, 1, 2, 1000},
	}
	if !slices.Equal(rows, want) {
		t.Errorf("users\n%v\nwant\n%v", rows, want)
	}
	wantShares := []inventory.Share{
		{Owner: "anna", Folder: "Müller", Grantee: "anna-b", Rights: "lrs"},
		{Owner: "anna", Folder: "Sent", Grantee: "-anna-b", Rights: "lr"},
		{Owner: "anna", Folder: "Sent", Grantee: "anyone", Rights: "l"},
		{Owner: "anna", Folder: "Sent", Grantee: "group:staff", Rights: "lrs"},
		{Owner: "anna", Folder: "Sent", Grantee: "jane.doe", Rights: "lrs"},
		{Owner: "team", Folder: "plans", Grantee: "anna", Rights: "lrswip"},
	}
	if !slices.Equal(inv.Shares, wantShares) {
		t.Errorf("shares\n%v\nwant\n%v", inv.Shares, wantShares)
	}
}

func TestWhatCyrusDoesNotKnowStays(t *testing.T) {
	old := fleet(1)
	old.Resources = append(old.Resources, inventory.NewResource("cpu", "cores", 0.5))
	for i := range old.Servers {
		old.Servers[i].Capacity[2] = 8
	}
	old.Servers[1].State = inventory.Drain
	old.Stores[0].Base[1], old.Stores[0].Pinned, old.Stores[0].Copies = 5, true, 2
	old.Users = []inventory.User{
		{Name: "anna", Store: "s1", Pinned: true, Moved: "2025-01-02", Load: inventory.Load{1, 7, 0.25}, Messages: 1, Mailboxes: 1},
		{Name: "gone", Store: "s1", Load: inventory.Load{1, 1, 0.75}},
	}
	old.Groups = []inventory.Membership{{Group: "staff", Member: "anna"}}
	before := old.Clone()
	w := world{}
	w.pair("s1", server("user.anna", "user.bob"))
	now := found(t, old, w.ask, discover.Options{})
	if !reflect.DeepEqual(old, before) {
		t.Error("the old inventory was changed")
	}
	if !reflect.DeepEqual(now.Servers, old.Servers) || !reflect.DeepEqual(now.Groups, old.Groups) || !reflect.DeepEqual(now.Resources, old.Resources) {
		t.Error("servers, groups or resources differ")
	}
	if s := now.Stores[0]; s.Base[1] != 5 || !s.Pinned || s.Copies != 2 {
		t.Errorf("store %+v", s)
	}
	anna := user(t, now, "anna")
	want := inventory.User{Name: "anna", Store: "s1", Pinned: true, Moved: "2025-01-02", Load: inventory.Load{1000, 7, 0.25}, Messages: 2, Mailboxes: 1}
	if anna != want {
		t.Errorf("anna is %+v, want %+v", anna, want)
	}
	// What is unknown of a new user is taken from the others, and marked.
	bob := user(t, now, "bob")
	if bob.Load[2] != 0.5 || bob.Estimated != 0b110 {
		t.Errorf("bob weighs %v, estimated %b", bob.Load, bob.Estimated)
	}
	if now.User("gone") >= 0 {
		t.Error("a user that no server has is still there")
	}
}

func TestSettings(t *testing.T) {
	old := fleet(1)
	old.Stores[0].Instances[0].Settings = inventory.Settings{VirtDomains: "userid", Partitions: "big default"}
	old.Stores[0].Instances[1].Settings = inventory.Settings{VirtDomains: "off", Partitions: "other", Version: "2.4"}
	master := server("user.anna")
	master.VirtDomains, master.Server.Conversations, master.Server.Separator = cyrus.Yes, cyrus.Yes, '/'
	replica := server("user.anna")
	replica.VirtDomains, replica.Server.Version = cyrus.Unknown, ""
	w := world{"s1m:143": master, "s1r:143": replica}
	now := found(t, old, w.ask, discover.Options{})
	want := []inventory.Settings{
		{Version: "3.6.1", Separator: "/", VirtDomains: "userid", Conversations: "yes", Partitions: "big default"},
		{Version: "2.4", Separator: ".", VirtDomains: "off", Conversations: "no", Partitions: "default other"},
	}
	for i, in := range now.Stores[0].Instances {
		if in.Settings != want[i] {
			t.Errorf("settings of the %s are %+v, want %+v", in.Role, in.Settings, want[i])
		}
	}
	master.VirtDomains = cyrus.Yes
	if got := found(t, fleet(1), w.ask, discover.Options{}).Stores[0].Instances[0].Settings.VirtDomains; got != "on" {
		t.Errorf("virtual domains %q where nothing was known, want on", got)
	}
}

func TestUnreachable(t *testing.T) {
	old := fleet(3)
	old.Users = []inventory.User{
		{Name: "anna", Store: "s1", Load: inventory.Load{1, 1}},
		{Name: "bob", Store: "s2", Load: inventory.Load{2, 2}, Messages: 5},
		{Name: "carl", Store: "s2", Load: inventory.Load{3, 3}},
	}
	old.Shares = []inventory.Share{{Owner: "anna", Folder: "a", Grantee: "bob", Rights: "l"}, {Owner: "bob", Folder: "b", Grantee: "carl", Rights: "l"}}
	w := world{}
	w.pair("s1", server("user.anna"))
	w.pair("s3", server("user.carl"))
	delete(w, "s3r:143")

	result := find(t, old, w.ask, discover.Options{})
	var named []string
	for _, f := range result.Findings {
		if f.Kind != discover.Unreachable || !f.Stops || f.Err == nil {
			t.Errorf("finding %+v", f)
		}
		named = append(named, string(f.Store)+" on "+string(f.Server))
	}
	if want := []string{"s2 on imap2", "s2 on imap3", "s3 on imap1"}; !slices.Equal(named, want) {
		t.Errorf("unreachable %q, want %q", named, want)
	}
	if result.Asked != 6 || result.Answered != 3 {
		t.Errorf("asked %d, answered %d", result.Asked, result.Answered)
	}

	result = find(t, old, w.ask, discover.Options{Partial: true})
	if result.Inventory == nil || len(result.Findings) != 3 {
		t.Fatalf("findings %+v", result.Findings)
	}
	if got := user(t, result.Inventory, "bob"); got != old.Users[1] {
		t.Errorf("a user of a silent store became %+v", got)
	}
	if got := user(t, result.Inventory, "carl"); got.Store != "s3" || got.Moved != "2026-03-15" {
		t.Errorf("a user who moved from a silent store is %+v", got)
	}
	if want := old.Shares[1:]; !slices.Equal(result.Inventory.Shares, want) {
		t.Errorf("shares %+v, want %+v", result.Inventory.Shares, want)
	}
}

func TestNobodyToAsk(t *testing.T) {
	inv := fleet(1)
	inv.Stores[0].Instances[0].IMAP, inv.Stores[0].Instances[1].IMAP = "", ""
	if _, err := discover.Fleet(t.Context(), inv, world{}.ask, discover.Options{}); err == nil {
		t.Error("no error without any address")
	}
	inv = fleet(1)
	inv.Stores[0].Instances[0].IMAP = ""
	w := world{}
	w.pair("s1", server("user.anna"))
	only(t, find(t, inv, w.ask, discover.Options{}), discover.NoAddress, "master of s1")
	inv = fleet(1)
	inv.Stores[0].Instances[1].IMAP = ""
	result := find(t, inv, w.ask, discover.Options{})
	only(t, result, discover.NoAddress, "replica of s1")
	if result.Inventory == nil {
		t.Error("a replica without an address stops the discovery")
	}
}

func TestServerThatIsDown(t *testing.T) {
	inv := fleet(2)
	inv.Servers[0].State = inventory.Down // has the master of s1
	inv.Users = []inventory.User{{Name: "anna", Store: "s1", Load: inventory.Load{1, 1}}}
	w := world{}
	w.pair("s2", server("user.bob"))
	w["s1r:143"] = server("user.anna")
	result := find(t, inv, w.ask, discover.Options{})
	only(t, result, discover.ServerDown, "s1 on imap1")
	if user(t, result.Inventory, "anna") != inv.Users[0] {
		t.Error("a user whose master is down was changed")
	}
}

func TestEndOfContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ask := func(ctx context.Context, _ inventory.Instance, _ int) (*cyrus.Snapshot, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if result, err := discover.Fleet(ctx, fleet(6), ask, discover.Options{}); !errors.Is(err, context.Canceled) || result != nil {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestConnectionsAndTimeout(t *testing.T) {
	inv := fleet(30)
	var mu sync.Mutex
	busy, most, all := map[inventory.ServerID]int{}, 0, 0
	ask := func(_ context.Context, in inventory.Instance, _ int) (*cyrus.Snapshot, error) {
		mu.Lock()
		busy[in.Server]++
		most, all = max(most, busy[in.Server]), all+1
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		busy[in.Server]--
		mu.Unlock()
		return server(), nil
	}
	var progress []int
	o := discover.Options{Connections: 2, Progress: func(done, of int) { progress = append(progress, done, of) }}
	found(t, inv, ask, o)
	if most != 2 || all != 60 {
		t.Errorf("at most %d connections to a server and %d in all, want 2 and 60", most, all)
	}
	if len(progress) != 120 || progress[118] != 60 || progress[119] != 60 {
		t.Errorf("progress %v", progress)
	}
	slow := func(ctx context.Context, _ inventory.Instance, _ int) (*cyrus.Snapshot, error) {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	result := find(t, fleet(1), slow, discover.Options{Timeout: time.Millisecond})
	if len(result.Findings) != 2 || !errors.Is(result.Findings[0].Err, context.DeadlineExceeded) || !strings.Contains(result.Findings[0].Text, "not done within 1 ms") {
		t.Errorf("findings %+v", result.Findings)
	}
}

// TestOrderDoesNotMatter discovers a fleet several times with answers that come
// in different order.
func TestOrderDoesNotMatter(t *testing.T) {
	w := world{}
	for i, names := range [][]string{{"user.anna", "team", "user.twin"}, {"user.bob", "team"}, {"user.carl", "user.twin"}} {
		s := server(names...)
		for k := range s.Mailboxes {
			s.Mailboxes[k].ACL = []cyrus.Right{{Identifier: "ghost", Rights: "l"}, {Identifier: "anna", Rights: "lr"}}
		}
		w.pair("s"+string(rune('1'+i)), s)
	}
	first := find(t, fleet(3), w.ask, discover.Options{})
	for range 20 {
		if again := find(t, fleet(3), w.ask, discover.Options{Parallel: 1}); !reflect.DeepEqual(again.Findings, first.Findings) {
			t.Fatalf("findings\n%+v\nand\n%+v", first.Findings, again.Findings)
		}
	}
	if len(first.Findings) != 3 || !strings.Contains(first.Findings[1].Text, "twin is on the masters of s1 and s3") {
		t.Errorf("findings %+v", first.Findings)
	}
}

// TestExpectedMailboxes checks how many mailboxes a server is said to have, and
// what is told when one sends more.
func TestExpectedMailboxes(t *testing.T) {
	inv := fleet(2)
	inv.Users = []inventory.User{
		{Name: "anna", Store: "s1", Load: inventory.Load{1, 1}, Mailboxes: 7},
		{Name: "bob", Store: "s1", Load: inventory.Load{1, 1}, Mailboxes: 5},
		{Name: "carl", Store: "s2", Load: inventory.Load{1, 1}, Mailboxes: inventory.Unknown},
	}
	var mu sync.Mutex
	got := map[string]int{}
	result := find(t, inv, func(_ context.Context, in inventory.Instance, mailboxes int) (*cyrus.Snapshot, error) {
		mu.Lock()
		defer mu.Unlock()
		got[in.IMAP] = mailboxes
		return nil, cyrus.ErrFlood
	}, discover.Options{})
	if want := map[string]int{"s1m:143": 12, "s1r:143": 12, "s2m:143": 0, "s2r:143": 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("expected %v, want %v", got, want)
	}
	if len(result.Findings) != 4 || !strings.Contains(result.Findings[0].Hint, "column mailboxes") {
		t.Errorf("findings %+v", result.Findings)
	}
}

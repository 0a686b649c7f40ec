package discover_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/discover"
)

// realFleet starts two stores of Cyrus and returns the inventory that lists them and
// the function that asks them.
func realFleet(t *testing.T, settings cyrustest.Settings) (*cyrustest.Fleet, *inventory.Inventory, discover.Ask) {
	t.Helper()
	pair := []cyrustest.Settings{settings, settings}
	running := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: pair}, cyrustest.StoreOptions{Name: "s2", Instances: pair})
	inv := fleet(2)
	for i, store := range running.Stores {
		for k, in := range store.Instances {
			inv.Stores[i].Instances[k].IMAP = in.IMAP
		}
	}
	ask := func(ctx context.Context, in inventory.Instance, mailboxes int) (*cyrus.Snapshot, error) {
		return cyrus.Read(ctx, cyrus.Options{
			Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(running.Password), TLS: cyrus.None, Mailboxes: mailboxes,
		})
	}
	return running, inv, ask
}

func fill(t *testing.T, running *cyrustest.Fleet, store int, mailboxes ...cyrustest.Mailbox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := running.Stores[store].Master().Fill(ctx, mailboxes); err != nil {
		t.Fatal(err)
	}
	if err := running.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestRealFleet(t *testing.T) {
	running, inv, ask := realFleet(t, cyrustest.Settings{UnixHierarchySep: true, VirtDomains: "userid"})
	fill(
		t, running, 0,
		cyrustest.Mailbox{Name: "user/anna@example.org", Messages: 3, MessageBytes: 2000, Quota: 100},
		cyrustest.Mailbox{Name: "user/anna/Plans@example.org", ACL: []cyrustest.Right{{Identifier: "jane.doe@example.org", Rights: "lrs"}}},
		cyrustest.Mailbox{Name: "user/jane.doe@example.org"},
		cyrustest.Mailbox{Name: "team@example.org"},
		cyrustest.Mailbox{Name: "team/all@example.org", ACL: []cyrustest.Right{{Identifier: "anna@example.org", Rights: "lrs"}}},
	)
	fill(t, running, 1, cyrustest.Mailbox{Name: "user/bob@example.org", Messages: 1})

	o := discover.Options{Admins: []string{cyrustest.AdminUser}, Now: time.Now()}
	first := find(t, inv, ask, o)
	if first.Inventory == nil {
		t.Fatalf("findings %+v", first.Findings)
	}
	var users []string
	for _, u := range first.Inventory.Users {
		users = append(users, fmt.Sprint(u.Name, " ", u.Store, " ", u.Kind, " ", u.Load[0], " ", u.Messages, " ", u.Mailboxes))
	}
	want := []string{
		"anna@example.org s1 user 6000 3 2",
		"bob@example.org s2 user 1000 1 1",
		"jane.doe@example.org s1 user 0 0 1",
		"team@example.org s1 shared 0 0 2",
	}
	if !slices.Equal(users, want) {
		t.Errorf("users\n%q\nwant\n%q", users, want)
	}
	shares := slices.DeleteFunc(slices.Clone(first.Inventory.Shares), func(s inventory.Share) bool { return s.Grantee == "anyone" })
	wantShares := []inventory.Share{
		{Owner: "anna@example.org", Folder: "Plans", Grantee: "jane.doe@example.org", Rights: "lrs"},
		{Owner: "team@example.org", Folder: "all", Grantee: "anna@example.org", Rights: "lrs"},
	}
	if !slices.Equal(shares, wantShares) {
		t.Errorf("shares\n%+v\nwant\n%+v", shares, wantShares)
	}
	for _, store := range first.Inventory.Stores {
		for _, in := range store.Instances {
			settings := in.Settings
			if !strings.HasPrefix(settings.Version, "3.") {
				t.Errorf("version %q", settings.Version)
			}
			settings.Version = ""
			if want := (inventory.Settings{Separator: "/", VirtDomains: "on", Conversations: "no", Partitions: "default"}); settings != want {
				t.Errorf("settings of %s on %s are %+v, want %+v", store.Name, in.Server, settings, want)
			}
		}
	}

	// Two hours later, as the discovery is told, five messages have come.
	for range 5 {
		conn, err := running.Stores[1].Master().DialAs(t.Context(), "bob@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Do("APPEND INBOX " + cyrustest.Literal("From: <a@b>\r\nSubject: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	fill(t, running, 1)
	o.Now, o.Earlier = o.Now.Add(2*time.Hour), first.Counters
	second := find(t, first.Inventory, ask, o)
	bob := user(t, second.Inventory, "bob@example.org")
	if got := bob.Load[1] * 7200; bob.Estimated != 0 || got < 4.9 || got > 10.1 {
		t.Errorf("bob wrote %v times in two hours, estimated %b; want five deliveries, measured", got, bob.Estimated)
	}
}

func TestRealTrouble(t *testing.T) {
	running, inv, ask := realFleet(t, cyrustest.Settings{})
	fill(t, running, 0, cyrustest.Mailbox{Name: "user.anna", Messages: 2}, cyrustest.Mailbox{Name: "user.bob"})
	fill(t, running, 1, cyrustest.Mailbox{Name: "user.carl"})
	found(t, inv, ask, discover.Options{})

	// Somebody's client talks to the replica.
	conn, err := running.Stores[0].Replicas()[0].DialAs(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Do("SELECT INBOX", `STORE 1 +FLAGS (\Flagged)`, "CREATE INBOX.Lost")
	conn.Close()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, f := range find(t, inv, ask, discover.Options{}).Findings {
		texts = append(texts, f.Text)
	}
	want := []string{
		"the replica of s1 on imap2 has what its master has not: one mailbox (user.anna.Lost)",
		"the replica of s1 on imap2 is ahead of its master in one mailbox (user.anna): something else than replication has written to it",
	}
	if !slices.Equal(texts, want) {
		t.Errorf("findings\n%q\nwant\n%q", texts, want)
	}

	// A user is copied to another store by hand, and an instance is gone.
	fill(t, running, 1, cyrustest.Mailbox{Name: "user.bob"})
	if err := running.Stores[1].Replicas()[0].Stop(); err != nil {
		t.Fatal(err)
	}
	result := find(t, inv, ask, discover.Options{})
	if result.Inventory != nil || len(result.Findings) != 4 || result.Findings[0].Kind != discover.Unreachable || result.Findings[3].Kind != discover.TwoMasters {
		t.Errorf("findings %+v", result.Findings)
	}
	if result.Asked != 4 || result.Answered != 3 {
		t.Errorf("asked %d, answered %d", result.Asked, result.Answered)
	}
}

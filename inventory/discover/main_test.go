package discover_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/inventory/discover"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at is the time of all discoveries here, and made is when the mailboxes were
// made: 10 days before.
var (
	at   = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	made = uint32(at.Add(-10 * 24 * time.Hour).Unix())
)

// world is what the instances of a fleet answer, by address. An address that is
// not there does not answer.
type world map[string]*cyrus.Snapshot

func (w world) ask(_ context.Context, in inventory.Instance, _ int) (*cyrus.Snapshot, error) {
	if s, ok := w[in.IMAP]; ok {
		return s, nil
	}
	return nil, errors.New("connection refused")
}

// fleet returns an inventory of n stores s1, s2 …, each with a master on one
// server and a replica on the next one of three.
func fleet(n int) *inventory.Inventory {
	inv := inventory.New()
	for i := range 3 {
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: inventory.ServerID(fmt.Sprintf("imap%d", i+1)), Slots: inventory.Unlimited, State: inventory.Active,
			Capacity: inventory.Load{1e12, 1000},
		})
	}
	for i := range n {
		name := fmt.Sprintf("s%d", i+1)
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(name), State: inventory.Active,
			Instances: []inventory.Instance{
				{Server: inv.Servers[i%3].Name, Role: inventory.Master, IMAP: name + "m:143"},
				{Server: inv.Servers[(i+1)%3].Name, Role: inventory.Replica, IMAP: name + "r:143"},
			},
		})
	}
	inv.Sort()
	return inv
}

// server returns the answer of a server with these mailboxes, each of 1,000
// bytes in 2 messages, after 864 writes.
func server(names ...string) *cyrus.Snapshot {
	s := &cyrus.Snapshot{
		Server:      cyrus.Server{Version: "3.6.1-Debian-3.6.1-4", Separator: '.', Conversations: cyrus.No},
		VirtDomains: cyrus.No,
		Partitions:  []string{"default"},
	}
	slices.Sort(names)
	for _, name := range names {
		s.Mailboxes = append(s.Mailboxes, cyrus.Mailbox{
			Mark: cyrus.Mark{
				Name: cyrus.ExternalName(name), Internal: cyrus.InternalName(name), Readable: true, UniqueID: "id of " + name,
				Status: cyrus.Status{Messages: 2, UIDNext: 3, UIDValidity: made, HighestModSeq: 864, Size: 1000},
			},
			Partition: "default",
		})
	}
	return s
}

// copied returns an answer that can be changed without changing the first.
func copied(s *cyrus.Snapshot) *cyrus.Snapshot {
	c := *s
	c.Mailboxes = slices.Clone(s.Mailboxes)
	return &c
}

// mailbox returns one mailbox of an answer.
func mailbox(s *cyrus.Snapshot, name string) *cyrus.Mailbox {
	for i := range s.Mailboxes {
		if s.Mailboxes[i].Internal == cyrus.InternalName(name) {
			return &s.Mailboxes[i]
		}
	}
	panic("no mailbox " + name)
}

// pair answers for the master and the replica of a store.
func (w world) pair(store string, s *cyrus.Snapshot) {
	w[store+"m:143"], w[store+"r:143"] = s, copied(s)
}

func find(t *testing.T, inv *inventory.Inventory, ask discover.Ask, o discover.Options) *discover.Result {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = at
	}
	result, err := discover.Fleet(t.Context(), inv, ask, o)
	if err != nil {
		t.Fatal(err)
	}
	if (result.Inventory == nil) != slices.ContainsFunc(result.Findings, func(f discover.Finding) bool { return f.Stops }) {
		t.Errorf("inventory %v with the findings %+v", result.Inventory != nil, result.Findings)
	}
	return result
}

// found returns what a discovery without any trouble found.
func found(t *testing.T, inv *inventory.Inventory, ask discover.Ask, o discover.Options) *inventory.Inventory {
	t.Helper()
	result := find(t, inv, ask, o)
	if result.Inventory == nil || len(result.Findings) > 0 {
		t.Fatalf("findings %+v", result.Findings)
	}
	return result.Inventory
}

// only checks that a discovery has one finding, of the kind and with the text.
func only(t *testing.T, result *discover.Result, kind discover.Kind, text string) {
	t.Helper()
	if len(result.Findings) != 1 || result.Findings[0].Kind != kind || !strings.Contains(result.Findings[0].Text, text) {
		t.Errorf("findings %+v, want one %s with %q", result.Findings, kind, text)
	}
}

func user(t *testing.T, inv *inventory.Inventory, name inventory.UserID) inventory.User {
	t.Helper()
	i := inv.User(name)
	if i < 0 {
		t.Fatalf("no user %s among %+v", name, inv.Users)
	}
	return inv.Users[i]
}

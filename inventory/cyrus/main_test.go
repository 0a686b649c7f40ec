package cyrus_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// admin are the options to ask an instance of a fleet as its administrator.
func admin(fleet *cyrustest.Fleet, in *cyrustest.Instance) cyrus.Options {
	return cyrus.Options{
		Address: in.IMAP, User: cyrustest.AdminUser, Password: cyrus.Secret(fleet.Password), TLS: cyrus.None,
	}
}

// one starts a single instance with some mailboxes.
func one(t *testing.T, settings cyrustest.Settings, mailboxes ...cyrustest.Mailbox) (*cyrustest.Fleet, *cyrustest.Instance) {
	t.Helper()
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{settings}})
	in := fleet.Stores[0].Master()
	if err := in.Fill(within(t, 30*time.Second), mailboxes); err != nil {
		t.Fatal(err)
	}
	return fleet, in
}

func read(t *testing.T, o cyrus.Options) *cyrus.Snapshot {
	t.Helper()
	snapshot, err := cyrus.Read(within(t, 30*time.Second), o)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

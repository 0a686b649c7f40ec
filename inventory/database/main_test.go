//go:build cgo

package database

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/interlacemail/interlace/inventory"
)

// TestMain runs the tests, or, where a test started it, the part of a process
// that is to be killed or to get in the way.
func TestMain(m *testing.M) {
	if part := os.Getenv("INTERLACE_DATABASE_CHILD"); part != "" {
		if err := children[part](os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// children are what a process started by a test does with the database at the path.
var children = map[string]func(path string) error{
	"save":    saveForEver,
	"migrate": migrateOnce,
	"look":    look,
	"read":    read,
	"begin":   begin,
	"faults":  saveThroughFaults,
}

// sometime is a date to save under; days later is another one.
func sometime(days int) time.Time { return time.Date(2026, 11, 1+days, 3, 4, 5, 678_000, time.UTC) }

// mustOpen opens a database and closes it after the test.
func mustOpen(t *testing.T, path string, opts Options) *DB {
	t.Helper()
	db, err := Open(context.Background(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustSave(t *testing.T, db *DB, inv *inventory.Inventory, at time.Time, note string) *Saved {
	t.Helper()
	saved, err := db.Save(context.Background(), inv, at, note)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func mustLoad(t *testing.T, db *DB, at time.Time) *Snapshot {
	t.Helper()
	s, err := db.Load(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fleet returns an inventory with n users whose loads all depend on the
// generation.
func fleet(n, generation int) *inventory.Inventory {
	inv := inventory.New()
	for i := range 3 {
		inv.Servers = append(inv.Servers, inventory.Server{
			Name: inventory.ServerID(fmt.Sprintf("imap%d", i)), Slots: 4, State: inventory.Active,
			Capacity: inventory.Load{1e12, 1000},
		})
		inv.Stores = append(inv.Stores, inventory.Store{
			Name: inventory.StoreID(fmt.Sprintf("s%d", i)), State: inventory.Active, Base: inventory.Load{0, float64(generation)},
			Instances: []inventory.Instance{
				{Server: inventory.ServerID(fmt.Sprintf("imap%d", i)), Role: inventory.Master},
				{Server: inventory.ServerID(fmt.Sprintf("imap%d", (i+1)%3)), Role: inventory.Replica},
			},
		})
	}
	for i := range n {
		inv.Users = append(inv.Users, inventory.User{
			Name: inventory.UserID(fmt.Sprintf("user%07d@example.org", i)), Store: inventory.StoreID(fmt.Sprintf("s%d", i%3)),
			Load: inventory.Load{float64(1000*i + generation), float64(i%700) / 7}, Messages: inventory.Count(i), Mailboxes: inventory.Unknown,
		})
	}
	return inv
}

func temporary(t *testing.T) string { return filepath.Join(t.TempDir(), "interlace.db") }

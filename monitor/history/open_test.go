package history

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
)

func TestSamplesPath(t *testing.T) {
	for path, want := range map[string]string{
		"interlace.db": "interlace-history.db", "/var/lib/x/mail.sqlite": "/var/lib/x/mail-history.sqlite", "facts": "facts-history",
	} {
		if got := SamplesPath(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// TestOpenBesideInventories opens the database of an inventory, and lets the
// inventory be opened again afterwards: neither knows the other's tables.
func TestOpenBesideInventories(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "interlace.db")
	for range 2 {
		db, err := database.Open(ctx, path, database.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Save(ctx, inventory.New(), time.Unix(1, 0), "empty"); err != nil {
			t.Fatal(err)
		}
		h, err := Open(ctx, path, Options{Existing: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{
		"interlace.db": true, "interlace-history.db": true,
		"interlace.db.inventory-1.backup": false, "interlace.db.facts-1.backup": false,
	} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), name)); (err == nil) != want {
			t.Errorf("%s: got %v, want it there: %v", name, err, want)
		}
	}
}

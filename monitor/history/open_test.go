package history

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
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
		"interlace.db": true, "interlace-history.db": false,
		"interlace.db.inventory-1.backup": false, "interlace.db.facts-1.backup": false,
	} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), name)); (err == nil) != want {
			t.Errorf("%s: got %v, want it there: %v", name, err, want)
		}
	}
}

// TestReading checks that who only reads writes nothing, and that what is not there
// reads as empty.
func TestReading(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "interlace.db")
	if _, err := Open(ctx, path, Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("without a database: %v", err)
	}
	db, err := database.Open(ctx, path, database.Options{})
	must(t, err)
	must(t, db.Close())
	before, err := os.ReadFile(path)
	must(t, err)

	h, err := Open(ctx, path, Options{ReadOnly: true})
	must(t, err)
	alerts, err := h.Alerts(ctx, time.Time{})
	looks, wrong := h.Backlog(ctx, monitor.Span{})
	if alerts != nil || looks != nil || err != nil || wrong != nil || h.Watched() {
		t.Errorf("%v, %v; %v, %v; watched: %v", alerts, err, looks, wrong, h.Watched())
	}
	must(t, h.Close())
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database was written, %v", err)
	}
	if _, err := os.Stat(SamplesPath(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("samples were begun: %v", err)
	}

	// Beside whoever writes it sees what is there.
	w, err := Open(ctx, path, Options{})
	must(t, err)
	defer w.Close()
	must(t, w.SaveBacklog(ctx, []monitor.Backlog{look(0, "s1")}))
	h, err = Open(ctx, path, Options{ReadOnly: true})
	must(t, err)
	defer h.Close()
	if looks, err := h.Backlog(ctx, monitor.Span{}); len(looks) != 1 || err != nil || !h.Watched() {
		t.Errorf("%v, %v; watched: %v", looks, err, h.Watched())
	}
}

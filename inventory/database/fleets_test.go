//go:build cgo

package database_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/inventory/sharing"
)

// TestFingerprintSurvives saves fleets with everything odd and compares their
// fingerprints with what is loaded.
func TestFingerprintSurvives(t *testing.T) {
	ctx := context.Background()
	db, err := database.Open(ctx, filepath.Join(t.TempDir(), "interlace.db"), database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for seed := range uint64(100) {
		inv := fixtures.Tiny(seed)
		if seed%20 == 0 {
			inv = fixtures.Fleet(seed, fixtures.Kinds()[seed/20], fixtures.Size{Servers: 6, Users: 500})
		}
		at := time.Unix(int64(seed), 0)
		if _, err := db.Save(ctx, inv, at, "seed"); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		s, err := db.Load(ctx, at)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if changes := inventory.Compare(inv, s.Inventory); len(changes) > 0 {
			t.Errorf("seed %d: what was loaded differs: %+v", seed, changes)
		}
		wantStructure, wantLoads := inventory.Fingerprint(inv, sharing.Groups(inv))
		structure, loads := inventory.Fingerprint(s.Inventory, sharing.Groups(s.Inventory))
		if structure != wantStructure || loads != wantLoads {
			t.Errorf("seed %d: got fingerprints %s %s, want %s %s", seed, structure, loads, wantStructure, wantLoads)
		}
	}
}

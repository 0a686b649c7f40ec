package files_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/inventory/sharing"
)

// Fleets of every kind go to files and come back the same, fingerprints too.
func TestFixturesReadBack(t *testing.T) {
	for _, kind := range fixtures.Kinds() {
		inv := fixtures.Fleet(1, kind, fixtures.Size{Servers: 10, StoresPerServer: 5, Users: 2000})
		dir := t.TempDir()
		if err := files.Write(dir, inv); err != nil {
			t.Fatal(err)
		}
		back, _, err := files.Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, inv) {
			t.Errorf("%s: what was read is not what was written", kind)
		}
		structure, loads := inventory.Fingerprint(inv, sharing.Groups(inv))
		if s, l := inventory.Fingerprint(back, sharing.Groups(back)); s != structure || l != loads {
			t.Errorf("%s: fingerprints differ", kind)
		}
	}
}

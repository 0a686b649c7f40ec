package planner

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

func TestNewReference(t *testing.T) {
	inv := inventory.New()
	inv.Servers = []inventory.Server{{Name: "imap1", State: inventory.Active, Capacity: inventory.Load{1, 1}}}
	inv.Stores = []inventory.Store{{Name: "s001", State: inventory.Active}}
	inv.Users = []inventory.User{{Name: "anna", Store: "s001"}, {Name: "bob", Store: "s001", Estimated: 3}}
	groups := inventory.NewShareGroups([]int32{0, 0})

	ref := NewReference(inv, groups, []Subject{"server:imap1", "store:s001", "user:bob", "group:anna", "rack:a1", "store:s009", "imap1"})
	if structure, loads := inventory.Fingerprint(inv, groups); ref.Fingerprint != structure || ref.Loads != loads {
		t.Errorf("got %s, %s", ref.Fingerprint, ref.Loads)
	}
	want := map[Subject]string{
		"server:imap1": inventory.ServerFingerprint(inv, 0),
		"store:s001":   inventory.StoreFingerprint(inv, 0),
		"group:anna":   inventory.GroupFingerprint(inv, groups, 0),
	}
	if len(ref.Subjects) != len(want) {
		t.Errorf("got %v, want %v", ref.Subjects, want)
	}
	for subject, fingerprint := range want {
		if ref.Subjects[subject] != fingerprint {
			t.Errorf("%s: got %q, want %q", subject, ref.Subjects[subject], fingerprint)
		}
	}
	if len(ref.Estimated) != 2 || ref.Estimated[0] != "disk" || ref.Estimated[1] != "io" {
		t.Errorf("estimated: %v", ref.Estimated)
	}
}

func TestReferenceHoldsNoNull(t *testing.T) {
	inv := inventory.New()
	text, err := json.Marshal(NewReference(inv, inventory.NewShareGroups(nil), nil))
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("got %s, %v", text, err)
	}
}

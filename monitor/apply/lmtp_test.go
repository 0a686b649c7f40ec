package apply_test

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
)

// Only to some users mail can be addressed as Cyrus takes it.
func TestAddressable(t *testing.T) {
	for user, want := range map[inventory.UserID]bool{
		"anna": true, "o'brien": true, "jane.doe@example.org": true, "a b": false, "$(id)": false, "a+b": false, "": false, "ä": false,
	} {
		if got := apply.Addressable(user); got != want {
			t.Errorf("%q: %v", user, got)
		}
	}
}

package main

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// TestUpToDate: where the inventory does not name the instances, the fleet file comes before a
// discovery.
func TestUpToDate(t *testing.T) {
	const discover = "interlace discover brings the inventory up to date"
	if got := upToDate(nil); got != discover {
		t.Errorf("nothing has changed: %s", got)
	}
	if got, want := upToDate([]inventory.StoreID{"s1"}), "once the fleet file says which instances there are and interlace import has read it, "+discover; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

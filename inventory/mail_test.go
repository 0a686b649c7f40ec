package inventory_test

import (
	"math"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// One user whose count is unknown leaves what is known of the others, and a mark.
func TestStoreMail(t *testing.T) {
	inv := inventory.New()
	for _, name := range []inventory.StoreID{"empty", "huge", "known", "partly"} {
		inv.Stores = append(inv.Stores, inventory.Store{Name: name})
	}
	inv.Users = []inventory.User{
		{Store: "known", Messages: 3, Mailboxes: 1},
		{Store: "known", Messages: 4, Mailboxes: 2, Kind: inventory.Shared},
		{Store: "partly", Messages: 5, Mailboxes: inventory.Unknown},
		{Store: "partly", Messages: 5, Mailboxes: 7},
		{Store: "partly", Messages: inventory.Unknown, Mailboxes: 2},
		{Store: "huge", Messages: math.MaxInt64, Mailboxes: 1},
		{Store: "huge", Messages: 1, Mailboxes: 1},
		{Store: "gone", Messages: 1, Mailboxes: 1},
	}
	want := []inventory.Mail{{}, {Messages: math.MaxInt64, Mailboxes: 2}, {Messages: 7, Mailboxes: 3}, {Messages: 10, Mailboxes: 9, Uncounted: 2}}
	if got := inv.StoreMail(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

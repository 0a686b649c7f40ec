package sharing_test

import (
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
)

func TestUnknowns(t *testing.T) {
	inv := fleet("anna ben", func(inv *inventory.Inventory) {
		inv.Sharing.Ignore = []inventory.UserID{"archive"}
		share(inv,
			"anna Work gone lrs", "anna Rota gone lrs", "left Old ben lrs",
			"anna Work group:none lrs", "ben Work group:staff lrs", "anna Work group:staff lrs",
			"anna Work -stranger lrs", "anna Work nobody -", "anna Work archive lrs", "anna Work anyone lrs")
		member(inv, "staff", "ben", "former")
		member(inv, "unshared", "forgotten")
	})
	var got []string
	for _, u := range sharing.Unknowns(inv) {
		got = append(got, u.String())
	}
	want := []string{
		`member former is not in the fleet and ties nobody (the share: owner anna, folder "Work", grantee group:staff)`,
		`grantee gone is not in the fleet and ties nobody (2 shares, the first: owner anna, folder "Rota", grantee gone)`,
		`grantee group:none is not in the fleet and ties nobody (the share: owner anna, folder "Work", grantee group:none)`,
		`owner left is not in the fleet and ties nobody (the share: owner left, folder "Old", grantee ben)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("unknown names:\n%q\nwant\n%q", got, want)
	}
}

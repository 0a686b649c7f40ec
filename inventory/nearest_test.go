package inventory

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	var stores []StoreID
	for i := range 2000 {
		stores = append(stores, StoreID(fmt.Sprintf("s%04d", i)))
	}
	for _, test := range []struct{ name, want string }{
		{"s9999", "s0999"},
		{"s0001", "s0000"},
		{"S0017", "s0017"},
		{"s00177", "s0017"},
		{"imap3", ""},
		{"", ""},
		{strings.Repeat("s", 500), ""},
	} {
		if got := Nearest(test.name, stores); got != test.want {
			t.Errorf("Nearest(%q) = %q, want %q", test.name, got, test.want)
		}
	}
	if got := Nearest("stoers", []string{"users", "stores", "shares"}); got != "stores" {
		t.Errorf("stoers looks like %q", got)
	}
	if got := Nearest("io", []string{"id", "in"}); got != "" {
		t.Errorf("a name of two letters looks like %q", got)
	}
}

func TestEditDistanceIsSymmetric(t *testing.T) {
	word := rapid.StringMatching(`[abc]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		const far = 20
		d := editDistance(a, b, far)
		if back := editDistance(b, a, far); d != back {
			t.Errorf("distance %q %q is %d and %d", a, b, d, back)
		}
		if (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Errorf("distance %q %q is %d", a, b, d)
		}
		for limit := range 4 {
			if bounded := editDistance(a, b, limit); bounded != d && !(bounded > limit && d > limit) {
				t.Errorf("distance %q %q is %d, with limit %d %d", a, b, d, limit, bounded)
			}
		}
	})
}

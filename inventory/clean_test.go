package inventory_test

import (
	"testing"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"anna", "anna"},
		{"Zoë 日本", "Zoë 日本"},
		{"a\x1b[2Jb", `a\x1b[2Jb`},
		{"a\nb\r\t", `a\x0ab\x0d\x09`},
		{"\x00", `\x00`},
		{"a\xffb", `a\xffb`},
		{"a\u0085b", `a\xc2\x85b`},
		{"a\u202eb", `a\u202eb`},
		{"a\u2028b", `a\u2028b`},
		{"", ""},
	} {
		if got := inventory.Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[2Jb\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range inventory.Clean(s) {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Fatalf("Clean(%q) still has %q", s, r)
			}
		}
	})
}

package inventory_test

import (
	"errors"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

func TestOneLine(t *testing.T) {
	for _, test := range []struct {
		want string
		errs []string
	}{
		{"no room", []string{"no room"}},
		{"keep samples: no room", []string{"keep samples: no room", "keep samples: no room"}},
		{"open /a, open /a/b: permission denied", []string{"open /a: permission denied", "open /a/b: permission denied"}},
		{"open /a: permission denied; read /b: end of file", []string{"open /a: permission denied", "read /b: end of file"}},
	} {
		var errs []error
		for _, text := range test.errs {
			errs = append(errs, errors.New(text))
		}
		if got := inventory.OneLine(errors.Join(errs...)); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

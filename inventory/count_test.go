package inventory_test

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

func TestCountsAndDurations(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{inventory.CountText(0), "0"},
		{inventory.CountText(999), "999"},
		{inventory.CountText(1000), "1,000"},
		{inventory.CountText(-1234567), "-1,234,567"},
		{inventory.Counted(1, "replica", "replicas"), "1 replica"},
		{inventory.Counted(0, "replica", "replicas"), "0 replicas"},
		{inventory.Counted(2994, "replica", "replicas"), "2,994 replicas"},
		{inventory.DurationText(0), "0 s"},
		{inventory.DurationText(0.0001), "<1 ms"},
		{inventory.DurationText(0.25), "250 ms"},
		{inventory.DurationText(2.25), "2.2 s"},
		{inventory.DurationText(59.6), "1 m"},
		{inventory.DurationText(252), "4 m 12 s"},
		{inventory.DurationText(112_800), "31 h 20 m"},
		{inventory.DurationText(14 * 86400), "14 d"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

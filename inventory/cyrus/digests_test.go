package cyrus

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSets(t *testing.T) {
	t.Parallel()
	for want, numbers := range map[string][]uint32{"": nil, "7": {7}, "1:3": {1, 2, 3}, "1:2,5,7:8": {1, 2, 5, 7, 8}} {
		if got := strings.Join(slices.Collect(sets(slices.Values(numbers))), " "); got != want {
			t.Errorf("%v are %s, want %s", numbers, got, want)
		}
	}
	var many []uint32
	for n := range uint32(perSet + 2) {
		many = append(many, n+1)
	}
	if got := strings.Join(slices.Collect(sets(slices.Values(many))), " "); got != "1:1000 1001:1002" {
		t.Error(got)
	}
}

// One command reads no more than a server answers as soon as others.
func TestFilesAtOnce(t *testing.T) {
	t.Parallel()
	small, large := Digest{Size: 1000}, Digest{Size: mostFileBytes}
	for _, c := range []struct {
		told         []Digest
		atOnce, want int
	}{
		{[]Digest{small, small, small}, 8, 3},
		{[]Digest{small, small, small}, 2, 2},
		{[]Digest{small, large, small}, 8, 1},
		{[]Digest{large, small}, 8, 1},
	} {
		if got := files(c.told, c.atOnce); got != c.want {
			t.Errorf("%d of %v at once, want %d", got, c.told, c.want)
		}
	}
	if nextFiles(mostFiles, 0) != mostFiles || nextFiles(8, time.Millisecond) != 16 || nextFiles(8, 2*time.Second) != 4 || nextFiles(1, time.Minute) != 1 || nextFiles(8, soon) != 8 {
		t.Error("it does not go by the time that a command takes")
	}
}

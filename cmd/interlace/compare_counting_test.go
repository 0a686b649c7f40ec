package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// TestOnlyWhatIsThereCounts: pairs, and users of pairs that nobody could compare since, which the
// inventory has no more count nowhere, however long ago they were compared.
func TestOnlyWhatIsThereCounts(t *testing.T) {
	now := time.Date(2026, 11, 27, 11, 28, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.Add(-time.Duration(days) * 24 * time.Hour) }
	state := func(store inventory.StoreID, server inventory.ServerID, owner string, days int) monitor.CopyState {
		return monitor.CopyState{Copy: monitor.Copy{Store: store, Server: server}, Owner: owner, Level: "2", Known: ago(days), At: ago(days), Whole: ago(days), Outcome: monitor.Identical}
	}
	open := func(s monitor.CopyState) monitor.KeptDifference {
		return monitor.KeptDifference{Copy: s.Copy, Owner: s.Owner, First: s.At, Last: s.At, Difference: monitor.Difference{Store: s.Store, Server: s.Server, Level: "2"}}
	}
	in := func(server inventory.ServerID, role inventory.Role) inventory.Instance {
		return inventory.Instance{Server: server, Role: role}
	}
	f := &facts{made: ago(1), Inventory: &inventory.Inventory{
		Stores: []inventory.Store{
			{Name: "s1", Instances: []inventory.Instance{in("imap2", inventory.Master), in("imap1", inventory.Replica)}},
			{Name: "s2", Instances: []inventory.Instance{in("imap3", inventory.Master), in("imap4", inventory.Replica)}},
		},
		Users: []inventory.User{{Name: "anna", Store: "s1"}, {Name: "ben", Store: "s1"}, {Name: "dora", Store: "s2"}},
	}}
	all := func() []monitor.CopyState {
		return []monitor.CopyState{
			state("s1", "imap2", "anna", 30), // the replica before it was promoted
			state("s9", "imap2", "anna", 30),
			// compared since the inventory was made, which knows not everybody there yet
			state("s1", "imap1", "anna", 0), state("s1", "imap1", "new", 2),
			// not compared since: anna has moved away from there, and carl is gone
			state("s2", "imap4", "anna", 30), state("s2", "imap4", "carl", 30), state("s2", "imap4", "dora", 2),
		}
	}
	r := &remembered{states: all(), facts: f}
	for _, s := range all() {
		r.found = append(r.found, open(s))
	}
	for _, c := range []inventory.Text{"imap1", "imap2"} {
		r.alerts = append(r.alerts, monitor.Alert{Finding: monitor.Finding{Kind: monitor.CopyDiffers, Store: "s1", Subject: c}})
	}
	r.forget(f.counting(r.states))
	var left []string
	for _, s := range r.states {
		left = append(left, string(s.Store)+" "+string(s.Server)+" "+s.Owner)
	}
	if want := []string{"s1 imap1 anna", "s1 imap1 new", "s2 imap4 dora"}; !slices.Equal(left, want) || len(r.open) != 3 || len(r.found) != 3 || len(r.alerts) != 1 {
		t.Errorf("left are %q and %d differences, %d alerts, want %q", left, len(r.open), len(r.alerts), want)
	}
	k := &report.KnownCopies{Now: now, Within: 7 * 24 * time.Hour}
	flags := &compareFlags{level: choiceOf("2", "2")}
	if flags.sum(k, r, "") || len(k.Late) > 0 || len(k.Copies) != 2 {
		t.Errorf("waiting are %+v, of %+v", k.Late, k.Copies)
	}

	// Without an inventory, or where it has no users, nobody is known to be gone.
	if none := (*facts)(nil).counting(nil); !none.has(monitor.Copy{Store: "s9", Server: "imap9"}, "zoe") {
		t.Error("without an inventory somebody does not count")
	}
	if f.Users = nil; !f.counting(all()).has(monitor.Copy{Store: "s2", Server: "imap4"}, "carl") {
		t.Error("by an inventory without users somebody does not count")
	}
}

// TestWhoWasMovedWaits: whom a plan has moved waits to be compared where he lives now, though the
// inventory, or the comparisons, have him where he was; what is kept of him there counts as long as
// it is.
func TestWhoWasMovedWaits(t *testing.T) {
	now := time.Date(2026, 11, 27, 11, 28, 0, 0, time.UTC)
	ago := func(hours int) time.Time { return now.Add(-time.Duration(hours) * time.Hour) }
	state := func(store inventory.StoreID, owner string, level monitor.CompareLevel, hours int) monitor.CopyState {
		return monitor.CopyState{Copy: monitor.Copy{Store: store, Server: "imap9"}, Owner: owner, Level: level, Known: ago(hours), At: ago(hours), Whole: ago(hours), Outcome: monitor.Identical}
	}
	pair := []inventory.Instance{{Server: "imap1", Role: inventory.Master}, {Server: "imap9", Role: inventory.Replica}}
	f := &facts{made: ago(9), found: ago(9), Inventory: &inventory.Inventory{
		Stores: []inventory.Store{{Name: "s1", Instances: pair}, {Name: "s2", Instances: pair}, {Name: "s3", Instances: pair}},
		Users: []inventory.User{
			{Name: "anna", Store: "s1"},
			{Name: "ben", Store: "s1"},
			{Name: "carl", Store: "s2"},
			{Name: "dora", Store: "s3"},
			{Name: "team", Store: "s1", Kind: inventory.Shared},
			{Name: "void", Store: "s2"}, // has no mailbox: the comparison since has seen none
		},
	}}
	f.moved = map[inventory.UserID]course.Whereabouts{
		"anna": {Store: "s2", Since: ago(3), Kept: []course.Kept{{Store: "s1"}}}, "ben": {Store: "s2", Since: ago(3)}, "team": {Store: "s3", Since: ago(3)},
	}
	course.House(f.Inventory, f.found, f.moved)
	states := []monitor.CopyState{
		state("s1", "anna", "2", 5), state("s1", "ben", "2", 5), state("s1", "team", "2", 5), state("s2", "carl", "2", 5), state("s2", "carl", "4", 6),
	}
	c := f.counting(states)
	unseen := f.unseen(c, states, "2")
	r := &remembered{states: states, facts: f}
	r.forget(c)
	r.states = append(r.states, unseen...)
	k := &report.KnownCopies{Now: now, Within: 2 * time.Hour}
	(&compareFlags{level: choiceOf("2", "2", "4")}).sum(k, r, "2")
	var got []string
	for _, s := range k.Copies {
		got = append(got, fmt.Sprintf("%s %d, %d identical, %d never", s.Store, s.Users, s.Identical, s.Never))
	}
	if want := []string{"s1 1, 1 identical, 0 never", "s2 3, 1 identical, 2 never", "s3 2, 0 identical, 2 never"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if k.Late[0].User != "dora" || !k.Late[1].Never || k.Late[1].At() != ago(3) {
		t.Errorf("waiting are %+v", k.Late)
	}
	for _, s := range unseen {
		if s.Shared != (s.Owner == "team") {
			t.Errorf("%+v", s)
		}
	}
	if err := (&compareFlags{users: []string{"ben", "team"}}).namesKnown(r.states, f); err != nil {
		t.Error(err)
	}
}

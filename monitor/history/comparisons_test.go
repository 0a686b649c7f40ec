package history

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

var replica = monitor.Copy{Store: "s1", Server: "imap2"}

func differs(kind monitor.DifferenceKind, level monitor.CompareLevel, mailbox, has string) monitor.Difference {
	return monitor.Difference{
		Store: "s1", Server: "imap2", User: "anna", Mailbox: inventory.Text(mailbox), Kind: kind, Level: level, Master: inventory.Text(has),
		Certainty: monitor.Confirmed, Text: "it differs", Repair: []monitor.RepairStep{{Server: "imap1", Command: "sync_client -u anna", Text: "repairs it"}},
	}
}

// run begins a run of a level.
func run(t *testing.T, h *History, minutes int, level monitor.CompareLevel) *monitor.ComparisonRun {
	t.Helper()
	r := &monitor.ComparisonRun{Level: level, Began: at(minutes)}
	must(t, h.BeginComparison(context.Background(), r))
	return r
}

// TestDifferencesOverTime plays comparisons of one user and says which differences
// are open after each.
func TestDifferencesOverTime(t *testing.T) {
	lacks := func(n string) monitor.Difference {
		return differs(monitor.MessageMissing, "1", "user.anna", n+" messages")
	}
	seen, damaged := differs(monitor.SeenDiffers, "2", "user.bob", "3 unseen"), differs(monitor.SpoolDamaged, "4", "user.anna.Work", "1 file missing")
	one, other := differs(monitor.Subscription, "2", "", "subscribed to INBOX.a"), differs(monitor.Subscription, "2", "", "subscribed to INBOX.b")
	rights := differs(monitor.RightsDiffer, "1", "user.anna", "bob lrs")
	h := mustOpen(t)
	for i, c := range []struct {
		level  monitor.CompareLevel
		found  []monitor.Difference
		unsure []inventory.Text
		open   map[monitor.DifferenceKind]int // since which step
	}{
		0: {"2", []monitor.Difference{lacks("2"), seen}, nil, map[monitor.DifferenceKind]int{"message_missing": 0, "seen": 0}},
		1: {"1", []monitor.Difference{lacks("3")}, nil, map[monitor.DifferenceKind]int{"message_missing": 0, "seen": 0}},
		2: {"1", nil, []inventory.Text{"user.anna"}, map[monitor.DifferenceKind]int{"message_missing": 0, "seen": 0}},
		3: {"2", nil, []inventory.Text{"user.anna"}, map[monitor.DifferenceKind]int{"message_missing": 0}},
		4: {"3", nil, []inventory.Text{""}, map[monitor.DifferenceKind]int{"message_missing": 0}},
		5: {"user", nil, []inventory.Text{"user.anna.Work"}, map[monitor.DifferenceKind]int{}},
		6: {"4", []monitor.Difference{damaged, lacks("1")}, nil, map[monitor.DifferenceKind]int{"spool": 6, "message_missing": 6}},
		7: {"3", nil, nil, map[monitor.DifferenceKind]int{"spool": 6}},
		8: {"4", []monitor.Difference{one, other}, nil, map[monitor.DifferenceKind]int{"subscription": 8}},
		9: {"2", []monitor.Difference{other}, nil, map[monitor.DifferenceKind]int{"subscription": 8}},
		// Level 1 has come upon rights, which it does not look for where nothing else differs.
		10: {"1", []monitor.Difference{rights}, nil, map[monitor.DifferenceKind]int{"subscription": 8, "acl": 10}},
		11: {"1", nil, nil, map[monitor.DifferenceKind]int{"subscription": 8, "acl": 10}},
		12: {"2", nil, nil, map[monitor.DifferenceKind]int{}},
	} {
		r := run(t, h, i, c.level)
		must(t, h.SaveCompared(t.Context(), r, replica, at(i), []monitor.Compared{{Owner: "anna", Outcome: monitor.Different, Unsure: c.unsure, Differences: c.found}}))
		kept, err := h.Differences(t.Context(), at(1000))
		must(t, err)
		open := map[monitor.DifferenceKind]int{}
		for _, d := range kept {
			open[d.Kind] = int(d.First.Sub(at(0)).Minutes())
			if !d.Gone.IsZero() || d.Last.Before(d.First) {
				t.Errorf("step %d: %+v", i, d)
			}
		}
		if !reflect.DeepEqual(open, c.open) {
			t.Errorf("step %d: open are %v, want %v", i, open, c.open)
		}
		if i == 1 && (kept[0].Master != "3 messages" || !kept[0].Last.Equal(at(1)) || kept[0].Repair[0].Command != "sync_client -u anna") {
			t.Errorf("the difference is kept as %+v", kept[0])
		}
	}
	all, err := h.Differences(t.Context(), at(0))
	must(t, err)
	if len(all) != 7 || all[0].Kind != monitor.MessageMissing || !all[0].Gone.Equal(at(5)) || all[0].Owner != "anna" || all[0].Copy != replica {
		t.Errorf("of all times: %+v", all)
	}
}

// TestCompared keeps who was compared when, who waits for it, and who is gone.
func TestCompared(t *testing.T) {
	h := mustOpen(t)
	must(t, h.SaveOwners(t.Context(), replica, "2", at(0), []monitor.Compared{{Owner: "anna"}, {Owner: "bob"}, {Owner: "team", Shared: true}}))
	r := run(t, h, 1, "2")
	must(t, h.SaveCompared(t.Context(), r, replica, at(1), []monitor.Compared{
		{Owner: "anna", Outcome: monitor.Identical, Whole: true}, {Owner: "team", Shared: true, Outcome: monitor.Different, Differences: []monitor.Difference{differs(monitor.FlagsDiffer, "1", "team", "")}},
	}))
	must(t, h.SaveCompared(t.Context(), r, replica, at(2), []monitor.Compared{{Owner: "anna", Outcome: monitor.UnknownOutcome}}))
	must(t, h.SaveOwners(t.Context(), replica, "2", at(3), []monitor.Compared{{Owner: "anna"}, {Owner: "bob"}, {Owner: "carl"}}))
	must(t, h.SaveOwners(t.Context(), monitor.Copy{Store: "s1", Server: "imap3"}, "1", at(3), []monitor.Compared{{Owner: "anna"}}))
	got, err := h.Compared(t.Context())
	must(t, err)
	want := []monitor.CopyState{
		{Copy: replica, Owner: "anna", Level: "2", Known: at(0), Run: 1, At: at(2), Outcome: monitor.UnknownOutcome, Whole: at(1)},
		{Copy: replica, Owner: "bob", Level: "2", Known: at(0)},
		{Copy: replica, Owner: "carl", Level: "2", Known: at(3)},
		{Copy: monitor.Copy{Store: "s1", Server: "imap3"}, Owner: "anna", Level: "1", Known: at(3)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	gone, err := h.Differences(t.Context(), at(0))
	must(t, err)
	if len(gone) != 1 || !gone[0].Gone.Equal(at(3)) {
		t.Errorf("of a tree that is gone: %+v", gone)
	}

	r.Ended, r.Copies, r.Identical, r.Different = at(4), 1, 1, 1
	must(t, h.EndComparison(t.Context(), r))
	broken := run(t, h, 5, "3")
	runs, err := h.Comparisons(t.Context(), at(0))
	must(t, err)
	if !reflect.DeepEqual(runs, []monitor.ComparisonRun{*r, *broken}) {
		t.Errorf("runs %+v", runs)
	}

	must(t, h.Tidy(t.Context(), at(3).Add(KeepHours)))
	got, err = h.Compared(t.Context())
	must(t, err)
	runs, err = h.Comparisons(t.Context(), time.Time{})
	must(t, err)
	gone, err = h.Differences(t.Context(), time.Time{})
	must(t, err)
	if len(got) != 2 || len(runs) != 1 || len(gone) != 1 {
		t.Errorf("kept are %d states, %d runs, %d differences", len(got), len(runs), len(gone))
	}
}

// Since when a copy is to be compared is kept from the first time, and anew from when it is empty.
func TestCopiesAreKnownSince(t *testing.T) {
	h := mustOpen(t)
	other := monitor.Copy{Store: "s1", Server: "imap3"}
	must(t, h.SaveCopies(t.Context(), []monitor.Copy{replica}, at(1)))
	must(t, h.SaveCopies(t.Context(), []monitor.Copy{replica, other}, at(2)))
	got, err := h.Copies(t.Context())
	if want := map[monitor.Copy]time.Time{replica: at(1), other: at(2)}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	// One that was compared, and is empty by now, waits from then on.
	must(t, h.SaveOwners(t.Context(), other, "2", at(5), nil))
	must(t, h.SaveOwners(t.Context(), replica, "2", at(5), []monitor.Compared{{Owner: "anna"}}))
	if got, err = h.Copies(t.Context()); err != nil || !got[other].Equal(at(5)) || !got[replica].Equal(at(1)) {
		t.Errorf("of one that is empty: %v, %v", got, err)
	}
}

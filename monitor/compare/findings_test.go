package compare

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestFindings makes findings of what is known of copies.
func TestFindings(t *testing.T) {
	two, three := monitor.Copy{Store: "s1", Server: "imap2"}, monitor.Copy{Store: "s1", Server: "imap3"}
	watched := Watched{Server: "imap1", Copies: []monitor.Copy{two, three}, Level: "2", Pace: Pace{Within: 7 * day}}
	kept := func(c monitor.Copy, owner string, kind monitor.DifferenceKind, days int, repair ...string) monitor.KeptDifference {
		d := monitor.KeptDifference{Copy: c, Owner: owner, First: today.Add(-time.Duration(days) * day)}
		d.Kind, d.Certainty, d.Text = kind, monitor.Confirmed, "it is "+string(kind)
		for _, step := range repair {
			server, command, _ := strings.Cut(step, ": ")
			d.Repair = append(d.Repair, monitor.RepairStep{Server: inventory.ServerID(server), Command: inventory.Text(command)})
		}
		return d
	}
	suspected := kept(two, "anna", monitor.FlagsDiffer, 1)
	suspected.Certainty = monitor.Suspected
	warned := kept(two, "anna", monitor.MessageExtra, 1, "imap1: sync_client -u anna")
	warned.Warning = "it copies"
	gone := kept(two, "anna", monitor.FlagsDiffer, 1)
	gone.Gone = today
	elsewhere := kept(monitor.Copy{Store: "s9", Server: "imap2"}, "zoe", monitor.FlagsDiffer, 1)
	var many []monitor.KeptDifference
	for i := range 8 {
		many = append(many, kept(three, fmt.Sprintf("u%d", i), monitor.RightsDiffer, i, "imap1: sync_client -u u"))
	}
	many = append(many, kept(three, "zoe", monitor.MessageMissing, 0))
	show := "interlace compare --known --store s1"
	for _, c := range []struct {
		name string
		open []monitor.KeptDifference
		want []string // severity, replica, value, days since when, command
		says []string
	}{
		{"nothing that is sure, here and now", []monitor.KeptDifference{suspected, gone, elsewhere}, nil, nil},
		{
			"one repair on the master",
			[]monitor.KeptDifference{kept(two, "anna", monitor.RightsDiffer, 3, "imap1: sync_client -u anna"), kept(two, "anna", monitor.SeenDiffers, 2, "imap1: sync_client -u anna")},
			[]string{"warning imap2 1 3 sync_client -u anna"},
			[]string{"the copy of s1 on imap2", "anna (it is acl)"},
		},
		{"a repair on the replica", []monitor.KeptDifference{kept(two, "anna", monitor.FlagsDiffer, 3, "imap2: sync_reset -f anna", "imap1: sync_client -u anna")}, []string{"warning imap2 1 3 " + show}, nil},
		{"one that needs a warning", []monitor.KeptDifference{warned}, []string{"critical imap2 1 1 " + show}, nil},
		{"none that can be pasted", []monitor.KeptDifference{kept(two, "anna", monitor.RightsDiffer, 3, "imap1: ")}, []string{"warning imap2 1 3 " + show}, nil},
		{"many on two copies", append(many, warned), []string{"critical imap2 1 1 " + show, "critical imap3 9 7 " + show}, []string{"zoe (it is message_missing), u0 (it is acl)", "4 others"}},
	} {
		found := watched.Findings(nil, c.open, today)
		var got []string
		text := ""
		for _, f := range found {
			since, _ := time.Parse(time.RFC3339, string(f.Since))
			got = append(got, fmt.Sprintf("%s %s %v %v %s", f.Severity, f.Subject, f.Value.Value, int(today.Sub(since)/day), f.Command))
			text += f.Text + "\n"
			if f.Kind != monitor.CopyDiffers || f.Server != "imap1" || f.Store != "s1" {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		for _, words := range c.says {
			if !strings.Contains(text, words) {
				t.Errorf("%s: no %q in %s", c.name, words, text)
			}
		}
	}

	state := func(owner string, known, last int) monitor.CopyState {
		s := monitor.CopyState{Copy: two, Owner: owner, Level: "2", Known: today.Add(-time.Duration(known) * day)}
		if last > 0 {
			s.At = today.Add(-time.Duration(last) * day)
		}
		return s
	}
	found := watched.Findings([]monitor.CopyState{state("anna", 90, 10), state("bob", 90, 11), state("carl", 12, 0), state("dora", 9, 0)}, nil, today)
	if len(found) != 1 || found[0].Kind != monitor.CompareOverdue || found[0].Severity != monitor.Warning || found[0].Value.Value != 2 ||
		!strings.Contains(found[0].Text, "2 users of s1") || !strings.Contains(found[0].Text, "carl, never compared, and known since 2026-11-14T03:00:00Z") {
		t.Errorf("overdue: %+v", found)
	}

	// Of the third copy nobody was ever seen, but it was long since known; a fourth is new.
	four := monitor.Copy{Store: "s1", Server: "imap4"}
	watched.Copies = append(watched.Copies, four)
	watched.Since = map[monitor.Copy]time.Time{two: today.Add(-90 * day), three: today.Add(-11 * day), four: today.Add(-10 * day)}
	found = watched.Findings([]monitor.CopyState{state("anna", 90, 1)}, nil, today)
	if len(found) != 1 || found[0].Kind != monitor.CompareOverdue || found[0].Subject != "imap3" || !strings.Contains(found[0].Text, "never compared with its copy on imap3") {
		t.Errorf("a copy that never answered: %+v", found)
	}
}

func TestWaitsAndCarriedUntil(t *testing.T) {
	for _, c := range []struct {
		verdict monitor.Verdict
		oldest  inventory.Number
		waits   bool
		carried string // empty: not known
	}{
		{monitor.OK, inventory.Known(0), false, "12:00:00"},
		{monitor.OK, inventory.Known(10), false, "11:59:50"},
		{monitor.OK, inventory.Known(11), true, "11:59:49"},
		{monitor.OK, inventory.Number{}, false, ""},
		{monitor.Unknown, inventory.Known(0), false, ""},
		{monitor.Behind, inventory.Known(3), true, "11:59:57"},
		{monitor.Stopped, inventory.Known(0), false, "12:00:00"},
		{monitor.Stopped, inventory.Known(1), true, "11:59:59"},
	} {
		l := &monitor.Lag{Verdict: c.verdict, Oldest: c.oldest, Seen: "2026-11-27T12:00:00Z"}
		carried := CarriedUntil(l)
		if Waits(l) != c.waits || carried.IsZero() != (c.carried == "") || c.carried != "" && carried.UTC().Format(time.TimeOnly) != c.carried {
			t.Errorf("%s %+v: %v, %v", c.verdict, c.oldest, Waits(l), carried)
		}
	}
	if l := (monitor.Lag{Verdict: monitor.OK, Oldest: inventory.Known(0)}); !CarriedUntil(&l).IsZero() {
		t.Error("nobody has looked, and it is known")
	}
}

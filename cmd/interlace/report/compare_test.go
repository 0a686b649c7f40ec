package report_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestComparedWords reads what a comparison says that was broken off, and gone on with.
func TestComparedWords(t *testing.T) {
	left := monitor.Uncompared{Store: "s1", Server: "imap2", What: "messages", Why: "it is denied"}
	c := &report.ComparisonOfAll{
		Level: "4", Users: report.Outcomes{Checked: 3, Different: 1, Unknown: 2},
		Differences: []monitor.Difference{
			{Store: "s1", Server: "imap2", User: "anna", Kind: monitor.FlagsDiffer, UIDs: "6", Text: "1 message is flagged differently; shown is UID 6"},
			{Store: "s1", Server: "imap2", User: "bob", Kind: monitor.FlagsDiffer, UIDs: "1:2", Text: "2 messages are flagged differently; shown is UID 2"},
		},
		Spool:      []monitor.SpoolSample{{Store: "s1", Server: "imap2", All: 19, Checked: 19}},
		Unanswered: []report.Unanswered{{Store: "s1", Server: "imap2", Why: "it is gone"}},
		Kept: &report.KeptComparison{
			Before: 4, BeforeIn: report.Outcomes{Checked: 4, Identical: 3, Different: 1}, Left: 1,
			Copies: report.CopyStanding{Users: 8, Complete: 8, Whole: "2026-11-27T02:44:04Z"},
		},
	}
	for _, user := range []string{"u1", "u2", "u3", "u4", "u5", "u6", "u7"} {
		left.User = inventory.Text(user)
		c.Uncompared = append(c.Uncompared, left)
	}
	var screen strings.Builder
	if err := report.Compared(c).Text(&screen, report.Style{Width: 200}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 user differs · of 2 it is not known · 1 replica was not compared to the end\n",
		"4 users were compared before, when this was broken off: 3 users are identical · 1 differs\n",
		"1 user was not reached: --resume goes on with them\n",
		"all 8 users were completely compared at 2026-11-27 02:44 UTC or later\n",
		"shown is UID 6\n", "shown is UID 2: UID 1:2\n",
		"  7 messages of s1 on imap2: it is denied (u1, u2, u3, u4, u5, 2 more)\n",
		"at most: so many of all messages have a damaged file at most, at a confidence of 95 %\n",
	} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("no %q in\n%s", want, screen.String())
		}
	}
}

// TestSuspectedOnNarrowScreen has a difference told that is not sure: a narrow screen says
// so, too, and leaves the certainty out where all are alike.
func TestSuspectedOnNarrowScreen(t *testing.T) {
	found := []monitor.Difference{
		{Store: "s1", Server: "imap2", User: "anna", Mailbox: "user.anna.Projects.2026", Kind: monitor.FlagsDiffer, Master: "$Forwarded on 3", Replica: "none", Text: "x", Certainty: monitor.Confirmed},
		{Store: "s1", Server: "imap2", User: "bob", Mailbox: "user.bob.Projects.2026", Kind: monitor.MessageExtra, Master: "3 messages", Replica: "4 messages", Text: "x", Certainty: monitor.Confirmed},
	}
	screen := func() string {
		var b strings.Builder
		if err := report.Differences(found).Text(&b, report.Style{Width: 80}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if text := screen(); strings.Contains(text, "confirmed") {
		t.Errorf("told of all alike:\n%s", text)
	}
	found[1].Certainty = monitor.Suspected
	if text := screen(); !strings.Contains(text, "suspected") {
		t.Errorf("nothing is said to be suspected:\n%s", text)
	}
}

// text writes a screen in so many columns.
func text(t *testing.T, s *report.Screen, width int) string {
	t.Helper()
	var b strings.Builder
	if err := s.Text(&b, report.Style{Width: width}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestKnownOnNarrowScreen: when something was compared, and since when it differs, is said
// in 80 columns, too, each time in one piece.
func TestKnownOnNarrowScreen(t *testing.T) {
	differs := func(user, mailbox string, kind monitor.DifferenceKind, master, replica inventory.Text) report.KnownDifference {
		return report.KnownDifference{Difference: monitor.Difference{
			Store: "s1", Server: "imap2", User: inventory.Text(user), Mailbox: inventory.Text(mailbox), Kind: kind, Master: master, Replica: replica, Certainty: monitor.Confirmed, Text: "x",
		}, Owner: user, First: "2026-11-27T07:14:25Z", Last: "2026-11-27T07:34:25Z"}
	}
	shown := text(t, report.Known(&report.KnownCopies{
		Copies:      []report.CopyStanding{{Store: "s1", Server: "imap2", Level: "2", Users: 68, Identical: 61, Different: 7, Last: "2026-11-26T23:59:59Z"}},
		Differences: []report.KnownDifference{differs("anna", "user.anna", monitor.FlagsDiffer, "no flags", `\flagged`), differs("bob", "user.bob.Projects", monitor.MessageMissing, "3 messages", "")},
	}), 80)
	for _, want := range []string{" 2026-11-26 23:59 ", " 2026-11-27 07:14\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
}

// TestFilesRead: of a small sample is not said that three of four may be damaged, and a
// master that was compared with two replicas is told apart.
func TestFilesRead(t *testing.T) {
	sample := func(server, beside inventory.ServerID, role inventory.Role, most float64) monitor.SpoolSample {
		return monitor.SpoolSample{Store: "s1", Server: server, Role: role, Replica: beside, All: 568, Checked: 56, Most: most}
	}
	shown := text(t, report.Compared(&report.ComparisonOfAll{Level: "4", Spool: []monitor.SpoolSample{
		sample("imap1", "imap2", inventory.Master, 0.052), sample("imap2", "imap2", inventory.Replica, 0.776), sample("imap1", "imap3", inventory.Master, 1.0/3), sample("imap3", "imap3", inventory.Replica, 0.2),
	}}), 100)
	for _, want := range []string{"imap1   master, beside imap2 ", " 5.2 %\n", "replica ", "too few read to say\n", "imap1   master, beside imap3 ", " 33.3 %\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "77.6") || strings.Contains(shown, "replica, beside") {
		t.Errorf("it says\n%s", shown)
	}
}

// TestWarningsAreLines: what a repair does beside stands a sentence a line, and what became
// of messages beneath what it is about.
func TestWarningsAreLines(t *testing.T) {
	repair := []monitor.RepairStep{{Server: "imap2", Command: "sync_reset -f -- anna"}}
	warning := inventory.Text("look first that imap1 is the master\non imap2 it removes its own flags")
	shown := text(t, report.Compared(&report.ComparisonOfAll{Level: "1", Differences: []monitor.Difference{
		{Store: "s1", Server: "imap2", User: "anna", Kind: monitor.ContentDiffers, Text: "1 message is another one", Saved: "saved as d/1.eml", Warning: warning + "\nsaved as d/1.eml", Repair: repair},
		{Store: "s1", Server: "imap2", User: "anna", Kind: monitor.FlagsDiffer, Text: "1 message is flagged differently", Warning: warning, Repair: repair},
	}}), 100)
	const want = "    1 message is another one\n    saved as d/1.eml\n"
	const beneath = "    1 message is flagged differently\n    look first that imap1 is the master\n    on imap2 it removes its own flags\n    sync_reset -f -- anna  # on imap2\n"
	if !strings.Contains(shown, want) || !strings.Contains(shown, beneath) {
		t.Errorf("got\n%s", shown)
	}
}

// TestTreesApart: users and shared trees are counted together, and told apart, in all that a
// comparison says.
func TestTreesApart(t *testing.T) {
	c := &report.ComparisonOfAll{Level: "2", Coverage: report.Coverage{Compared: 2, Mailboxes: 70}, Kept: &report.KeptComparison{
		Before: 3, BeforeIn: report.Outcomes{Checked: 3, Identical: 3, Trees: 3}, Waiting: 4, Left: 1,
		Copies: report.CopyStanding{Users: 13, Trees: 2, Complete: 12, Since: "2026-11-27T07:41:00Z", Whole: "2026-11-27T07:05:00Z"},
	}}
	c.Kept.Trees.Waiting, c.Kept.Trees.Left = 1, 1
	for i := range 13 {
		c.Users.Add(map[bool]monitor.Outcome{true: monitor.Identical, false: monitor.UnknownOutcome}[i < 12], i < 2)
	}
	shown := text(t, report.Compared(c), 200)
	for _, want := range []string{
		"10 users and 2 shared trees are identical · of 1 it is not known\n", " 70 mailboxes of 11 users and 2 shared trees on 2 pairs",
		"3 shared trees were compared before", "not the turn of 3 users and 1 shared tree\n", "1 shared tree was not reached",
		"all 11 users and 2 shared trees were compared at 2026-11-27 07:41 UTC or later, 12 of them completely",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	known := text(t, report.Known(&report.KnownCopies{
		Copies: []report.CopyStanding{{Store: "s1", Server: "imap2", Level: "2", Users: 13, Trees: 2, Identical: 13}, {Store: "s2", Server: "imap3", Level: "2", Users: 8, Identical: 8}},
		Late:   []report.Waiting{{User: "anna"}, {User: "team", Shared: true}},
	}), 120)
	for _, want := range []string{" 11 + 2 trees ", " 8 ", "1 user and 1 shared tree were not compared within"} {
		if !strings.Contains(known, want) {
			t.Errorf("no %q in\n%s", want, known)
		}
	}
}

// TestOriginalsAndUsersAgree: what is said of all users counts those of the first sentence,
// and originals that apply keeps are a line for each store, not users who are not known.
func TestOriginalsAndUsersAgree(t *testing.T) {
	denied := true
	of := func(store inventory.StoreID, user string, to inventory.StoreID, until inventory.Text) report.Original {
		return report.Original{Store: store, User: user, MovedTo: to, Until: until, Denied: &denied}
	}
	c := &report.ComparisonOfAll{
		Level: "2", Users: report.Outcomes{Checked: 61, Identical: 60, Unknown: 1}, Coverage: report.Coverage{Compared: 2, Mailboxes: 70},
		Originals: []report.Original{of("s1", "anna", "s4", "2026-12-11T07:14:25Z"), of("s1", "bob", "s4", "2026-12-12T07:14:25Z"), of("s2", "carl", "s1", "2026-12-01T07:14:25Z"), {Store: "s2", User: "team", Shared: true, MovedTo: "s1", Until: "2026-12-01T07:14:25Z"}},
		Kept:      &report.KeptComparison{Ended: true, Copies: report.CopyStanding{Users: 61, Complete: 60, Since: "2026-11-27T07:41:00Z", Whole: "2026-11-27T07:05:00Z"}},
	}
	shown := text(t, report.Compared(c), 200)
	for _, want := range []string{
		"60 users are identical · of 1 it is not known\n", " 70 mailboxes of 61 users on 2 pairs",
		"2 users' originals on s1, kept until 2026-12-12 after they moved to s4: denied, not compared by a login\n1 shared tree's original on s2, kept until 2026-12-01 after they moved to s1: can't be denied, so that whoever may read them still can there, without what came since\n1 user's original on s2, kept until 2026-12-01 after",
		"all 61 users were compared at 2026-11-27 07:41 UTC or later, 60 of them completely, the others last at 2026-11-27 07:05 UTC or later\n",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
}

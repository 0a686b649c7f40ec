package compare

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

const day = 24 * time.Hour

var today = time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)

// turnsOf are those of users u00, u01, … who were last compared so many days ago.
func turnsOf(ages ...float64) []Turn {
	var turns []Turn
	for i, age := range ages {
		turns = append(turns, Turn{Owner: cyrus.Owner{Name: fmt.Sprintf("u%02d", i)}, Last: today.Add(-time.Duration(age * float64(day)))})
	}
	return turns
}

func namesOf(turns []Turn) string {
	text := ""
	for _, t := range turns {
		text += t.Owner.Name + " "
	}
	return text
}

func TestDue(t *testing.T) {
	weekly := Pace{Within: 7 * day, Next: day}
	suspect := func(turns []Turn, which ...int) []Turn {
		for _, i := range which {
			turns[i].Suspect = true
		}
		return turns
	}
	for _, c := range []struct {
		name  string
		pace  Pace
		turns []Turn
		want  string
	}{
		{"nobody", weekly, nil, ""},
		{"all are new", weekly, turnsOf(0, 0, 0, 0, 0, 0, 0), "u00 "},
		{"all were compared yesterday", weekly, turnsOf(1, 1, 1, 1, 1, 1, 1), "u00 u01 "},
		{"an even round", weekly, turnsOf(0, 1, 2, 3, 4, 5, 6), "u06 "},
		{"too many on one day", weekly, turnsOf(0, 0, 0, 1, 2, 3, 4), "u06 "},
		{"a run was left out", weekly, turnsOf(1, 2, 3, 4, 5, 6, 7), "u06 u05 "},
		{"all are late", weekly, turnsOf(30, 31, 32), "u02 u01 u00 "},
		{"an hour later", Pace{Within: 7 * day, Next: time.Hour}, turnsOf(0, 0, 0, 0, 0, 0, 0), "u00 "},
		{"suspects come first and beside", weekly, suspect(turnsOf(0, 1, 2, 3, 4, 5, 6), 0, 3), "u03 u00 u06 "},
		{"a clock that was set back", weekly, turnsOf(-9, -9, -9, -9, -9, -9, 6), "u06 "},
	} {
		if got := namesOf(c.pace.Due(c.turns, today)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := namesOf(weekly.Overdue(turnsOf(11, 10, 10.6, 0), today)); got != "u00 u02 " {
		t.Errorf("overdue are %s", got)
	}
}

// TestPace plays two months of runs at times of any kind: nobody is ever compared
// later than he should be, and no run does much more than its share.
func TestPace(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		pace := Pace{Within: 7 * day, Next: time.Duration(1+random.IntN(24)) * time.Hour}
		turns := turnsOf(make([]float64, 700)...)
		now := today
		for now.Before(today.Add(60 * day)) {
			gap := time.Duration(1 + random.Int64N(int64(pace.Next)))
			due := pace.Due(turns, now)
			if most := 100*pace.Next.Hours()/24*2 + 2; float64(len(due)) > most {
				t.Fatalf("seed %d: %d of 700 in one run, when the next one comes in %v", seed, len(due), pace.Next)
			}
			for _, d := range due {
				i := slices.IndexFunc(turns, func(t Turn) bool { return t.Owner == d.Owner })
				turns[i].Last = now
			}
			now = now.Add(gap)
			for _, turn := range turns {
				if age := now.Sub(turn.Last); age > pace.Within {
					t.Fatalf("seed %d: after %v %s was not compared for %v", seed, now.Sub(today), turn.Owner.Name, age)
				}
			}
		}
	}
}

// TestTurns takes from the past who waits since when, and who is suspect.
func TestTurns(t *testing.T) {
	at := func(days int) time.Time { return today.Add(-time.Duration(days) * day) }
	c, other := monitor.Copy{Store: "s1", Server: "imap2"}, monitor.Copy{Store: "s1", Server: "imap3"}
	state := func(c monitor.Copy, owner string, level monitor.CompareLevel, known, last int) monitor.CopyState {
		s := monitor.CopyState{Copy: c, Owner: owner, Level: level, Known: at(known), Run: 7}
		if last >= 0 {
			s.At = at(last)
		}
		return s
	}
	alert := func(store string, stage monitor.Stage, text string) monitor.Alert {
		return monitor.Alert{Stage: stage, Finding: monitor.Finding{Store: inventory.Text(store), Text: text}}
	}
	p := NewPast([]monitor.CopyState{
		state(c, "anna", "1", 90, 1), state(c, "anna", "2", 80, 5), state(c, "bob", "user", 70, 4), state(c, "carl", "2", 60, -1),
		state(other, "dora", "2", 50, 3), state(c, "emil@example.org", "4", 40, 2),
		state(c, "gus", "1", 30, 30),
	}, []monitor.KeptDifference{{Copy: c, Owner: "anna"}, {Copy: other, Owner: "bob"}, {Copy: c, Owner: "carl", Gone: today}}, []monitor.Alert{
		alert("s1", monitor.Firing, `sync_client: mailbox example.org!user.emil.Sent is refused`), alert("s1", monitor.Resolved, "user.carl"),
		alert("s1", monitor.Pending, "cannot open user/fred/Work@example.org"), alert("s1", monitor.Firing, "the user is lost, user. and so on"),
	})
	var owners []cyrus.Owner
	for _, name := range []string{"anna", "bob", "carl", "dora", "emil@example.org", "fred@example.org", "gus"} {
		owners = append(owners, cyrus.Owner{Name: name})
	}
	want := []Turn{
		{owners[0], at(5), true, true},
		{owners[1], at(4), true, false},
		{owners[2], at(60), false, false},
		{owners[3], today, false, false},
		{owners[4], at(2), true, true},
		{owners[5], today, false, true},
		{owners[6], today, false, false},
	}
	if got := p.Turns(c, "2", owners, today); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if done := p.DoneIn(7, other); !reflect.DeepEqual(done, map[cyrus.Owner]bool{owners[3]: true}) {
		t.Errorf("done on the other replica: %v", done)
	}
	if of := p.Owners(); len(of[c]) != 5 || len(of[other]) != 1 {
		t.Errorf("known are %v", of)
	}
}

// TestStandings adds up what is known, where a closer look counts for a coarser one.
func TestStandings(t *testing.T) {
	c, other := monitor.Copy{Store: "s1", Server: "imap2"}, monitor.Copy{Store: "s1", Server: "imap3"}
	at := func(days int) time.Time { return today.Add(-time.Duration(days) * day) }
	state := func(c monitor.Copy, owner string, level monitor.CompareLevel, last int, outcome monitor.Outcome, whole bool) monitor.CopyState {
		s := monitor.CopyState{Copy: c, Owner: owner, Level: level, At: at(last), Outcome: outcome}
		if whole {
			s.Whole = at(last)
		}
		return s
	}
	states := []monitor.CopyState{
		state(c, "anna", "1", 1, monitor.Identical, true), state(c, "anna", "3", 5, monitor.Different, true),
		state(c, "bob", "1", 2, monitor.UnknownOutcome, false),
		{Copy: c, Owner: "bob", Level: "3", Known: at(9)},
		state(other, "anna", "user", 7, monitor.Identical, true), state(other, "anna", "1", 6, monitor.Different, true),
	}
	differs := func(c monitor.Copy, first, last int, level monitor.CompareLevel) monitor.KeptDifference {
		return monitor.KeptDifference{Copy: c, Owner: "anna", First: at(first), Last: at(last), Difference: monitor.Difference{Level: level}}
	}
	found := []monitor.KeptDifference{differs(c, 5, 5, "2"), differs(other, 6, 6, "1")}
	want := []monitor.CopyStanding{
		{Copy: c, Level: "1", Owners: 2, Identical: 1, Unknown: 1, Complete: 1, Last: at(1), Since: at(2)},
		{Copy: c, Level: "3", Owners: 2, Different: 1, Never: 1, Complete: 1, Last: at(5)},
		{Copy: other, Level: "1", Owners: 1, Different: 1, Complete: 1, Last: at(6), Since: at(6), Whole: at(6)},
		{Copy: other, Level: "user", Owners: 1, Different: 1, Complete: 1, Last: at(7), Since: at(7), Whole: at(7)},
	}
	if got := Standings(states, found, ""); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := Standings(states, found, "2"); len(got) != 2 || got[0].Different != 1 || got[0].Never != 1 || !got[1].Whole.Equal(at(7)) {
		t.Errorf("of level 2: %+v", got)
	}

	// Of anna nothing is open on the one, and on the other what only her own login shows.
	// Nobody has looked at level 3 since, and what is found at level 1 differs there, too.
	got := Standings(states, []monitor.KeptDifference{differs(other, 7, 7, "user")}, "")
	if got[1].Different != 0 || got[1].Unknown != 1 || got[2].Different != 0 || got[3].Different != 1 {
		t.Errorf("by what is open: %+v", got)
	}
}

// TestStandingsByLevel: what a closer look alone can show says nothing bad of what a coarser
// one looks at, and what that has shown is known there until it looks again.
func TestStandingsByLevel(t *testing.T) {
	c := monitor.Copy{Store: "s1", Server: "imap2"}
	at := func(days int) time.Time { return today.Add(-time.Duration(days) * day) }
	levels := []monitor.CompareLevel{"1", "2", "3", "4"}
	for name, test := range map[string]struct {
		whole bool
		found []monitor.KeptDifference // at level 4, two days ago
		want  map[monitor.CompareLevel]monitor.Outcome
	}{
		"a damaged file": {true, []monitor.KeptDifference{{First: at(2), Last: at(2), Difference: monitor.Difference{Level: "4"}}}, map[monitor.CompareLevel]monitor.Outcome{
			"1": monitor.Identical, "2": monitor.Identical, "3": monitor.Identical, "4": monitor.Different,
		}},
		"a quota": {true, []monitor.KeptDifference{{First: at(2), Last: at(2), Difference: monitor.Difference{Level: "2"}}}, map[monitor.CompareLevel]monitor.Outcome{
			"1": monitor.Identical, "2": monitor.Different, "3": monitor.Different, "4": monitor.Different,
		}},
		"a damaged file, and not all was compared": {false, []monitor.KeptDifference{{First: at(2), Last: at(2), Difference: monitor.Difference{Level: "4"}}}, map[monitor.CompareLevel]monitor.Outcome{
			"1": monitor.UnknownOutcome, "2": monitor.UnknownOutcome, "3": monitor.UnknownOutcome, "4": monitor.Different,
		}},
		"a damaged file, and a quota that is right by now": {true, []monitor.KeptDifference{
			{First: at(2), Last: at(2), Difference: monitor.Difference{Level: "4"}}, {First: at(3), Last: at(2), Gone: at(1), Difference: monitor.Difference{Level: "2"}},
		}, map[monitor.CompareLevel]monitor.Outcome{
			"1": monitor.Identical, "2": monitor.UnknownOutcome, "3": monitor.UnknownOutcome, "4": monitor.Different,
		}},
		"what was found at level 1 since": {true, []monitor.KeptDifference{{First: at(1), Last: at(1), Difference: monitor.Difference{Level: "1"}}}, map[monitor.CompareLevel]monitor.Outcome{
			"1": monitor.Different, "2": monitor.Different, "3": monitor.Different, "4": monitor.Different,
		}},
	} {
		state := monitor.CopyState{Copy: c, Owner: "anna", Level: "4", At: at(2), Outcome: monitor.Different}
		if test.whole {
			state.Whole = state.At
		}
		for i := range test.found {
			test.found[i].Copy, test.found[i].Owner = c, "anna"
		}
		for _, level := range levels {
			got := Standings([]monitor.CopyState{state}, test.found, level)[0]
			sum := monitor.CopyStanding{Copy: c, Level: level}
			lastLook{at: state.At, whole: state.Whole, complete: test.whole, outcome: test.want[level]}.count(&sum, cyrus.Owner{Name: "anna"})
			if got != sum {
				t.Errorf("%s: at level %s: %+v, want %s", name, level, got, test.want[level])
			}
		}
	}
}

// TestStandingsAgreeWithTheirRun: what a comparison at a level counts is known there, be it found by
// what it looks for or come upon; and so it is when that finds nothing where a closer one has to look.
func TestStandingsAgreeWithTheirRun(t *testing.T) {
	at := func(days int) time.Time { return today.Add(-time.Duration(days) * day) }
	for _, c := range []struct {
		outcome    monitor.Outcome // of a comparison at level 1, a day ago
		last       int             // when the difference was found last
		level      monitor.CompareLevel
		one, other monitor.Outcome // at level 1, and at level 2, at which nobody has looked for longer
	}{
		{monitor.Different, 1, "2", monitor.Different, monitor.Different},
		{monitor.Different, 1, "1", monitor.Different, monitor.Different},
		{monitor.Identical, 3, "1", monitor.Identical, monitor.Different},
		{monitor.UnknownOutcome, 3, "1", monitor.Different, monitor.Different},
		{monitor.Identical, 3, "2", monitor.Identical, monitor.Different},
	} {
		copied := monitor.Copy{Store: "s1", Server: "imap2"}
		state := func(level monitor.CompareLevel, last int, outcome monitor.Outcome) monitor.CopyState {
			return monitor.CopyState{Copy: copied, Owner: "anna", Level: level, At: at(last), Whole: at(last), Outcome: outcome}
		}
		states := []monitor.CopyState{state("1", 1, c.outcome), state("2", 3, monitor.Different)}
		found := []monitor.KeptDifference{{Copy: copied, Owner: "anna", First: at(3), Last: at(c.last), Difference: monitor.Difference{Level: c.level, Kind: monitor.RightsDiffer}}}
		for level, want := range map[monitor.CompareLevel]monitor.Outcome{"1": c.one, "2": c.other} {
			got := Standings(states, found, level)[0]
			if counts := map[monitor.Outcome]int{monitor.Identical: got.Identical, monitor.Different: got.Different, monitor.UnknownOutcome: got.Unknown}; counts[want] != 1 {
				t.Errorf("%+v: at level %s: %+v", c, level, got)
			}
		}
	}
}

// TestStandingsOfWhatUsersSee: what a comparison of files finds afterwards is nothing that a user
// is shown, and does not count at that level, whatever was found there.
func TestStandingsOfWhatUsersSee(t *testing.T) {
	copied := monitor.Copy{Store: "s1", Server: "imap2"}
	for _, c := range []struct {
		outcome monitor.Outcome // of what the user is shown, two days ago
		first   int             // when the damaged file was found first; last it was a day ago
	}{{monitor.Identical, 1}, {monitor.Identical, 3}, {monitor.UnknownOutcome, 1}} {
		at := func(days int) time.Time { return today.Add(-time.Duration(days) * day) }
		states := []monitor.CopyState{
			{Copy: copied, Owner: "anna", Level: "user", At: at(2), Whole: at(2), Outcome: c.outcome},
			{Copy: copied, Owner: "anna", Level: "4", At: at(1), Whole: at(1), Outcome: monitor.Different},
		}
		found := []monitor.KeptDifference{{Copy: copied, Owner: "anna", First: at(c.first), Last: at(1), Difference: monitor.Difference{Level: "4", Kind: monitor.SpoolDamaged}}}
		for level, want := range map[monitor.CompareLevel]monitor.Outcome{"user": c.outcome, "4": monitor.Different, "2": monitor.Identical} {
			got := Standings(states, found, level)[0]
			if counts := map[monitor.Outcome]int{monitor.Identical: got.Identical, monitor.Different: got.Different, monitor.UnknownOutcome: got.Unknown}; counts[want] != 1 {
				t.Errorf("%+v: at level %s: %+v, want %s", c, level, got, want)
			}
		}
	}
}

// TestStandingOfAll: who has two copies counts once, by the worse one.
func TestStandingOfAll(t *testing.T) {
	at := func(days int) time.Time { return today.Add(-time.Duration(days) * day) }
	state := func(owner, server string, last int, outcome monitor.Outcome, whole int) monitor.CopyState {
		return monitor.CopyState{Copy: monitor.Copy{Store: "s1", Server: inventory.ServerID(server)}, Owner: owner, Level: "2", At: at(last), Outcome: outcome, Whole: at(whole)}
	}
	states := []monitor.CopyState{
		state("anna", "imap2", 1, monitor.Identical, 1), state("anna", "imap3", 2, monitor.UnknownOutcome, 9),
		state("bob", "imap2", 3, monitor.Identical, 3), state("bob", "imap3", 1, monitor.Identical, 1),
	}
	want := monitor.CopyStanding{Level: "2", Owners: 2, Identical: 1, Unknown: 1, Complete: 1, Last: at(2), Since: at(3), Whole: at(9)}
	if got := StandingOfAll(states, nil, "2"); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	states = append(states, monitor.CopyState{Copy: monitor.Copy{Store: "s1", Server: "imap2"}, Owner: "carl", Level: "2"}, state("carl", "imap3", 1, monitor.Identical, 1))
	want.Owners, want.Never, want.Since, want.Whole = 3, 1, time.Time{}, time.Time{}
	if got := StandingOfAll(states, nil, "2"); got != want {
		t.Errorf("with one who was never compared on one copy: %+v\nwant %+v", got, want)
	}
}

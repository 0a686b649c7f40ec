package confirm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

var errSilent = errors.New("it does not answer")

// store is one on two servers.
func store(name string) *inventory.Store {
	return &inventory.Store{Name: inventory.StoreID(name), Instances: []inventory.Instance{
		{Server: inventory.ServerID(name + "m"), Role: inventory.Master, IMAP: name + "m.example.org:143"},
		{Server: inventory.ServerID(name + "r"), Role: inventory.Replica, IMAP: name + "r.example.org:143"},
	}}
}

// moving is anna on her way from s1 to s2.
func moving() mover {
	return mover{UserChange: planner.UserChange{User: "anna", From: "s1", To: "s2"}, unit: "anna to s2", owner: cyrus.Owner{Name: "anna"}, from: store("s1"), to: store("s2")}
}

// outcome is what a tally came to, in short: the verdict, and who is doubted.
func outcome(t *tally) string {
	p := t.promise()
	texts := []string{string(p.Verdict)}
	for _, d := range p.Doubts {
		texts = append(texts, fmt.Sprintf("%s %s/%s", d.Verdict, d.Store, d.Server))
	}
	return strings.Join(texts, ", ")
}

func TestPlacement(t *testing.T) {
	anna := map[cyrus.Owner]bool{{Name: "anna"}: true}
	at := func(store, server string) instance {
		return instance{inventory.StoreID(store), inventory.ServerID(server)}
	}
	everywhere := func(change func(survey)) survey {
		s := survey{at("s1", "s1m"): {owners: anna}, at("s1", "s1r"): {owners: anna}, at("s2", "s2m"): {owners: anna}, at("s2", "s2r"): {owners: anna}, at("s3", "s3m"): {}}
		change(s)
		return s
	}
	type known = struct {
		users map[inventory.UserID]string
		err   error
	}
	denied := denials{at("s1", "s1m"): known{users: map[inventory.UserID]string{"anna": ""}}, at("s1", "s1r"): known{users: map[inventory.UserID]string{"anna": ""}}}
	for _, c := range []struct {
		name             string
		found            survey
		denied           denials
		arrived, placing string
	}{
		{"kept and denied", everywhere(func(survey) {}), denied, "met", "met"},
		{"deleted there", everywhere(func(s survey) { delete(s, at("s1", "s1m")); delete(s, at("s1", "s1r")) }), nil, "met", "met"},
		{"not moved", everywhere(func(s survey) { s[at("s2", "s2m")] = seen{} }), denied, "unmet, unmet s2/s2m", "met"},
		{"a silent new master", everywhere(func(s survey) { s[at("s2", "s2m")] = seen{err: errSilent} }), denied, "unknown, unknown s2/s2m", "met"},
		{"not on the replica", everywhere(func(s survey) { s[at("s2", "s2r")] = seen{} }), denied, "met", "unmet, unmet s2/s2r"},
		{"a silent replica", everywhere(func(s survey) { s[at("s2", "s2r")] = seen{err: errSilent} }), denied, "met", "unknown, unknown s2/s2r"},
		{"on a third store", everywhere(func(s survey) { s[at("s3", "s3m")] = seen{owners: anna} }), denied, "met", "unmet, unmet s3/s3m"},
		{"a silent third store", everywhere(func(s survey) { s[at("s3", "s3m")] = seen{err: errSilent} }), denied, "met", "unknown, unknown s3/s3m"},
		{"not denied on the old replica", everywhere(func(survey) {}), denials{at("s1", "s1m"): denied[at("s1", "s1m")]}, "met", "unmet, unmet s1/s1r"},
		{"nobody knows who is denied", everywhere(func(survey) {}), denials{at("s1", "s1m"): known{err: errSilent}, at("s1", "s1r"): denied[at("s1", "s1r")]}, "met", "unknown, unknown s1/s1m"},
	} {
		there, placing := &tally{}, &tally{}
		movers, _ := arrived([]mover{moving()}, c.found, func(part) string { return "" }, there)
		placed(movers, c.found, c.denied, "", placing)
		if got := outcome(there); got != c.arrived {
			t.Errorf("%s: changes %s, want %s", c.name, got, c.arrived)
		}
		if got := outcome(placing); got != c.placing {
			t.Errorf("%s: placement %s, want %s", c.name, got, c.placing)
		}
	}
}

// Who is not on the new store is brought there by what is left of the plan, but where the journal knows
// that nothing is left.
func TestWhatToDoAboutWhoIsNotThere(t *testing.T) {
	for _, c := range []struct {
		certain, back bool
		want          string
	}{{false, false, "interlace apply carries out what is left"}, {true, false, "remove nothing anywhere"}, {false, true, "remove nothing anywhere"}} {
		m := moving()
		m.certain, m.back = c.certain, c.back
		changes := &tally{}
		there, others := arrived([]mover{m}, survey{}, func(part) string { return "" }, changes)
		if len(there) != 0 || len(others) != 1 || len(changes.doubts) != 1 || !strings.HasPrefix(changes.doubts[0].Next, c.want) {
			t.Errorf("%+v: %v are there, %v not: %+v", c, there, others, changes.doubts)
		}
	}
}

// Shared trees that moved are counted with users, and told apart.
func TestTreesApart(t *testing.T) {
	tree := moving()
	tree.User, tree.owner = "team", cyrus.Owner{Name: "team", Shared: true}
	on := map[cyrus.Owner]bool{{Name: "anna"}: true, tree.owner: true}
	found := survey{{"s2", "s2m"}: {owners: on}, {"s2", "s2r"}: {owners: on}}
	for _, c := range []struct {
		there, others []mover
		want          string
	}{
		{[]mover{moving(), tree}, nil, "1 user and 1 shared tree are there"},
		{[]mover{tree}, []mover{moving()}, "1 shared tree is there, 1 not known: 1 user has not been looked at"},
		{[]mover{moving(), moving()}, []mover{tree, tree}, "2 users are there, 2 not known: 2 shared trees have not been looked at"},
		{nil, []mover{tree}, "0 users are there, 1 not known: 1 shared tree has not been looked at"},
	} {
		place := &tally{people: true, one: "is there", many: "are there"}
		placed(c.there, found, nil, "", place)
		place.passOver(c.others)
		p := place.promise()
		got := p.Found
		for _, d := range p.Doubts {
			got += ": " + d.Found
		}
		if got, _, _ = strings.Cut(got, " at: "); strings.TrimSuffix(got, " at") != strings.TrimSuffix(c.want, " at") {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	sent := &tally{people: true, one: "is sent there", many: "are sent there"}
	if routed([]mover{moving(), tree}, map[inventory.UserID]string{"anna": "s2"}, nil, sent); sent.promise().Found != "1 user is sent there" {
		t.Errorf("%+v", sent.promise())
	}
}

func TestRouting(t *testing.T) {
	both := moving()
	both.from.Instances[0].Server, both.from.Instances[0].IMAP = "s2m", "s2m.example.org:2143"
	named := both
	named.name = "s2m"
	for _, c := range []struct {
		name  string
		mover mover
		to    string
		err   error
		want  monitor.Fulfilment
	}{
		{"the store", moving(), "s2", nil, monitor.Met},
		{"the server", moving(), "s2m", nil, monitor.Met},
		{"the host", moving(), "s2m.example.org", nil, monitor.Met},
		{"the address", moving(), "s2m.example.org:143", nil, monitor.Met},
		{"the replica", moving(), "s2r", nil, monitor.Unmet},
		{"the old store", moving(), "s1", nil, monitor.Unmet},
		{"elsewhere", moving(), "elsewhere", nil, monitor.Unmet},
		{"nowhere", moving(), "", nil, monitor.UnknownFulfilment},
		{"nobody knows", moving(), "", errSilent, monitor.UnknownFulfilment},
		{"a server that both stores are on", both, "s2m", nil, monitor.UnknownFulfilment},
		{"a server that both stores are on, which the move has written", named, "s2m", nil, monitor.Met},
		{"another name of that, which it has not", named, "s2m.example.org", nil, monitor.UnknownFulfilment},
		{"the address of one of both", both, "s2m.example.org:143", nil, monitor.Met},
	} {
		routes := map[inventory.UserID]string{}
		if c.to != "" {
			routes["anna"] = c.to
		}
		tally := &tally{}
		routed([]mover{c.mover}, routes, c.err, tally)
		if got := tally.promise().Verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The name that tells where a mover is to be is the one that was written, or that stood there
// before where a step was taken back.
func TestNameInJournal(t *testing.T) {
	for _, c := range []struct {
		fate           course.Fate
		way            bool
		from, to, want string
	}{
		{course.InEffect, false, "a", "b", "b"},
		{course.TakenBack, true, "b", "a", "a"},
		{course.TakenBack, false, "a", "b", "a"},
		{course.InEffect, false, "a", "a", ""},
		{course.InEffect, false, "", "", ""},
	} {
		data := fmt.Sprintf(`{"routes": {"anna": {"from": %q, "to": %q}}}`, c.from, c.to)
		a := &course.Account{Fate: c.fate, Way: c.way, Records: []monitor.StepRecord{{Step: monitor.StepCheck, State: monitor.StepDone, Data: data}}}
		if got := nameIn(a, "anna"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestLayout(t *testing.T) {
	refused := fmt.Errorf("connect: %w", syscall.ECONNREFUSED)
	master, replica := Running{true, inventory.Master}, Running{true, inventory.Replica}
	for _, c := range []struct {
		name    string
		wanted  inventory.Role
		silent  error
		asked   bool
		running Running
		unseen  error
		want    monitor.Fulfilment
	}{
		{"a master", inventory.Master, nil, true, master, nil, monitor.Met},
		{"a replica that is still to lead", inventory.Master, nil, true, replica, nil, monitor.Unmet},
		{"a master that was to follow", inventory.Replica, nil, true, master, nil, monitor.Unmet},
		{"an instance of which nothing is seen", inventory.Replica, nil, true, Running{}, errSilent, monitor.UnknownFulfilment},
		{"a silent one", inventory.Replica, errSilent, true, replica, nil, monitor.UnknownFulfilment},
		{"one without an address", inventory.Replica, nil, false, replica, nil, monitor.UnknownFulfilment},
		{"one that is not there", inventory.Replica, errSilent, true, Running{}, nil, monitor.Unmet},
		{"a closed port", inventory.Replica, refused, true, Running{}, errSilent, monitor.Unmet},
		{"none, and it answers", "", nil, true, Running{}, errSilent, monitor.Unmet},
		{"none, and it runs", "", errSilent, true, replica, nil, monitor.Unmet},
		{"none, and nothing runs", "", errSilent, true, Running{}, nil, monitor.Met},
		{"none, and the port is closed", "", refused, true, Running{}, errSilent, monitor.Met},
		{"none that the inventory knows", "", nil, false, Running{}, errSilent, monitor.Met},
		{"none, and nothing is known", "", errSilent, true, Running{}, errSilent, monitor.UnknownFulfilment},
	} {
		s := spot{wanted: c.wanted}
		got := monitor.Met
		if d := s.judge(c.silent, c.asked, c.running, c.unseen); d != nil {
			got = d.Verdict
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What each server of a changed store is to have is what the target says, however often
// it is changed on the way.
func TestSpots(t *testing.T) {
	facts := &inventory.Inventory{Stores: []inventory.Store{*store("s1")}}
	plan := &planner.Layout{
		ID: "p", Stores: []planner.Placement{{Store: "s1", Master: "s1r", Replicas: []inventory.ServerID{"new"}}},
		Changes: []planner.LayoutChange{
			{ID: "c1", Do: planner.Seed, Store: "s1", Server: "new", From: "s1m"},
			{ID: "c2", Do: planner.Promote, Store: "s1", Server: "s1r", From: "s1m"},
			{ID: "c3", Do: planner.Drop, Store: "s1", Server: "s1m"},
		},
	}
	var got []string
	for _, s := range spots(course.Units([]planner.Plan{plan}, nil), facts, Target(facts, []planner.Plan{plan}, "")) {
		got = append(got, fmt.Sprintf("%s %q %s", s.server, s.wanted, s.in.IMAP))
	}
	if want := []string{`new "replica" `, `s1r "master" s1r.example.org:143`, `s1m "" s1m.example.org:143`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCaughtUp(t *testing.T) {
	same := &monitor.Comparison{}
	ahead := &monitor.Comparison{Differences: []monitor.Difference{{User: "anna", Certainty: monitor.Suspected}}}
	wrong := &monitor.Comparison{Differences: []monitor.Difference{{User: "anna", Certainty: monitor.Suspected}, {User: "anna", Certainty: monitor.Confirmed}}}
	flying := &monitor.Comparison{InFlight: []monitor.InFlight{{User: "anna"}}}
	for _, c := range []struct {
		name  string
		lag   *monitor.Lag
		found *monitor.Comparison
		err   error
		want  monitor.Fulfilment
	}{
		{"seen to be so", &monitor.Lag{Verdict: monitor.OK, Level: monitor.LevelOK}, flying, nil, monitor.Met},
		{"seen to be so, and not compared", &monitor.Lag{Verdict: monitor.OK, Level: monitor.LevelOK}, nil, errSilent, monitor.Met},
		{"seen to stand", &monitor.Lag{Verdict: monitor.Stopped, Level: monitor.LevelOK}, same, nil, monitor.Unmet},
		{"seen to be far behind", &monitor.Lag{Verdict: monitor.OK, Level: monitor.LevelAlert}, same, nil, monitor.Unmet},
		{"not seen, and the same", nil, same, nil, monitor.Met},
		{"not seen lately, and the same", &monitor.Lag{Verdict: monitor.Unknown}, same, nil, monitor.Met},
		{"not seen, and the master is ahead", nil, ahead, nil, monitor.Unmet},
		{"not seen, and another difference explains it", nil, wrong, nil, monitor.Met},
		{"not seen, and on its way", nil, flying, nil, monitor.UnknownFulfilment},
		{"neither seen nor compared", nil, nil, errSilent, monitor.UnknownFulfilment},
	} {
		tally := &tally{}
		caughtUp(c.lag, &compared{found: c.found, err: c.err}, tally)
		if got := tally.promise().Verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// place is an instance with one mailbox of anna's, of these messages.
func place(highest uint64, uids string, guids string) *holding {
	name := cyrus.InternalName("user.anna")
	m := cyrus.Mailbox{Mark: cyrus.Mark{Internal: name, UniqueID: "x", Status: cyrus.Status{HighestModSeq: highest}}}
	h := &holding{mailboxes: []cyrus.Mailbox{m}, byID: map[string]*cyrus.Mailbox{"x": &m}, deleted: map[string]bool{}, guids: map[cyrus.Owner]map[[20]byte]bool{}}
	h.read = func(cyrus.InternalName) (all messages, err error) {
		if uids == "many" {
			return all, cyrus.ErrManyRecords
		}
		for i, uid := range uids {
			m := cyrus.Message{UID: uint32(uid&0xf) + 1, GUID: [20]byte{guids[i]}}
			if uid >= 'a' {
				all.expunged = append(all.expunged, m)
			} else {
				all.live = append(all.live, m)
			}
		}
		return all, nil
	}
	return h
}

func TestLost(t *testing.T) {
	for _, c := range []struct {
		name    string
		fresh   *holding
		known   past
		want    monitor.Fulfilment
		removed int
	}{
		{"all there, and more", place(9, "123", "xyz"), past{}, monitor.Met, 0},
		{"one removed, with a trace", place(9, "1b", "xy"), past{}, monitor.Met, 1},
		{"one moved to another mailbox", place(9, "14", "xy"), past{}, monitor.Met, 0},
		{"one gone without a trace, lately", place(9, "1", "x"), past{recent: true}, monitor.Unmet, 0},
		{"one gone without a trace, long ago", place(9, "1", "x"), past{}, monitor.UnknownFulfilment, 0},
		{"one gone, and nothing changed since", place(3, "1", "x"), past{}, monitor.Unmet, 0},
		{"one gone that was there", place(9, "1", "x"), past{proven: true}, monitor.Met, 1},
		{"one gone that was there, and nothing changed since", place(3, "1", "x"), past{proven: true}, monitor.Unmet, 0},
		{"another one in its place", place(9, "12", "xz"), past{proven: true}, monitor.Unmet, 0},
		{"too many to be read", place(9, "many", ""), past{proven: true}, monitor.UnknownFulfilment, 0},
	} {
		losses, removed, err := lost(cyrus.Owner{Name: "anna"}, place(3, "12", "xy"), c.fresh, c.known)
		got := monitor.Met
		for _, l := range losses {
			got = got.Worse(l.verdict)
		}
		if err != nil || got != c.want || removed != c.removed {
			t.Errorf("%s: %s with %d removed, %v, want %s with %d", c.name, got, removed, err, c.want, c.removed)
		}
	}
	gone := place(9, "1", "x")
	gone.byID = map[string]*cyrus.Mailbox{}
	for _, c := range []struct {
		trace, proven bool
		want          int
	}{{false, false, 1}, {true, false, 0}, {false, true, 0}} {
		gone.deleted["x"] = c.trace
		if losses, _, err := lost(cyrus.Owner{Name: "anna"}, place(3, "1", "x"), gone, past{proven: c.proven}); err != nil || len(losses) != c.want {
			t.Errorf("a mailbox that is gone, with a trace %v, proven %v: %+v, %v", c.trace, c.proven, losses, err)
		}
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		name            string
		promised, found planner.Number
		unseen          string
		want            monitor.Fulfilment
	}{
		{"less", planner.Known(0.6), planner.Known(0.5), "", monitor.Met},
		{"a little more", planner.Known(0.6), planner.Known(0.61), "", monitor.Met},
		{"more", planner.Known(0.6), planner.Known(0.62), "", monitor.Unmet},
		{"nothing known", planner.Known(0.6), planner.Number{}, "", monitor.UnknownFulfilment},
		{"nothing seen", planner.Known(0.6), planner.Number{}, "nobody looked", monitor.UnknownFulfilment},
	} {
		f := figure{"normal", c.promised}
		if p := f.judge(c.found, c.unseen, ""); p.Verdict != c.want || (len(p.Doubts) == 0) != (c.want == monitor.Met) {
			t.Errorf("%s: %+v, want %s", c.name, p, c.want)
		}
	}
}

// journal has steps of units of plan p, which may have come to its end.
type journal struct {
	steps map[string][]monitor.StepRecord
	ended bool
}

func (j *journal) Steps(_ context.Context, _, unit string) ([]monitor.StepRecord, error) {
	return j.steps[unit], nil
}

func (j *journal) Applies(context.Context, bool) ([]monitor.Apply, error) {
	a := monitor.Apply{Plans: []string{"p"}}
	if j.ended {
		a.Ended = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	}
	return []monitor.Apply{a}, nil
}

func TestDue(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	carried := time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC)
	units := []course.Unit{{Plan: "p", Name: "anna to s2", Moves: []planner.UserChange{{User: "anna", From: "s1", To: "s2"}}}}
	step := func(step monitor.Step, state monitor.StepState, after time.Duration) monitor.StepRecord {
		return monitor.StepRecord{Step: step, State: state, At: carried.Add(after)}
	}
	done := []monitor.StepRecord{step(monitor.StepRoute, monitor.StepDone, -hour), step(monitor.StepCanary, monitor.StepBegan, 0), step(monitor.StepCanary, monitor.StepDone, 0)}
	asked := func(after time.Duration, verdict monitor.Fulfilment) monitor.Confirmation {
		return monitor.Confirmation{At: carried.Add(after), Verdict: verdict}
	}
	back := func(records ...monitor.StepRecord) journal {
		return journal{steps: map[string][]monitor.StepRecord{"anna to s2": done, "anna to s2, back to s1": records}}
	}
	spool := asked(13*day+hour, monitor.UnknownFulfilment)
	spool.Promises = []monitor.Promise{{Name: monitor.PromiseCopies, Verdict: monitor.Met}, {Name: monitor.PromiseSpool, Verdict: monitor.UnknownFulfilment}}
	undone := append(slices.Clone(done[:1]), step(monitor.StepCheck, monitor.StepUndone, 0))
	for _, c := range []struct {
		name    string
		journal journal
		earlier []monitor.Confirmation
		after   time.Duration
		want    monitor.Occasion
		open    bool
	}{
		{"taken back, and given up", journal{map[string][]monitor.StepRecord{"anna to s2": undone}, true}, nil, hour, monitor.OnceDone, false},
		{"being moved back", back(step(monitor.StepCopy, monitor.StepDone, hour)), nil, 2 * hour, "", true},
		{"moved back", back(step(monitor.StepCanary, monitor.StepDone, hour)), []monitor.Confirmation{asked(hour/2, monitor.Met)}, 2 * hour, monitor.OnceDone, false},
		{"moved back, and asked", back(step(monitor.StepCanary, monitor.StepDone, hour)), []monitor.Confirmation{asked(2*hour, monitor.Met)}, 3 * hour, "", false},
		{"it was tried to delete the source", journal{steps: map[string][]monitor.StepRecord{"anna to s2": append(slices.Clone(done), step(monitor.StepKeep, monitor.StepBegan, hour))}}, nil, 2 * hour, monitor.OnceDone, false},
		{"not read yet on the last day", journal{steps: map[string][]monitor.StepRecord{"anna to s2": done}}, []monitor.Confirmation{spool}, 13*day + 2*hour, "", false},
	} {
		on, open, err := Due(t.Context(), units, &c.journal, c.earlier, 14*day, carried.Add(c.after))
		if err != nil || on != c.want || (open != "") != c.open {
			t.Errorf("%s: %q, open %q, want %q, %v", c.name, on, open, c.want, err)
		}
	}
	for _, c := range []struct {
		name    string
		steps   []monitor.StepRecord
		earlier []monitor.Confirmation
		after   time.Duration
		want    monitor.Occasion
		open    bool
	}{
		{"not begun", nil, nil, hour, "", true},
		{"in the middle", done[:2], nil, hour, "", true},
		{"taken back", undone, nil, hour, "", true},
		{"given up before it began", []monitor.StepRecord{step(monitor.StepCheck, monitor.StepRecalled, 0)}, nil, hour, monitor.OnceDone, false},
		{"just done", done, nil, hour, monitor.OnceDone, false},
		{"asked before it was done", done, []monitor.Confirmation{asked(-hour, monitor.Met)}, hour, monitor.OnceDone, false},
		{"asked", done, []monitor.Confirmation{asked(hour, monitor.Met)}, 2 * hour, "", false},
		{"asked, and not met", done, []monitor.Confirmation{asked(hour, monitor.UnknownFulfilment)}, 2 * hour, monitor.OnceDone, false},
		{"a part of it was asked", done, []monitor.Confirmation{{Unit: "anna to s2", At: carried.Add(hour), Verdict: monitor.Met}}, 2 * hour, monitor.OnceDone, false},
		{"a day later", done, []monitor.Confirmation{asked(hour, monitor.Met)}, day + hour, monitor.AfterADay, false},
		{"asked a day later", done, []monitor.Confirmation{asked(day+hour, monitor.Met)}, day + 2*hour, "", false},
		{"the last day", done, []monitor.Confirmation{asked(day+hour, monitor.Met)}, 13*day + hour, monitor.BeforeDeletion, false},
		{"all asked", done, []monitor.Confirmation{asked(13*day+hour, monitor.Met)}, 40 * day, "", false},
		{"the source was deleted", append(slices.Clone(done), step(monitor.StepDeleteSource, monitor.StepDone, 14*day)), []monitor.Confirmation{asked(13*day+hour, monitor.Met)}, 15 * day, "", false},
	} {
		on, open, err := Due(t.Context(), units, &journal{steps: map[string][]monitor.StepRecord{"anna to s2": c.steps}}, c.earlier, 14*day, carried.Add(c.after))
		if err != nil || on != c.want || (open != "") != c.open {
			t.Errorf("%s: %q, open %q, want %q", c.name, on, open, c.want)
		}
	}
}

// Of a plan without changes nothing is promised, its figures neither: it is not due, unless
// something else was said of it before, and who asks is told that it has no changes.
func TestPlanWithoutChanges(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		earlier []monitor.Confirmation
		want    monitor.Occasion
	}{{nil, ""}, {[]monitor.Confirmation{{Verdict: monitor.Unmet}}, monitor.OnceDone}, {[]monitor.Confirmation{{Verdict: monitor.Unmet}, {Verdict: monitor.Met}}, ""}} {
		if on, open, err := Due(t.Context(), nil, &journal{}, c.earlier, 14*24*time.Hour, now); err != nil || on != c.want || open != "" {
			t.Errorf("after %+v: %q, %q, %v", c.earlier, on, open, err)
		}
	}
	o := Options{Inventory: &inventory.Inventory{Stores: []inventory.Store{*store("s1")}}, Journal: &journal{}, Now: func() time.Time { return now }}
	for _, p := range []planner.Plan{&planner.Assignment{ID: "p", Promises: planner.AssignmentPromises{PeakUtilisation: planner.Known(0.5)}}, &planner.Layout{ID: "p"}} {
		found, err := Plan(t.Context(), p, []planner.Plan{p}, o)
		if err != nil || found.Verdict != monitor.Met || len(found.Promises) != 1 || found.Promises[0].Found != "the plan has no changes" || found.At != now {
			t.Errorf("%+v, %v", found, err)
		}
	}
}

func TestFindings(t *testing.T) {
	unmet := func(plan, unit string, names ...monitor.PromiseName) monitor.Confirmation {
		c := monitor.Confirmation{Plan: plan, Unit: unit, Verdict: monitor.Unmet}
		for _, name := range names {
			c.Promises = append(c.Promises, monitor.Promise{Name: name, Verdict: monitor.Unmet, Doubts: []monitor.Doubt{{User: "anna", Expected: "this", Found: "that"}, {}}})
		}
		return c
	}
	met := func(plan, unit string) monitor.Confirmation {
		return monitor.Confirmation{Plan: plan, Unit: unit, Verdict: monitor.Met}
	}
	for _, c := range []struct {
		name string
		last []monitor.Confirmation
		want []string
	}{
		{"nothing asked", nil, nil},
		{"never begun", []monitor.Confirmation{unmet("p", "", "changes", "placement")}, nil},
		{"begun", []monitor.Confirmation{unmet("b", "", "changes", "placement")}, []string{"b critical 2 plan b does not keep what it promised: changes (anna: this, found that, and 1 more); placement (anna: this, found that, and 1 more)"}},
		{"kept", []monitor.Confirmation{met("p", "")}, nil},
		{"not known", []monitor.Confirmation{{Plan: "p", Verdict: monitor.UnknownFulfilment}}, nil},
		{"not kept", []monitor.Confirmation{unmet("p", "", "shares")}, []string{"p warning 1 plan p does not keep what it promised: shares (anna: this, found that, and 1 more)"}},
		{"mail may be lost", []monitor.Confirmation{unmet("p", "", "shares", "nothing_lost")}, []string{"p critical 2 plan p does not keep what it promised: shares (anna: this, found that, and 1 more); nothing_lost (anna: this, found that, and 1 more)"}},
		{"a unit, and then the plan", []monitor.Confirmation{unmet("p", "anna", "shares"), met("p", "")}, nil},
		{"the plan, and then a unit", []monitor.Confirmation{met("p", ""), unmet("p", "anna", "copies")}, []string{"p warning 1 plan p does not keep what it promised: copies (anna: this, found that, and 1 more)"}},
		{"a unit that is kept after the plan was not", []monitor.Confirmation{unmet("p", "", "copies"), met("p", "anna")}, []string{"p warning 1 plan p does not keep what it promised: copies (anna: this, found that, and 1 more)"}},
	} {
		var got []string
		for _, f := range Findings("imap1", c.last, map[string]time.Time{"b": time.Time{}.Add(-time.Hour)}) {
			got = append(got, fmt.Sprintf("%s %s %v %s", f.Subject, f.Severity, f.Value.Value, f.Text))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What was found before a plan was taken back orders nothing.
func TestOutdatedFindings(t *testing.T) {
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	last := []monitor.Confirmation{{Plan: "p", At: at, Verdict: monitor.Unmet, Promises: []monitor.Promise{{Name: monitor.PromiseRouting, Verdict: monitor.Unmet, Doubts: []monitor.Doubt{{User: "anna", Next: "send the user there"}}}}}}
	if f := Findings("imap1", last, map[string]time.Time{"p": at.Add(-time.Hour)}); len(f) != 1 || f[0].Severity != monitor.Critical || f[0].Command != "interlace confirm --known" {
		t.Errorf("%+v", f)
	}
	f := Findings("imap1", last, map[string]time.Time{"p": at.Add(time.Hour)})
	if len(f) != 1 || f[0].Severity != monitor.Warning || f[0].Command != "interlace confirm --due" ||
		f[0].Text != "plan p did not keep what it promised on 2026-11-02T00:00:00Z, and was carried on or taken back since: what was found then says nothing of how it is now" {
		t.Errorf("%+v", f)
	}
}

// What is shared with a user by name is to be readable, if it concerns somebody who moves.
func TestOpened(t *testing.T) {
	inv := inventory.New()
	inv.Stores = []inventory.Store{*store("s1"), *store("s2"), *store("s3")}
	inv.Users = []inventory.User{
		{Name: "anna", Store: "s1"}, {Name: "archive", Store: "s2"}, {Name: "ben", Store: "s1"}, {Name: "carol", Store: "s2"}, {Name: "dave", Store: "s3"}, {Name: "office", Store: "s1", Kind: inventory.Shared},
	}
	inv.Sharing.Ignore = []inventory.UserID{"archive"}
	for _, s := range []string{"anna Work ben lrs", "anna Drafts carol lr", "anna Box carol p", "anna Work dave lrs", "anna Work anyone lrs", "anna Work group:staff lrs", "anna Work -ben lrs", "anna Work archive lrs", "anna Work nobody lrs", "carol Mail anna lr", "office Mail anna lr", "ben Mail carol lr"} {
		w := strings.Fields(s)
		inv.Shares = append(inv.Shares, inventory.Share{Owner: inventory.UserID(w[0]), Folder: w[1], Grantee: w[2], Rights: w[3]})
	}
	inv.Sort()
	moved := moving()
	back := moving() // carol could not read what anna has before anna was moved to her
	back.From, back.To, back.keeper = "s2", "s1", &course.Unit{Back: true}
	for _, c := range []struct {
		m    mover
		want []string
	}{
		{moved, []string{"Mail of {office true} on s1 by anna on s2", "Mail of {carol false} on s2 by anna on s2", "Work of {anna false} on s2 by ben on s1", "Drafts of {anna false} on s2 by carol on s2"}},
		{back, []string{"Mail of {office true} on s1 by anna on s1", "Work of {anna false} on s1 by ben on s1"}},
	} {
		var got []string
		for _, o := range openedBy(inv, []mover{c.m}) {
			got = append(got, fmt.Sprintf("%s of %v on %s by %s on %s", o.Folder, o.owner, o.store.Name, o.Grantee, o.grantee))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("from %s to %s: %q, want %q", c.m.From, c.m.To, got, c.want)
		}
	}
}

// However much went wrong, a failure is one short line.
func TestFailureInShort(t *testing.T) {
	many := monitor.StepRecord{Step: monitor.StepProveTarget, Text: inventory.Text(strings.Repeat("user.anna lacks a message\n", 12))}
	if got, want := failure(&many), "prove_target failed: user.anna lacks a message …"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	long := monitor.StepRecord{Step: monitor.StepCopy, Text: inventory.Text(strings.Repeat("ü", 1000))}
	if got := failure(&long); len([]rune(got)) > 200 || !strings.HasSuffix(got, "ü …") {
		t.Errorf("%q", got)
	}
}

// A store is judged with the master that a later plan has given it, at its address.
func TestFollowed(t *testing.T) {
	facts := &inventory.Inventory{Stores: []inventory.Store{*store("s1")}}
	facts.Stores[0].Instances = append(facts.Stores[0].Instances, inventory.Instance{Server: "new", Role: inventory.Replica, IMAP: "new.example.org:143"})
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	first := course.Unit{Plan: "p", Name: "first", Do: &planner.LayoutChange{Do: planner.Promote, Store: "s1", Server: "s1r", From: "s1m"}}
	seed := course.Unit{Plan: "q", Name: "seed", Do: &planner.LayoutChange{Do: planner.Seed, Store: "s1", Server: "new", From: "s1r"}}
	lead := course.Unit{Plan: "q", Name: "lead", Do: &planner.LayoutChange{Do: planner.Promote, Store: "s1", Server: "new", From: "s1r"}}
	c := checking{Options: Options{Inventory: facts}, units: []course.Unit{first}, ledger: &ledger{accounts: map[part]*course.Account{
		{"first", ""}: {Fate: course.InEffect, At: at, Records: []monitor.StepRecord{{}}},
	}}}
	target := &inventory.Inventory{Stores: []inventory.Store{{Name: "s1", Instances: []inventory.Instance{{Server: "s1r", Role: inventory.Master}, {Server: "s1m", Role: inventory.Replica}}}}}
	for hours, want := range map[int]string{-1: "s1r", 1: "new"} {
		c.later = []change{{&seed, at.Add(time.Duration(hours) * time.Hour)}, {&lead, at.Add(time.Duration(hours) * time.Hour)}}
		got := c.addressed(c.followed(target)).Stores[0].Instances[0]
		if string(got.Server) != want || got.Role != inventory.Master || want == "new" && got.IMAP != "new.example.org:143" {
			t.Errorf("%d hours later the master is %+v, want %s", hours, got, want)
		}
	}
}

package confirm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// sorted are movers by what the journal tells of them.
type sorted struct {
	moved    []mover // or of whom nothing is written down: the servers tell
	returned []mover // taken back, the other way round: from where they were to go
	others   []mover // neither: they are on their way, and nothing of what was promised holds
	passed   int     // another plan has moved them since, and nothing is promised of them any more
}

// sort enters of those who are on their way, or were taken back though the plan is not
// given up, that their change is not made.
func (c *checking) sort(all []mover, t *tally) sorted {
	var s sorted
	by := map[string]int{}
	for _, m := range all {
		d := m.doubt(monitor.Unmet)
		d.Expected, d.Found = m.moves(), c.say(m.part())
		switch {
		case c.movedOn(&m):
			s.passed++
			by[c.Moved[m.User].Plan]++
		case c.fate(m.part()) == course.UnderWay:
			a := c.accounts[m.part()]
			d.Found = "under way; " + d.Found
			d.Next = "leave routes and denials as they are, and remove nothing: interlace apply --resume --yes goes on with it"
			if a.Out {
				d.Found = "under way, and kept out; " + c.say(m.part())
			}
			t.doubt(d)
			s.others = append(s.others, m)
		case c.barred(m.part()) != "":
			d.Found, d.Next = c.barred(m.part()), giveUp
			t.doubt(d)
			s.others = append(s.others, m)
		case c.neverBegun(&m):
			d.Found, d.Next = "never begun", carriesOut
			if k := m.keptOn(m.To); k != nil {
				d.Found += fmt.Sprintf("; on %s is a copy that plan %s keeps", m.To, k.Plan)
			}
			t.doubt(d)
			s.others = append(s.others, m)
		case c.returned(m.part()):
			if !c.givenUp(m.part()) {
				d.Found, d.Next = c.anew(m.part())
				t.doubt(d)
			}
			m.back = true
			m.keeper = c.wayBack(&m)
			m.from, m.to, m.From, m.To = m.to, m.from, m.To, m.From
			if m.to != nil && len(m.to.Instances) > 0 {
				s.returned = append(s.returned, m)
			} else {
				d.Verdict, d.Expected, d.Found = monitor.UnknownFulfilment, "as before on "+string(m.To), fmt.Sprintf("the inventory has no instance of %s", m.To)
				d.Next = "interlace show stores lists what there is"
				t.doubt(d)
			}
		default:
			s.moved = append(s.moved, m)
		}
	}
	for _, plan := range slices.Sorted(maps.Keys(by)) {
		t.notes = append(t.notes, fmt.Sprintf("%s moved on since by plan %s", inventory.Counted(by[plan], "user was", "users were"), plan))
	}
	return s
}

// neverBegun reports whether somebody is where he was since nothing was begun that moves him,
// though something else of the plan was, or a copy of him is kept on the new store.
func (c *checking) neverBegun(m *mover) bool {
	return c.notBegun(m.part()) && (c.begun || m.keptOn(m.To) != nil)
}

// notBegun reports whether the journal knows that nothing was begun of a part, and that is not
// given up.
func (l *ledger) notBegun(p part) bool {
	a := l.accounts[p]
	return a != nil && a.Fate == course.Unbegun && !l.givenUp(p)
}

// movedOn reports whether another plan has moved somebody since the change of this one was
// made or taken back.
func (c *checking) movedOn(m *mover) bool {
	a := c.accounts[m.part()]
	return a != nil && !c.reads && a.Fate != course.UnderWay && (a.Fate != course.Unbegun || c.givenUp(m.part())) && c.Moved[m.User].Since.After(c.since(m.part()))
}

// barred says why a part was never begun that would have been but for changed facts; empty: it
// is another one.
func (c *checking) barred(p part) string {
	why := c.Barred[c.plan+p.unit]
	if why == "" || c.fate(p) != course.Unbegun || c.givenUp(p) {
		return ""
	}
	return "never begun: " + why
}

// giveUp says what there is to do about what is barred.
const giveUp = "interlace apply --resume --give-up --yes gives up what of it is not begun"

// anew says of a part that was taken back, though its plan is not given up, what became of it and
// what there is to do about it.
func (c *checking) anew(p part) (found, next string) {
	found = c.takenBack(p, true)
	if why := c.Barred[c.plan+p.unit]; why != "" {
		return found + "; not begun again: " + why, giveUp
	}
	return found, "interlace apply --resume --yes begins it again; where that can't be, as since facts have changed, interlace apply --resume --give-up --yes gives it up"
}

// takenBack says when a part was taken back, and which step had failed, if one had; with
// why, what was wrong with it.
func (l *ledger) takenBack(p part, why bool) string {
	a := l.accounts[p]
	if a.Fate == course.Unbegun {
		if !l.over {
			return "never begun, and given up"
		}
		return "never begun, and the plan is given up"
	}
	text := "taken back on " + monitor.Minute(a.At)
	if a.Way {
		return text + ", with what had come since"
	}
	switch by := course.TurnedBy(a.Records); {
	case by == nil:
		return text
	case why:
		return joined(text, failure(by))
	default:
		return fmt.Sprintf("%s, since %s failed", text, by.Step)
	}
}

// allReturned checks that those who were taken back, or never moved, are as they were:
// on the old store and its replicas alone, let in there and sent there. Who was nowhere before is not
// to be there.
func (c *checking) allReturned(ctx context.Context, movers []mover, found survey, t *tally) error {
	var gone []inventory.UserID
	movers = slices.DeleteFunc(slices.Clone(movers), func(m mover) bool {
		is := c.goneBefore(&m, found)
		if is {
			t.is()
			gone = append(gone, m.User)
		}
		return is
	})
	if len(gone) > 0 {
		t.notes = append(t.notes, "on no store, and so before anything was changed: "+inventory.Printable(course.Few(gone)))
	}
	there := &tally{}
	here, _ := arrived(movers, found, c.say, there)
	denied := c.denials(ctx, here, found)
	placed(here, found, denied, c.Tools, there)
	if err := c.letIn(ctx, here, there); err != nil {
		return err
	}
	if c.Routes != nil {
		routes, err := c.Routes(ctx, people(here))
		routed(here, routes, err, there)
	}
	doubted := map[inventory.Text]bool{}
	for _, d := range there.doubts {
		t.doubt(d)
		doubted[d.User] = true
	}
	for i := range movers {
		if m := &movers[i]; !doubted[inventory.Text(m.User)] {
			t.is()
		}
	}
	return ctx.Err()
}

// goneBefore reports whether somebody is nowhere any more, and was so before anything was changed
// of a part that is given up: no check has found him. Of a part of which nothing was begun nobody
// has looked. As long as an instance does not answer nobody knows.
func (c *checking) goneBefore(m *mover, found survey) bool {
	a := c.accounts[m.part()]
	if a == nil || a.Way || !c.givenUp(m.part()) || len(found.on(m.owner))+len(found.silent()) > 0 {
		return false
	}
	return unfound(a.Records, m.owner)
}

// unfound reports whether what is written down of a unit are checks alone, of which the last one
// has not found somebody.
func unfound(records []monitor.StepRecord, owner cyrus.Owner) bool {
	further := slices.ContainsFunc(records, func(r monitor.StepRecord) bool {
		return r.Step != monitor.StepCheck || r.State == monitor.StepDone
	})
	return !further && course.Unfound(records, course.Called(owner.Name, owner.Shared)) != ""
}

// whenReturned says when what was taken back was: of a single part why, of several when the last
// was; and how much was never begun.
func (c *checking) whenReturned() []string {
	var back []part
	last := time.Time{}
	var never []part
	for i := range c.units {
		for _, p := range parts(&c.units[i]) {
			switch a := c.accounts[p]; {
			case !c.returned(p):
			case a.Fate == course.Unbegun:
				never = append(never, p)
			default:
				back, last = append(back, p), later(last, a.At)
			}
		}
	}
	var notes []string
	switch len(back) {
	case 0:
	case 1:
		notes = append(notes, back[0].unit+": "+c.takenBack(back[0], false))
	default:
		notes = append(notes, fmt.Sprintf("%d parts taken back, the last on %s", len(back), monitor.Minute(last)))
	}
	switch len(never) {
	case 0:
	case 1:
		notes = append(notes, never[0].unit+": "+c.takenBack(never[0], false))
	default:
		notes = append(notes, fmt.Sprintf("%d parts %s", len(never), c.takenBack(never[0], false)))
	}
	return notes
}

// letIn enters who is denied where they are again: nobody was, or would not have been moved.
func (c *checking) letIn(ctx context.Context, movers []mover, t *tally) error {
	known := denials{}
	for i := range movers {
		m := &movers[i]
		if m.owner.Shared {
			continue
		}
		for _, in := range m.to.Instances {
			at := instance{m.To, in.Server}
			denied := c.deniedOn(ctx, known, at, in)
			d := m.doubt(monitor.Unmet)
			d.Server, d.Expected = inventory.Text(in.Server), "let in again, as before"
			told, out := denied.users[m.User]
			switch {
			case denied.err != nil:
				d.Verdict, d.Found, d.Next = monitor.UnknownFulfilment, fmt.Sprintf("whether denied is not known: %v", denied.err), lookThere
			case out:
				d.Found, d.Next, d.Command = c.deniedBy(told), fmt.Sprintf("run on %s", in.Server), host.AllowCommand(c.Tools, in.IMAPDConf, m.User)
				if c.keptOutFor(told) == "" {
					d.Next = "if nobody needs that denial, " + d.Next
				}
			default:
				continue
			}
			t.doubt(d)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// deniedBy says for what somebody is denied who is told this.
func (c *checking) deniedBy(told string) string {
	if unit := c.keptOutFor(told); unit != "" {
		return "still denied for " + unit
	}
	if host.Unnamed(told) {
		return "denied by an older interlace, which did not write down for which unit"
	}
	return "denied, for another reason: " + inventory.Quoted(told)
}

// keptOutFor returns the name of the unit, of the plan's and of those that take them back, for
// which somebody is kept out who is told this; empty: for none of them.
func (c *checking) keptOutFor(told string) string {
	for i := range c.units {
		for _, u := range append(course.Reverse(&c.units[i]), c.units[i]) {
			if told == host.Mark(host.FileName(u.Plan, u.Name)) {
				return u.Name
			}
		}
	}
	return ""
}

// part is the part of a unit to which the mover belongs.
func (m *mover) part() part {
	if m.back {
		return part{m.unit, m.To}
	}
	return part{m.unit, m.From}
}

// moves says what is to be so of a mover.
func (m *mover) moves() string {
	if m.back {
		return fmt.Sprintf("on %s, as before", m.To)
	}
	return fmt.Sprintf("moved from %s to %s", m.From, m.To)
}

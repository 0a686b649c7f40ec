package confirm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
)

// part is what of a unit comes from one store; of a change of a layout it is all of it.
type part struct {
	unit string
	from inventory.StoreID
}

// ledger is what the journal tells of the units of a plan.
type ledger struct {
	accounts map[part]*course.Account // nil: there is no journal
	// over tells that the plan is given up, as far as it is not in effect: what is left of
	// it is not to be made.
	over bool
	// begun tells that something of the plan is or was, and asked when it was last to be.
	begun bool
	asked time.Time
}

// parts returns the parts of a unit.
func parts(u *course.Unit) []part {
	if len(u.Moves) == 0 {
		return []part{{u.Name, ""}}
	}
	var list []part
	for i := range u.Moves {
		if p := (part{u.Name, u.Moves[i].From}); !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// readLedger finds out what was written down of units, all of them of one plan.
func readLedger(ctx context.Context, units []course.Unit, journal Journal) (*ledger, error) {
	l := &ledger{}
	if journal == nil {
		return l, nil
	}
	l.accounts = map[part]*course.Account{}
	for i := range units {
		for _, p := range parts(&units[i]) {
			a, err := course.AccountOf(ctx, &units[i], p.from, journal)
			if err != nil {
				return nil, err
			}
			l.accounts[p] = a
			l.over, l.begun = l.over || a.Way, l.begun || a.Fate != course.Unbegun
		}
	}
	applies, err := journal.Applies(ctx, true)
	if err != nil {
		return nil, err
	}
	for i := range applies { // the last one counts
		if len(units) > 0 && slices.Contains(applies[i].Plans, units[0].Plan) {
			l.asked, l.over = applies[i].Began, l.over || !applies[i].Ended.IsZero()
		}
	}
	return l, nil
}

// fate is what has become of a part; of one that was never heard of nothing has.
func (l *ledger) fate(p part) course.Fate {
	if a := l.accounts[p]; a != nil {
		return a.Fate
	}
	return course.Unbegun
}

// since returns when a part came to what has become of it; of one that was never begun, when
// its plan was to be carried out.
func (l *ledger) since(p part) time.Time {
	if a := l.accounts[p]; a.Fate != course.Unbegun {
		return a.At
	}
	return l.asked
}

// say returns what the journal says of a part.
func (l *ledger) say(p part) string {
	a := l.accounts[p]
	if a == nil {
		return ""
	}
	text := lastWords(a.Records)
	if a.Way {
		text += " on the way back"
	}
	return text
}

// lately reports whether a part was routed anew so lately that traces are there still.
func (l *ledger) lately(p part, now time.Time) bool {
	a := l.accounts[p]
	return a != nil && a.Fate == course.InEffect && now.Sub(a.At) < traced
}

// returned reports whether a part is as it was before: it was taken back or, where it is given
// up, never begun.
func (l *ledger) returned(p part) bool {
	a := l.accounts[p]
	return a != nil && (a.Fate == course.TakenBack || a.Fate == course.Unbegun && l.givenUp(p))
}

// givenUp reports whether nothing is to be made any more of a part that is not in effect.
func (l *ledger) givenUp(p part) bool {
	a := l.accounts[p]
	return l.over || a != nil && a.GivenUp
}

// back returns, of the units, what is as it was before, as units of their own.
func (l *ledger) back(units []course.Unit) []*course.Unit {
	var list []*course.Unit
	for i := range units {
		u := units[i]
		u.Moves = nil
		for _, c := range units[i].Moves {
			if l.returned(part{u.Name, c.From}) {
				u.Moves = append(u.Moves, c)
			}
		}
		if len(u.Moves) > 0 || u.Do != nil && l.returned(part{u.Name, ""}) {
			list = append(list, &u)
		}
	}
	return list
}

// reduces reports whether something of the plan is given up.
func (l *ledger) reduces(back []*course.Unit) bool {
	return slices.ContainsFunc(back, func(u *course.Unit) bool {
		return slices.ContainsFunc(parts(u), l.givenUp)
	})
}

// unmade returns, of the changes of layouts among units of which something was begun, those that
// are not in effect and can't be, and of the others what is as it was before.
func (l *ledger) unmade(units []course.Unit) []*course.Unit {
	if !l.begun {
		return l.back(units)
	}
	var list []*course.Unit
	for i := range units {
		u := &units[i]
		if u.Do == nil {
			continue
		}
		if a := l.accounts[part{u.Name, ""}]; a.Fate != course.InEffect && (a.Fate != course.UnderWay || !u.Executed(a.Records)) {
			list = append(list, u)
		}
	}
	return append(list, l.back(slices.DeleteFunc(slices.Clone(units), func(u course.Unit) bool { return u.Do != nil }))...)
}

// lastWords tells how far a unit has come, by what was written down of it.
func lastWords(records []monitor.StepRecord) string {
	if len(records) == 0 {
		return "by the journal nothing of it has begun"
	}
	why := ""
	if last := course.LastFailure(records); last != nil {
		why = failure(last)
	}
	r := &records[len(records)-1]
	text := fmt.Sprintf("by the journal %s %s on %s", r.Step, r.State, r.At.UTC().Format(time.RFC3339))
	if r.State == monitor.StepDone {
		return text
	}
	return joined(text, why)
}

// failure says which step failed and why, in short: of several reasons the first, and of a
// long one how it begins. interlace apply shows all of it.
func failure(r *monitor.StepRecord) string {
	const most = 160
	first, _, more := strings.Cut(string(r.Text), "\n")
	if runes := []rune(first); len(runes) > most {
		first, more = string(runes[:most]), true
	}
	if more {
		first += " …"
	}
	return fmt.Sprintf("%s failed: %s", r.Step, first)
}

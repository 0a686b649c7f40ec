package confirm

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// tally counts what is found of one promise, thing by thing.
type tally struct {
	name      monitor.PromiseName
	expected  string
	one, many string // of the things
	met       int
	passed    int // things that could not be looked at, of which one doubt tells
	doubts    []monitor.Doubt
	notes     []string // about what is met
}

// is enters that a thing is as it should be.
func (t *tally) is() { t.met++ }

// doubt enters a thing that is not, or of which that is not known.
func (t *tally) doubt(d monitor.Doubt) { t.doubts = append(t.doubts, d) }

// passOver enters how many things could not be looked at, since they are not as changes
// promises.
func (t *tally) passOver(n int) {
	if n > 0 {
		t.passed += n
		t.doubt(monitor.Doubt{
			Verdict: monitor.UnknownFulfilment, Expected: t.expected, Found: inventory.Counted(n, "user has", "users have") + " not been looked at: they are not known to be on the new store",
			Next: "see changes, and ask again when they are made",
		})
	}
}

// allUnmet reports whether there are things, none is as it should be, and that is known of all.
func (t *tally) allUnmet() bool {
	return t.met == 0 && len(t.doubts) > 0 && !slices.ContainsFunc(t.doubts, func(d monitor.Doubt) bool { return d.Verdict != monitor.Unmet })
}

// promise sums up. Where there was nothing to look at the promise is met.
func (t *tally) promise() monitor.Promise {
	p := monitor.Promise{Name: t.name, Verdict: monitor.Met, Expected: t.expected, Doubts: t.doubts}
	unmet, unknown := 0, 0
	for i := range t.doubts {
		p.Verdict = p.Verdict.Worse(t.doubts[i].Verdict)
		if t.doubts[i].Verdict == monitor.Unmet {
			unmet++
		} else {
			unknown++
		}
	}
	if t.passed > 0 {
		unknown += t.passed - 1
	}
	slices.SortStableFunc(p.Doubts, func(a, b monitor.Doubt) int {
		return cmp.Or(cmp.Compare(b.Verdict.Rank(), a.Verdict.Rank()), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox))
	})
	p.Found = "nothing of the kind"
	if t.met+unmet+unknown > 0 {
		p.Found = inventory.Counted(t.met, t.one, t.many)
	}
	if unmet > 0 {
		p.Found += ", " + inventory.CountText(unmet) + " not so"
	}
	if unknown > 0 {
		p.Found += ", " + inventory.CountText(unknown) + " not known"
	}
	for _, note := range t.notes {
		p.Found += "; " + note
	}
	return p
}

// verdict is the worst of the promises'.
func verdict(promises []monitor.Promise) monitor.Fulfilment {
	worst := monitor.Met
	for i := range promises {
		worst = worst.Worse(promises[i].Verdict)
	}
	return worst
}

package confirm

import (
	"cmp"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// tally counts what is found of one promise, thing by thing.
type tally struct {
	name      monitor.PromiseName
	expected  string
	one, many string // of the things
	people    bool   // the things are users and shared trees, and these words go with them
	met       int
	trees     int      // of these
	passed    int      // things that could not be looked at, of which one doubt tells
	counted   *counted // the things, where they are not what doubts are of; nil: they are
	doubts    []monitor.Doubt
	notes     []string // about what is met
}

// counted is how many things are as they should be, are not, and are not known to be.
type counted struct{ met, unmet, unknown int }

// add counts one thing.
func (n *counted) add(f monitor.Fulfilment) {
	switch f {
	case monitor.Met:
		n.met++
	case monitor.Unmet:
		n.unmet++
	default:
		n.unknown++
	}
}

// count returns how many things there are of each.
func (t *tally) count() counted {
	if t.counted != nil {
		return *t.counted
	}
	n := counted{met: t.met}
	for i := range t.doubts {
		n.add(t.doubts[i].Verdict)
	}
	if t.passed > 0 {
		n.unknown += t.passed - 1
	}
	return n
}

// is enters that a thing is as it should be.
func (t *tally) is() { t.met++ }

// isOf enters that a mover is.
func (t *tally) isOf(m *mover) {
	t.met++
	t.trees += m.tree()
}

// doubt enters a thing that is not, or of which that is not known.
func (t *tally) doubt(d monitor.Doubt) { t.doubts = append(t.doubts, d) }

// passOver enters who could not be looked at, since they are not as changes promises.
func (t *tally) passOver(movers []mover) {
	if n := len(movers); n > 0 {
		trees := 0
		for i := range movers {
			trees += movers[i].tree()
		}
		t.passed += n
		t.doubt(monitor.Doubt{
			Verdict: monitor.UnknownFulfilment, Expected: t.expected, Found: holders(n, trees, "has", "have") + " not been looked at: they are not known to be on the new store",
			Next: "see changes, and ask again when they are made",
		})
	}
}

// holders counts users and shared trees, which are among all, with what goes with them.
func holders(all, trees int, one, many string) string {
	var texts []string
	if trees < all || all == 0 {
		texts = append(texts, inventory.Counted(all-trees, "user", "users"))
	}
	if trees > 0 {
		texts = append(texts, inventory.Counted(trees, "shared tree", "shared trees"))
	}
	if all == 1 {
		many = one
	}
	return strings.Join(texts, " and ") + " " + many
}

// allUnmet reports whether there are things, none is as it should be, and that is known of all.
func (t *tally) allUnmet() bool {
	return t.met == 0 && len(t.doubts) > 0 && !slices.ContainsFunc(t.doubts, func(d monitor.Doubt) bool { return d.Verdict != monitor.Unmet })
}

// promise sums up. Where there was nothing to look at the promise is met.
func (t *tally) promise() monitor.Promise {
	p := monitor.Promise{Name: t.name, Verdict: monitor.Met, Expected: t.expected, Doubts: t.doubts}
	for i := range t.doubts {
		p.Verdict = p.Verdict.Worse(t.doubts[i].Verdict)
	}
	n := t.count()
	slices.SortStableFunc(p.Doubts, func(a, b monitor.Doubt) int {
		return cmp.Or(cmp.Compare(b.Verdict.Rank(), a.Verdict.Rank()), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.User, b.User), cmp.Compare(a.Mailbox, b.Mailbox))
	})
	p.Found = "nothing of the kind"
	switch {
	case n == (counted{}):
	case t.people:
		p.Found = holders(n.met, t.trees, t.one, t.many)
	default:
		p.Found = inventory.Counted(n.met, t.one, t.many)
	}
	if n.unmet > 0 {
		p.Found += ", " + inventory.CountText(n.unmet) + " not so"
	}
	if n.unknown > 0 {
		p.Found += ", " + inventory.CountText(n.unknown) + " not known"
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

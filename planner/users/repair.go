package users

import (
	"context"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
)

// verify checks the tally by the rules and undoes moves until nothing is worse
// than today. It returns the moves that are left and what is broken after them.
// An interrupt does not cut it short: the best so far is kept only if checked.
func (t *tally) verify() ([]planner.UserChange, []planner.Violation, []planner.Warning) {
	inv := t.Fleet.Inventory
	today, doubts, _ := rules.Check(context.Background(), inv, t.groups, rules.Options{From: inv})
	for {
		changes := t.changes()
		if len(changes) == 0 {
			return changes, today, doubts
		}
		target := (&planner.Assignment{Changes: changes}).Target(inv)
		broken, doubts, _ := rules.Check(context.Background(), target, t.groups, rules.Options{From: inv})
		worse := rules.Worse(today, broken)
		if len(worse) == 0 {
			return changes, broken, doubts
		}
		if !t.undo(worse) {
			t.undoAll()
		}
	}
}

// undo takes back the moves that what became worse is about, and reports
// whether there are any.
func (t *tally) undo(worse []planner.Violation) bool {
	suspect := make([]bool, len(t.load))
	for _, v := range worse {
		server := t.Fleet.Inventory.Server(inventory.ServerID(v.Server))
		for s := range suspect {
			named := t.Fleet.Inventory.Stores[s].Name == inventory.StoreID(v.Store)
			suspect[s] = suspect[s] || named || server >= 0 && slices.Contains(t.Sites[s], int32(server))
		}
	}
	undone := false
	for n := range t.size() {
		if i := int32(n); t.moved(i) && suspect[t.at[i]] {
			t.take(i)
			t.restore(i)
			undone = true
		}
	}
	return undone
}

func (t *tally) undoAll() {
	for n := range t.size() {
		if i := int32(n); t.moved(i) {
			t.take(i)
			t.restore(i)
		}
	}
}

// moved reports whether what has the number is not where it is today.
func (t *tally) moved(i int32) bool { return t.at[i] >= 0 && t.at[i] != t.piece(i).Store }

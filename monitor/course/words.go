package course

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
)

// Who says who some users are, with a verb: a few names, and how many more.
func Who(users []inventory.UserID) string {
	if len(users) == 1 {
		return "user " + inventory.Printable(string(users[0])) + " is"
	}
	return "users " + inventory.Printable(Few(users)) + " are"
}

// Few names a few users or stores, and says how many more there are.
func Few[ID ~string](ids []ID) string {
	const most = 5
	var shown []string
	for _, id := range ids[:min(most, len(ids))] {
		shown = append(shown, string(id))
	}
	text := strings.Join(shown, ", ")
	if len(ids) > most {
		text += fmt.Sprintf(" and %d more", len(ids)-most)
	}
	return text
}

// Called names an owner of mailboxes: a user or, shared, a tree.
func Called(name string, shared bool) string {
	if shared {
		return "shared tree " + inventory.Printable(name)
	}
	return "user " + inventory.Printable(name)
}

// Missing is what the check of a move says, in a line of its own, of an owner who is called so and has
// no mailbox on a server.
func Missing(called string, server inventory.ServerID) string {
	return called + " is not on " + string(server)
}

// Unfound is what the check of a unit, of which this is written down, said last of those who had no
// mailbox where they were to be moved from; nothing: it found all.
func (u *Unit) Unfound(records []monitor.StepRecord) (lines []string) {
	for _, r := range OfMove.Attempt(records) {
		if r.Step != OfMove.Steps[0] || r.State != monitor.StepFailed {
			continue
		}
		for line := range strings.Lines(string(r.Text)) {
			if line = strings.TrimSpace(line); slices.ContainsFunc(u.Moves, func(c planner.UserChange) bool { return tellsMissing(line, string(c.User)) }) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// tellsMissing reports whether a line says of somebody what [Missing] does.
func tellsMissing(line, name string) bool {
	return strings.HasPrefix(line, Missing(Called(name, false), "")) || strings.HasPrefix(line, Missing(Called(name, true), ""))
}

// KeptWords say who is kept out, and where.
func (u *Unit) KeptWords() string {
	if u.Do != nil {
		return fmt.Sprintf("The users of store %s, whose master on %s is stopped, are kept out", u.Do.Store, u.Do.From)
	}
	var users []inventory.UserID
	for i := range u.Moves {
		users = append(users, u.Moves[i].User)
	}
	stores := make([]string, 0, 2)
	for _, s := range slices.Sorted(slices.Values(u.Stores())) {
		stores = append(stores, string(s))
	}
	return fmt.Sprintf("%s kept out of %s", Who(users), strings.Join(stores, " and "))
}

package course

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
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

// Unfound is what the last check of a move, of which this is written down, said of an owner who is
// called so and had no mailbox where he was to be moved from; empty: it said nothing of him.
func Unfound(records []monitor.StepRecord, called string) string {
	for _, r := range slices.Backward(OfMove.Attempt(records)) {
		if r.Step != OfMove.Steps[0] || r.State != monitor.StepFailed {
			continue
		}
		for line := range strings.Lines(string(r.Text)) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, Missing(called, "")) {
				return line
			}
		}
		break
	}
	return ""
}

// Unfound is what that check said of all whom the unit moves.
func (u *Unit) Unfound(records []monitor.StepRecord) (lines []string) {
	for i := range u.Moves {
		for _, shared := range []bool{false, true} {
			if line := Unfound(records, Called(string(u.Moves[i].User), shared)); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
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

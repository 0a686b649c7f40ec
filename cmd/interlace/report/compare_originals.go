package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Original is a user whose mailboxes are kept, denied, on the store from which he was moved.
type Original struct {
	Store   inventory.StoreID `json:"store"`
	User    string            `json:"user"`
	MovedTo inventory.StoreID `json:"moved_to"`
	Until   inventory.Text    `json:"kept_until"`
}

// SortOriginals sorts them by store and user.
func SortOriginals(list []Original) {
	slices.SortFunc(list, func(a, b Original) int { return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.User, b.User)) })
}

// originals says in a line for each store whose originals were left out there.
func originals(list []Original) Lines {
	var lines Lines
	for of := range chunks(list, func(a, b *Original) bool { return a.Store == b.Store }) {
		var to []string
		until := ""
		for i := range of {
			to, until = append(to, string(of[i].MovedTo)), max(until, string(of[i].Until))
		}
		to = slices.Compact(slices.Sorted(slices.Values(to)))
		lines.add("%s on %s, kept until %s after they moved to %s: denied, not compared by a login",
			things(len(of), "user's original", "users' originals"), of[0].Store, day(inventory.Text(until)), strings.Join(to, ", "))
	}
	return lines
}

// chunks yields what stands together and is alike.
func chunks[T any](list []T, alike func(a, b *T) bool) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		for len(list) > 0 {
			n := 1
			for n < len(list) && alike(&list[0], &list[n]) {
				n++
			}
			if !yield(list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

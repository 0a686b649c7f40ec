package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Original is a user whose mailboxes are kept on the store from which he was moved, to be
// denied there, or a shared tree, as which nobody logs in anywhere: it can't be denied.
type Original struct {
	Store   inventory.StoreID    `json:"store"`
	User    string               `json:"user"`   // or the shared tree
	Shared  bool                 `json:"shared"` // it is a shared tree
	MovedTo inventory.StoreID    `json:"moved_to"`
	Until   inventory.Text       `json:"kept_until"`
	Denied  *bool                `json:"denied"`      // on the store's master; null: that is not known, or it is a shared tree
	Why     inventory.Text       `json:"unknown_why"` // it is not known
	Repair  []monitor.RepairStep `json:"repair"`      // what denies who is not denied
}

// SortOriginals sorts them by store and user.
func SortOriginals(list []Original) {
	slices.SortFunc(list, func(a, b Original) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.User, b.User), cmp.Compare(a.of(1), b.of(1)))
	})
}

// whether says whether an original is denied; nothing of a shared tree.
func (o *Original) whether() string {
	switch {
	case o.Shared:
		return ""
	case o.Denied == nil && o.Why == "":
		return "whether they are denied is not known"
	case o.Denied == nil:
		return "whether they are denied is not known (" + string(o.Why) + ")"
	case o.Lifted():
		return "not denied, so that mail and logins may reach them"
	}
	return "denied"
}

// of says whose a number of originals are that are alike in that.
func (o *Original) of(number int) string {
	if o.Shared {
		return things(number, "shared tree's original", "shared trees' originals")
	}
	return things(number, "user's original", "users' originals")
}

// Lifted says that the original is known not to be denied.
func (o *Original) Lifted() bool { return o.Denied != nil && !*o.Denied }

// originals says in a line for each store, and for whether they are denied, whose originals
// are kept there.
func originals(list []Original) Lines {
	alike := func(a, b *Original) bool {
		return a.Store == b.Store && a.Shared == b.Shared && a.whether() == b.whether()
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Original) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.whether(), b.whether()))
	})
	var lines Lines
	for of := range chunks(sorted, alike) {
		var to []string
		until := ""
		for i := range of {
			to, until = append(to, string(of[i].MovedTo)), max(until, string(of[i].Until))
		}
		to = slices.Compact(slices.Sorted(slices.Values(to)))
		whether := of[0].whether() + ", not compared by a login"
		if of[0].Shared {
			whether = "can't be denied, so that whoever may read them still can there, without what came since"
		}
		lines.add("%s on %s, kept until %s after they moved to %s: %s", of[0].of(len(of)), of[0].Store, day(inventory.Text(until)), strings.Join(to, ", "), whether)
		if of[0].Lifted() {
			lines[len(lines)-1].Tone = Broken
		}
	}
	return lines
}

// undenied is the table of originals that are not denied, with what denies them.
func undenied(list []Original) *Table {
	list = slices.DeleteFunc(slices.Clone(list), func(o Original) bool { return !o.Lifted() })
	if len(list) == 0 {
		return nil
	}
	return &Table{
		Columns: []Column{left("original not denied", "user", 0), left("store", "store", 0), left("on", "server", 0), onScreen(command())},
		Rows: rowsOf(list, func(o Original) []Cell {
			server, deny := inventory.ServerID(""), Nothing
			for _, r := range o.Repair {
				server, deny = r.Server, on(r)
			}
			return []Cell{words(o.User).in(Broken), words(string(o.Store)), words(string(server)), deny}
		}),
	}
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

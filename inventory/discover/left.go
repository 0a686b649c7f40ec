package discover

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
)

// leftover is what a store has of those who are on another one.
type leftover struct {
	owners  int
	example inventory.UserID
	bytes   int64
	unsized bool // it is more than bytes
}

// leftovers are those of stores, originals and copies under way apart.
type leftovers map[struct {
	store int
	made  bool // copies of moves under way
}]leftover

func (l leftovers) add(b *builder, p place, made bool) {
	key := struct {
		store int
		made  bool
	}{p.store, made}
	w := &b.views[p.store].owners[p.owner]
	of := l[key]
	if of.owners == 0 || w.name < of.example {
		of.example = w.name
	}
	of.owners++
	of.bytes += w.bytes
	of.unsized = of.unsized || w.unread+w.unsized > 0
	l[key] = of
}

// findings say what stores have that the load model does not count: a store's load is that
// of its users and its own.
func (l leftovers) findings(b *builder) []Finding {
	var list []Finding
	for key, of := range l {
		store := &b.now.Stores[key.store]
		kind, what := OriginalsKept, "originals of"
		if key.made {
			kind, what = CopiesMade, "copies, for moves that are under way, of"
		}
		size := inventory.Counted(int(of.bytes), "byte", "bytes")
		if of.unsized {
			size = "at least " + size
		}
		list = append(list, Finding{
			Kind: kind, Store: store.Name,
			Text: fmt.Sprintf("%s has %s %s, such as %s: %s on the disks of its servers that do not count there", store.Name, what,
				inventory.Counted(of.owners, "user or shared tree", "users and shared trees"), inventory.Printable(string(of.example)), size),
		})
	}
	return list
}

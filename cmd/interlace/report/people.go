package report

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// User is a user or shared tree and the number of members of its share group.
type User struct {
	*inventory.User
	Group   inventory.GroupID
	Members int
}

// Users is the table of users and shared trees.
func Users(inv *inventory.Inventory, users []User) *Table {
	t := &Table{Columns: []Column{
		left("user", "user", 0), left("store", "store", 0), left("kind", "kind", 4), left("group", "group", 1), right("members", "members", 2),
	}}
	for _, r := range inv.Resources {
		t.Columns = append(t.Columns, loadColumn(r))
	}
	t.Columns = append(t.Columns,
		hidden("estimated"), right("messages", "messages", 3), right("mailboxes", "mailboxes", 3),
		left("pinned", "pinned", 5), left("moved", "moved", 5))
	t.Rows = rowsOf(users, func(u User) []Cell { return userRow(inv, &u) })
	return t
}

func userRow(inv *inventory.Inventory, u *User) []Cell {
	row := []Cell{words(string(u.Name)), words(string(u.Store)), words(u.Kind.String()), words(string(u.Group)), count(u.Members)}
	for r := range inv.Resources {
		row = append(row, loadCell(&inv.Resources[r], u.Load[r], u.Estimated&(1<<r) != 0))
	}
	return append(row, estimatedIn(inv, u.Estimated), known(u.Messages), known(u.Mailboxes), yes(u.Pinned, "pinned"), words(string(u.Moved)))
}

func known(n inventory.Count) Cell {
	if n == inventory.Unknown {
		return Unknown
	}
	return count(n)
}

// Group is a share group of several members.
type Group struct {
	ID     inventory.GroupID
	Users  int
	Stores int // on which they live
	Load   inventory.Load

	Estimated uint8 // bit i is set where Load[i] rests on estimates

	Fits     string               // now, only empty, nowhere
	Store    inventory.StoreID    // that has room for it, or comes closest
	Resource inventory.ResourceID // of which it needs most too much there
	Excess   float64
}

// Groups is the table of share groups.
func Groups(inv *inventory.Inventory, groups []Group) *Table {
	t := &Table{Columns: []Column{
		left("group", "group", 0), right("members", "members", 0), right("on stores", "stores", 1),
	}}
	for _, r := range inv.Resources {
		t.Columns = append(t.Columns, loadColumn(r))
	}
	t.Columns = append(t.Columns,
		hidden("estimated"), left("where it fits", "", 0), hidden("fits"), hidden("store"), hidden("resource"), hidden("excess"))
	t.Rows = rowsOf(groups, func(g Group) []Cell { return groupRow(inv, &g) })
	return t
}

func groupRow(inv *inventory.Inventory, g *Group) []Cell {
	row := []Cell{words(string(g.ID)), count(g.Users), count(g.Stores)}
	if g.Stores > 1 {
		row[2] = row[2].in(Broken)
	}
	for r := range inv.Resources {
		row = append(row, loadCell(&inv.Resources[r], g.Load[r], g.Estimated&(1<<r) != 0))
	}
	where, excess := words(string(g.Store)), Nothing
	if at := inv.Resource(g.Resource); at >= 0 {
		where = words(fmt.Sprintf("nowhere: %s of %s too much for %s", amountText(&inv.Resources[at], g.Excess), g.Resource, g.Store)).in(Broken)
		excess = loadCell(&inv.Resources[at], g.Excess, false)
	} else if g.Fits != "now" && g.Store != "" {
		where = words(string(g.Store) + ", if it is emptied")
	}
	return append(row, estimatedIn(inv, g.Estimated), where, words(g.Fits), words(string(g.Store)), words(string(g.Resource)), excess)
}

// amountText is an amount of a resource with its unit.
func amountText(r *inventory.Resource, v float64) string {
	if r.Unit == inventory.UnitBytes {
		return BytesText(v)
	}
	return strings.TrimSpace(chooseScale(noScales, v).text(v) + " " + r.Unit)
}

package report

import (
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Changed is the screen of what changed in the inventory.
func Changed(head string, inv *inventory.Inventory, changes inventory.Changes) *Screen {
	s := &Screen{}
	var lines Lines
	lines.add("%s: %s", head, FleetWords(inv))
	if len(changes) == 0 {
		lines.add("nothing has changed")
		s.add(lines)
		return s
	}
	s.add(lines, Changes(changes))
	return s
}

// shownExamples is how many examples of a change the text has.
const shownExamples = 3

// Changes is the table of what changed in the inventory.
func Changes(changes inventory.Changes) *Table {
	t := &Table{Columns: []Column{
		left("what", "subject", 0), left("", "change", 0), right("number", "count", 0), left("such as", "examples", 1),
	}}
	t.Rows = rowsOf(changes, func(c inventory.Change) []Cell {
		examples := make([]string, len(c.First))
		for i, e := range c.First {
			examples[i] = exampleText(e)
		}
		shown := list(examples)
		shown.Text = strings.Join(examples[:min(shownExamples, len(examples))], ", ")
		if c.Count > shownExamples {
			shown.Text += ", …"
		}
		return []Cell{words(c.Subject), words(c.What), count(c.Count), shown}
	})
	return t
}

func exampleText(e inventory.Example) string {
	switch {
	case e.In != "":
		return e.Name + ": " + e.In
	case e.From == "" && e.To == "":
		return e.Name
	}
	return e.Name + ": " + orDash(e.From) + " → " + orDash(e.To)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// Inventory is a dated inventory in the database.
type Inventory struct {
	Number                 int
	At                     time.Time
	Note                   string
	Whole                  bool
	Servers, Stores, Users int
}

// Inventories is the table of dated inventories.
func Inventories(inventories []Inventory) *Table {
	t := &Table{Columns: []Column{
		right("number", "number", 0), left("date", "at", 0), right("servers", "servers", 2), right("stores", "stores", 2), right("users", "users", 2),
		left("kept", "kept", 1), left("from", "note", 3),
	}}
	t.Rows = rowsOf(inventories, func(i Inventory) []Cell {
		kept := "every user"
		if !i.Whole {
			kept = "sums by store"
		}
		return []Cell{
			count(i.Number), words(i.At.UTC().Format(time.RFC3339)), count(i.Servers), count(i.Stores), count(i.Users), words(kept), words(i.Note),
		}
	})
	return t
}

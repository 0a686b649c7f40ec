package course

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// Reverse returns the units that move users back whom a unit has moved, one for each store
// that they came from, with all mail that came since. They may be carried out as long as
// the originals are kept, which they bring up to date.
func Reverse(u *Unit) []Unit {
	var units []Unit
	for _, c := range u.Moves {
		c.From, c.To = c.To, c.From
		i := slices.IndexFunc(units, func(b Unit) bool { return b.Moves[0].To == c.To })
		if i < 0 {
			i = len(units)
			units = append(units, Unit{Plan: u.Plan, Name: BackName(u, c.To), Of: u.Name, Back: true})
		}
		units[i].Moves = append(units[i].Moves, c)
	}
	return units
}

// BackName is the name of the unit that moves users back to a store whom a unit has moved.
func BackName(u *Unit, to inventory.StoreID) string { return fmt.Sprintf("%s, back to %s", u.Name, to) }

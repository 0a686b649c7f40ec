package planner

import "github.com/interlacemail/interlace/inventory"

// Number is a value and Text a name that may be unknown or without meaning; plans
// write them as null then.
type (
	Number = inventory.Number
	Text   = inventory.Text
)

// Known returns a known number.
func Known(v float64) Number { return inventory.Known(v) }

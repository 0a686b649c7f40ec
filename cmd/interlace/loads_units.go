package main

import (
	"math"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// measuredResources are the resources that are measured.
var measuredResources = []string{"io", "cpu", "memory", "disk"}

// measuredUnits are the units in which they may be stated: first that of the samples,
// then what can be converted.
var measuredUnits = map[string][]unit{
	"io":     {{"ops/s", 1}, {"iops", 1}, {"IOPS", 1}},
	"cpu":    {{"s/s", 1}, {"cores", 1}, {"ms/s", 1000}, {"%", 100}},
	"memory": {{inventory.UnitBytes, 1}},
	"disk":   {{inventory.UnitBytes, 1}},
}

// unit is so many to one of that of the samples.
type unit struct {
	name string
	per  float64
}

// of returns what a sample is in the unit: whole bytes, anything else without the noise
// of its arithmetic.
func (u unit) of(n inventory.Number) inventory.Number {
	if u.name == inventory.UnitBytes {
		return inventory.Number{Value: math.Round(n.Value), Known: n.Known}
	}
	return rounded(inventory.Number{Value: n.Value * u.per, Known: n.Known})
}

// unitsOf returns the unit for a measured resource: the fleet's, with the index of the
// resource, or that of the samples and -1 where the fleet has no such resource or has
// it in a unit, foreign, that is not known here.
func unitsOf(inv *inventory.Inventory, resource string) (u unit, at int, foreign string) {
	units := measuredUnits[resource]
	at = inv.Resource(inventory.ResourceID(resource))
	if at < 0 {
		return units[0], -1, ""
	}
	stated := inv.Resources[at].Unit
	if i := slices.IndexFunc(units, func(u unit) bool { return u.name == stated }); i >= 0 {
		return units[i], at, ""
	}
	return units[0], -1, stated
}

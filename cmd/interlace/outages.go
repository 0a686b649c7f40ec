package main

import (
	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// outages are warnings about servers that are down and the stores on them.
func outages(inv *inventory.Inventory) []planner.Warning {
	var warnings []planner.Warning
	for i := range inv.Servers {
		if s := &inv.Servers[i]; s.State == inventory.Down {
			warnings = append(warnings, planner.Warning{Subject: planner.Text(planner.ServerSubject(s.Name)), Text: report.OutageText(inv, s.Name)})
		}
	}
	return warnings
}

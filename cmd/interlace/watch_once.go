package main

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// asTold puts findings together as alerts tell them: what somebody has acknowledged as
// it is is over, and what a log says of what a look found stands beside that.
func asTold(found []monitor.Finding, alerts []monitor.Alert) []monitor.Finding {
	found = slices.DeleteFunc(slices.Clone(found), func(f monitor.Finding) bool {
		return f.Mark != "" && slices.ContainsFunc(alerts, func(a monitor.Alert) bool {
			return a.Acknowledged != nil && a.Mark == f.Mark && a.Kind == f.Kind && a.Server == f.Server && a.Store == f.Store && a.Channel == f.Channel
		})
	})
	told := slices.DeleteFunc(slices.Clone(found), func(line monitor.Finding) bool {
		return slices.ContainsFunc(found, func(look monitor.Finding) bool { return line.TellsOf(&look) })
	})
	for i := range told {
		look := &told[i]
		for _, line := range found {
			if !line.TellsOf(look) {
				continue
			}
			look.Said = inventory.Text(line.Text)
			if line.Severity.Rank() > look.Severity.Rank() {
				look.Severity = line.Severity
			}
		}
	}
	return told
}

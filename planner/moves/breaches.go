package moves

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// breaches are the worst of those seen so far.
type breaches map[excuse]breach

func (all breaches) note(b breach) {
	if old, ok := all[b.excuse]; !ok || b.value-b.limit > old.value-old.limit {
		all[b.excuse] = b
	}
}

// violations returns the breaches sorted by rule, subject and resource.
func (all breaches) violations(inv *inventory.Inventory) []planner.Violation {
	out := make([]planner.Violation, 0, len(all))
	for _, b := range all {
		out = append(out, b.violation(inv))
	}
	slices.SortFunc(out, func(a, b planner.Violation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Resource, b.Resource))
	})
	return out
}

// violation names what the breach is about.
func (b breach) violation(inv *inventory.Inventory) planner.Violation {
	v := planner.Violation{Rule: b.rule, Failed: []string{}, Value: planner.Known(b.value), Limit: planner.Known(b.limit)}
	if b.ofStore() {
		name := inv.Stores[b.index].Name
		v.Subject, v.Store = planner.StoreSubject(name), planner.Text(name)
	} else {
		name := inv.Servers[b.index].Name
		v.Subject, v.Server = planner.ServerSubject(name), planner.Text(name)
	}
	if b.resource >= 0 {
		v.Resource = planner.Text(inv.Resources[b.resource].Name)
	}
	if b.failed != "" {
		v.Failed = []string{b.failed}
	}
	return v
}

package transit

import (
	"cmp"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Breaches are the worst of those seen so far.
type Breaches map[excuse]Breach

func (all Breaches) note(b Breach) {
	if old, ok := all[b.excuse]; !ok || b.Value-b.Limit > old.Value-old.Limit {
		all[b.excuse] = b
	}
}

// Violations returns the breaches sorted by rule, subject and resource.
func (all Breaches) Violations(inv *inventory.Inventory) []planner.Violation {
	out := make([]planner.Violation, 0, len(all))
	for _, b := range all {
		out = append(out, b.Violation(inv))
	}
	slices.SortFunc(out, func(a, b planner.Violation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Resource, b.Resource))
	})
	return out
}

// Violation names what the breach is about.
func (b Breach) Violation(inv *inventory.Inventory) planner.Violation {
	v := planner.Violation{Rule: b.rule, Failed: []string{}, Value: planner.Known(b.Value), Limit: planner.Known(b.Limit)}
	if b.OfStore() {
		name := inv.Stores[b.Index].Name
		v.Subject, v.Store = planner.StoreSubject(name), planner.Text(name)
	} else {
		name := inv.Servers[b.Index].Name
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

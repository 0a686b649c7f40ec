package report

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// crammed says which bounds lie above every ceiling that they could be below: then
// no layout keeps the ceilings.
func crammed(p *planner.Layout, inv *inventory.Inventory) []string {
	var reasons []string
	full, normal, failed := ceilings(inv)
	add := func(bound planner.Number, ceiling float64, form string) {
		if bound.Known && planner.Above(bound.Value, ceiling) {
			reasons = append(reasons, fmt.Sprintf(form, PercentText(bound.Value), PercentText(ceiling)))
		}
	}
	add(p.Bounds.Fullest, full, "some server is filled to %s at least, and the ceiling is %s")
	add(p.Bounds.Normal, normal, "some server is busy to %s at least in the normal state, and the ceiling is %s")
	if failed > 0 {
		add(p.Bounds.WorstSingle, failed, "when some server fails another one comes to %s at least, and the failure ceiling is %s"+binding(p.Bounds.ByKind.WorstSingle))
	}
	return reasons
}

// binding names the bound on worst failures that binds.
func binding(b planner.FailureBounds) string {
	for _, proof := range b.Proofs() {
		if proof.Bound.Known && proof.Bound == b.Largest() {
			return " (bound by " + proof.Kind + ")"
		}
	}
	return ""
}

// ceilings returns the highest ceilings: of resources that are not failover
// resources, of those that are, and of these when a server fails, 0 if that need not
// be survived.
func ceilings(inv *inventory.Inventory) (full, normal, failed float64) {
	for _, r := range inv.Resources {
		if !r.Failover() {
			full = max(full, r.Ceiling)
			continue
		}
		normal = max(normal, r.Ceiling)
		if slices.Contains(inv.Survive, inventory.LevelServer) {
			failed = max(failed, r.FailureCeiling.At(inventory.LevelServer))
		}
	}
	return full, normal, failed
}

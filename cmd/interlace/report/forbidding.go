package report

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// forbidding says why no layout keeps every rule, where the numbers of
// servers, domains and slots alone tell, or the bounds.
func forbidding(p *planner.Layout, inv *inventory.Inventory) Lines {
	if inv == nil || len(p.Violations) == 0 {
		return nil
	}
	reasons := lacking(p, inv)
	if few := fewSlots(p, inv); few != "" {
		reasons = append(reasons, few)
	}
	reasons = append(reasons, crammed(p, inv)...)
	var lines Lines
	for _, reason := range reasons {
		lines.add("no layout can: %s", reason)
	}
	return lines
}

// lacking says of which stores the copies need more servers, or more domains,
// than may carry them; stores of one reason together.
func lacking(p *planner.Layout, inv *inventory.Inventory) []string {
	var order []string
	stores := map[string][]inventory.StoreID{}
	for i := range inv.Stores {
		st := &inv.Stores[i]
		if reason := lack(p, inv, st); reason != "" {
			if stores[reason] == nil {
				order = append(order, reason)
			}
			stores[reason] = append(stores[reason], st.Name)
		}
	}
	for i, reason := range order {
		concerned := "store"
		if len(stores[reason]) > 1 {
			concerned = "stores"
		}
		order[i] = fmt.Sprintf("%s (%s %s)", reason, concerned, someOf(stores[reason]))
	}
	return order
}

// lack says what the copies of a store need and do not find, or nothing.
func lack(p *planner.Layout, inv *inventory.Inventory, st *inventory.Store) string {
	copies := inv.PromisedCopies(st)
	var able []*inventory.Server
	for i := range inv.Servers {
		if mayCarry(p, &inv.Servers[i], st) {
			able = append(able, &inv.Servers[i])
		}
	}
	if len(able) < copies {
		return fmt.Sprintf("%s on different servers need as many, and %s", copiesText(copies), mayText(len(able), "server", "servers"))
	}
	for _, rule := range inv.Spread {
		domains := map[inventory.FailureDomain]bool{}
		for _, server := range able {
			domains[server.Domain(rule.Level)] = true
		}
		if need := rule.Need(copies); len(domains) < need {
			level := string(rule.Level)
			return fmt.Sprintf("%s in %d different %ss need as many, and servers of %s%s", copiesText(copies), need, level, mayText(len(domains), level, level+"s"), askFor(rule, len(domains)))
		}
	}
	return ""
}

// askFor says how spread is written that asks for as many domains as there are.
func askFor(rule inventory.Spread, domains int) string {
	if domains < 2 {
		return ""
	}
	return fmt.Sprintf("; spread: {%s: %d} asks for %d", rule.Level, domains, domains)
}

func copiesText(n int) string { return things(n, "copy", "copies") }

func mayText(n int, one, many string) string {
	if n == 0 {
		return "no " + one + " may carry one"
	}
	return "only " + things(n, one, many) + " may carry one"
}

// mayCarry reports whether the server may carry the store in the plan's target.
func mayCarry(p *planner.Layout, server *inventory.Server, st *inventory.Store) bool {
	stays := server.State == inventory.Down && st.On(server.Name) != nil
	return (server.Target() && !drains(p, server) || stays) && st.AllowedOn(server)
}

// drains reports whether the plan is to empty the server.
func drains(p *planner.Layout, server *inventory.Server) bool {
	return server.State == inventory.Drain ||
		slices.ContainsFunc(p.Options.Drain, func(s planner.Subject) bool { return s.Covers(server) })
}

// fewSlots says that the instances need more slots than there are.
func fewSlots(p *planner.Layout, inv *inventory.Inventory) string {
	instances, slots := 0, 0
	for i := range inv.Stores {
		instances += inv.PromisedCopies(&inv.Stores[i])
	}
	for i := range inv.Servers {
		server := &inv.Servers[i]
		switch {
		case drains(p, server):
		case server.Slots == inventory.Unlimited:
			return ""
		default:
			slots += server.Slots
		}
	}
	if instances <= slots {
		return ""
	}
	return fmt.Sprintf("%s need as many slots, and the servers that may carry them have %s", things(instances, "instance", "instances"), inventory.CountText(slots))
}

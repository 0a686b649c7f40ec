package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// FleetWords sums the fleet up: 100 servers in 20 racks, 2,000 stores, 1.2 M users.
func FleetWords(inv *inventory.Inventory) string {
	var b strings.Builder
	b.WriteString(things(len(inv.Servers), "server", "servers"))
	separator := " in "
	for _, level := range inv.Levels() {
		domains := map[inventory.DomainID]bool{}
		for i := range inv.Servers {
			if d, ok := inv.Servers[i].Domains[level]; ok {
				domains[d] = true
			}
		}
		b.WriteString(separator + things(len(domains), string(level), string(level)+"s"))
		separator = " and "
	}
	shared := 0
	for i := range inv.Users {
		if inv.Users[i].Kind == inventory.Shared {
			shared++
		}
	}
	fmt.Fprintf(&b, ", %s, %s", things(len(inv.Stores), "store", "stores"), things(len(inv.Users)-shared, "user", "users"))
	if shared > 0 {
		b.WriteString(", " + things(shared, "shared tree", "shared trees"))
	}
	return b.String()
}

// holders counts users and shared trees, which are among all.
func holders(all, trees int) string {
	users := things(all-trees, "user", "users")
	switch {
	case trees == 0:
		return users
	case trees == all:
		return things(trees, "shared tree", "shared trees")
	}
	return users + " and " + things(trees, "shared tree", "shared trees")
}

// verb is what goes with a number of things.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// failureWords names failure domains: "imap3", "rack a4", "imap3 and imap4".
func failureWords(failed []string) string { return strings.Join(failureNames(failed), " and ") }

func failureNames(failed []string) []string {
	names := make([]string, len(failed))
	for i, f := range failed {
		if _, names[i] = planner.Subject(f).Split(); levelOf(f) != inventory.LevelServer {
			names[i] = planner.Subject(f).Words()
		}
	}
	return names
}

// levelOf returns the level of a failed domain, such as server:imap3.
func levelOf(failed string) inventory.Level {
	level, _ := planner.Subject(failed).Split()
	return inventory.Level(level)
}

// failVerb agrees with [failureWords].
func failVerb(failed []string) string {
	if len(failed) == 1 {
		return "fails"
	}
	return "fail"
}

// worstWords says where a worst failure is felt: io of imap7 when imap31 fails.
func worstWords(w planner.Worst) string {
	if !w.Utilisation.Known {
		return "no server survives"
	}
	return fmt.Sprintf("%s of %s when %s %s", w.Resource, w.Server, failureWords(w.Failed), failVerb(w.Failed))
}

func placeWords(p planner.Place) string {
	if !p.Utilisation.Known {
		return ""
	}
	return fmt.Sprintf("%s of %s", p.Resource, p.Server)
}

func ratio(n planner.Number) Cell {
	if !n.Known {
		return Unknown
	}
	return figure(Ratio, n.Value)
}

func sizeCell(n planner.Number) Cell {
	if !n.Known {
		return Unknown
	}
	return figure(Size, n.Value)
}

// tone compares a utilisation with its ceiling: broken above it, soon within a
// twentieth of it.
func tone(value, ceiling float64) Tone {
	switch {
	case planner.Above(value, ceiling):
		return Broken
	case value > 0.95*ceiling:
		return Soon
	}
	return Plain
}

// stoppedWords says why a planner ended that wanted the figure to be low.
func stoppedWords(s planner.Stopped, figure string) string {
	switch s {
	case planner.AtBound:
		return figure + " is at its bound: no plan that keeps the rules has less"
	case planner.WithinGap:
		return figure + " is within the wished gap of its bound"
	case planner.Budget:
		return "nothing better was found within the budget"
	case planner.LocalOptimum:
		return "no single step makes it better"
	case planner.Steps:
		return "the search used all its steps"
	case planner.Cancelled:
		return "interrupted: this is the best plan so far"
	}
	return string(s)
}

// loadsWords says what the loads rest on.
func loadsWords(r planner.Reference) string {
	if len(r.Estimated) == 0 {
		return "as measured"
	}
	names := make([]string, len(r.Estimated))
	for i, id := range r.Estimated {
		names[i] = string(id)
	}
	return "partly estimated in " + strings.Join(names, ", ") + ": the figures rest on that"
}

// survives reports whether the fleet promises to survive failures of the level.
func survives(inv *inventory.Inventory, level inventory.Level) bool {
	return slices.Contains(inv.Survive, level)
}

func sortedLevels[V any](byLevel map[inventory.Level]V) []inventory.Level {
	return slices.Sorted(maps.Keys(byLevel))
}

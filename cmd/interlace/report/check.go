package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Check is the screen of the rules that the current state breaks.
func Check(inv *inventory.Inventory, reference planner.Reference, violations []planner.Violation, warnings []planner.Warning) *Screen {
	s := &Screen{}
	var head Lines
	head.add("%s", FleetWords(inv))
	switch offline := len(inv.Offline()); {
	case len(violations) > 0:
		head = append(head, Line{Words: brokenWords(violations), Tone: Broken})
	case offline > 0:
		head = append(head, Line{Words: "every rule holds, but " + things(offline, "store is", "stores are") + " offline", Tone: Broken})
	default:
		head = append(head, Line{Words: "every rule holds", Tone: Good})
	}
	s.add(head)
	s.addViolations(violations, shownViolations)
	s.addWarnings(warnings)
	facts := Facts{{"loads", loadsWords(reference)}}
	if len(violations) > 0 {
		facts.add("next", "%s", joined("interlace layout --plan plan.json", "interlace users --plan users.json"))
	}
	s.add(facts)
	return s
}

// shownViolations and shownWarnings limit the text; CSV and JSON have all.
const (
	shownViolations = 20
	shownWarnings   = 10
)

// brokenWords counts the rules that are broken and where: 2 rules are broken in
// 51 places: ceiling 1, failure_ceiling 50.
func brokenWords(violations []planner.Violation) string {
	var rules []planner.Rule
	for _, v := range violations {
		rules = append(rules, v.Rule)
	}
	n, list := byRule(rules)
	return fmt.Sprintf("%s broken in %s: %s", things(n, "rule is", "rules are"), things(len(violations), "place", "places"), list)
}

// byRule returns how many different rules there are, and a list of how often
// each occurs, in the order of their first occurrence.
func byRule(rules []planner.Rule) (int, string) {
	var order []planner.Rule
	n := map[planner.Rule]int{}
	for _, r := range rules {
		if n[r] == 0 {
			order = append(order, r)
		}
		n[r]++
	}
	parts := make([]string, len(order))
	for i, r := range order {
		parts[i] = string(r) + " " + CountText(n[r])
	}
	return len(order), strings.Join(parts, ", ")
}

// addViolations lists the violations by rule, the worst of each first.
func (s *Screen) addViolations(violations []planner.Violation, limit int) {
	if len(violations) == 0 {
		return
	}
	order := map[planner.Rule]int{}
	for _, v := range violations {
		if _, seen := order[v.Rule]; !seen {
			order[v.Rule] = len(order)
		}
	}
	worst := slices.Clone(violations)
	slices.SortStableFunc(worst, func(a, b planner.Violation) int {
		return cmp.Or(cmp.Compare(order[a.Rule], order[b.Rule]), cmp.Compare(b.Excess(), a.Excess()))
	})
	s.AddFirst(Violations(worst), limit)
}

// addWarnings lists the warnings; rules that this kind of plan cannot repair
// only by how often they are broken.
func (s *Screen) addWarnings(warnings []planner.Warning) {
	var rules []planner.Rule
	var others []string
	for _, w := range warnings {
		if w.Violation != nil {
			rules = append(rules, w.Violation.Rule)
		} else {
			others = append(others, w.Text)
		}
	}
	var lines Lines
	if len(rules) > 0 {
		_, list := byRule(rules)
		lines = append(lines, Line{Words: "warning: broken, and not to be repaired by a plan of this kind: " + list, Tone: Soon})
	}
	for _, text := range others[:min(shownWarnings, len(others))] {
		lines = append(lines, Line{Words: "warning: " + text, Tone: Soon})
	}
	if rest := len(others) - shownWarnings; rest > 0 {
		lines.add("… %s more warnings: -o json lists all", CountText(rest))
	}
	if lines != nil {
		s.add(lines)
	}
}

// Violations is the table of violations.
func Violations(violations []planner.Violation) *Table {
	t := &Table{Columns: []Column{
		left("rule", "rule", 0),
		left("subject", "subject", 0),
		hidden("server"), hidden("store"), hidden("user"), hidden("group"), hidden("resource"), hidden("failed"),
		left("where", "", 1),
		right("found", "value", 0).late(1),
		right("limit", "limit", 0).late(2),
		right("over by", "excess", 2),
	}}
	type place struct{ rule, subject, where string }
	seen := map[place]bool{}
	rows := make([][]Cell, len(violations))
	for i, v := range violations {
		where := whereWords(v)
		at := place{string(v.Rule), string(v.Subject), where}
		if seen[at] { // a server without a label is a domain at several levels
			where = strings.TrimLeft(where+", at another level", ", ")
		}
		seen[at] = true
		rows[i] = violationRow(v, where)
	}
	t.Rows = slices.Values(rows)
	return t
}

func violationRow(v planner.Violation, where string) []Cell {
	kind := Count
	if measured(v.Rule) {
		kind = Ratio
	}
	return []Cell{
		words(string(v.Rule)).in(Broken), words(string(v.Subject)),
		words(string(v.Server)), words(string(v.Store)), words(string(v.User)), words(string(v.Group)), words(string(v.Resource)),
		list(v.Failed), words(where),
		figure(kind, v.Value.Value), figure(kind, v.Limit.Value), figure(kind, significant(v.Excess())),
	}
}

// whereWords says where and when the rule is broken: cpu when imap27 fails.
func whereWords(v planner.Violation) string {
	switch {
	case v.Rule == planner.Spread:
		return "several in " + failureWords(v.Failed)
	case v.Resource != "" && len(v.Failed) > 0:
		return fmt.Sprintf("%s when %s %s", v.Resource, failureWords(v.Failed), failVerb(v.Failed))
	case v.Resource != "":
		return string(v.Resource)
	case v.Server != "" && v.Subject != planner.ServerSubject(inventory.ServerID(v.Server)):
		return "on " + string(v.Server)
	}
	return ""
}

// measured reports whether the rule limits a utilisation rather than a number of things.
func measured(r planner.Rule) bool {
	return r == planner.Ceiling || r == planner.FailureCeiling || r == planner.StoreCapacity || r == planner.Transient
}

// ViolationText says a violation in one line: rule, subject, excess.
func ViolationText(v planner.Violation) string {
	excess := CountText(int64(v.Excess()))
	if measured(v.Rule) {
		excess = PercentText(v.Excess())
	}
	return strings.Join([]string{string(v.Rule), string(v.Subject), "over by " + excess + ":", v.String()}, " ")
}

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Check is the screen of the rules that the current state breaks.
//
// Next are the commands that may repair them.
func Check(inv *inventory.Inventory, reference planner.Reference, violations []planner.Violation, warnings []planner.Warning, next []string) *Screen {
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
	if len(next) > 0 {
		facts.add("next", "%s", joined(next...))
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
	n, list := brokenRules(violations)
	return fmt.Sprintf("%s broken in %s: %s", things(n, "rule is", "rules are"), things(len(violations), "place", "places"), list)
}

// brokenRules returns how many rules are broken, and a list of how often each is.
func brokenRules(violations []planner.Violation) (int, string) {
	var rules []planner.Rule
	for _, v := range violations {
		rules = append(rules, v.Rule)
	}
	return byRule(rules)
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
		parts[i] = string(r) + " " + inventory.CountText(n[r])
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
	var left []planner.Violation
	var others []string
	for _, w := range warnings {
		if w.Violation != nil {
			left = append(left, *w.Violation)
		} else {
			others = append(others, w.Text)
		}
	}
	var lines Lines
	if len(left) > 0 {
		lines = append(lines, Line{Words: "warning: " + leftWords(left), Tone: Soon})
	}
	for _, text := range others[:min(shownWarnings, len(others))] {
		lines = append(lines, Line{Words: "warning: " + text, Tone: Soon})
	}
	if rest := len(others) - shownWarnings; rest > 0 {
		lines.add("… %s more warnings: -o json lists all", inventory.CountText(rest))
	}
	if lines != nil {
		s.add(lines)
	}
}

// leftWords says which rules a plan leaves broken that another command repairs, and
// on which stores and servers that drain: broken, and not to be repaired by a plan of
// this kind but by interlace users: group_whole 1, drain 2 (stores s1 s2).
func leftWords(left []planner.Violation) string {
	var rules []planner.Rule
	var commands []string
	draining := map[string][]string{}
	for _, v := range left {
		rules = append(rules, v.Rule)
		kind, name := v.Subject.Split()
		command := "interlace layout"
		if v.Rule == planner.StoreCapacity || v.Rule == planner.GroupWhole || v.Rule == planner.DrainEmpty && kind == "store" {
			command = "interlace users"
		}
		if !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
		if v.Rule == planner.DrainEmpty {
			draining[kind] = append(draining[kind], name)
		}
	}
	_, list := byRule(rules)
	names := ""
	for _, kind := range []string{"store", "server"} {
		if of := draining[kind]; of != nil {
			names += fmt.Sprintf(" (%ss that drain: %s)", kind, someOf(of))
		}
	}
	return "broken, and not to be repaired by a plan of this kind but by " + strings.Join(commands, " and ") + ": " + list + names
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
		right("broken by", "excess", 2),
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
	found, limit := figure(kind, v.Value.Value), figure(kind, v.Limit.Value)
	if kind == Ratio {
		found, limit = found.as(toldApart(v.Value.Value, v.Limit.Value)), limit.as(toldApart(v.Limit.Value, v.Value.Value))
	}
	return []Cell{
		words(string(v.Rule)).in(Broken), words(string(v.Subject)),
		words(string(v.Server)), words(string(v.Store)), words(string(v.User)), words(string(v.Group)), words(string(v.Resource)),
		list(v.Failed), words(where),
		found, limit, figure(kind, significant(v.Excess())).as(excessWords(v)),
	}
}

// mostDecimals is how many decimals of a percentage a float64 tells apart.
const mostDecimals = 16

// toldApart is a ratio in percent, with as many decimals more as tell it from
// another.
func toldApart(v, other float64) string {
	if PercentText(v) != PercentText(other) || v == other {
		return PercentText(v)
	}
	text := ""
	for decimals := 1; decimals <= mostDecimals; decimals++ {
		text = strconv.FormatFloat(100*v, 'f', decimals, 64)
		if text != strconv.FormatFloat(100*other, 'f', decimals, 64) {
			break
		}
	}
	return text + " %"
}

// excessWords says by how much a rule is broken: by points between two
// percentages, by too many or, where at least the limit is asked for, too few.
func excessWords(v planner.Violation) string {
	switch {
	case measured(v.Rule):
		return pointsText(v.Excess())
	case v.Rule == planner.Spread || v.Rule == planner.Copies:
		return inventory.CountText(int64(v.Excess())) + " too few"
	}
	return inventory.CountText(int64(v.Excess())) + " too many"
}

// pointsText is a difference of two percentages.
func pointsText(ratio float64) string {
	if ratio > 0 && ratio < 0.0005 {
		return "<0.1 points"
	}
	return strings.TrimSuffix(PercentText(ratio), "%") + "points"
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
	return fmt.Sprintf("%s %s %s: %s", v.Rule, v.Subject, byWords(v), v)
}

// byWords says by how much a rule is broken, in a sentence.
func byWords(v planner.Violation) string {
	switch {
	case measured(v.Rule):
		return "over by " + pointsText(v.Excess())
	case v.Rule == planner.Spread || v.Rule == planner.Copies:
		return "short by " + inventory.CountText(int64(v.Excess()))
	}
	return "over by " + inventory.CountText(int64(v.Excess()))
}

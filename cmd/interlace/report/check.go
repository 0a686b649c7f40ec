package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Check is the screen of the rules that the current state breaks.
func Check(inv *inventory.Inventory, violations []planner.Violation, warnings []planner.Warning) *Screen {
	s := &Screen{}
	var head Lines
	head.add("%s", fleetWords(inv))
	if len(violations) == 0 {
		head = append(head, Line{Words: "every rule holds", Tone: Good})
	} else {
		head = append(head, Line{Words: brokenWords(len(violations)), Tone: Broken})
	}
	s.add(head)
	s.addViolations(violations, shownViolations)
	s.addWarnings(warnings)
	if len(violations) > 0 {
		s.add(Facts{{"next", nextWords("interlace layout --plan plan.json", "interlace users --plan users.json")}})
	}
	return s
}

// shownViolations and shownWarnings limit the text; CSV and JSON have all.
const (
	shownViolations = 20
	shownWarnings   = 10
)

func brokenWords(n int) string {
	if n == 1 {
		return "1 rule is broken"
	}
	return CountText(n) + " rules are broken"
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
	shown := worst[:min(limit, len(worst))]
	s.add(Violations(shown))
	if rest := len(worst) - len(shown); rest > 0 {
		var more Lines
		more.add("… %s more: -o csv lists all", CountText(rest))
		s.add(more)
	}
}

// addWarnings lists the warnings.
func (s *Screen) addWarnings(warnings []planner.Warning) {
	if len(warnings) == 0 {
		return
	}
	var lines Lines
	for _, w := range warnings[:min(shownWarnings, len(warnings))] {
		lines = append(lines, Line{Words: "warning: " + w.Text, Tone: Soon})
	}
	if rest := len(warnings) - shownWarnings; rest > 0 {
		lines.add("… %s more warnings: -o json lists all", CountText(rest))
	}
	s.add(lines)
}

// Violations is the table of violations.
func Violations(violations []planner.Violation) *Table {
	t := &Table{Columns: []Column{
		left("rule", "rule", 0),
		left("subject", "subject", 0),
		hidden("server"), hidden("store"), hidden("user"), hidden("group"), hidden("resource"), hidden("failed"),
		right("found", "value", 0),
		right("limit", "limit", 0),
		right("over by", "excess", 2),
		left("in words", "", 1),
	}}
	t.Rows = func(yield func([]Cell) bool) {
		for _, v := range violations {
			if !yield(violationRow(v)) {
				return
			}
		}
	}
	return t
}

func violationRow(v planner.Violation) []Cell {
	kind := Count
	if measured(v.Rule) {
		kind = Ratio
	}
	return []Cell{
		words(string(v.Rule)).in(Broken), words(string(v.Subject)),
		words(string(v.Server)), words(string(v.Store)), words(string(v.User)), words(string(v.Group)), words(string(v.Resource)),
		list(v.Failed),
		figure(kind, v.Value.Value), figure(kind, v.Limit.Value), figure(kind, v.Excess()),
		words(v.String()),
	}
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

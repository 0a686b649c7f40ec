package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/planner"
)

// Rehearsed is what carrying plans out would do, and what speaks against it.
type Rehearsed struct {
	Units     []RehearsedUnit `json:"units"`
	Broken    []string        `json:"broken"`    // rules that it would break: nothing is begun then
	Unreached []string        `json:"unreached"` // instances that do not answer, and why
	Notes     []string        `json:"notes"`     // what should be known before
	// Doing says that people are shown only units about which something would be done.
	Doing bool `json:"-"`
}

// RehearsedUnit is what of a plan goes together, and what would be done.
type RehearsedUnit struct {
	AppliedUnit
	Text    inventory.Text  `json:"text"`
	Refused []string        `json:"refused"`
	Waits   []string        `json:"waits"` // what would keep it waiting now
	Steps   []RehearsedStep `json:"steps"`
}

// RehearsedStep is a step with the commands that it would run.
type RehearsedStep struct {
	Verb     string             `json:"verb"` // do or undo
	Step     monitor.Step       `json:"step"`
	Commands []RehearsedCommand `json:"commands"`
	Routes   []string           `json:"routes"` // lines USER,FROM,TO
}

// RehearsedCommand is a command, and where it would run or, of a hook, about which server
// it is.
type RehearsedCommand struct {
	Server   inventory.ServerID `json:"server"`
	Command  inventory.Text     `json:"command"` // null: there is none that could be shown
	Pastable bool               `json:"pastable"`
	Note     inventory.Text     `json:"note"` // why it can't be pasted as it is
	// Own says that it only makes or removes a file of interlace's own, and Here that it
	// runs on this machine.
	Own  bool `json:"-"`
	Here bool `json:"-"`
}

// Screen is what people are told.
func (r *Rehearsed) Screen() *Screen {
	s := &Screen{}
	if len(r.Units) == 0 {
		s.add(nothingToDo)
		return s
	}
	units, others := told(r.Units, r.Doing, func(u *RehearsedUnit) *AppliedUnit { return &u.AppliedUnit })
	refused, waits, pastable := 0, 0, false
	for i := range units {
		u := &units[i]
		if len(u.Refused) > 0 {
			refused++
		}
		if len(u.Waits) > 0 {
			waits++
		}
		pastable = pastable || u.pastable()
	}
	lines := Lines{}
	for _, text := range r.BrokenLines() {
		lines = append(lines, Line{text, Broken})
	}
	lines.add("%s; nothing is changed without --yes", sumOf(units))
	if others != "" {
		lines.add("%s", nothingFor(others))
	}
	if refused > 0 {
		lines = append(lines, Line{inventory.Counted(refused, "unit has something that speaks against it", "units have something that speaks against them"), Broken})
	}
	if waits > 0 {
		lines = append(lines, Line{inventory.Counted(waits, "unit would wait now", "units would wait now"), Soon})
	}
	for _, text := range r.Unreached {
		lines = append(lines, Line{text, Broken})
	}
	for _, text := range r.Notes {
		lines = append(lines, Line{text, Soon})
	}
	switch {
	case len(r.Broken) > 0 && slices.ContainsFunc(units, func(u RehearsedUnit) bool { return len(u.Steps) > 0 }):
		lines.add("the steps are left out, since none would be taken: -o json has them")
	case pastable:
		lines.add("commands are ready to paste on the server that stands behind them, as the account of Cyrus; those behind a # are not")
	}
	s.add(lines)
	steps := len(r.Broken) == 0
	for i := range units[:min(len(units), mostUnits)] {
		s.add(units[i].lines(steps))
	}
	if legend := r.steps(); legend != nil && steps {
		s.add(legend)
	}
	return s
}

// sumOf says how much units are together.
func sumOf(units []RehearsedUnit) string {
	move, stay, bytes := 0, 0, int64(0)
	for i := range units {
		switch u := &units[i]; {
		case u.Do == string(planner.Move):
			move += u.Users
		case u.keepsOut():
			stay += u.Users
		}
		bytes += units[i].Bytes
	}
	text := inventory.Counted(len(units), "unit", "units")
	switch {
	case move > 0 && stay > 0:
		text += fmt.Sprintf(", which move %s, and keep %s out while their stores are promoted", inventory.Counted(move, "user", "users"), inventory.CountText(stay))
	case stay > 0:
		text += fmt.Sprintf(", which keep %s out while their stores are promoted", inventory.Counted(stay, "user", "users"))
	case move > 0:
		text += " with " + inventory.Counted(move, "user", "users")
	}
	return text + ", " + BytesText(bytes)
}

// keepsOut reports whether the users of a store that is promoted are, or would be, kept out.
func (u *RehearsedUnit) keepsOut() bool {
	return u.Out != "" || slices.ContainsFunc(u.Steps, func(s RehearsedStep) bool { return s.Verb == "do" && s.Step == monitor.StepStop })
}

// BrokenLines say why nothing would be begun.
func (r *Rehearsed) BrokenLines() []string {
	var list []string
	for _, text := range r.Broken {
		list = append(list, "nothing would be begun, for it would break a rule: "+text)
	}
	return list
}

func (u *RehearsedUnit) pastable() bool {
	for i := range u.Steps {
		for _, c := range u.Steps[i].Commands {
			if c.Pastable {
				return true
			}
		}
	}
	return false
}

// script are lines of which some are commands, which no line end breaks.
type script []scriptLine

type scriptLine struct {
	Line
	command bool
}

// Text writes the lines.
func (s script) Text(w io.Writer, style Style) error {
	for _, line := range s {
		own := style
		if line.command {
			own.Width = 0
		}
		if err := (Lines{line.Line}).Text(w, own); err != nil {
			return err
		}
	}
	return nil
}

func (s *script) add(format string, args ...any) { s.tell(Plain, format, args...) }

func (s *script) tell(tone Tone, format string, args ...any) {
	*s = append(*s, scriptLine{Line: Line{fmt.Sprintf(format, args...), tone}})
}

func (s *script) command(text string) {
	*s = append(*s, scriptLine{Line{"    " + text, Plain}, true})
}

// lines are a unit and, if they are wanted, its steps.
func (u *RehearsedUnit) lines(steps bool) script {
	var l script
	head := u.Unit
	if u.Wave > 0 {
		head = "wave " + inventory.CountText(u.Wave) + ": " + head
	}
	if u.Users > 0 {
		head += ", " + inventory.Counted(u.Users, "user", "users")
	}
	l.add("%s, %s: %s", head, BytesText(u.Bytes), u.State)
	if u.Kept != "" {
		l.add("  the originals are kept until %s", minute(u.Kept))
	}
	if u.Out != "" {
		l.tell(Broken, "  users are kept out since %s", minute(u.Out))
	}
	if u.Text != "" {
		l.add("  %s", u.Text)
	}
	if u.Why != "" {
		l.tell(Soon, "  %s", u.Why)
	}
	for _, text := range u.Refused {
		l.tell(Broken, "  refused: %s", text)
	}
	for _, text := range u.Waits {
		l.tell(Soon, "  would wait now: %s", text)
	}
	for i := range u.Steps {
		if steps {
			u.Steps[i].lines(&l)
		}
	}
	return l
}

// mostRoutes is how many routes of a step people are shown.
const mostRoutes = 10

// lines adds a step with its commands.
func (s *RehearsedStep) lines(l *script) {
	if s.Verb == "undo" {
		l.add("  undo %s", s.Step)
	} else {
		l.add("  %s", s.Step)
	}
	shown := slices.DeleteFunc(slices.Clone(s.Commands), func(c RehearsedCommand) bool { return c.Own })
	for len(shown) > 0 {
		n := alikeBut(shown)
		l.command(commandLine(shown[:n]))
		shown = shown[n:]
	}
	for _, route := range s.Routes[:min(len(s.Routes), mostRoutes)] {
		l.command("#   " + route)
	}
	if more := len(s.Routes) - mostRoutes; more > 0 {
		l.add("    #   … %s more: -o json lists all", inventory.CountText(more))
	}
}

// fewAlike is how many commands that differ in their last word alone are still shown each.
const fewAlike = 2

// alikeBut returns how many commands, from the first one, differ in nothing but their last
// word, which stands behind "--"; 1 where these are few.
func alikeBut(list []RehearsedCommand) int {
	same := func(c *RehearsedCommand) bool {
		program, _ := splitLast(c.Command)
		first, _ := splitLast(list[0].Command)
		return program != "" && program == first && c.Server == list[0].Server && c.Pastable == list[0].Pastable && c.Note == list[0].Note
	}
	n := 1
	for n < len(list) && same(&list[n]) {
		n++
	}
	if n <= fewAlike {
		return 1
	}
	return n
}

// splitLast divides a command, as it is quoted for a shell, at the word "--", if there is
// surely one word behind it.
func splitLast(command inventory.Text) (program, last string) {
	before, last, found := strings.Cut(string(command), " -- ")
	quoted := len(last) > 1 && strings.Count(last, "'") == 2 && last[0] == '\'' && last[len(last)-1] == '\''
	if !found || strings.Contains(last, " ") && !quoted {
		return "", ""
	}
	return before + " --", last
}

// commandLine is a command, or a loop over several that differ in their last word, with where it
// would run; a comment where it can't be pasted.
func commandLine(list []RehearsedCommand) string {
	c, text := &list[0], string(list[0].Command)
	if len(list) > 1 {
		words := make([]string, len(list))
		for i := range list {
			text, words[i] = splitLast(list[i].Command)
		}
		text = fmt.Sprintf(`for name in %s; do %s "$name"; done`, strings.Join(words, " "), text)
	}
	switch {
	case c.Pastable:
		return fmt.Sprintf("%s  # on %s", text, c.Server)
	case text == "":
		return "# " + string(c.Note)
	case c.Here:
		return fmt.Sprintf("# %s (%s)", text, c.Note)
	}
	return fmt.Sprintf("# %s (on %s: %s)", text, c.Server, c.Note)
}

// Table has a row for each command, for each route, and for each step that has neither; of
// a unit with no step one row, and one for all that speaks against it.
func (r *Rehearsed) Table() *Table {
	var list []rehearsedRow
	for i := range r.Units {
		list = append(list, r.Units[i].rows()...)
	}
	return &Table{
		Columns: append(unitColumns(), left("verb", "verb", 0), left("server", "server", 0), left("command", "command", 0), left("pastable", "pastable", 0), left("note", "note", 0),
			left("route", "route", 0), left("waits", "waits", 0), left("refused", "refused", 0)),
		Rows: rowsOf(list, func(row rehearsedRow) []Cell {
			server, command, pastable, note := Nothing, Nothing, Nothing, Nothing
			if c := row.command; c != nil {
				server, command, pastable, note = words(string(c.Server)), words(string(c.Command)), words(strconv.FormatBool(c.Pastable)), words(string(c.Note))
			}
			return append(row.unit.cells(row.step), words(row.verb), server, command, pastable, note, words(row.route), words(row.waits), words(row.refused))
		}),
	}
}

type rehearsedRow struct {
	unit                              *RehearsedUnit
	verb, step, route, waits, refused string
	command                           *RehearsedCommand
}

func (u *RehearsedUnit) rows() []rehearsedRow {
	var list []rehearsedRow
	for _, text := range u.Refused {
		list = append(list, rehearsedRow{unit: u, refused: text})
	}
	for _, text := range u.Waits {
		list = append(list, rehearsedRow{unit: u, waits: text})
	}
	for i := range u.Steps {
		s := &u.Steps[i]
		for j := range s.Commands {
			list = append(list, rehearsedRow{unit: u, verb: s.Verb, step: string(s.Step), command: &s.Commands[j]})
		}
		for _, route := range s.Routes {
			list = append(list, rehearsedRow{unit: u, verb: s.Verb, step: string(s.Step), route: route})
		}
		if len(s.Commands)+len(s.Routes) == 0 {
			list = append(list, rehearsedRow{unit: u, verb: s.Verb, step: string(s.Step)})
		}
	}
	if len(list) == 0 {
		list = append(list, rehearsedRow{unit: u, step: string(u.Step)})
	}
	return list
}

// StayBroken says which rules plans leave broken as they are.
func StayBroken(left []planner.Violation) string {
	rules, list := brokenRules(left)
	return fmt.Sprintf("%s broken, as today, in %s: %s (interlace check lists them)", things(rules, "rule stays", "rules stay"), things(len(left), "place", "places"), list)
}

// BrokenAgain says which rules are broken as before by taking plans back.
func BrokenAgain(again []planner.Violation) string {
	const most = 5
	var list []string
	for _, v := range again[:min(len(again), most)] {
		list = append(list, ViolationText(v)+" again")
	}
	if more := len(again) - most; more > 0 {
		list = append(list, inventory.CountText(more)+" more")
	}
	return "taken back, " + strings.Join(list, "; ") + ", as before the plan (interlace check lists what is broken)"
}

package report

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Applied is what became of plans that are carried out.
type Applied struct {
	Units []AppliedUnit `json:"units"`
}

// AppliedUnit is what of a plan goes together, and what became of it.
type AppliedUnit struct {
	Plan     string           `json:"plan"`
	Unit     string           `json:"unit"`
	Wave     int              `json:"wave"` // 0: there is no schedule
	Do       string           `json:"do"`
	Users    int              `json:"users"`
	From     inventory.Text   `json:"from"` // stores or, of a store, a server
	To       inventory.Text   `json:"to"`
	Bytes    int64            `json:"bytes"`
	State    string           `json:"state"`
	Step     inventory.Text   `json:"step"` // that it is at, or was last at
	Expected inventory.Number `json:"denied_expected_seconds"`
	Denied   inventory.Number `json:"denied_seconds"`
	Since    inventory.Text   `json:"since"`
	Kept     inventory.Text   `json:"kept_until"` // the originals, where they were
	Why      inventory.Text   `json:"why"`        // it is not done
	// Tone colours the state.
	Tone Tone `json:"-"`
}

// Screen is what people are told.
func (a *Applied) Screen() *Screen {
	s := &Screen{}
	states := map[string]int{}
	for i := range a.Units {
		states[a.Units[i].State]++
	}
	var lines Lines
	for _, state := range mostFirst(states) {
		lines.add("%s %s", inventory.Counted(states[state], "unit is", "units are"), state)
	}
	s.add(lines)
	s.AddFirst(a.Table(), mostUnits)
	return s
}

// mostUnits is how many units people are shown.
const mostUnits = 100

// Table has a row for each unit.
func (a *Applied) Table() *Table {
	return &Table{
		Columns: []Column{
			hidden("plan"), left("unit", "unit", 0), right("wave", "wave", 6), left("", "do", 7), right("users", "users", 3), left("from", "from", 4), left("to", "to", 4),
			right("bytes", "bytes", 5), left("state", "state", 0), left("step", "step", 2),
			right("denied, expected", "denied_expected_seconds", 8), right("denied", "denied_seconds", 1), left("since", "since", 9), hidden("kept_until"), beneath("why"),
		},
		Rows: rowsOf(a.Units, func(u AppliedUnit) []Cell {
			wave, users := Nothing, count(u.Users)
			if u.Wave > 0 {
				wave = count(u.Wave)
			}
			return []Cell{
				words(u.Plan), words(u.Unit), wave, words(u.Do), users, words(string(u.From)), words(string(u.To)),
				figure(Size, u.Bytes), words(u.State).in(u.Tone), words(string(u.Step)),
				number(Seconds, u.Expected), number(Seconds, u.Denied), words(string(u.Since)), words(string(u.Kept)), words(string(u.Why)),
			}
		}),
	}
}

// Rehearsed is what carrying plans out would do, and what speaks against it.
type Rehearsed struct {
	Units     []RehearsedUnit `json:"units"`
	Unreached []string        `json:"unreached"` // instances that do not answer or are claimed for another database, and why
}

// RehearsedUnit is what of a plan goes together, and what would be done.
type RehearsedUnit struct {
	AppliedUnit
	Text    inventory.Text  `json:"text"`
	Refused []string        `json:"refused"`
	Steps   []RehearsedStep `json:"steps"`
}

// RehearsedStep is a step with the commands that it would run.
type RehearsedStep struct {
	Step     monitor.Step       `json:"step"`
	Commands []RehearsedCommand `json:"commands"`
}

// RehearsedCommand is a command, ready to paste, and where it would run.
type RehearsedCommand struct {
	Server  inventory.ServerID `json:"server"`
	Command inventory.Text     `json:"command"` // null: it has words that can't be pasted
}

// Screen is what people are told.
func (r *Rehearsed) Screen() *Screen {
	s := &Screen{}
	refused := 0
	for i := range r.Units {
		if len(r.Units[i].Refused) > 0 {
			refused++
		}
	}
	lines := Lines{}
	lines.add("%s; nothing is changed without --yes", inventory.Counted(len(r.Units), "unit", "units"))
	if refused > 0 {
		lines = append(lines, Line{inventory.Counted(refused, "unit has something that speaks against it", "units have something that speaks against them"), Broken})
	}
	for _, text := range r.Unreached {
		lines = append(lines, Line{text, Broken})
	}
	s.add(lines)
	for i := range r.Units[:min(len(r.Units), mostUnits)] {
		s.add(r.Units[i].lines())
	}
	return s
}

// lines are a unit with its steps.
func (u *RehearsedUnit) lines() Lines {
	var l Lines
	head := u.Unit
	if u.Wave > 0 {
		head = "wave " + inventory.CountText(u.Wave) + ": " + head
	}
	if u.Users > 0 {
		head += ", " + inventory.Counted(u.Users, "user", "users")
	}
	l.add("%s, %s: %s", head, BytesText(u.Bytes), u.State)
	if u.Text != "" {
		l.add("  %s", u.Text)
	}
	for _, text := range u.Refused {
		l = append(l, Line{"  refused: " + text, Broken})
	}
	for _, step := range u.Steps {
		l.add("  %s", step.Step)
		for _, c := range step.Commands {
			command := string(c.Command)
			if ofOwn(command) {
				continue
			}
			if command == "" {
				command = "a command that can't be pasted, since it has control characters"
			}
			l.add("    %s  # on %s", command, c.Server)
		}
	}
	return l
}

// ofOwn reports whether a command only makes or removes a file of interlace's own.
func ofOwn(command string) bool {
	program, _, _ := strings.Cut(command, " ")
	return slices.Contains([]string{"install", "dd", "rm"}, program)
}

// Table has a row for each command, and for each step that runs none.
func (r *Rehearsed) Table() *Table {
	type row struct {
		u       *RehearsedUnit
		step    monitor.Step
		command *RehearsedCommand
		refused string
	}
	var list []row
	for i := range r.Units {
		u := &r.Units[i]
		for _, text := range u.Refused {
			list = append(list, row{u: u, refused: text})
		}
		for _, s := range u.Steps {
			if len(s.Commands) == 0 {
				list = append(list, row{u: u, step: s.Step})
			}
			for j := range s.Commands {
				list = append(list, row{u: u, step: s.Step, command: &s.Commands[j]})
			}
		}
	}
	return &Table{
		Columns: []Column{left("plan", "plan", 0), left("unit", "unit", 0), right("wave", "wave", 0), left("step", "step", 0), left("server", "server", 0), left("command", "command", 0), left("refused", "refused", 0)},
		Rows: rowsOf(list, func(r row) []Cell {
			server, command := Nothing, Nothing
			if r.command != nil {
				server, command = words(string(r.command.Server)), words(string(r.command.Command))
			}
			return []Cell{words(r.u.Plan), words(r.u.Unit), count(r.u.Wave), words(string(r.step)), server, command, words(r.refused)}
		}),
	}
}

package report

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Applied is what became of plans that are carried out.
type Applied struct {
	Units []AppliedUnit `json:"units"`
	// Doing says that people are shown only units about which something is done.
	Doing bool `json:"-"`
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
	Kept     inventory.Text   `json:"kept_until"`     // the originals, where they were
	Out      inventory.Text   `json:"kept_out_since"` // the users, whom nobody lets in by himself
	Why      inventory.Text   `json:"why"`            // it is not done
	Idle     bool             `json:"idle"`           // nothing was, or would be, done about it
	// Tone colours the state.
	Tone Tone `json:"-"`
	// Back says that it moves users back whom another unit has moved, and Twice that of the
	// same users another unit tells more.
	Back  bool `json:"-"`
	Twice bool `json:"-"`
}

// told are the units that people are told of, each in its own words, and what is to be said of
// the others.
func told[U any](units []U, doing bool, of func(*U) *AppliedUnit) (list []U, others string) {
	states := map[string]int{}
	for _, unit := range units {
		switch u := of(&unit); {
		case u.Twice:
		case doing && u.Idle:
			states[u.said()]++
		default:
			u.State = u.said()
			list = append(list, unit)
		}
	}
	var counts []string
	for _, state := range mostFirst(states) {
		counts = append(counts, inventory.Counted(states[state], "unit is", "units are")+" "+state)
	}
	return list, strings.Join(counts, ", ")
}

// said is the state of the unit for people.
func (u *AppliedUnit) said() string { return StateText(u.State, u.Back) }

// StateText is the state of a unit for people. Of one that moves users back these are back when
// they are moved, and are not where all of that was undone.
func StateText(state string, back bool) string {
	switch {
	case back && state == "moved":
		return "back"
	case back && state == "back":
		return "not back"
	}
	return state
}

// nothingFor says that there is nothing to do about units.
func nothingFor(others string) string { return "nothing is to be done now about the others: " + others }

// Screen is what people are told.
func (a *Applied) Screen() *Screen {
	s := &Screen{}
	if len(a.Units) == 0 {
		s.add(nothingToDo)
		return s
	}
	units, others := told(a.Units, a.Doing, func(u *AppliedUnit) *AppliedUnit { return u })
	states := map[string]int{}
	for i := range units {
		states[units[i].State]++
	}
	var lines Lines
	for _, state := range mostFirst(states) {
		lines.add("%s %s", inventory.Counted(states[state], "unit is", "units are"), state)
	}
	if others != "" {
		lines.add("%s", nothingFor(others))
	}
	for i := range a.Units {
		if u := &a.Units[i]; u.Out != "" {
			lines = append(lines, Line{fmt.Sprintf("%s: users are kept out since %s", u.Unit, minute(u.Out)), Broken})
		}
	}
	s.add(lines)
	if len(units) > 0 {
		s.AddFirst((&Applied{Units: units}).Table(), mostUnits)
	}
	return s
}

// nothingToDo is what there is to be said of plans without changes.
var nothingToDo = Lines{{"the plan has no changes: there is nothing to do", Plain}}

// mostUnits is how many units people are shown.
const mostUnits = 100

// Table has a row for each unit.
func (a *Applied) Table() *Table {
	return &Table{
		Columns: append(unitColumns(), right("expected denied", "denied_expected_seconds", 8), right("denied", "denied_seconds", 1), hidden("kept_out_since"), beneath("why")),
		Rows: rowsOf(a.Units, func(u AppliedUnit) []Cell {
			return append(u.cells(string(u.Step)), number(Seconds, u.Expected), number(Seconds, u.Denied), words(string(u.Out)), words(string(u.Why)))
		}),
	}
}

// unitColumns are those that a unit has whether it was carried out or would be.
func unitColumns() []Column {
	return []Column{
		hidden("plan"), left("unit", "unit", 0), right("wave", "wave", 6), left("", "do", 7), right("users", "users", 3), left("from", "from", 4), left("to", "to", 4),
		right("bytes", "bytes", 5), left("state", "state", 0), left("step", "step", 2), hidden("since"), moment("since").dropped(9), hidden("kept_until"),
	}
}

// cells are those of unitColumns, with a step.
func (u *AppliedUnit) cells(step string) []Cell {
	wave := Nothing
	if u.Wave > 0 {
		wave = count(u.Wave)
	}
	return []Cell{
		words(u.Plan), words(u.Unit), wave, words(u.Do), count(u.Users), words(string(u.From)), words(string(u.To)),
		figure(Size, u.Bytes), words(u.State).in(u.Tone), words(step), words(string(u.Since)), when(u.Since), words(string(u.Kept)),
	}
}

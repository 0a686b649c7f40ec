package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Confirmations are what was found of plans that were carried out.
type Confirmations struct {
	Plans    []ConfirmedPlan    `json:"plans"`
	Promises []ConfirmedPromise `json:"promises"`
	Doubts   []ConfirmedDoubt   `json:"doubts"` // all that is not met

	Notes []string `json:"-"` // what else is to be said
}

// ConfirmedPlan is one plan, or one of its units.
type ConfirmedPlan struct {
	Plan     string             `json:"plan"`
	Unit     inventory.Text     `json:"unit"` // null: all of the plan
	At       inventory.Text     `json:"at"`
	By       string             `json:"by"`
	Occasion monitor.Occasion   `json:"occasion"`
	Verdict  monitor.Fulfilment `json:"verdict"`
}

// ConfirmedPromise is one promise of a plan.
type ConfirmedPromise struct {
	Plan     string              `json:"plan"`
	Unit     inventory.Text      `json:"unit"`
	Promise  monitor.PromiseName `json:"promise"`
	Kept     *bool               `json:"kept"` // null: unknown
	Verdict  monitor.Fulfilment  `json:"verdict"`
	Expected string              `json:"expected"`
	Found    string              `json:"found"`
}

// ConfirmedDoubt is something that is not met, or not known.
type ConfirmedDoubt struct {
	Plan    string              `json:"plan"`
	Promise monitor.PromiseName `json:"promise"`
	monitor.Doubt
}

// NewConfirmations lists what was found.
func NewConfirmations(list []monitor.Confirmation) *Confirmations {
	all := &Confirmations{Plans: []ConfirmedPlan{}, Promises: []ConfirmedPromise{}, Doubts: []ConfirmedDoubt{}}
	for i := range list {
		c := &list[i]
		all.Plans = append(all.Plans, ConfirmedPlan{c.Plan, inventory.Text(c.Unit), monitor.Time(c.At), c.By, c.Occasion, c.Verdict})
		for k := range c.Promises {
			p := &c.Promises[k]
			row := ConfirmedPromise{Plan: c.Plan, Unit: inventory.Text(c.Unit), Promise: p.Name, Verdict: p.Verdict, Expected: p.Expected, Found: p.Found}
			if kept := p.Verdict == monitor.Met; p.Verdict != monitor.UnknownFulfilment {
				row.Kept = &kept
			}
			all.Promises = append(all.Promises, row)
			for _, d := range p.Doubts {
				all.Doubts = append(all.Doubts, ConfirmedDoubt{c.Plan, p.Name, d})
			}
		}
	}
	return all
}

// Met reports whether everything is met.
func (c *Confirmations) Met() bool {
	return !slices.ContainsFunc(c.Plans, func(p ConfirmedPlan) bool { return p.Verdict != monitor.Met })
}

// Confirmed is the screen of what was found of plans.
func Confirmed(c *Confirmations) *Screen {
	s := &Screen{}
	for i := range c.Plans {
		p := &c.Plans[i]
		of := slices.DeleteFunc(slices.Clone(c.Promises), func(o ConfirmedPromise) bool { return o.Plan != p.Plan || o.Unit != p.Unit })
		s.add(Lines{p.head(of)}, promisesOf(of))
	}
	if len(c.Doubts) > 0 {
		s.AddFirst(doubts(c.Doubts), mostDoubts)
	}
	var lines Lines
	for _, note := range c.Notes {
		lines.add("%s", note)
	}
	if len(lines) > 0 {
		s.add(lines)
	}
	return s
}

// mostDoubts is how many doubts people are shown.
const mostDoubts = 100

// head says what came out of a plan.
func (p *ConfirmedPlan) head(promises []ConfirmedPromise) Line {
	counts := map[monitor.Fulfilment]int{}
	for i := range promises {
		counts[promises[i].Verdict]++
	}
	parts := []string{things(counts[monitor.Met], "promise is met", "promises are met")}
	tone := Good
	if n := counts[monitor.UnknownFulfilment]; n > 0 {
		parts, tone = append(parts, "of "+inventory.CountText(n)+" it is not known"), Soon
	}
	if n := counts[monitor.Unmet]; n > 0 {
		parts, tone = slices.Insert(parts, 1, things(n, "is not", "are not")), Broken
	}
	of := "plan " + p.Plan
	if p.Unit != "" {
		of += ", " + string(p.Unit)
	}
	at, _ := time.Parse(time.RFC3339, string(p.At))
	return Line{fmt.Sprintf("%s: %s · %s, %s", of, joined(parts...), at.UTC().Format("2006-01-02 15:04"), occasionWords[p.Occasion]), tone}
}

var occasionWords = map[monitor.Occasion]string{
	monitor.OnceDone: "when it was carried out", monitor.AfterADay: "a day after", monitor.BeforeDeletion: "before sources are deleted", monitor.OnRequest: "on request",
}

// fulfilment is a verdict in its colour.
func fulfilment(f monitor.Fulfilment) Cell {
	return words(string(f)).in(map[monitor.Fulfilment]Tone{monitor.Unmet: Broken, monitor.UnknownFulfilment: Soon}[f])
}

func promisesOf(list []ConfirmedPromise) *Table {
	t := Promises(list)
	t.Columns[0].Hidden, t.Columns[1].Hidden = true, true
	return t
}

// Promises is the table of promises.
func Promises(list []ConfirmedPromise) *Table {
	return &Table{
		Columns: []Column{
			left("plan", "plan", 0), left("part", "unit", 0), left("promise", "promise", 0), left("verdict", "verdict", 0), left("promised", "expected", 0), left("found", "found", 0),
		},
		Rows: rowsOf(list, func(p ConfirmedPromise) []Cell {
			return []Cell{words(p.Plan), words(string(p.Unit)), words(string(p.Promise)), fulfilment(p.Verdict), words(p.Expected), words(p.Found)}
		}),
	}
}

func doubts(list []ConfirmedDoubt) *Table {
	return &Table{
		Columns: []Column{
			left("not met", "promise", 0), left("", "verdict", 0), left("user", "user", 0), left("store", "store", 0), left("server", "server", 1), left("mailbox", "mailbox", 2),
			beneath("expected"), beneath("next"),
		},
		Rows: rowsOf(list, func(d ConfirmedDoubt) []Cell {
			return []Cell{
				words(string(d.Promise)), fulfilment(d.Verdict), words(string(d.User)), words(string(d.Store)), words(string(d.Server)), words(string(d.Mailbox)),
				words("expected: " + d.Expected + "; found: " + d.Found), words("next: " + d.Next),
			}
		}),
	}
}

package report

import (
	"fmt"
	"slices"
	"strings"

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
		s.AddFirst(doubts(grouped(c.Doubts)), mostDoubts)
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
	parts, tone := []string{things(counts[monitor.Met], "promise is met", "promises are met")}, Good
	if n := counts[monitor.UnknownFulfilment]; n > 0 {
		parts, tone = append(parts, "of "+inventory.CountText(n)+" it is not known"), Soon
	}
	switch n := counts[monitor.Unmet]; {
	case n > 0 && counts[monitor.Met] == 0:
		parts[0], tone = things(n, "promise is not met", "promises are not met"), Broken
	case n > 0:
		parts, tone = slices.Insert(parts, 1, things(n, "is not", "are not")), Broken
	}
	of := "plan " + p.Plan
	if p.Unit != "" {
		of += ", " + string(p.Unit)
	}
	return Line{fmt.Sprintf("%s: %s · %s, %s", of, joined(parts...), minute(p.At), occasionWords[p.Occasion]), tone}
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

// doubtGroup is what is doubted alike: of several users, or of several promises.
type doubtGroup struct {
	ConfirmedDoubt
	promises, users []string
}

// grouped puts together what is found and to be done alike, as long as nothing else stands
// between: of users of one promise, and of promises of which nobody and no place is named.
func grouped(list []ConfirmedDoubt) []doubtGroup {
	var groups []doubtGroup
	for _, d := range list {
		if n := len(groups); n > 0 && groups[n-1].take(&d) {
			continue
		}
		groups = append(groups, doubtGroup{d, []string{string(d.Promise)}, []string{string(d.User)}})
	}
	return groups
}

// take adds what is doubted if it is alike.
func (g *doubtGroup) take(d *ConfirmedDoubt) bool {
	a, b := g.ConfirmedDoubt, *d
	switch a.User, b.User, a.Unit, b.Unit = "", "", "", ""; {
	case a == b && (g.User == "") != (d.User == ""):
		return false
	case a == b:
		g.users = append(g.users, string(d.User))
		return true
	case g.User != "" || d.User != "" || g.Store != "" || g.Server != "":
		return false
	}
	a.Promise, a.Expected, b.Promise, b.Expected = "", "", "", ""
	if a == b {
		g.promises = append(g.promises, string(d.Promise))
	}
	return a == b
}

// mostNamed is how many users people are named who are doubted alike.
const mostNamed = 3

// who are the users.
func (g *doubtGroup) who() string {
	if g.User == "" {
		return ""
	}
	who := strings.Join(g.users[:min(len(g.users), mostNamed)], ", ")
	if more := len(g.users) - mostNamed; more > 0 {
		who += " and " + inventory.CountText(more) + " more"
	}
	return who
}

// text is what was expected and found; what several promises expected stands above.
func (g *doubtGroup) text() string {
	if len(g.promises) > 1 {
		return strings.Join(g.promises[1:], ", ") + " likewise; found: " + g.Found
	}
	return "expected: " + g.Expected + "; found: " + g.Found
}

func doubts(list []doubtGroup) *Table {
	return &Table{
		Columns: []Column{
			left("not met", "promise", 0), left("", "verdict", 0), left("user", "user", 0), left("store", "store", 0), left("server", "server", 1), left("mailbox", "mailbox", 2),
			beneath("expected"), beneath("next"), command(),
		},
		Rows: rowsOf(list, func(d doubtGroup) []Cell {
			return []Cell{
				words(string(d.Promise)), fulfilment(d.Verdict), words(d.who()), words(string(d.Store)), words(string(d.Server)), words(string(d.Mailbox)),
				words(d.text()), words("next: " + d.Next), pastable(d.Command),
			}
		}),
	}
}

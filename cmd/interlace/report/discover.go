package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Finding is something that a discovery met.
type Finding struct {
	Kind   string
	Stops  bool
	Store  inventory.StoreID
	Server inventory.ServerID
	User   inventory.UserID
	Text   string
	Hint   string
	Cause  string // why an instance could not be read, without the instance
}

// Discovery is what came of asking the live fleet.
type Discovery struct {
	Asked, Answered int
	Inventory       *inventory.Inventory // nil: nothing was accepted
	Findings        []Finding
	Changes         inventory.Changes
}

// shownFindings limits the text; CSV and JSON have all.
const shownFindings = 20

// Discovered is the screen of a discovery.
func Discovered(d Discovery) *Screen {
	s := &Screen{}
	var head Lines
	head.add("%s of %s answered", inventory.CountText(d.Answered), things(d.Asked, "instance", "instances"))
	if d.Answered < d.Asked {
		head[0].Tone = Broken
	}
	if d.Inventory != nil {
		head.add("%s", FleetWords(d.Inventory))
		if words := estimatedWords(d.Inventory); words != "" {
			head = append(head, Line{Words: words, Tone: Soon})
		}
		if len(d.Changes) == 0 {
			head.add("nothing has changed")
		}
	}
	s.add(head)
	s.AddFirst(Changes(d.Changes), len(d.Changes))
	s.AddFirst(Findings(together(d.Findings)), shownFindings)
	s.addHints(d.Findings, d.Inventory == nil)
	return s
}

// together tells instances that could not be read for one cause in one finding.
func together(findings []Finding) []Finding {
	type sort struct{ kind, cause string }
	of := map[sort][]string{}
	for _, f := range findings {
		if f.Cause != "" {
			k := sort{f.Kind, f.Cause}
			of[k] = append(of[k], fmt.Sprintf("%s on %s", f.Store, f.Server))
		}
	}
	var told []Finding
	for _, f := range findings {
		k := sort{f.Kind, f.Cause}
		instances := of[k]
		if f.Cause != "" && instances == nil {
			continue // told with the first of them
		}
		if len(instances) > 1 {
			f.Store, f.Server = "", ""
			f.Text = fmt.Sprintf("%s: %s (%s)", things(len(instances), "instance", "instances"), f.Cause, someInstances(instances))
			delete(of, k)
		}
		told = append(told, f)
	}
	return told
}

// someInstances names the first instances.
func someInstances(instances []string) string {
	const most = 4
	text := strings.Join(instances[:min(most, len(instances))], ", ")
	if len(instances) > most {
		text += ", …"
	}
	return text
}

// estimatedWords says for how many users a load is estimated.
func estimatedWords(inv *inventory.Inventory) string {
	users := 0
	var mask uint8
	for i := range inv.Users {
		if inv.Users[i].Estimated != 0 {
			users++
			mask |= inv.Users[i].Estimated
		}
	}
	if users == 0 {
		return ""
	}
	var names []inventory.ResourceID
	for r := range inv.Resources {
		if mask&(1<<r) != 0 {
			names = append(names, inv.Resources[r].Name)
		}
	}
	words := someOf(names) + " is estimated for " + things(users, "user", "users")
	switch {
	case !slices.Contains(names, "io"):
		return words
	case len(names) == 1:
		return words + ": a discovery at least an hour later measures it"
	}
	return words + ": a discovery at least an hour later measures io"
}

// addHints says what to do, each hint once; where the discovery stopped, only
// about what stopped it.
func (s *Screen) addHints(findings []Finding, stopped bool) {
	var facts Facts
	for _, f := range findings {
		if stopped && !f.Stops {
			continue
		}
		if f.Hint != "" && !slices.Contains(facts, Fact{"hint", f.Hint}) {
			facts = append(facts, Fact{"hint", f.Hint})
		}
	}
	if facts != nil {
		s.add(facts)
	}
}

// Findings is the table of findings.
func Findings(findings []Finding) *Table {
	t := &Table{Columns: []Column{
		left("found", "kind", 0), hidden("stops"), left("store", "store", 2), left("server", "server", 2), left("user", "user", 2), left("", "text", 0),
	}}
	t.Rows = rowsOf(findings, func(f Finding) []Cell {
		tone := Soon
		if f.Stops {
			tone = Broken
		}
		return []Cell{
			words(f.Kind).in(tone), yes(f.Stops, "yes"), words(string(f.Store)), words(string(f.Server)), words(string(f.User)), words(f.Text),
		}
	})
	return t
}

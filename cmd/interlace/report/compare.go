package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// ComparisonOfAll is what came out of comparing many pairs of a master and a replica.
type ComparisonOfAll struct {
	Level       monitor.CompareLevel  `json:"level"`
	Users       Outcomes              `json:"users"` // and shared trees, which are told apart
	Coverage    Coverage              `json:"coverage"`
	Differences []monitor.Difference  `json:"differences"`
	InFlight    []monitor.InFlight    `json:"in_flight"`
	Uncompared  []monitor.Uncompared  `json:"uncompared"`
	Spool       []monitor.SpoolSample `json:"spool"`
	Seed        *uint64               `json:"seed"`      // by which the files were drawn; null: none were
	Originals   []Original            `json:"originals"` // that are among the users only where they differ
	Unanswered  []Unanswered          `json:"unanswered"`
	Kept        *KeptComparison       `json:"kept"` // null: nothing is kept
}

// Outcomes count users and shared trees by what a comparison says of them.
type Outcomes struct {
	Checked   int `json:"checked"`
	Identical int `json:"identical"`
	Different int `json:"different"`
	Unknown   int `json:"unknown"`
	Trees     int `json:"shared_trees"` // of those that were checked

	trees map[monitor.Outcome]int
}

// Add counts a user or a shared tree.
func (o *Outcomes) Add(outcome monitor.Outcome, shared bool) {
	o.Checked++
	switch outcome {
	case monitor.Identical:
		o.Identical++
	case monitor.Different:
		o.Different++
	default:
		o.Unknown++
	}
	if shared {
		if o.trees == nil {
			o.trees = map[monitor.Outcome]int{}
		}
		o.Trees++
		o.trees[outcome]++
	}
}

// parts says what came out of how many.
func (o *Outcomes) parts() (parts []string) {
	if o.Identical > 0 || o.Different+o.Unknown == 0 {
		parts = append(parts, holders(o.Identical, o.trees[monitor.Identical])+verb(o.Identical, " is identical", " are identical"))
	}
	switch {
	case o.Different > 0 && parts == nil:
		parts = append(parts, holders(o.Different, o.trees[monitor.Different])+verb(o.Different, " differs", " differ"))
	case o.Different > 0:
		parts = append(parts, things(o.Different, "differs", "differ"))
	}
	if o.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("of %s it is not known", inventory.CountText(o.Unknown)))
	}
	return parts
}

// Coverage is how much was compared.
type Coverage struct {
	Pairs     int   `json:"pairs"`
	Compared  int   `json:"pairs_compared"`
	Down      int   `json:"pairs_down"` // not asked
	Mailboxes int   `json:"mailboxes"`
	Messages  int64 `json:"messages"` // one by one
}

// Unanswered is a pair that could not be compared, or not to the end.
type Unanswered struct {
	Store  inventory.StoreID  `json:"store"`
	Server inventory.ServerID `json:"server"` // of the replica
	Why    string             `json:"why"`
}

// Compared is the screen of a comparison.
func Compared(c *ComparisonOfAll) *Screen {
	s := &Screen{}
	s.add(slices.Concat(verdict(c), originals(c.Originals), c.Kept.lines()))
	if lifted := undenied(c.Originals); lifted != nil {
		s.AddFirst(lifted, mostRows)
	}
	if len(c.Differences) > 0 {
		s.add(Differences(c.Differences))
	}
	if len(c.Unanswered) > 0 {
		s.AddFirst(unanswered(c.Unanswered), mostRows)
	}
	if len(c.Spool) > 0 {
		s.AddFirst(spool(c.Spool), mostRows)
		beneath := Lines{{Words: "at most: so many of all messages have a damaged file at most, at a confidence of 95 %"}}
		if c.Seed != nil {
			beneath = append(beneath, Line{Words: fmt.Sprintf("drawn by --seed %d", *c.Seed)})
		}
		s.add(beneath)
	}
	if lines := inFlight(c.InFlight); len(lines) > 0 {
		s.add(lines)
	}
	if lines := uncompared(c.Uncompared); len(lines) > 0 {
		s.add(lines)
	}
	return s
}

// mostRows is how many rows of what is not the main thing people are shown.
const mostRows = 20

// verdict says in one line what came out, and in another how much was looked at.
func verdict(c *ComparisonOfAll) Lines {
	parts, tone := c.Users.parts(), Good
	switch {
	case len(c.Differences)+len(c.Unanswered) > 0:
		tone = Broken
	case c.Users.Unknown > 0:
		tone = Soon
	}
	if n := len(c.Unanswered); n > 0 {
		parts = append(parts, things(n, "replica was not compared to the end", "replicas were not compared to the end"))
	}
	besides := ""
	if len(c.Originals) > 0 {
		besides = ", originals not counted"
	}
	looked := fmt.Sprintf("level %s: %s of %s on %s%s",
		c.Level, things(c.Coverage.Mailboxes, "mailbox", "mailboxes"), holders(c.Users.Checked, c.Users.Trees),
		things(c.Coverage.Compared, "pair of a master and a replica", "pairs of a master and a replica"), besides)
	if c.Coverage.Messages > 0 {
		looked += fmt.Sprintf(", %s one by one", things(c.Coverage.Messages, "message", "messages"))
	}
	return Lines{{Words: strings.Join(parts, " · "), Tone: tone}, {Words: looked}}
}

// Differences is the table of what differs. What repairs all that differs of a user
// comes once for people, beneath the last of it, behind what it does beside that.
func Differences(found []monitor.Difference) *Table {
	unsure := 2 // how soon it goes where the screen is narrow: not where it tells rows apart
	if slices.ContainsFunc(found, func(d monitor.Difference) bool { return d.Certainty != monitor.Confirmed }) {
		unsure = 0
	}
	columns := []Column{
		left("store", "store", 0), left("on", "server", 3), left("user", "user", 0), left("mailbox", "mailbox", 0), left("differs in", "kind", 0),
		left("master", "master", 0).late(1), left("replica has", "replica", 0).late(2), left("", "certainty", unsure), hidden("uids"),
		beneath("text"), hidden("repair"), hidden("warning"),
	}
	rows := make([]differing, len(found))
	lines, steps := 0, 0
	for i, d := range found {
		rows[i] = differing{d, i+1 == len(found) || len(d.Repair) == 0 || !repairedAlike(&d, &found[i+1])}
		lines, steps = max(lines, len(rows[i].beside())), max(steps, len(d.Repair))
	}
	for range lines {
		columns = append(columns, onScreen(beneath("")))
	}
	for range steps {
		columns = append(columns, onScreen(command()))
	}
	return &Table{Columns: columns, Rows: rowsOf(rows, func(d differing) []Cell { return d.cells(lines, steps) })}
}

// differing is a difference and whether people are shown its repair.
type differing struct {
	monitor.Difference
	last bool
}

// repairedAlike tells whether two differences have one repair.
func repairedAlike(a, b *monitor.Difference) bool {
	return a.Store == b.Store && a.User == b.User && slices.Equal(a.Repair, b.Repair)
}

// beside are the sentences on what a difference comes with: what became of what only the
// replica has and, beneath the last difference of a repair, what that does beside.
func (d *differing) beside() []string {
	text := d.Saved
	if d.last {
		text = d.Warning
	}
	return slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool { return line == "" })
}

func (d *differing) cells(lines, steps int) []Cell {
	certainty := words(string(d.Certainty))
	if d.Certainty == monitor.Suspected {
		certainty = certainty.in(Soon)
	}
	texts := make([]string, len(d.Repair))
	for i, r := range d.Repair {
		texts[i] = fmt.Sprintf("%s: %s", cmp.Or(string(r.Server), "here"), r.Command)
	}
	cells := []Cell{
		words(string(d.Store)), words(string(d.Server)), words(string(d.User)), words(string(d.Mailbox)), words(string(d.Kind)),
		words(string(d.Master)), words(string(d.Replica)), certainty, words(string(d.UIDs)),
		words(inWords(&d.Difference)), words(strings.Join(texts, "; ")), words(string(d.Warning)),
	}
	beside := d.beside()
	for i := range lines {
		cell := Nothing
		if i < len(beside) {
			cell = words(beside[i])
		}
		cells = append(cells, cell)
	}
	for i := range steps {
		cell := Nothing
		if d.last && i < len(d.Repair) {
			cell = on(d.Repair[i])
		}
		cells = append(cells, cell)
	}
	return cells
}

// onScreen is a column for people only.
func onScreen(c Column) Column {
	c.Key = ""
	return c
}

// on is a command with where to run it, which a shell takes for a comment.
func on(r monitor.RepairStep) Cell {
	if r.Command == "" {
		return Nothing
	}
	return pastable(r.Command + inventory.Text("  # "+whereOf(r)))
}

// whereOf says where a command is to be run.
func whereOf(r monitor.RepairStep) string {
	if r.Server == "" {
		return "here"
	}
	return "on " + string(r.Server)
}

// inWords says what the difference is, and in which messages.
func inWords(d *monitor.Difference) string {
	if d.UIDs == "" {
		return d.Text
	}
	uids := d.FewUIDs()
	if strings.HasSuffix(d.Text, " UID "+uids) {
		return d.Text
	}
	return d.Text + ": UID " + uids
}

func unanswered(list []Unanswered) *Table {
	return &Table{
		Columns: []Column{left("not compared to the end", "store", 0), left("replica", "server", 0), beneath("why")},
		Rows: rowsOf(list, func(u Unanswered) []Cell {
			return []Cell{words(string(u.Store)).in(Broken), words(string(u.Server)), words(u.Why)}
		}),
	}
}

// sayable is up to which share of damaged messages a sample says something.
const sayable = 1.0 / 3

// spool is the table of the files that were read. A master that was compared with several
// replicas has a row for each.
func spool(list []monitor.SpoolSample) *Table {
	samples := map[monitor.Copy]int{}
	for _, s := range list {
		samples[monitor.Copy{Store: s.Store, Server: s.Server}]++
	}
	return &Table{
		Columns: []Column{
			left("files of", "store", 0), left("on", "server", 0), left("", "role", 0), right("messages", "all", 1), right("checked", "checked", 0), right("damaged", "damaged", 0),
			right("at most", "most", 0),
		},
		Rows: rowsOf(list, func(s monitor.SpoolSample) []Cell {
			damaged := count(s.Damaged)
			if s.Damaged > 0 {
				damaged = damaged.in(Broken)
			}
			role := words(string(s.Role))
			if samples[monitor.Copy{Store: s.Store, Server: s.Server}] > 1 {
				role = words(fmt.Sprintf("%s, beside %s", s.Role, s.Replica))
			}
			most := figure(Ratio, s.Most)
			if s.Most > sayable {
				most = most.as("too few read to say")
			}
			return []Cell{words(string(s.Store)), words(string(s.Server)), role, count(s.All), count(s.Checked), damaged, most}
		}),
	}
}

// inFlight says where changes were on their way.
func inFlight(list []monitor.InFlight) Lines {
	if len(list) == 0 {
		return nil
	}
	byText := map[string]int{}
	for i := range list {
		byText[list[i].Text]++
	}
	var lines Lines
	lines.add("in flight and not counted: %s", things(len(list), "mailbox", "mailboxes"))
	for _, text := range mostFirst(byText) {
		lines.add("  %s: %s", inventory.CountText(byText[text]), text)
	}
	return lines
}

// uncompared says what could not be compared, why, and of whom.
func uncompared(list []monitor.Uncompared) Lines {
	if len(list) == 0 {
		return nil
	}
	byText, of := map[string]int{}, map[string][]string{}
	for i := range list {
		u := &list[i]
		text := fmt.Sprintf("%s of %s on %s: %s", u.What, u.Store, u.Server, u.Why)
		byText[text]++
		if name := cmp.Or(u.Mailbox, u.User); name != "" {
			of[text] = append(of[text], string(name))
		}
	}
	var lines Lines
	lines.add("could not be compared:")
	for _, text := range mostFirst(byText) {
		lines.add("  %s %s%s", inventory.CountText(byText[text]), text, named(of[text]))
	}
	return lines
}

// named names the first of some mailboxes or users in brackets.
func named(names []string) string {
	const most = 5
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	switch rest := len(names) - most; {
	case len(names) == 0:
		return ""
	case rest > 0:
		names = append(names[:most], inventory.CountText(rest)+" more")
	}
	return " (" + inventory.Printable(strings.Join(names, ", ")) + ")"
}

// mostFirst are the first texts by how often they come.
func mostFirst(byText map[string]int) []string {
	var texts []string
	for text := range byText {
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(byText[b], byText[a]), cmp.Compare(a, b)) })
	return texts[:min(len(texts), mostRows)]
}

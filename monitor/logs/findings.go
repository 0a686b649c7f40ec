package logs

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

const (
	// mostGroups is how many groups are kept apart; the rest is counted together.
	mostGroups = 1000
	// mostExample is how much of a line is shown.
	mostExample = 300
	// mostName is how much of the name of a process is shown.
	mostName = 40
)

// key tells groups of lines apart.
type key struct {
	kind    monitor.Kind
	store   inventory.StoreID
	channel string
	subject string
}

// group are lines that say the same.
type group struct {
	key
	severity        monitor.Severity
	meaning, remedy string
	example         string
	file            string                      // the sync log that the lines name, or empty
	damaged         map[cyrus.ExternalName]bool // the mailboxes that reconstruct repairs
	count           int
	first, last     time.Time
}

// rate counts lines of one kind within a minute.
type rate struct {
	pattern *Pattern
	store   inventory.StoreID
	by      string
}

type minute struct {
	at    time.Time
	count int
}

// tally gathers what lines say until it is told.
type tally struct {
	*instances
	catalogue  *catalogue
	server     inventory.ServerID
	groups     map[key]*group
	rates      map[rate]minute
	milestones map[inventory.StoreID]map[string]time.Time
	last       map[string]Entry // of each log
	named      map[inventory.StoreID]names
	repaired   map[inventory.StoreID]time.Time // when a reconstruct ran last
}

func newTally(server inventory.ServerID, in *instances, c *catalogue) *tally {
	return &tally{
		instances: in, catalogue: c, server: server, groups: map[key]*group{}, rates: map[rate]minute{},
		milestones: map[inventory.StoreID]map[string]time.Time{}, last: map[string]Entry{},
		named: map[inventory.StoreID]names{}, repaired: map[inventory.StoreID]time.Time{},
	}
}

// add counts a line.
func (t *tally) add(e Entry, now time.Time) {
	if n := e.repeats(); n > 0 {
		at := e.At
		if e = t.last[e.Log]; e.Message == "" {
			return
		}
		e.At, e.Times = at, n
	} else {
		t.last[e.Log] = e
	}
	if e.At.IsZero() {
		e.At = now
	}
	cyrus := t.isCyrus(&e)
	p := t.catalogue.find(&e, cyrus)
	switch {
	case p != nil:
		t.known(p, &e, now)
	case cyrus:
		s := shape(e.Message)
		t.count(key{monitor.Unclassified, t.store(&e), "", shown(e.Process, mostName) + ": " + s}, &e, monitor.Warning,
			"a line that interlace does not know", "say what it means in a table of patterns (interlace help logs), with severity info if it is harmless", e.Times)
	}
}

// known counts a line of a known kind.
func (t *tally) known(p *Pattern, e *Entry, now time.Time) {
	store := t.store(e)
	if p.Milestone != "" {
		if t.milestones[store] == nil {
			t.milestones[store] = map[string]time.Time{}
		}
		// A stamp may lie in the future, where nothing else could replace it.
		at := e.At
		if at.After(now) {
			at = now
		}
		if at.After(t.milestones[store][p.Milestone]) {
			t.milestones[store][p.Milestone] = at
		}
		if p.Milestone == monitor.Reconstructed && at.After(t.repaired[store]) {
			t.repaired[store] = at
		}
	}
	t.name(p, store, e)
	if p.Severity == monitor.Info {
		return
	}
	k, file := key{kind: p.Kind, store: store}, ""
	if p.has("file") {
		file = p.hole("file", e.Message)
		k.channel = channel(file)
	}
	if p.Kind == monitor.LogLine {
		k.subject = p.Text
	}
	times := e.Times
	if p.Over > 0 {
		by := ""
		if p.By != "" {
			by = p.hole(p.By, e.Message)
			k.subject = shown(by, mostShape)
		}
		if times = t.tooMany(p, store, by, e); times == 0 {
			return
		}
	}
	g := t.count(k, e, p.Severity, p.Meaning, p.Remedy, times)
	if file != "" {
		g.file = file
	}
	t.noteDamage(g, p, e)
}

// tooMany counts a line within its minute, and returns how many more there are
// too many of: those before count once the limit is passed.
func (t *tally) tooMany(p *Pattern, store inventory.StoreID, by string, e *Entry) int {
	if len(t.rates) >= mostGroups {
		clear(t.rates)
	}
	r, at := rate{p, store, by}, e.At.Truncate(time.Minute)
	m := t.rates[r]
	if !m.at.Equal(at) {
		m = minute{at: at}
	}
	before := m.count
	m.count += e.Times
	t.rates[r] = m
	switch {
	case m.count <= p.Over:
		return 0
	case before <= p.Over:
		return m.count
	}
	return e.Times
}

// count adds lines to their group, which it returns.
func (t *tally) count(k key, e *Entry, severity monitor.Severity, meaning, remedy string, times int) *group {
	g := t.groups[k]
	if g == nil && len(t.groups) >= mostGroups {
		k = key{kind: monitor.Unclassified, subject: "others"}
		meaning, remedy = "more kinds of lines than are kept apart", "see the log"
		g = t.groups[k]
	}
	if g == nil {
		g = &group{key: k, severity: severity, meaning: meaning, remedy: remedy, example: example(e), first: e.At, last: e.At}
		t.groups[k] = g
	}
	if severity.Rank() > g.severity.Rank() {
		g.severity, g.meaning, g.remedy, g.example = severity, meaning, remedy, example(e)
	}
	g.count += times
	if e.At.Before(g.first) {
		g.first = e.At
	}
	if e.At.After(g.last) {
		g.last = e.At
	}
	return g
}

// example is a line as it may be shown.
func example(e *Entry) string {
	text := e.Message
	if e.Process != "" {
		text = e.Process + ": " + text
	}
	if e.Cut {
		text = text[:min(len(text), mostExample)] + " (cut)"
	}
	return shown(text, mostExample)
}

// findings returns what was gathered, sorted.
func (t *tally) findings() []monitor.Finding {
	var list []monitor.Finding
	for _, g := range t.groups {
		if !t.isEcho(g) {
			list = append(list, t.finding(g))
		}
	}
	slices.SortFunc(list, func(a, b monitor.Finding) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Store, b.Store), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Subject, b.Subject))
	})
	return list
}

// notUpdated and notOpened begin what a replica says of a mailbox that it cannot open:
// that it is not updated, and before that why.
const (
	notUpdated = "Failed to open mailbox "
	notOpened  = "IOERROR: {what} index failed: "
)

// isEcho reports whether lines go with others that say more: of a batch Cyrus says
// first why it failed and then which one, of a mailbox what is wrong with its index
// and then which one is not updated for that.
func (t *tally) isEcho(g *group) bool {
	var more func(key) bool
	switch {
	case g.kind == monitor.BailingOut && g.channel == "":
		more = func(k key) bool { return k.channel != "" }
	case strings.HasPrefix(g.subject, notOpened):
		more = func(k key) bool { return strings.HasPrefix(k.subject, notUpdated) }
	default:
		return false
	}
	for k := range t.groups {
		if k.kind == g.kind && k.store == g.store && more(k) {
			return true
		}
	}
	return false
}

// finding says what a group is about.
func (t *tally) finding(g *group) monitor.Finding {
	text := g.meaning
	if g.store == "" {
		text += "; nobody can tell which instance it is"
	}
	text += fmt.Sprintf("; %s: %s", often(g), g.example)
	if about := t.about(g); about != "" {
		text += "; " + about
	}
	if g.remedy != "" && g.remedy != "-" {
		text += "; " + g.remedy
	}
	return monitor.Finding{
		Probe: monitor.ProbeLogs, Kind: g.kind, Severity: g.severity, Server: inventory.Text(t.server), Store: inventory.Text(g.store),
		Channel: inventory.Text(g.channel), Subject: inventory.Text(g.subject), Since: monitor.Time(g.first),
		Text: text, Command: t.command(g), Value: inventory.Known(float64(g.count)),
	}
}

// command repairs damaged mailboxes, or shows, of a sync log that cannot be written, who
// owns its directory and how much room there is: what is to be done depends on that.
func (t *tally) command(g *group) inventory.Text {
	if len(g.damaged) > 0 {
		return t.reconstruct(g)
	}
	if g.kind != monitor.LogUnwritable || !filepath.IsAbs(g.file) {
		return ""
	}
	dir := filepath.Dir(g.file)
	owner, room := inventory.Paste("ls", "-ld", "--", dir), inventory.Paste("df", "-h", "--", dir)
	if owner == "" || room == "" {
		return ""
	}
	return owner + " && " + room
}

// often says how often lines came, and when: they are those since what was told before,
// and an alert about all may have lasted for longer.
func often(g *group) string {
	first, last := monitor.Time(g.first), monitor.Time(g.last)
	switch {
	case g.count == 1:
		return fmt.Sprintf("once at %s", first)
	case first == last:
		return fmt.Sprintf("%d times at %s", g.count, first)
	}
	return fmt.Sprintf("%d times from %s to %s", g.count, first, last)
}

// reached returns the milestones, sorted.
func (t *tally) reached() []monitor.Milestone {
	var list []monitor.Milestone
	for store, all := range t.milestones {
		for what, at := range all {
			list = append(list, monitor.Milestone{Server: t.server, Store: store, What: what, At: at})
		}
	}
	slices.SortFunc(list, func(a, b monitor.Milestone) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.What, b.What))
	})
	return list
}

// told begins anew. Rates go on: a minute may lie in two tellings.
func (t *tally) told() {
	clear(t.groups)
	clear(t.milestones)
}

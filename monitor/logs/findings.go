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
	anew            bool // it is counted anew each time that it is told
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
	courses    map[key]course
}

// course is how often lines that say the same came over several tellings.
type course struct {
	count       int
	first, last time.Time
}

// apart is how much later lines that say the same are still of one course: as long as a
// client may wait at most before it tries again, and a little more.
const apart = 30 * time.Minute

func newTally(server inventory.ServerID, in *instances, c *catalogue) *tally {
	return &tally{
		instances: in, catalogue: c, server: server, groups: map[key]*group{}, rates: map[rate]minute{},
		milestones: map[inventory.StoreID]map[string]time.Time{}, last: map[string]Entry{},
		named: map[inventory.StoreID]names{}, repaired: map[inventory.StoreID]time.Time{}, courses: map[key]course{},
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
	times, by := e.Times, ""
	if p.By != "" {
		by = p.hole(p.By, e.Message)
		k.subject = shown(by, mostShape)
	}
	if p.Over > 0 {
		if times = t.tooMany(p, store, by, e); times == 0 {
			return
		}
	}
	g := t.count(k, e, p.Severity, p.filled(p.Meaning, e.Message), p.filled(p.Remedy, e.Message), times)
	g.anew = k.kind == monitor.HotLoop // how bad it is is how often within a minute
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

// What a sync_server says and does beside that a partition is missing: it ends over a
// message for it, which master says too.
const (
	endedOver  = "Fatal error: Internal error: assertion failed: imap/dlist.c"
	endedBadly = "process type:{type} name:{name} path:{path} age:{age}s pid:{pid} exited, status"
)

// isEcho reports whether lines go with others that say more: of a batch Cyrus says
// first why it failed and then which one, of a mailbox what is wrong with its index
// and then which one is not updated for that, of a partition which one is missing and
// then what comes of that.
func (t *tally) isEcho(g *group) bool {
	var more func(key) bool
	switch {
	case g.kind == monitor.BailingOut && g.channel == "":
		more = func(k key) bool { return k.kind == g.kind && k.channel != "" }
	case strings.HasPrefix(g.subject, notOpened):
		more = func(k key) bool { return k.kind == g.kind && strings.HasPrefix(k.subject, notUpdated) }
	case g.kind == monitor.ReplicaRefuses && g.subject == "", g.subject == endedOver, g.subject == endedBadly:
		more = func(k key) bool { return k.kind == monitor.ReplicaRefuses && k.subject != "" }
	default:
		return false
	}
	for k := range t.groups {
		if k.store == g.store && more(k) {
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
	c := t.course(g)
	text += fmt.Sprintf("; %s: %s", c.often(), g.example)
	if about := t.about(g); about != "" {
		text += "; " + about
	}
	if g.remedy != "" && g.remedy != "-" {
		text += "; " + g.remedy
	}
	return monitor.Finding{
		Probe: monitor.ProbeLogs, Kind: g.kind, Severity: g.severity, Server: inventory.Text(t.server), Store: inventory.Text(g.store),
		Channel: inventory.Text(g.channel), Subject: inventory.Text(g.subject), Since: monitor.Time(g.first),
		Text: text, Command: t.command(g), Value: inventory.Known(float64(c.count)),
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

// course returns how often the lines of a group came, with those that were told before.
func (t *tally) course(g *group) course {
	c, before := course{g.count, g.first, g.last}, t.courses[g.key]
	if before.count > 0 && !g.anew && g.first.Sub(before.last) <= apart {
		c.count, c.first = c.count+before.count, before.first
	}
	return c
}

// often says how often lines came, and when.
func (c course) often() string {
	first, last := monitor.Time(c.first), monitor.Time(c.last)
	switch {
	case c.count == 1:
		return fmt.Sprintf("once at %s", first)
	case first == last:
		return fmt.Sprintf("%d times at %s", c.count, first)
	}
	return fmt.Sprintf("%d times from %s to %s", c.count, first, last)
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

// told begins anew. Rates go on: a minute may lie in two tellings; and courses do, of
// which the oldest are not over while there is room.
func (t *tally) told() {
	if len(t.courses)+len(t.groups) > 2*mostGroups {
		clear(t.courses)
	}
	for k, g := range t.groups {
		t.courses[k] = t.course(g)
	}
	clear(t.groups)
	clear(t.milestones)
}

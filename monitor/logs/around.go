package logs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Lines of a failure stand together and say each a part: one that a batch failed,
// another in which mailbox. What lies further apart than around has other reasons.
const (
	around     = time.Minute
	mostNamed  = 100 // of a store are kept
	shownNamed = 5
	// repairs is for how long a reconstruct is the likely reason of what is found
	// to have been written: it comes out when the mailbox is replicated next.
	repairs = time.Hour
)

// names are mailboxes and users that failed, with the last line that said so.
type names map[string]time.Time

// name notes what a line of a sync_client names that failed.
func (t *tally) name(p *Pattern, store inventory.StoreID, e *Entry) {
	if e.Process != "sync_client" {
		return
	}
	for _, hole := range []string{"mailbox", "user"} {
		if !p.has(hole) {
			continue
		}
		if t.named[store] == nil || len(t.named[store]) >= mostNamed {
			t.named[store] = names{}
		}
		t.named[store][hole+" "+shown(strings.TrimSpace(p.hole(hole, e.Message)), mostShape)] = e.At
	}
}

// about says what other lines add to those of a group: which mailboxes a batch fails
// in, and that a reconstruct ran before a replica was found to have been written to.
func (t *tally) about(g *group) string {
	switch g.kind {
	case monitor.HotLoop, monitor.BailingOut, monitor.ReplicaRefuses:
		return t.named[g.store].within(g.first.Add(-around), g.last.Add(around))
	case monitor.ReplicaWritten:
		if at := t.repaired[g.store]; !at.IsZero() && !at.After(g.last) && g.last.Sub(at) < repairs {
			return fmt.Sprintf("a reconstruct ran here at %s, and changes mailboxes too: if it was that, nothing is to be done", monitor.Time(at))
		}
		return "a sync_client -u that repairs a difference, and a reconstruct on the replica, cause such lines too: after one of those nothing is to be done"
	}
	return ""
}

// within says in words what was named between two times, or nothing.
func (n names) within(from, to time.Time) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(n)) {
		if at := n[name]; !at.Before(from) && !at.After(to) {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return ""
	}
	text := "it fails in " + strings.Join(list[:min(len(list), shownNamed)], ", ")
	if more := len(list) - shownNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

package logs

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// damage is how Cyrus says that the index of a mailbox is damaged, which reconstruct
// makes anew. What else keeps it from opening one, such as the owner of the files, that
// does not repair.
var damage = []string{"Mailbox format corruption detected", "Mailbox has an invalid format"}

// mostDamaged is how many mailboxes one command repairs; of the others the log tells
// again.
const mostDamaged = 20

// noteDamage notes which mailbox a line says is damaged. Reconstruct would take some
// names for patterns.
func (t *tally) noteDamage(g *group, p *Pattern, e *Entry) {
	in := t.byStore[g.store]
	if in == nil || !p.has("mailbox") || len(g.damaged) >= mostDamaged || !slices.ContainsFunc(damage, func(words string) bool { return strings.Contains(e.Message, words) }) {
		return
	}
	name := cyrus.InternalName(p.hole("mailbox", e.Message)).External(in.Separator)
	if name == "" || strings.ContainsAny(string(name), "*%") {
		return
	}
	if g.damaged == nil {
		g.damaged = map[cyrus.ExternalName]bool{}
	}
	g.damaged[name] = true
}

// reconstruct repairs the damaged mailboxes of a group.
func (t *tally) reconstruct(g *group) inventory.Text {
	in := t.byStore[g.store]
	if in.Conf == "" {
		return ""
	}
	words := []string{filepath.Join(t.programs, "reconstruct"), "-C", in.Conf, "--"}
	for _, name := range slices.Sorted(maps.Keys(g.damaged)) {
		words = append(words, string(name))
	}
	return inventory.Paste(words...)
}

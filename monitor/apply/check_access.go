package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/prove"
)

// checkAccess refuses what can't be kept from being written to, and what belongs to a
// quota that does not move.
func (m *move) checkAccess(s *source, has *prove.Holding) error {
	var wrong error
	_, crowds := prove.Writers(has.Mailboxes, s.owners, strings.Fields(s.hosts[0].Settings["admins"]), m.members())
	for _, crowd := range crowds {
		wrong = errors.Join(wrong, errors.New(crowd))
	}
	told := map[cyrus.InternalName]bool{}
	for _, name := range slices.Sorted(maps.Keys(has.Mailboxes)) {
		root := has.Mailboxes[name].QuotaRoot
		if root == "" || told[root] {
			continue
		}
		told[root] = true
		if owner, _, _ := root.Owner(); !s.owners[owner] {
			wrong = errors.Join(wrong, fmt.Errorf("%s is limited by the quota of %s, which does not move", inventory.Printable(string(name)), inventory.Printable(string(root))))
		}
	}
	return wrong
}

// stayers tells who may write to what moves and does not move along: they are kept out of
// their own store meanwhile, and what they put there afterwards, where the original is
// kept, nobody gets to see.
func (m *move) stayers(s *source, has *prove.Holding) []string {
	users, _ := prove.Writers(has.Mailboxes, s.owners, strings.Fields(s.hosts[0].Settings["admins"]), m.members())
	text := "%s, who stays on %s and may write to what moves, is kept out of %[2]s meanwhile, for %v at most, and does not find it any more where it is then"
	switch len(users) {
	case 0:
		return nil
	case 1:
	default:
		text = "%s, who stay on %s and may write to what moves, are kept out of %[2]s meanwhile, for %v at most, and do not find it any more where it is then"
	}
	return []string{fmt.Sprintf(text, listed(users), s.store.Name, m.denied())}
}

// listed names users, so many that the text can be read.
func listed(users []inventory.UserID) string {
	const most = 50
	var names []string
	for _, u := range users[:min(most, len(users))] {
		names = append(names, inventory.Printable(string(u)))
	}
	text := strings.Join(names, ", ")
	if more := len(users) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// unknowns tells of whom access lists speak who is neither on the target nor moves there:
// nobody of that name can log in there.
func (m *move) unknowns(has *prove.Holding, there map[cyrus.Owner]int) []string {
	known := map[string]bool{"anyone": true, "anonymous": true}
	for _, admin := range strings.Fields(m.target.hosts[0].Settings["admins"]) {
		known[admin] = true
	}
	for owner := range m.all() {
		known[owner.Name] = true
	}
	unknown := map[string]cyrus.InternalName{}
	for _, name := range slices.Sorted(maps.Keys(has.Mailboxes)) {
		for _, r := range has.Mailboxes[name].ACL {
			who := strings.TrimPrefix(r.Identifier, "-")
			if known[who] || strings.HasPrefix(who, "group:") || there[cyrus.Owner{Name: who}] > 0 {
				continue
			}
			if _, told := unknown[who]; !told {
				unknown[who] = name
			}
		}
	}
	var warnings []string
	for _, who := range slices.Sorted(maps.Keys(unknown)) {
		warnings = append(warnings, fmt.Sprintf("%s, whom the access list of %s names, is not on %s", inventory.Printable(who), inventory.Printable(string(unknown[who])), m.target.store.Name))
	}
	return warnings
}

// checkAccount logs in at the new master's sync server from where mail will be sent to it.
func (m *move) checkAccount(ctx context.Context, s *source) error {
	return s.hosts[0].LetsIn(ctx, m.target.master(), m.account())
}

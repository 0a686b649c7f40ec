package prove

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// writing are the rights (RFC 4314) that change a mailbox: but for s, which changes only
// what its holder has seen. Mail is delivered by p; mail for a user who is denied is
// deferred, whatever everybody's rights are.
const writing = "iwtexkcdna"

// Writers returns the users beside the owners whom access lists let change these mailboxes,
// and says in which others can whom nobody can keep out: everybody, and groups whose
// members are not known. By p a user's own filter can put mail there.
func Writers(mailboxes map[cyrus.InternalName]cyrus.Mailbox, owners map[cyrus.Owner]bool, admins []string, members map[string][]inventory.UserID) (users []inventory.UserID, crowds []string) {
	known, found := map[string]bool{}, map[inventory.UserID]bool{}
	for _, admin := range admins {
		known[admin] = true
	}
	for o := range owners {
		known[o.Name] = known[o.Name] || !o.Shared
	}
	for _, name := range slices.Sorted(maps.Keys(mailboxes)) {
		for _, r := range mailboxes[name].ACL {
			who, rights := r.Identifier, r.Rights
			group, isGroup := strings.CutPrefix(who, "group:")
			switch {
			case strings.HasPrefix(who, "-"), known[who], !strings.ContainsAny(rights, writing+"p"):
			case who == "anyone", who == "anonymous", isGroup && members[group] == nil:
				if why := crowd(name, rights); why != "" {
					crowds = append(crowds, fmt.Sprintf("%s may write to %s (%s): %s", inventory.Printable(who), inventory.Printable(string(name)), rights, why))
				}
			case isGroup:
				for _, u := range members[group] {
					found[u] = !known[string(u)]
				}
			default:
				found[inventory.UserID(who)] = true
			}
		}
	}
	maps.DeleteFunc(found, func(_ inventory.UserID, other bool) bool { return !other })
	return slices.Sorted(maps.Keys(found)), crowds
}

// crowd says what to do about a mailbox that whoever likes may write to, or nothing where
// that does no harm.
func crowd(name cyrus.InternalName, rights string) string {
	owner, _, _ := name.Owner()
	switch {
	case strings.ContainsAny(rights, writing):
		return "who that is can't be kept out meanwhile; take the right away, or name users"
	case owner.Shared:
		return "nobody can be denied so that mail for it is deferred, and what comes during the move would be lost; have the mail server hold mail for it and take p away meanwhile"
	}
	return ""
}

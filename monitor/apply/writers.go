package apply

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// writing are the rights (RFC 4314) that change a mailbox: but for p, which lets mail be
// delivered, and s, which changes only what its holder has seen.
const writing = "iwtexkcdna"

// writers returns the users beside the owners whom access lists let change these mailboxes,
// and the identifiers for which nobody can say who they are: groups, and everybody.
func writers(mailboxes map[cyrus.InternalName]cyrus.Mailbox, owners map[cyrus.Owner]bool, admins []string) (users, crowds []string) {
	known, found := map[string]bool{}, map[string]bool{}
	for _, admin := range admins {
		known[admin] = true
	}
	for o := range owners {
		known[o.Name] = true
	}
	for _, m := range mailboxes {
		for _, r := range m.ACL {
			if strings.HasPrefix(r.Identifier, "-") || !strings.ContainsAny(r.Rights, writing) || known[r.Identifier] {
				continue
			}
			found[r.Identifier] = true
		}
	}
	for identifier := range found {
		if identifier == "anyone" || identifier == "anonymous" || strings.HasPrefix(identifier, "group:") {
			crowds = append(crowds, identifier)
		} else {
			users = append(users, identifier)
		}
	}
	slices.Sort(users)
	slices.Sort(crowds)
	return users, crowds
}

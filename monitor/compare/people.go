package compare

import (
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// knowInboxes finds out which users have an INBOX on which side, and whether
// users' names end in domains.
func (p *pair) knowInboxes(master, replica []cyrus.Mailbox) {
	domains := false
	for side, mailboxes := range [][]cyrus.Mailbox{master, replica} {
		for i := range mailboxes {
			name := mailboxes[i].Internal
			domains = domains || strings.Contains(string(name), "!")
			owner, folder, _ := name.Owner()
			if owner.Shared {
				continue
			}
			has := p.inboxes[owner.Name]
			has.name = inboxOf(name)
			switch {
			case len(folder) > 0:
			case side == 0:
				has.master = identity(&mailboxes[i])
			default:
				has.replica = identity(&mailboxes[i])
			}
			p.inboxes[owner.Name] = has
		}
	}
	p.users = slices.Sorted(maps.Keys(p.inboxes))
	p.master.domains, p.replica.domains = domains, domains
}

// person is a user whose view of both sides is compared.
type person struct {
	still
	name  string
	inbox inbox
	// others are mailboxes, the user's own among them, that the user may see; nil
	// where it is not known which, or where there are many.
	others []cyrus.InternalName
	// own are the user's mailboxes where the marks prove that all of them are the same
	// on both sides, with what the user has seen in them; else nil.
	own  []cyrus.InternalName
	had  []apart // in what both looks so far differed
	seen bool    // a look was taken
}

// people returns the users among owners as whom to log in once both sides have them, and
// says of whom that cannot be.
func (p *pair) people(owners []cyrus.Owner) []person {
	var people []person
	for _, owner := range owners {
		if owner.Shared {
			continue
		}
		name := owner.Name
		if cyrus.Folded(name) != name {
			p.uncomparedUser(name, cyrus.ErrFolded)
			continue
		}
		who := person{name: name, inbox: p.inboxes[name]}
		if who.inbox.both() {
			who.others, who.own = p.others(name), p.proven[name]
		}
		people = append(people, who)
	}
	return people
}

// mostOthers is how many mailboxes of others are worth asking about one by one.
const mostOthers = 200

// visible returns the function that tells which mailboxes, the user's own among them,
// a user may see, by access lists. Who is in which group is not known, so all
// may be in all.
func (p *pair) visible(mailboxes []cyrus.Mailbox) func(user string) []cyrus.InternalName {
	all, granted, own := []cyrus.InternalName{}, map[string][]cyrus.InternalName{}, map[string][]cyrus.InternalName{}
	for i := range mailboxes {
		m := &mailboxes[i]
		if isHidden(m.Internal) {
			continue
		}
		owner, _, _ := m.Internal.Owner()
		if !owner.Shared { // the INBOX too, which Cyrus does not list to all
			own[owner.Name] = append(own[owner.Name], m.Internal)
		}
		for _, right := range m.ACL {
			switch {
			case !strings.ContainsAny(right.Rights, "lr"), right.Identifier == owner.Name && !owner.Shared:
			case right.Identifier == "anyone" || strings.HasPrefix(right.Identifier, "group:"):
				all = append(all, m.Internal)
			default:
				granted[right.Identifier] = append(granted[right.Identifier], m.Internal)
			}
		}
	}
	return func(user string) []cyrus.InternalName {
		names := slices.Concat(own[user], granted[user], all)
		if len(names) > mostOthers {
			return nil
		}
		slices.Sort(names)
		return append([]cyrus.InternalName{}, slices.Compact(names)...)
	}
}

// prove finds the users all of whose mailboxes are the same on both sides, by
// checksums over the flags of all messages.
func (p *pair) prove(master, replica []cyrus.Mailbox) {
	onReplica := map[cyrus.InternalName]*cyrus.Mailbox{}
	for i := range replica {
		onReplica[replica[i].Internal] = &replica[i]
	}
	p.proven = map[string][]cyrus.InternalName{}
	doubtful := map[string]bool{}
	for name := range p.suspected {
		owner, _, _ := name.Owner()
		doubtful[owner.Name] = true
	}
	for i := range master {
		m, r := &master[i], onReplica[master[i].Internal]
		owner, _, _ := m.Internal.Owner()
		switch {
		case owner.Shared:
		case r == nil, !p.checksums, !m.Checksums.Known, !r.Checksums.Known:
			doubtful[owner.Name] = true
		case !isHidden(m.Internal):
			p.proven[owner.Name] = append(p.proven[owner.Name], m.Internal)
		}
	}
	for name := range doubtful {
		delete(p.proven, name)
	}
}

package files

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

func (r *reader) readUsers(node *yaml.Node) {
	stores := map[inventory.StoreID]bool{}
	for i := range r.inv.Stores {
		stores[r.inv.Stores[i].Name] = true
	}
	readTable(r, node, format[inventory.User]{
		name:    inventory.InUsers,
		columns: r.userColumns(),
		blank:   inventory.User{Messages: inventory.Unknown, Mailboxes: inventory.Unknown},
		keep:    func(u *inventory.User) { r.inv.Users = append(r.inv.Users, *u) },
		stray:   func(u *inventory.User) bool { return !stores[u.Store] },
		reserve: func(rows int) { r.inv.Users = slices.Grow(r.inv.Users, rows) },
	})
}

func (r *reader) userColumns() []column[inventory.User] {
	type user = inventory.User
	columns := []column[user]{
		{name: "user", key: true, identity: true, required: true, set: func(u *user, text []byte) error {
			u.Name = inventory.UserID(text)
			return nil
		}},
		{name: "store", required: true, set: func(u *user, text []byte) error {
			u.Store = inventory.StoreID(r.intern.text(text))
			return nil
		}},
	}
	for i := range r.inv.Resources {
		resource := r.inv.Resources[i]
		columns = append(columns, column[user]{
			name: string(resource.Name), expected: true,
			set: func(u *user, text []byte) (err error) {
				u.Load[i], err = resource.Parse(string(text))
				return err
			},
		})
	}
	return append(columns, []column[user]{
		{name: "kind", set: setKind},
		{name: "pinned", set: func(u *user, text []byte) (err error) {
			u.Pinned, err = parseBool(text)
			return err
		}},
		{name: "moved", set: func(u *user, text []byte) error {
			u.Moved = inventory.Date(r.intern.text(text))
			return nil
		}},
		{name: "estimated", list: true, set: r.setEstimated},
		{name: "messages", set: func(u *user, text []byte) (err error) {
			u.Messages, err = parseKnown(text)
			return err
		}},
		{name: "mailboxes", set: func(u *user, text []byte) (err error) {
			u.Mailboxes, err = parseKnown(text)
			return err
		}},
	}...)
}

func setKind(u *inventory.User, text []byte) error {
	for _, kind := range []inventory.Kind{inventory.Person, inventory.Shared} {
		if string(text) == kind.String() {
			u.Kind = kind
			return nil
		}
	}
	return &inventory.ValueError{Text: inventory.Quoted(string(text)) + " is neither user nor shared"}
}

// setEstimated reads names of resources.
func (r *reader) setEstimated(u *inventory.User, text []byte) error {
	for name := range bytes.FieldsSeq(text) {
		i := r.inv.Resource(inventory.ResourceID(name))
		if i >= 0 {
			u.Estimated |= 1 << i
		} else if !r.forgiven(string(name)) {
			return r.noResource(string(name))
		}
	}
	return nil
}

func parseKnown(text []byte) (inventory.Count, error) {
	n, err := inventory.ParseCount(string(text))
	if err != nil {
		return inventory.Unknown, err
	}
	return inventory.Count(n), nil
}

func parseBool(text []byte) (bool, error) {
	switch string(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, &inventory.ValueError{Text: inventory.Quoted(string(text)) + " is neither true nor false"}
}

func (r *reader) readShares(node *yaml.Node) {
	type share = inventory.Share
	readTable(r, node, format[share]{
		name:    inventory.InShares,
		columns: r.shareColumns(),
		keep:    func(s *share) { r.inv.Shares = append(r.inv.Shares, *s) },
		reserve: func(rows int) { r.inv.Shares = slices.Grow(r.inv.Shares, rows) },
	})
}

func (r *reader) shareColumns() []column[inventory.Share] {
	type share = inventory.Share
	return []column[share]{
		{name: "owner", key: true, identity: true, required: true, set: func(s *share, text []byte) error {
			s.Owner = inventory.UserID(r.intern.text(text))
			return nil
		}},
		{name: "folder", identity: true, required: true, set: func(s *share, text []byte) error {
			s.Folder = r.intern.text(text)
			return nil
		}},
		{name: "grantee", identity: true, required: true, set: func(s *share, text []byte) error {
			s.Grantee = r.intern.text(text)
			return nil
		}},
		{name: "rights", required: true, set: func(s *share, text []byte) error {
			s.Rights = r.intern.text(text)
			return nil
		}},
	}
}

func (r *reader) readGroups(node *yaml.Node) {
	type membership = inventory.Membership
	readTable(r, node, format[membership]{
		name:    inventory.InGroups,
		columns: r.groupColumns(),
		keep:    func(m *membership) { r.inv.Groups = append(r.inv.Groups, *m) },
	})
}

func (r *reader) groupColumns() []column[inventory.Membership] {
	type membership = inventory.Membership
	return []column[membership]{
		{name: "group", key: true, identity: true, required: true, set: func(m *membership, text []byte) error {
			m.Group = r.intern.text(text)
			return nil
		}},
		{name: "member", identity: true, required: true, set: func(m *membership, text []byte) error {
			m.Member = inventory.UserID(r.intern.text(text))
			return nil
		}},
	}
}

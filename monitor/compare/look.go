package compare

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// holding is what a side has: its mailboxes, and those that were deleted there and are kept
// for a while.
type holding struct{ mailboxes, deleted []cyrus.Mailbox }

// holding returns the mailboxes of the side by internal name; at the first
// level only what tells two copies apart. A server that cannot list them all,
// since one is damaged, is asked for some at a time.
func (s *side) holding(ctx context.Context, marks bool) (*holding, error) {
	h, err := s.bulk(ctx, marks)
	if err != nil && !cyrus.Died(err) && !cyrus.IsRefusal(err) {
		return nil, err
	}
	if err != nil && cyrus.Died(err) {
		s.close()
	}
	names, err2 := asAdmin(ctx, s, func() ([]cyrus.InternalName, error) { return s.client.Names(ctx) })
	if err2 != nil {
		return nil, err2
	}
	if err != nil {
		if h, err = s.some(ctx, names); err != nil {
			return nil, err
		}
	}
	h.mailboxes = addUntold(h.mailboxes, names, s.server.Separator)
	byName(h.mailboxes)
	return h, nil
}

// some asks for the mailboxes of these names, and for what was deleted, some at a time.
func (s *side) some(ctx context.Context, names []cyrus.InternalName) (*holding, error) {
	deleted, err := asAdmin(ctx, s, func() ([]cyrus.InternalName, error) { return s.client.Deleted(ctx, nil) })
	if err != nil {
		return nil, err
	}
	found, err := s.details(ctx, slices.Concat(names, deleted))
	if err != nil {
		return nil, err
	}
	h := &holding{}
	for name, m := range found {
		if _, gone := name.Undeleted(); gone {
			h.deleted = append(h.deleted, *m)
		} else {
			h.mailboxes = append(h.mailboxes, *m)
		}
	}
	byName(h.deleted)
	return h, nil
}

// addUntold adds mailboxes that are there by their names only. A damaged one is
// left out wherever more than its name is asked for.
func addUntold(mailboxes []cyrus.Mailbox, names []cyrus.InternalName, separator byte) []cyrus.Mailbox {
	told := make(map[cyrus.ExternalName]bool, len(mailboxes))
	for i := range mailboxes {
		told[mailboxes[i].Internal.External(separator)] = true
	}
	for _, name := range names {
		if outer := name.External(separator); !told[outer] {
			mailboxes = append(mailboxes, cyrus.Mailbox{Mark: cyrus.Mark{Internal: name, Name: outer}})
		}
	}
	return mailboxes
}

// sure looks at a mailbox of which the side tells nothing: it may be damaged, or
// not be there at all.
func (s *side) sure(ctx context.Context, name cyrus.InternalName, told *cyrus.Mailbox) (*cyrus.Mailbox, error) {
	damaged := &cyrus.Mailbox{Mark: cyrus.Mark{Internal: name, Name: name.External(s.server.Separator)}}
	switch {
	case told != nil && told.Readable:
		return told, nil
	case s.damageOf(name) != nil:
		return damaged, nil
	}
	mailbox, _, err := s.records(ctx, name, 0)
	switch {
	case errors.Is(err, cyrus.ErrNoMailbox):
		return nil, nil
	case errors.Is(err, cyrus.ErrManyRecords), cyrus.IsUnknown(err):
		found, err := s.details(ctx, []cyrus.InternalName{name})
		return orDamaged(found[name], told), err
	case cyrus.IsRefusal(err):
		s.damage(name, err)
		return damaged, nil
	case err == nil && mailbox == nil:
		return damaged, nil
	}
	return mailbox, err
}

func byName(mailboxes []cyrus.Mailbox) {
	slices.SortFunc(mailboxes, func(a, b cyrus.Mailbox) int { return strings.Compare(string(a.Internal), string(b.Internal)) })
}

func (s *side) bulk(ctx context.Context, marks bool) (*holding, error) {
	if err := s.admin(ctx); err != nil {
		return nil, err
	}
	if !marks {
		mailboxes, deleted, err := s.client.Mailboxes(ctx)
		if err == nil {
			err = s.addSpecial(ctx, mailboxes)
		}
		return &holding{mailboxes, deleted}, err
	}
	kept, deleted, err := s.client.Marks(ctx)
	return &holding{marked(kept), marked(deleted)}, err
}

// marked are mailboxes of which no more is known than their marks.
func marked(marks []cyrus.Mark) []cyrus.Mailbox {
	mailboxes := make([]cyrus.Mailbox, len(marks))
	for i := range marks {
		mailboxes[i].Mark = marks[i]
	}
	return mailboxes
}

// addSpecial completes mailboxes of which no details are told in bulk: those that
// are not for mail.
func (s *side) addSpecial(ctx context.Context, mailboxes []cyrus.Mailbox) error {
	var names []cyrus.InternalName
	for i := range mailboxes {
		if mailboxes[i].Readable && mailboxes[i].UniqueID == "" {
			names = append(names, mailboxes[i].Internal)
		}
	}
	if len(names) == 0 {
		return nil
	}
	found, err := s.client.Details(ctx, names)
	byName := map[cyrus.InternalName]*cyrus.Mailbox{}
	for i := range found {
		byName[found[i].Internal] = &found[i]
	}
	for i := range mailboxes {
		m := &mailboxes[i]
		if told := byName[m.Internal]; told != nil {
			told.Name, told.Status = m.Name, m.Status
			*m = *told
		}
	}
	return err
}

// details returns the mailboxes of these names that the side has, each as of one
// moment. One that the server cannot read is there, and not readable: damage may
// make it refuse the command, or end the connection.
func (s *side) details(ctx context.Context, names []cyrus.InternalName) (map[cyrus.InternalName]*cyrus.Mailbox, error) {
	byName := make(map[cyrus.InternalName]*cyrus.Mailbox, len(names))
	return byName, s.addDetails(ctx, names, byName)
}

func (s *side) addDetails(ctx context.Context, names []cyrus.InternalName, byName map[cyrus.InternalName]*cyrus.Mailbox) error {
	if err := s.admin(ctx); err != nil {
		return err
	}
	found, err := s.client.Details(ctx, names)
	for i := range found {
		byName[found[i].Internal] = &found[i]
	}
	switch {
	case err == nil || !cyrus.Died(err) && !cyrus.IsRefusal(err):
		return err
	case cyrus.Died(err):
		s.close()
	}
	// What came before the end need not be asked again, and the next one is most
	// likely what ended it.
	var rest []cyrus.InternalName
	for _, name := range names {
		if byName[name] == nil {
			rest = append(rest, name)
		}
	}
	switch len(rest) {
	case 0:
		return nil
	case 1:
		if cyrus.Died(err) { // which may be chance
			if err := s.admin(ctx); err != nil {
				return err
			}
			if found, err = s.client.Details(ctx, rest); err == nil {
				for i := range found {
					byName[found[i].Internal] = &found[i]
				}
				return nil
			}
			if s.close(); !cyrus.Died(err) && !cyrus.IsRefusal(err) {
				return err
			}
		}
		s.damage(rest[0], err)
		byName[rest[0]] = &cyrus.Mailbox{Mark: cyrus.Mark{Internal: rest[0], Name: rest[0].External(s.server.Separator)}}
		return nil
	}
	half := len(rest) / 2
	if err := s.addDetails(ctx, rest[:half], byName); err != nil {
		return err
	}
	return s.addDetails(ctx, rest[half:], byName)
}

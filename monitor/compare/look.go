package compare

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// mailboxes returns the mailboxes of the side by internal name; at the first
// level only what tells two copies apart. A server that cannot list them all,
// since one is damaged, is asked for some at a time.
func (s *side) mailboxes(ctx context.Context, marks bool) ([]cyrus.Mailbox, error) {
	mailboxes, err := s.bulk(ctx, marks)
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
		found, err := s.details(ctx, names)
		if err != nil {
			return nil, err
		}
		mailboxes = nil
		for _, m := range found {
			mailboxes = append(mailboxes, *m)
		}
	}
	mailboxes = addUntold(mailboxes, names, s.server.Separator)
	byName(mailboxes)
	return mailboxes, nil
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

func (s *side) bulk(ctx context.Context, marks bool) ([]cyrus.Mailbox, error) {
	if err := s.admin(ctx); err != nil {
		return nil, err
	}
	if !marks {
		mailboxes, err := s.client.Mailboxes(ctx)
		if err == nil {
			err = s.addSpecial(ctx, mailboxes)
		}
		return mailboxes, err
	}
	found, err := s.client.Marks(ctx)
	if err != nil {
		return nil, err
	}
	mailboxes := make([]cyrus.Mailbox, len(found))
	for i := range found {
		mailboxes[i].Mark = found[i]
	}
	return mailboxes, nil
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

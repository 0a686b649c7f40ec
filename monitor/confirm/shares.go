package confirm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// opened is a folder that somebody else is to be able to read.
type opened struct {
	inventory.Share
	unit    string
	owner   cyrus.Owner
	store   *inventory.Store // of the owner
	grantee inventory.StoreID
}

// openedBy returns the folders that concern the movers: theirs, and those that they may
// read. Who may read is a user of the fleet, by the user's own name; who is in which
// group the servers decide. Who was on another store before and after could not read.
func openedBy(inv *inventory.Inventory, movers []mover) []opened {
	homes, units := map[inventory.UserID]inventory.StoreID{}, map[inventory.UserID]string{}
	before := map[inventory.UserID]inventory.StoreID{}
	for i := range inv.Users {
		homes[inv.Users[i].Name], before[inv.Users[i].Name] = inv.Users[i].Store, inv.Users[i].Store
	}
	for i := range movers {
		m := &movers[i]
		homes[m.User], before[m.User], units[m.User] = m.To, m.From, m.unit
		if m.keeper != nil && m.keeper.Back {
			before[m.User] = m.To
		}
	}
	var list []opened
	for _, s := range inv.Shares {
		grantee := inventory.UserID(s.Grantee)
		unit := cmp.Or(units[s.Owner], units[grantee])
		home, known := homes[grantee]
		u := inv.User(s.Owner)
		if unit == "" || !known || u < 0 || !strings.Contains(s.Rights, "r") || !person(inv, grantee) || slices.Contains(inv.Sharing.Ignore, grantee) {
			continue
		}
		at := inv.Store(homes[s.Owner])
		if at < 0 || home != homes[s.Owner] && before[grantee] != before[s.Owner] || len(inv.Stores[at].Instances) == 0 {
			continue
		}
		list = append(list, opened{s, unit, ownerOf(inv, s.Owner), &inv.Stores[at], home})
	}
	slices.SortStableFunc(list, func(a, b opened) int {
		return cmp.Or(cmp.Compare(a.store.Name, b.store.Name), cmp.Compare(a.Grantee, b.Grantee), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Folder, b.Folder))
	})
	return list
}

func person(inv *inventory.Inventory, name inventory.UserID) bool {
	i := inv.User(name)
	return i >= 0 && inv.Users[i].Kind == inventory.Person
}

// ownerOf names a user or shared tree as Cyrus does.
func ownerOf(inv *inventory.Inventory, name inventory.UserID) cyrus.Owner {
	i := inv.User(name)
	return cyrus.Owner{Name: string(name), Shared: i >= 0 && inv.Users[i].Kind == inventory.Shared}
}

// shares enters for each folder whether it can be read. A login is made only where the
// one who logs in has mailboxes, and so makes none.
func (o *Options) shares(ctx context.Context, list []opened, found survey, t *tally) error {
	folders := map[inventory.StoreID]map[cyrus.Owner]map[string]cyrus.InternalName{}
	for same := range groups(list, func(a, b *opened) bool { return a.store == b.store && a.Grantee == b.Grantee }) {
		s := same[0].store
		at := instance{s.Name, s.Instances[0].Server}
		var err error
		if folders[s.Name] == nil {
			folders[s.Name], err = o.folders(ctx, s.Instances[0])
		}
		reader := &reader{}
		if err == nil && found[at].owners[cyrus.Owner{Name: same[0].Grantee}] {
			reader.client, reader.err = o.dial(ctx, s.Instances[0], same[0].Grantee)
		}
		for i := range same {
			same[i].read(ctx, reader, folders[s.Name], errors.Join(found[at].err, err), found, t)
		}
		reader.close()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// groups yields the runs of equal things of a sorted list.
func groups[T any](list []T, equal func(a, b *T) bool) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		for from := 0; from < len(list); {
			to := from + 1
			for to < len(list) && equal(&list[from], &list[to]) {
				to++
			}
			if !yield(list[from:to]) {
				return
			}
			from = to
		}
	}
}

// folders returns the mailboxes of an instance by their owner and by what people call
// them, as shares do.
func (o *Options) folders(ctx context.Context, in inventory.Instance) (map[cyrus.Owner]map[string]cyrus.InternalName, error) {
	c, err := o.dial(ctx, in, "")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	folders := map[cyrus.Owner]map[string]cyrus.InternalName{}
	for _, n := range names {
		owner, parts, kept := n.Owner()
		if !kept {
			continue
		}
		if folders[owner] == nil {
			folders[owner] = map[string]cyrus.InternalName{}
		}
		folders[owner][cyrus.Folder(parts, c.Server().Separator)] = n
	}
	return folders, nil
}

// reader is a connection of somebody who is to be able to read.
type reader struct {
	client *cyrus.Client // nil: there is none
	err    error
}

func (r *reader) close() {
	if r.client != nil {
		r.client.Close()
	}
}

// read enters whether a folder can be read.
func (s *opened) read(ctx context.Context, r *reader, folders map[cyrus.Owner]map[string]cyrus.InternalName, unknown error, found survey, t *tally) {
	folder := "INBOX"
	if s.Folder != "" {
		folder = s.Folder
	}
	d := monitor.Doubt{
		Verdict: monitor.Unmet, Unit: inventory.Text(s.unit), User: inventory.Text(s.Grantee), Store: inventory.Text(s.store.Name), Server: inventory.Text(s.store.Instances[0].Server),
		Expected: fmt.Sprintf("reads %s of %s", inventory.Printable(folder), inventory.Printable(string(s.Owner))),
		Next:     "give the rights back, or run interlace discover if they were taken away on purpose",
	}
	name, there := folders[s.owner][s.Folder]
	d.Mailbox = inventory.Text(name)
	switch {
	case unknown != nil:
		d.Verdict, d.Found, d.Next = monitor.UnknownFulfilment, "not known: "+unknown.Error(), "see why it does not answer, and ask again"
	case s.grantee != s.store.Name:
		d.Found, d.Next = fmt.Sprintf("is on %s, from where nothing of %s can be reached", s.grantee, s.store.Name), "interlace users brings them together again"
	case !there:
		d.Found, d.Next = "there is no such folder", "run interlace discover if it was removed or renamed on purpose"
	case r.client == nil && r.err == nil:
		d.Found, d.Next = joined("not there to log in", onText(found.on(cyrus.Owner{Name: s.Grantee}))), "see placement"
	case errors.Is(r.err, cyrus.ErrLogin) && !errors.Is(r.err, cyrus.ErrFolded):
		d.Found, d.Next = "not let in: "+r.err.Error(), "cyr_deny -l shows who is denied there"
	case r.err != nil:
		d.Verdict, d.Found, d.Next = monitor.UnknownFulfilment, "not known: "+r.err.Error(), "see why it does not answer, and ask again"
	default:
		_, err := r.client.Status(ctx, r.client.UserName(name))
		if err == nil {
			t.is()
			return
		}
		d.Found = "can't read it: " + err.Error()
		if !errors.Is(err, cyrus.ErrNoMailbox) {
			d.Verdict = monitor.UnknownFulfilment
		}
	}
	t.doubt(d)
}

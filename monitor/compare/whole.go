package compare

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Whole is what came of reading every message of some owners on one copy of a store.
type Whole struct {
	Messages, Bytes int64 // read, those that are damaged too
	Damaged         []DamagedFiles
	Unread          []UnreadMailbox
	Hidden          int // mailboxes that nobody can open, such as those of Sieve scripts; their files were not read
}

// DamagedFiles are messages of a mailbox whose files are not what the index of the same
// server says.
type DamagedFiles struct {
	Owner   cyrus.Owner
	Mailbox cyrus.ExternalName // as an administrator says it
	UIDs    string             // as IMAP writes a set
	Missing int                // of them have no file that the server can read
	Other   int                // of them have one with another content
}

// Found says what is wrong with the files.
func (d *DamagedFiles) Found() string {
	text := string(filesText(d.Missing, d.Other))
	if d.Missing > 0 {
		text += " (" + noFile + ")"
	}
	return text
}

// UnreadMailbox is a mailbox that could not be read whole.
type UnreadMailbox struct {
	Owner   cyrus.Owner
	Mailbox cyrus.ExternalName
	Why     string
}

// ReadWhole has the server read the file of every message of these owners, one after the
// other over one connection, and compares it with what its index says it is: the SHA-1 and
// the size. Each mailbox is read by a login as its owner, or else as somebody who may read
// it and has mailboxes there, or as the administrator where the access list has that one.
// Progress is told every second or so how many bytes were read,
// and may be nil. The memory it takes grows with the number of mailboxes and of damaged
// messages, not of messages. The error says that the server does not answer.
func ReadWhole(ctx context.Context, at Side, owners map[cyrus.Owner]bool, progress func(bytes int64)) (*Whole, error) {
	w := &whole{
		side: side{host: &host{Side: at, throttle: newThrottle(0)}}, inboxes: map[string]bool{}, out: &Whole{},
		progress: progress, told: time.Now(),
	}
	defer w.close()
	if err := w.run(ctx, owners); err != nil {
		return nil, fmt.Errorf("read all messages on %s: %w", at.Server, err)
	}
	return w.out, nil
}

// whole is a reading under way.
type whole struct {
	side
	inboxes  map[string]bool // users who have one here
	out      *Whole
	progress func(int64)
	told     time.Time
}

func (w *whole) run(ctx context.Context, owners map[cyrus.Owner]bool) error {
	if err := w.admin(ctx); err != nil {
		return err
	}
	names, err := w.client.Names(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		w.domains = w.domains || strings.Contains(string(name), "!")
		if owner, folder, kept := name.Owner(); kept && !owner.Shared && len(folder) == 0 {
			w.inboxes[owner.Name] = true
		}
	}
	names = cyrus.OwnedBy(names, owners)
	if len(names) == 0 {
		return nil
	}
	mailboxes, err := w.client.Details(ctx, names)
	if err != nil {
		return err
	}
	slices.SortFunc(mailboxes, func(a, b cyrus.Mailbox) int { return strings.Compare(string(a.Internal), string(b.Internal)) })
	w.untold(names, mailboxes)
	for i := range mailboxes {
		m := &mailboxes[i]
		if isHidden(m.Internal) {
			w.out.Hidden++
			continue
		}
		err := w.mailbox(ctx, m)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if w.close(); errors.Is(err, errDown) || !cannotRead(err) && !cyrus.Died(err) {
				return err
			}
			owner, _, _ := m.Internal.Owner()
			w.out.Unread = append(w.out.Unread, UnreadMailbox{owner, m.Name, err.Error()})
		}
	}
	return nil
}

// untold enters the mailboxes that the server lists and tells nothing else of: damaged ones.
// Of the two readings that a name may have one is enough.
func (w *whole) untold(names []cyrus.InternalName, mailboxes []cyrus.Mailbox) {
	told := map[cyrus.ExternalName]bool{}
	for i := range mailboxes {
		told[mailboxes[i].Name] = true
	}
	for _, n := range names {
		if name := n.External(w.server.Separator); !told[name] {
			told[name] = true
			owner, _, _ := n.Owner()
			w.out.Unread = append(w.out.Unread, UnreadMailbox{owner, name, "the server lists it and tells nothing else of it"})
		}
	}
}

// mailbox reads one mailbox as the first user who is let in and may read it.
func (w *whole) mailbox(ctx context.Context, m *cyrus.Mailbox) error {
	wrong := errNoReader
	for _, user := range w.readers(m) {
		if !w.lets(user) {
			continue
		}
		err := w.enter(ctx, user)
		if err == nil {
			err = w.read(ctx, m, w.client.UserName(m.Internal))
		}
		switch {
		case err == nil || ctx.Err() != nil || errors.Is(err, errDown):
			return err
		case cyrus.Died(err): // so the server treats who is denied, too
			w.close()
		case !cannotRead(err):
			return err
		}
		wrong = err
	}
	if slices.ContainsFunc(m.ACL, func(r cyrus.Right) bool { return r.Identifier == w.IMAP.User && strings.Contains(r.Rights, "r") }) {
		if err := w.admin(ctx); err != nil {
			return err
		}
		return w.read(ctx, m, string(m.Name))
	}
	return wrong
}

// readers are the users who may read a mailbox, its owner first, and a few of many.
func (w *whole) readers(m *cyrus.Mailbox) []string {
	const most = 5
	owner, _, _ := m.Internal.Owner()
	var list []string
	if !owner.Shared && w.inboxes[owner.Name] {
		list = append(list, owner.Name)
	}
	for _, right := range m.ACL {
		switch {
		case !strings.Contains(right.Rights, "r") || len(list) >= most:
		case w.inboxes[right.Identifier] && !slices.Contains(list, right.Identifier):
			list = append(list, right.Identifier)
		case right.Identifier == "anyone":
			for _, user := range slices.Sorted(maps.Keys(w.inboxes)) {
				if len(list) < most && (!w.domains || domain(user) == domain(owner.Name)) {
					list = append(list, user)
				}
			}
		}
	}
	return list
}

// read reads all messages of a mailbox, which goes by a name on this connection. Where some are damaged all are read once more: one
// that was expunged meanwhile has no file either.
func (w *whole) read(ctx context.Context, m *cyrus.Mailbox, name string) error {
	first, messages, bytes, err := w.pass(ctx, name)
	if err != nil {
		return err
	}
	w.out.Messages, w.out.Bytes = w.out.Messages+messages, w.out.Bytes+bytes
	if len(first) == 0 {
		return nil
	}
	again, _, _, err := w.pass(ctx, name)
	if err != nil {
		return err
	}
	owner, _, _ := m.Internal.Owner()
	d := DamagedFiles{Owner: owner, Mailbox: m.Name}
	var bad uids
	for _, uid := range slices.Sorted(maps.Keys(again)) {
		if _, before := first[uid]; !before {
			continue
		}
		if bad.add(uid); again[uid] {
			d.Missing++
		} else {
			d.Other++
		}
	}
	if d.UIDs = bad.String(); bad.count > 0 {
		w.out.Damaged = append(w.out.Damaged, d)
	}
	return nil
}

// pass reads all messages of a mailbox once, and returns which are damaged, by UID, and
// whether their files are missing.
func (w *whole) pass(ctx context.Context, name string) (damaged map[uint32]bool, messages, bytes int64, err error) {
	damaged = map[uint32]bool{}
	all := func(exists uint32) iter.Seq[uint32] {
		return func(yield func(uint32) bool) {
			for place := uint32(1); place <= exists && yield(place); place++ {
			}
		}
	}
	for d, err := range w.client.Digests(ctx, name, all) {
		if err != nil {
			return nil, 0, 0, err
		}
		messages, bytes = messages+1, bytes+d.FileBytes
		if d.Damaged() {
			damaged[d.UID] = d.Missing
		}
		if w.progress != nil && time.Since(w.told) >= time.Second {
			w.told = time.Now()
			w.progress(w.out.Bytes + bytes)
		}
	}
	return damaged, messages, bytes, nil
}

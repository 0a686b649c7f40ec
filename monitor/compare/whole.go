package compare

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
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

// WholeOptions say how messages are read whole.
type WholeOptions struct {
	// Connections is asked before each part how many the server may have by now; nil means one.
	Connections func() int
	// Read are parts that were read before, and are not read again.
	Read []Span
	// Proven is told of each part that is what it was, by one at a time. Its error ends the
	// reading; nil means that nobody wants to know.
	Proven func(*Proven) error
	// Progress is told every second or so how many bytes were read; nil means that nobody is.
	Progress func(bytes int64)
}

// Proven is a part of what somebody has that was read and is what it was.
type Proven struct {
	Owner           cyrus.Owner
	Span            Span // empty: nothing was to be read
	Messages, Bytes int64
	// All says that the owner has nothing else that was not read, or is not what it was. Of his
	// mailboxes Hidden are not for mail, and were not read.
	All    bool
	Hidden int
}

// ReadWhole has the server read the file of every message of these owners, and compares it with
// what its index says it is: the SHA-1 and the size. Each mailbox is read by a login as its
// owner, or else as somebody who may read it and has mailboxes there, or as the administrator
// where the access list has that one. Mailboxes are read in parts, in the order of names, over
// several connections at the same time, slower where the server gets slower; what is found does
// not depend on how many these are. The memory it takes grows with the number of mailboxes, of
// parts and of damaged messages. The error says that the server does not answer.
func ReadWhole(ctx context.Context, at Side, owners map[cyrus.Owner]bool, o WholeOptions) (*Whole, error) {
	if o.Connections == nil {
		o.Connections = func() int { return 1 }
	}
	w := &whole{host: &host{Side: at, throttle: newThrottle(0)}, options: o, inboxes: map[string]bool{}, out: &Whole{}, told: time.Now()}
	if err := w.run(ctx, owners); err != nil {
		return nil, fmt.Errorf("read all messages on %s: %w", at.Server, err)
	}
	return w.out, nil
}

// whole is a reading under way.
type whole struct {
	*host
	options WholeOptions
	inboxes map[string]bool // users who have one here

	mu    sync.Mutex // for what follows, and what of owners and mailboxes changes
	out   *Whole
	bytes int64 // read, also of parts that are not done
	told  time.Time
}

// holder is somebody whose mailboxes are read.
type holder struct {
	owner  cyrus.Owner
	boxes  []*box
	hidden int
	left   int  // parts that are not read yet
	unread bool // not all could be read and is what it was
}

// box is a mailbox that is read.
type box struct {
	*cyrus.Mailbox
	holder  *holder
	size    size
	damaged map[uint32]bool  // by UID, and whether there is no file
	failed  map[uint32]error // why parts were not read, by the first UID of each
}

func (w *whole) run(ctx context.Context, owners map[cyrus.Owner]bool) error {
	holders, err := w.holders(ctx, owners)
	if err != nil {
		return err
	}
	turns, err := w.turns(ctx, holders)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if h.left == 0 && !h.unread {
			if err := w.prove(&Proven{Owner: h.owner, All: true, Hidden: h.hidden}); err != nil {
				return err
			}
		}
	}
	if err := w.share(ctx, len(turns), func(ctx context.Context, s *side, i int) error { return w.read(ctx, s, turns[i]) }); err != nil {
		return err
	}
	var boxes []*box
	for _, h := range holders {
		w.out.Hidden += h.hidden
		boxes = append(boxes, h.boxes...)
	}
	slices.SortFunc(boxes, func(a, b *box) int { return strings.Compare(string(a.Internal), string(b.Internal)) })
	for _, b := range boxes {
		w.enter(b)
	}
	return nil
}

// holders returns those who have something, and what, by their names. Who has a damaged
// mailbox, which the server lists and tells nothing else of, has something unread.
func (w *whole) holders(ctx context.Context, owners map[cyrus.Owner]bool) ([]*holder, error) {
	s := &side{host: w.host}
	defer s.close()
	if err := s.admin(ctx); err != nil {
		return nil, err
	}
	names, err := s.client.Names(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		w.domains = w.domains || strings.Contains(string(name), "!")
		if owner, folder, kept := name.Owner(); kept && !owner.Shared && len(folder) == 0 {
			w.inboxes[owner.Name] = true
		}
	}
	var mailboxes []cyrus.Mailbox
	if names = cyrus.OwnedBy(names, owners); len(names) > 0 {
		if mailboxes, err = s.client.Details(ctx, names); err != nil {
			return nil, err
		}
	}
	sizes := s.sizes(ctx)
	byOwner := map[cyrus.Owner]*holder{}
	for owner := range owners {
		byOwner[owner] = &holder{owner: owner}
	}
	byName(mailboxes)
	for i := range mailboxes {
		m := &mailboxes[i]
		owner, _, _ := m.Internal.Owner()
		if h := byOwner[owner]; isHidden(m.Internal) {
			h.hidden++
		} else {
			b := &box{Mailbox: m, holder: h, size: sizes[m.Internal], damaged: map[uint32]bool{}, failed: map[uint32]error{}}
			h.boxes = append(h.boxes, b)
		}
	}
	w.untold(names, mailboxes, byOwner)
	return slices.SortedFunc(maps.Values(byOwner), func(a, b *holder) int { return compareOwners(a.owner, b.owner) }), nil
}

// untold enters the mailboxes that the server lists and tells nothing else of: damaged ones.
// Of the two readings that a name may have one is enough.
func (w *whole) untold(names []cyrus.InternalName, mailboxes []cyrus.Mailbox, holders map[cyrus.Owner]*holder) {
	told := map[cyrus.ExternalName]bool{}
	for i := range mailboxes {
		told[mailboxes[i].Name] = true
	}
	for _, n := range names {
		if name := n.External(w.server.Separator); !told[name] {
			told[name] = true
			owner, _, _ := n.Owner()
			holders[owner].unread = true
			w.out.Unread = append(w.out.Unread, UnreadMailbox{owner, name, "the server lists it and tells nothing else of it"})
		}
	}
}

// enter enters what came of reading a mailbox: once, in however many parts it was read.
func (w *whole) enter(b *box) {
	if len(b.failed) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(b.failed)))
		w.out.Unread = append(w.out.Unread, UnreadMailbox{b.holder.owner, b.Name, b.failed[first].Error()})
	}
	if len(b.damaged) == 0 {
		return
	}
	bad := uids{ranges: runs(b.damaged)}
	d := DamagedFiles{Owner: b.holder.owner, Mailbox: b.Name, UIDs: bad.String()}
	for _, missing := range b.damaged {
		if missing {
			d.Missing++
		} else {
			d.Other++
		}
	}
	w.out.Damaged = append(w.out.Damaged, d)
}

// progress tells now and then how many bytes were read, which are more by so many.
func (w *whole) progress(bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += bytes
	if w.options.Progress != nil && time.Since(w.told) >= time.Second {
		w.told = time.Now()
		w.options.Progress(w.bytes)
	}
}

// prove tells that a part is what it was.
func (w *whole) prove(p *Proven) error {
	if w.options.Proven == nil {
		return nil
	}
	return w.options.Proven(p)
}

package discover

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// owner is a user or shared tree on one store.
type owner struct {
	name      inventory.UserID
	kind      inventory.Kind
	messages  int64
	mailboxes int64
	bytes     int64
	unread    int  // mailboxes that could not be read
	uncounted int  // mailboxes whose messages the server does not tell
	unsized   int  // mailboxes whose bytes nobody tells
	bound     bool // a shared tree whose name other stores have too
	written   tally
	shares    []inventory.Share // without the owner's name
}

// owners adds up the mailboxes of a master by owner: users by name, then shared
// trees by name.
func owners(store inventory.StoreID, s *cyrus.Snapshot, o Options) []owner {
	var list []owner
	index := map[cyrus.Owner]int{}
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		who, folder, _ := m.Internal.Owner()
		at, found := index[who]
		if !found {
			at = len(list)
			index[who] = at
			list = append(list, newOwner(who))
			list[at].written.common = s.Server.Conversations == cyrus.Yes
			list[at].written.before = o.Earlier.newest(list[at].name, store)
		}
		list[at].add(m, o.Now)
		for _, right := range m.ACL {
			if right.Identifier != who.Name && !slices.Contains(o.Admins, right.Identifier) {
				list[at].shares = append(list[at].shares, inventory.Share{
					Folder: cyrus.Folder(folder, s.Server.Separator), Grantee: valid(right.Identifier), Rights: valid(right.Rights),
				})
			}
		}
	}
	weigh(list, index, s)
	slices.SortFunc(list, func(a, b owner) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
	})
	return list
}

func newOwner(who cyrus.Owner) owner {
	kind := inventory.Person
	if who.Shared {
		kind = inventory.Shared
	}
	return owner{name: inventory.UserID(valid(who.Name)), kind: kind, written: tally{oldest: shortestAge}}
}

// valid returns a text as an inventory may hold it. Cyrus is not known to have
// control characters or other than ASCII in a name, but one that did must not
// keep a fleet from being discovered.
func valid(text string) string {
	if text == "" || inventory.ValidUserName(text) {
		return text
	}
	quoted := strconv.QuoteToASCII(text)
	return quoted[1 : len(quoted)-1]
}

// add counts one mailbox.
func (w *owner) add(m *cyrus.Mailbox, now time.Time) {
	w.mailboxes++
	if !m.Readable {
		w.unread++
		return
	}
	if m.Status.Messages == cyrus.UnknownCount {
		w.uncounted++
	} else {
		w.messages += m.Status.Messages
	}
	if m.Status.Size == cyrus.UnknownCount {
		w.unsized++
	} else {
		w.bytes += m.Status.Size
	}
	w.written.add(m, now)
}

// unreadable names the mailboxes whose content the master does not tell.
func unreadable(store *inventory.Store, s *cyrus.Snapshot) []Finding {
	var findings []Finding
	for i := range s.Mailboxes {
		if m := &s.Mailboxes[i]; !m.Readable {
			who, _, _ := m.Internal.Owner()
			findings = append(findings, Finding{
				Kind: Unreadable, Store: store.Name, Server: store.Instances[0].Server, User: inventory.UserID(who.Name),
				Text: fmt.Sprintf("mailbox %s on the master of %s can't be read", inventory.Printable(string(m.Name)), store.Name),
				Hint: "its log there says why; reconstruct repairs damaged mailboxes",
			})
		}
	}
	return findings
}

// shortestAge is the age below which mailboxes do not show how much is written.
const shortestAge = 24 * time.Hour

// tally adds up what was written to the mailboxes of one owner. Without the
// conversations database each mailbox counts for itself; with it they all draw
// their numbers from one counter of the user.
type tally struct {
	common bool
	writes uint64
	rate   float64 // writes per second since the mailboxes were made
	oldest time.Duration
	all    uint64 // stands for the mailboxes
	newest uint32 // the highest UIDVALIDITY of them
	older  uint64 // stands for those that are no newer than the earlier discovery's
	before uint32 // the highest UIDVALIDITY of those
}

func (t *tally) add(m *cyrus.Mailbox, now time.Time) {
	status, made := m.Status, time.Unix(int64(m.Status.UIDValidity), 0)
	identity := identify(m)
	t.all ^= identity
	t.newest = max(t.newest, status.UIDValidity)
	if status.UIDValidity <= t.before {
		t.older ^= identity
	}
	age := max(now.Sub(made), shortestAge)
	if t.common {
		t.writes = max(t.writes, status.HighestModSeq)
		t.oldest = max(t.oldest, age)
		t.rate = float64(t.writes) / t.oldest.Seconds()
		return
	}
	t.writes += status.HighestModSeq
	t.rate += float64(status.HighestModSeq) / age.Seconds()
}

// identify returns a number that stands for a mailbox. It is another one when the
// mailbox is made anew, or renumbered, which its UIDVALIDITY tells.
func identify(m *cyrus.Mailbox) uint64 {
	hash := fnv.New64a()
	fmt.Fprint(hash, m.UniqueID, " ", m.Status.UIDValidity)
	return hash.Sum64()
}

// counter returns the sum for the next discovery.
func (w *owner) counter() counter {
	return counter{Writes: w.written.writes, Common: w.written.common, Mailboxes: w.written.all, Newest: w.written.newest, Valid: w.unread == 0}
}

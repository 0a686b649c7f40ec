package discover

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// weigh takes the bytes of owners whose mailboxes' sizes the server does not
// tell from their quotas: a quota counts what is in all mailboxes below its
// root. It serves where every mailbox of the owner has a root of the owner's own.
func weigh(list []owner, index map[cyrus.Owner]int, s *cyrus.Snapshot) {
	without := map[int]bool{} // owners with a mailbox that is not in a quota of theirs
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		who, _, _ := m.Internal.Owner()
		if root, _, _ := m.QuotaRoot.Owner(); m.QuotaRoot == "" || root != who {
			without[index[who]] = true
		}
	}
	used := map[int]int64{}
	for _, quota := range s.Quotas {
		who, _, _ := quota.Root.Owner()
		if at, found := index[who]; found {
			used[at] += quota.Used
		}
	}
	for at := range list {
		if bytes, limited := used[at]; list[at].unsized > 0 && limited && !without[at] {
			list[at].bytes, list[at].unsized = bytes, 0
		}
	}
}

// tellsLess says what an old master does not tell.
func tellsLess(store *inventory.Store, s *cyrus.Snapshot) []Finding {
	var messages, sizes bool
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		messages = messages || m.Readable && m.Status.Messages == cyrus.UnknownCount
		sizes = sizes || m.Readable && m.Status.Size == cyrus.UnknownCount
	}
	var what, instead string
	switch {
	case messages && sizes:
		what = "how many messages and bytes mailboxes have"
		instead = "messages stay unknown, and bytes come from quotas, or are estimated where a user has none"
	case messages:
		what, instead = "how many messages mailboxes have", "they stay unknown"
	case sizes:
		what, instead = "how many bytes mailboxes have", "they come from quotas, or are estimated where a user has none"
	default:
		return nil
	}
	return []Finding{{
		Kind: TellsLess, Store: store.Name, Server: store.Instances[0].Server,
		Text: fmt.Sprintf("the master of %s does not tell %s, for its Cyrus is too old: %s", store.Name, what, instead),
	}}
}

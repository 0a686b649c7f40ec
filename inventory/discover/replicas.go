package discover

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// digest is what is kept of a replica until its master was asked: how far each
// mailbox was, by its unique identifier.
type digest map[string]position

type position struct {
	name   cyrus.InternalName
	status cyrus.Status
}

func newDigest(s *cyrus.Snapshot) *digest {
	d := digest{}
	for i := range s.Mailboxes {
		if m := &s.Mailboxes[i]; m.Readable {
			d[m.UniqueID] = position{name: m.Internal, status: m.Status}
		}
	}
	return &d
}

// against compares the replica with its master, which was asked later.
func (d digest) against(master *cyrus.Snapshot, store *inventory.Store, server inventory.ServerID) []Finding {
	if len(master.Mailboxes) == 0 && len(d) > 0 {
		return []Finding{emptyMaster(store, server, len(d))}
	}
	var lead cyrus.Lead
	var ahead, missing, extra subjects
	seen := 0
	for i := range master.Mailboxes {
		m := &master.Mailboxes[i]
		if !m.Readable {
			continue
		}
		at, found := d[m.UniqueID]
		if !found {
			missing.add(m.Internal)
			continue
		}
		if lead.Add(m.Internal, m.Status, at.status) {
			ahead.add(m.Internal)
		}
		seen++
	}
	if len(d) > seen {
		known := map[string]bool{}
		for i := range master.Mailboxes {
			known[master.Mailboxes[i].UniqueID] = true
		}
		for id, at := range d {
			if !known[id] {
				extra.add(at.name)
			}
		}
	}
	return findings(store, server, lead.Exchanged(), ahead, missing, extra)
}

// emptyMaster says that a master has nothing and its replica has: the roles are
// exchanged, or another server answers, or the mail is lost. It stops, for
// nothing would be left of the store.
func emptyMaster(store *inventory.Store, server inventory.ServerID, mailboxes int) Finding {
	there := fmt.Sprintf("%d mailboxes", mailboxes)
	if mailboxes == 1 {
		there = "one mailbox"
	}
	return Finding{
		Kind: NoUsers, Stops: true, Store: store.Name, Server: store.Instances[0].Server,
		Text: fmt.Sprintf("the master of %s on %s has no mailbox, and its replica on %s has %s", store.Name, store.Instances[0].Server, server, there),
		Hint: "if the replica is the master now, exchange the roles in the fleet file",
	}
}

// subjects counts mailboxes and keeps the first by name as an example.
type subjects struct {
	count int
	first cyrus.InternalName
}

func (s *subjects) add(name cyrus.InternalName) {
	if s.count == 0 || name < s.first {
		s.first = name
	}
	s.count++
}

func (s subjects) String() string {
	text := fmt.Sprintf("%d mailboxes", s.count)
	if s.count == 1 {
		text = "one mailbox"
	}
	return fmt.Sprintf("%s (%s)", text, inventory.Printable(string(s.first)))
}

// findings says what a comparison means.
func findings(store *inventory.Store, server inventory.ServerID, exchanged bool, ahead, missing, extra subjects) []Finding {
	var list []Finding
	say := func(kind Kind, hint, format string, args ...any) {
		list = append(list, Finding{
			Kind: kind, Store: store.Name, Server: server, Hint: hint,
			Text: fmt.Sprintf("the replica of %s on %s ", store.Name, server) + fmt.Sprintf(format, args...),
		})
	}
	switch {
	case exchanged:
		say(ReplicaWritten, "if it is the master now, exchange the roles in the fleet file",
			"is ahead of its master in %v: it looks as if it is the master", ahead)
	case ahead.count > 0:
		say(ReplicaWritten, "nothing but replication may write to a replica: see who logs in there, or has run reconstruct, and what differs by interlace compare --store "+string(store.Name),
			"is ahead of its master in %v: something else than replication has written to it", ahead)
	}
	if extra.count > 0 {
		say(ReplicaWritten, "they were made there by hand or, with autocreate on, by a login: autocreate_quota must be -1 on a replica",
			"has what its master has not: %v", extra)
	}
	if missing.count > 0 {
		say(ReplicaIncomplete, "", "lacks what its master has: %v", missing)
	}
	return list
}

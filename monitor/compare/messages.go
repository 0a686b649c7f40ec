package compare

import (
	"iter"
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// variance is in what the messages of a mailbox differ.
type variance struct {
	compared int64 // messages that both sides have

	missing uids // only the master has them
	late    uids // of those, such as the replica has not heard of yet
	extra   uids // only the replica has them
	foreign uids // of those, such as the master has never had

	flags    uids
	pending  uids // of those, such as the master changed after the replica's last change
	content  uids // digest, size or date
	notes    uids // annotations
	modSeqs  uids // nothing but the numbers of their last changes
	sample   [2]string
	sampleOf uint32

	traits  map[uint32]traits // of the first messages of the replica that are its own
	marks   []marks           // flags that differ, of the first messages
	flagged func(*marks)      // takes those of all messages; may be nil
	flagsIn string            // the file in which the flags are saved
	saved   saved             // what became of what a repair would destroy
	unsaved [3]int64          // messages that only the replica has and that are not saved: extra, with a content of their own, and with flags
}

// marks are the flags of a message.
type marks struct {
	uid             uint32
	master, replica string
}

// mostMarks bounds of how many messages flags, and what else their files do not show, are kept.
var mostMarks = 100_000

// counters are those of both mailboxes. The replica was read first: what it has
// beyond the master's next UID the master has never had.
type counters struct{ master, replica cyrus.Status }

// compareMessages merges the messages of both sides, each in the order of their
// UIDs, in memory that does not grow with their number. Flagged, if there is one, takes all flags
// that differ.
func compareMessages(master, replica iter.Seq2[cyrus.Message, error], c counters, flagged func(*marks)) (*variance, error) {
	nextMaster, stopMaster := iter.Pull2(master)
	defer stopMaster()
	nextReplica, stopReplica := iter.Pull2(replica)
	defer stopReplica()
	v := &variance{traits: map[uint32]traits{}, flagged: flagged}
	m, err, hasM := nextMaster()
	if err != nil {
		return nil, err
	}
	r, err, hasR := nextReplica()
	if err != nil {
		return nil, err
	}
	for hasM || hasR {
		order := 0
		switch {
		case !hasR || hasM && m.UID < r.UID:
			order = -1
			v.onlyMaster(&m, c)
		case !hasM || r.UID < m.UID:
			order = 1
			v.onlyReplica(&r, c)
		default:
			v.both(&m, &r, c)
		}
		if order <= 0 {
			if m, err, hasM = nextMaster(); err != nil {
				return nil, err
			}
		}
		if order >= 0 {
			if r, err, hasR = nextReplica(); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func (v *variance) onlyMaster(m *cyrus.Message, c counters) {
	v.missing.add(m.UID)
	if m.UID >= c.replica.UIDNext {
		v.late.add(m.UID)
	}
}

func (v *variance) onlyReplica(r *cyrus.Message, c counters) {
	v.extra.add(r.UID)
	v.own(r)
	if r.UID >= c.master.UIDNext {
		v.foreign.add(r.UID)
	}
}

func (v *variance) both(m, r *cyrus.Message, c counters) {
	v.compared++
	same := true
	if m.GUID != r.GUID || m.Size != r.Size || m.InternalDate != r.InternalDate {
		v.content.add(m.UID)
		v.own(r)
		same = false
	}
	if !cyrus.SameFlags(m, r) {
		if v.flags.add(m.UID); v.flags.count == 1 {
			v.sample, v.sampleOf = [2]string{m.Flags, r.Flags}, m.UID
		}
		v.mark(&marks{m.UID, m.Flags, r.Flags})
		if m.ModSeq > c.replica.HighestModSeq {
			v.pending.add(m.UID)
		}
		same = false
	}
	if !slices.Equal(m.Annotations, r.Annotations) {
		v.notes.add(m.UID)
		same = false
	}
	if same && m.ModSeq != r.ModSeq {
		v.modSeqs.add(m.UID)
	}
}

// mark remembers flags that differ.
func (v *variance) mark(m *marks) {
	if len(v.marks) < mostMarks {
		v.marks = append(v.marks, *m)
	}
	if v.flagged != nil {
		v.flagged(m)
	}
}

// own remembers of a message that the replica alone has what its file does not show.
func (v *variance) own(r *cyrus.Message) {
	if len(v.traits) < mostMarks {
		v.traits[r.UID] = traitsOf(r)
	}
}

// none tells whether there is no difference, not even in numbers.
func (v *variance) none() bool { return !v.some() && v.modSeqs.count == 0 }

// some tells whether messages differ, not only their numbers.
func (v *variance) some() bool {
	return v.missing.count+v.extra.count+v.flags.count+v.content.count+v.notes.count > 0
}

// known are as many of those that only the replica has as the master has had.
func (v *variance) known() uids { return uids{count: v.extra.count - v.foreign.count} }

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

	marks   []marks      // flags that differ, of the first messages
	flagged func(*marks) // takes those of all messages; may be nil
	saved   saved        // what became of what a repair would destroy
	unsaved [3]int64     // messages that only the replica has and that are not saved: extra, with a content of their own, and with flags
}

// marks are the flags of a message.
type marks struct {
	uid             uint32
	master, replica string
}

// wants says what is wanted of messages that are read once more, since it was too much to be kept.
type wants struct {
	flagged func(*marks) // takes all flags that differ; may be nil
	since   uint32       // of the messages that are the replica's own those below are not wanted
}

// mostMarks bounds of how many messages flags are kept.
var mostMarks = 100_000

// counters are those of both mailboxes. The replica was read first: what it has
// beyond the master's next UID the master has never had.
type counters struct{ master, replica cyrus.Status }

// compareMessages merges the messages of both sides, each in the order of their
// UIDs, in memory that does not grow with their number.
func compareMessages(master, replica iter.Seq2[cyrus.Message, error], c counters, w wants) (*variance, error) {
	nextMaster, stopMaster := iter.Pull2(master)
	defer stopMaster()
	nextReplica, stopReplica := iter.Pull2(replica)
	defer stopReplica()
	v := &variance{flagged: w.flagged, extra: uids{since: w.since}, content: uids{since: w.since}}
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
	if r.UID >= c.master.UIDNext {
		v.foreign.add(r.UID)
	}
}

func (v *variance) both(m, r *cyrus.Message, c counters) {
	v.compared++
	same := true
	if m.GUID != r.GUID || m.Size != r.Size || m.InternalDate != r.InternalDate {
		v.content.add(m.UID)
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

// none tells whether there is no difference, not even in numbers.
func (v *variance) none() bool { return !v.some() && v.modSeqs.count == 0 }

// some tells whether messages differ, not only their numbers.
func (v *variance) some() bool {
	return v.missing.count+v.extra.count+v.flags.count+v.content.count+v.notes.count > 0
}

// known are as many of those that only the replica has as the master has had.
func (v *variance) known() uids { return uids{count: v.extra.count - v.foreign.count} }

package compare

import (
	"iter"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// uids is a set of UIDs that were added in rising order.
type uids struct {
	count  int64
	ranges []cyrus.UIDs
	more   bool   // ranges behind the last one are not kept
	since  uint32 // nor is what lies below this UID
}

// mostRanges bounds what is kept of a set at once, and shownRanges what is written.
var mostRanges = 20_000

const shownRanges = 200

func (u *uids) add(uid uint32) {
	if u.count++; uid < u.since || u.more {
		return
	}
	if ranges := withUID(u.ranges, uid); len(ranges) > mostRanges {
		u.more = true
	} else {
		u.ranges = ranges
	}
}

// withUID adds a UID to ranges that end before it.
func withUID(ranges []cyrus.UIDs, uid uint32) []cyrus.UIDs {
	if n := len(ranges); n > 0 && ranges[n-1].Last == uid-1 {
		ranges[n-1].Last = uid
		return ranges
	}
	return append(ranges, cyrus.UIDs{First: uid, Last: uid})
}

// runs are the UIDs of something by the first and last of each run without a gap.
func runs[T any](of map[uint32]T) (list []cyrus.UIDs) {
	for _, uid := range slices.Sorted(maps.Keys(of)) {
		list = withUID(list, uid)
	}
	return list
}

// String writes the set as IMAP does, such as 3:5,9. What is left out is "…".
func (u *uids) String() string {
	text := cyrus.SetOf(u.ranges[:min(len(u.ranges), shownRanges)])
	if u.more || len(u.ranges) > shownRanges {
		text += ",…"
	}
	return text
}

// from returns those of the set that are not below a UID, and counts among them what is not kept.
func (u *uids) from(uid uint32) uids {
	left := uids{count: u.count, more: u.more}
	for _, r := range u.ranges {
		if r.Last >= uid {
			left.ranges = append(left.ranges, cyrus.UIDs{First: max(r.First, uid), Last: r.Last})
		}
		if r.First < uid {
			left.count -= int64(min(r.Last, uid-1)-r.First) + 1
		}
	}
	return left
}

// each yields the set. Where there are too many of it to be kept, further returns what of it is
// not below a UID.
func (u *uids) each(further func(since uint32) (*uids, error)) iter.Seq2[uint32, error] {
	return func(yield func(uint32, error) bool) {
		for part := u; ; {
			for _, r := range part.ranges {
				for uid := uint64(r.First); uid <= uint64(r.Last); uid++ {
					if !yield(uint32(uid), nil) {
						return
					}
				}
			}
			if !part.more {
				return
			}
			next, err := further(part.ranges[len(part.ranges)-1].Last + 1)
			if err != nil {
				yield(0, err)
				return
			}
			part = next
		}
	}
}

// onlyIn returns what is in one of two sets and not in both, each as ranges that do not
// touch, in rising order.
func onlyIn(a, b []cyrus.UIDs) uids {
	var edges []uint64 // where one of them begins, or ends behind its last
	for _, r := range slices.Concat(a, b) {
		edges = append(edges, uint64(r.First), uint64(r.Last)+1)
	}
	// In between two edges of the same place nothing begins, and nothing ends.
	slices.Sort(edges)
	var found uids
	for i := 0; i+1 < len(edges); i += 2 {
		from, to := edges[i], edges[i+1]
		switch n := len(found.ranges); {
		case from == to:
			continue
		case n > 0 && uint64(found.ranges[n-1].Last)+1 == from:
			found.ranges[n-1].Last = uint32(to - 1)
		case n == mostRanges:
			found.more = true
		default:
			found.ranges = append(found.ranges, cyrus.UIDs{First: uint32(from), Last: uint32(to - 1)})
		}
		found.count += int64(to - from)
	}
	return found
}

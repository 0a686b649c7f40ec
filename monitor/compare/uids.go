package compare

import (
	"slices"
	"strconv"
	"strings"
)

// uids is a set of UIDs that were added in rising order.
type uids struct {
	count  int64
	ranges [][2]uint32
	more   bool // ranges behind the last one are not kept
}

// mostRanges bounds what is kept of a set, to be saved, and shownRanges what is written.
const mostRanges, shownRanges = 20_000, 200

func (u *uids) add(uid uint32) {
	u.count++
	if n := len(u.ranges); n > 0 && !u.more && u.ranges[n-1][1] == uid-1 {
		u.ranges[n-1][1] = uid
		return
	}
	if len(u.ranges) == mostRanges {
		u.more = true
		return
	}
	u.ranges = append(u.ranges, [2]uint32{uid, uid})
}

// String writes the set as IMAP does, such as 3:5,9. What is left out is "…".
func (u *uids) String() string {
	var b strings.Builder
	for i, r := range u.ranges[:min(len(u.ranges), shownRanges)] {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(r[0]), 10))
		if r[1] > r[0] {
			b.WriteString(":" + strconv.FormatUint(uint64(r[1]), 10))
		}
	}
	if u.more || len(u.ranges) > shownRanges {
		b.WriteString(",…")
	}
	return b.String()
}

// from returns those of the set that are not below a UID.
func (u *uids) from(uid uint32) uids {
	left := uids{more: u.more}
	for _, r := range u.ranges {
		if r[1] >= uid {
			left.ranges = append(left.ranges, [2]uint32{max(r[0], uid), r[1]})
			left.count += int64(r[1]-max(r[0], uid)) + 1
		}
	}
	return left
}

// onlyIn returns what is in one of two sets and not in both, each as ranges that do not
// touch, in rising order.
func onlyIn(a, b [][2]uint32) uids {
	var edges []uint64 // where one of them begins, or ends behind its last
	for _, r := range slices.Concat(a, b) {
		edges = append(edges, uint64(r[0]), uint64(r[1])+1)
	}
	// In between two edges of the same place nothing begins, and nothing ends.
	slices.Sort(edges)
	var found uids
	for i := 0; i+1 < len(edges); i += 2 {
		from, to := edges[i], edges[i+1]
		switch n := len(found.ranges); {
		case from == to:
			continue
		case n > 0 && uint64(found.ranges[n-1][1])+1 == from:
			found.ranges[n-1][1] = uint32(to - 1)
		case n == mostRanges:
			found.more = true
		default:
			found.ranges = append(found.ranges, [2]uint32{uint32(from), uint32(to - 1)})
		}
		found.count += int64(to - from)
	}
	return found
}

package sharing

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// groupPrefix begins identifiers of access list groups.
const groupPrefix = "group:"

// tie is a share that ties its owner to others: users, by index in the inventory.
type tie struct {
	share  int // index in Shares
	owner  int32
	others []int32 // the grantee, or the members of its group; the owner may be among them
}

// ties calls yield for each share that ties somebody, in the order of Shares,
// and notes names that are not in the fleet. others is only valid during the call.
func ties(inv *inventory.Inventory, unknown func(Unknown), yield func(tie)) {
	r := newResolver(inv, unknown)
	single := make([]int32, 1)
	for i := range inv.Shares {
		s := &inv.Shares[i]
		if !tying(s, &inv.Sharing) || r.ignored[s.Owner] || r.ignored[inventory.UserID(s.Grantee)] {
			continue
		}
		owner := r.owner(s)
		if name, ok := strings.CutPrefix(s.Grantee, groupPrefix); ok {
			if members := r.members(s, name); owner >= 0 && len(members) > 0 {
				yield(tie{i, owner, members})
			}
			continue
		}
		if single[0] = r.grantee(s); owner >= 0 && single[0] >= 0 {
			yield(tie{i, owner, single})
		}
	}
}

func isGroup(grantee string) bool { return strings.HasPrefix(grantee, groupPrefix) }

// tying reports whether the share would tie its owner and grantee, whoever they are.
func tying(s *inventory.Share, policy *inventory.Sharing) bool {
	switch {
	case s.Rights == "", strings.HasPrefix(s.Grantee, "-"):
		return false
	case s.Grantee == "anyone", s.Grantee == "anonymous":
		return false
	case isGroup(s.Grantee):
		return policy.Group != inventory.Ignore
	}
	return true
}

// resolver turns names into indices of users, or -1.
type resolver struct {
	inv     *inventory.Inventory
	users   index
	ignored map[inventory.UserID]bool
	unknown func(Unknown)

	lastOwner inventory.UserID // shares are sorted by owner: most repeat the last
	lastIndex int32
	groups    map[string][]int32
}

func newResolver(inv *inventory.Inventory, unknown func(Unknown)) *resolver {
	r := &resolver{
		inv:       inv,
		users:     newIndex(inv.Users),
		ignored:   make(map[inventory.UserID]bool, len(inv.Sharing.Ignore)),
		unknown:   unknown,
		lastIndex: -1,
		groups:    map[string][]int32{},
	}
	for _, name := range inv.Sharing.Ignore {
		r.ignored[name] = true
	}
	return r
}

func (r *resolver) owner(s *inventory.Share) int32 {
	if r.lastIndex < 0 || s.Owner != r.lastOwner {
		r.lastOwner, r.lastIndex = s.Owner, r.users.find(s.Owner)
	}
	if r.lastIndex < 0 {
		r.unknown(Unknown{Name: string(s.Owner), Part: AsOwner, First: *s})
	}
	return r.lastIndex
}

func (r *resolver) grantee(s *inventory.Share) int32 {
	u := r.users.find(inventory.UserID(s.Grantee))
	if u < 0 {
		r.unknown(Unknown{Name: s.Grantee, Part: AsGrantee, First: *s})
	}
	return u
}

// members returns the known users of an access list group that are not ignored.
func (r *resolver) members(s *inventory.Share, group string) []int32 {
	if members, ok := r.groups[group]; ok {
		return members
	}
	from, found := slices.BinarySearchFunc(r.inv.Groups, group, func(m inventory.Membership, name string) int {
		return strings.Compare(m.Group, name)
	})
	if !found {
		r.unknown(Unknown{Name: s.Grantee, Part: AsGrantee, First: *s})
	}
	var members []int32
	for _, m := range r.inv.Groups[from:] {
		if m.Group != group {
			break
		}
		if r.ignored[m.Member] {
			continue
		}
		if u := r.users.find(m.Member); u >= 0 {
			members = append(members, u)
		} else {
			r.unknown(Unknown{Name: string(m.Member), Part: AsMember, First: *s})
		}
	}
	r.groups[group] = members
	return members
}

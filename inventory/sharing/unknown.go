package sharing

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// Part is what a name is in a share.
type Part string

// Parts of a share. A member belongs to the access list group that is the grantee.
const (
	AsOwner   Part = "owner"
	AsGrantee Part = "grantee"
	AsMember  Part = "member"
)

// Unknown is a name that shares mention and the fleet does not have: a user who
// has left, an administrator who should be ignored, a group without members. It
// ties nobody.
type Unknown struct {
	Name   string
	Part   Part
	Shares int // that would tie if the name were known
	First  inventory.Share
}

// String says it in words.
func (u Unknown) String() string {
	where := fmt.Sprintf("%d shares, the first", u.Shares)
	if u.Shares == 1 {
		where = "the share"
	}
	return fmt.Sprintf("%s %s is not in the fleet and ties nobody (%s: owner %s, folder %q, grantee %s)",
		u.Part, u.Name, where, u.First.Owner, u.First.Folder, u.First.Grantee)
}

// Unknowns returns the names that shares mention and the fleet does not have,
// sorted by name and part. Shares that would tie nobody anyhow are not looked at.
func Unknowns(inv *inventory.Inventory) []Unknown {
	type key struct {
		name string
		part Part
	}
	found := map[key]*Unknown{}
	ties(inv, func(u Unknown) {
		k := key{u.Name, u.Part}
		if found[k] == nil {
			found[k] = &u
		}
		found[k].Shares++
	}, func(tie) {})
	list := make([]Unknown, 0, len(found))
	for _, u := range found {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b Unknown) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Part, b.Part)) })
	return list
}

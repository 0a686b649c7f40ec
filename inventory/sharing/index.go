package sharing

import (
	"hash/maphash"
	"math/bits"

	"github.com/interlacemail/interlace/inventory"
)

// index finds users by name: a hash table with linear probing that holds
// positions and no names, for those are in the inventory. With a million users
// it is twice as fast as a map and three times as fast as a binary search.
type index struct {
	users []inventory.User
	seed  maphash.Seed // its value decides where names lie, never what is found
	slots []int32      // 1 + index of a user, or 0; a power of two, at least half empty
}

func newIndex(users []inventory.User) index {
	x := index{users, maphash.MakeSeed(), make([]int32, 1<<bits.Len(uint(2*len(users))))}
	for u := range users {
		x.slots[x.slot(users[u].Name)] = int32(u) + 1
	}
	return x
}

// find returns the index of the user, or -1.
func (x *index) find(name inventory.UserID) int32 { return x.slots[x.slot(name)] - 1 }

// slot returns where the name is, or the empty slot where it would be.
func (x *index) slot(name inventory.UserID) uint64 {
	mask := uint64(len(x.slots) - 1)
	at := maphash.String(x.seed, string(name)) & mask
	for x.slots[at] != 0 && x.users[x.slots[at]-1].Name != name {
		at = (at + 1) & mask
	}
	return at
}

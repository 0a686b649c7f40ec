package inventory

import "slices"

// Inventory is all that is known of a fleet at one time.
type Inventory struct {
	Resources []Resource
	Spread    []Spread // levels at which a store's instances must lie apart
	Survive   []Level  // levels whose failures must leave every server under its failure ceiling
	Copies    int      // instances each store should have; 0 means as many as it has now
	Sharing   Sharing

	Servers []Server     // sorted by name
	Stores  []Store      // sorted by name
	Users   []User       // sorted by name
	Shares  []Share      // sorted by owner, folder, grantee
	Groups  []Membership // sorted by group, member
}

// Spread asks that the instances of a store lie in different failure domains of a level.
type Spread struct {
	Level Level
	Min   int // number of different domains; 0 means that all instances differ
}

// Need returns how many different domains n instances must occupy.
func (s Spread) Need(n int) int {
	if s.Min == 0 || s.Min > n {
		return n
	}
	return s.Min
}

// Choices of a sharing policy.
const (
	Ignore = "ignore"
	Tie    = "tie"
	Any    = "any"
)

// Sharing says which shares tie users together.
type Sharing struct {
	Anyone string   // only Ignore: a folder open to anyone ties nobody
	Group  string   // Tie or Ignore: whether group:… ties the owner and all members
	Rights string   // only Any: every share with any right ties
	Ignore []UserID // owners and grantees that never tie
}

// DefaultSharing is the sharing policy of a fleet that states none.
func DefaultSharing() Sharing { return Sharing{Anyone: Ignore, Group: Tie, Rights: Any} }

// New returns an empty inventory with the default resources and rules.
func New() *Inventory {
	return &Inventory{
		Resources: DefaultResources(),
		Survive:   []Level{LevelServer},
		Sharing:   DefaultSharing(),
	}
}

// Server returns the index of the server in Servers, or -1.
func (inv *Inventory) Server(id ServerID) int {
	return find(inv.Servers, id, func(s *Server) ServerID { return s.Name })
}

// Store returns the index of the store in Stores, or -1.
func (inv *Inventory) Store(id StoreID) int {
	return find(inv.Stores, id, func(s *Store) StoreID { return s.Name })
}

// User returns the index of the user in Users, or -1.
func (inv *Inventory) User(id UserID) int {
	return find(inv.Users, id, func(u *User) UserID { return u.Name })
}

func find[T any, ID ~string](s []T, id ID, name func(*T) ID) int {
	lo, hi := 0, len(s)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if name(&s[mid]) < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(s) && name(&s[lo]) == id {
		return lo
	}
	return -1
}

// Resource returns the index of the resource in Resources, or -1.
func (inv *Inventory) Resource(id ResourceID) int {
	return slices.IndexFunc(inv.Resources, func(r Resource) bool { return r.Name == id })
}

// Disk returns the index of the resource whose load is copied when an instance
// is seeded or a user moves: the one named "disk", else the first in bytes,
// else -1.
func (inv *Inventory) Disk() int {
	if i := inv.Resource("disk"); i >= 0 {
		return i
	}
	return slices.IndexFunc(inv.Resources, func(r Resource) bool { return r.Unit == UnitBytes })
}

// PromisedCopies returns how many instances the store should have.
func (inv *Inventory) PromisedCopies(s *Store) int {
	switch {
	case s.Copies > 0:
		return s.Copies
	case inv.Copies > 0:
		return inv.Copies
	default:
		return max(len(s.Instances), 1)
	}
}

// Offline returns the stores that nobody can reach, sorted: those that have
// instances, all of them on servers that are down.
func (inv *Inventory) Offline() []StoreID {
	up := func(in Instance) bool { return inv.Servers[inv.Server(in.Server)].State != Down }
	var stores []StoreID
	for i := range inv.Stores {
		if st := &inv.Stores[i]; len(st.Instances) > 0 && !slices.ContainsFunc(st.Instances, up) {
			stores = append(stores, st.Name)
		}
	}
	return stores
}

// Clone returns a copy that shares no slice of servers, stores or users with
// inv. Maps and shares are common: they are never written after reading.
func (inv *Inventory) Clone() *Inventory {
	c := *inv
	c.Servers = slices.Clone(inv.Servers)
	c.Stores = slices.Clone(inv.Stores)
	for i := range c.Stores {
		c.Stores[i].Instances = slices.Clone(c.Stores[i].Instances)
	}
	c.Users = slices.Clone(inv.Users)
	return &c
}

package inventory

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"math"
	"slices"
)

// Fingerprint returns two SHA-256 sums of a sorted inventory, in hexadecimal.
//
// The first is that of the structure: resources and rules, servers, stores,
// their instances' servers and roles, states, pins, capacities, which store
// each user has, and the share groups by their members. The second is that of
// the loads: what each user weighs and the stores' own base. Neither depends on
// the order in which things were written down, on addresses, on shares that
// change no group, or on where the inventory came from. A nil groups stands for
// users who share nothing.
//
// What is hashed is a sequence of fields, each unambiguous by itself: texts and
// lists begin with their length, numbers are the bits of a float64 or 64-bit
// integer. A default that was left out counts as if it had been written.
func Fingerprint(inv *Inventory, groups *ShareGroups) (structure, loads string) {
	h := newHasher("interlace structure 1")
	order := inv.resourceOrder()
	h.resources(inv, order)
	h.rules(inv)
	h.length(len(inv.Servers))
	for i := range inv.Servers {
		h.server(&inv.Servers[i], order)
	}
	h.length(len(inv.Stores))
	for i := range inv.Stores {
		h.store(&inv.Stores[i], order)
	}
	h.length(len(inv.Users))
	for i := range inv.Users {
		h.user(&inv.Users[i])
	}
	h.groups(inv, groups)
	return h.sum(), loadsFingerprint(inv, order)
}

func loadsFingerprint(inv *Inventory, order []int) string {
	h := newHasher("interlace loads 1")
	h.length(len(order))
	for _, r := range order {
		h.text(string(inv.Resources[r].Name))
	}
	h.length(len(inv.Stores))
	for i := range inv.Stores {
		h.text(string(inv.Stores[i].Name))
		h.load(&inv.Stores[i].Base, order)
	}
	h.length(len(inv.Users))
	for i := range inv.Users {
		h.text(string(inv.Users[i].Name))
		h.load(&inv.Users[i].Load, order)
	}
	return h.sum()
}

// ServerFingerprint returns the first 16 hexadecimal digits of the SHA-256 of
// the server's structure: all that it is apart from the stores on it.
func ServerFingerprint(inv *Inventory, server int) string {
	h := newHasher("interlace server 1")
	h.capacityNames(inv)
	h.server(&inv.Servers[server], inv.resourceOrder())
	return h.sum()[:subjectDigits]
}

// StoreFingerprint returns the first 16 hexadecimal digits of the SHA-256 of the
// store's structure: capacity, state, pin, what it is allowed, and its
// instances. Who lives on it belongs to the share groups.
func StoreFingerprint(inv *Inventory, store int) string {
	h := newHasher("interlace store 1")
	h.capacityNames(inv)
	h.store(&inv.Stores[store], inv.resourceOrder())
	return h.sum()[:subjectDigits]
}

// GroupFingerprint returns the first 16 hexadecimal digits of the SHA-256 of the
// share group's structure: its members, their stores and their pins.
func GroupFingerprint(inv *Inventory, groups *ShareGroups, group int) string {
	h := newHasher("interlace group 1")
	members := groups.Members(group)
	h.length(len(members))
	for _, u := range members {
		h.user(&inv.Users[u])
	}
	return h.sum()[:subjectDigits]
}

const subjectDigits = 16

// resourceOrder returns the indices of the resources in the order of their names.
func (inv *Inventory) resourceOrder() []int {
	order := make([]int, len(inv.Resources))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(inv.Resources[a].Name, inv.Resources[b].Name) })
	return order
}

// hasher feeds an unambiguous encoding of values into SHA-256.
type hasher struct {
	sha    hash.Hash
	buffer []byte
}

func newHasher(what string) *hasher {
	h := &hasher{sha: sha256.New(), buffer: make([]byte, 0, 1<<15)}
	h.text(what)
	return h
}

func (h *hasher) sum() string {
	h.sha.Write(h.buffer)
	return hex.EncodeToString(h.sha.Sum(nil))
}

// room makes place for n more bytes in the buffer.
func (h *hasher) room(n int) {
	if len(h.buffer)+n > cap(h.buffer) {
		h.sha.Write(h.buffer)
		h.buffer = h.buffer[:0]
	}
}

func (h *hasher) integer(v int64) {
	h.room(8)
	h.buffer = binary.BigEndian.AppendUint64(h.buffer, uint64(v))
}

func (h *hasher) length(n int) { h.integer(int64(n)) }

func (h *hasher) number(v float64) { h.integer(int64(math.Float64bits(v))) }

func (h *hasher) flag(v bool) {
	if v {
		h.integer(1)
	} else {
		h.integer(0)
	}
}

func (h *hasher) text(s string) {
	h.length(len(s))
	h.room(len(s))
	h.buffer = append(h.buffer, s...)
}

func (h *hasher) load(l *Load, order []int) {
	for _, r := range order {
		h.number(l[r])
	}
}

func (h *hasher) resources(inv *Inventory, order []int) {
	h.length(len(order))
	for _, i := range order {
		r := &inv.Resources[i]
		h.text(string(r.Name))
		h.text(r.Unit)
		h.number(r.Replica)
		h.number(r.Cold)
		h.number(r.Ceiling)
		h.number(r.FailureCeiling.Default)
		h.length(len(r.FailureCeiling.ByLevel))
		for _, level := range slices.Sorted(maps.Keys(r.FailureCeiling.ByLevel)) {
			h.text(string(level))
			h.number(r.FailureCeiling.ByLevel[level])
		}
	}
}

// capacityNames says which resources the capacities that follow belong to.
func (h *hasher) capacityNames(inv *Inventory) {
	order := inv.resourceOrder()
	h.length(len(order))
	for _, r := range order {
		h.text(string(inv.Resources[r].Name))
	}
}

// rules covers spread, survive and copies. The sharing policy counts by the
// groups that it makes.
func (h *hasher) rules(inv *Inventory) {
	spread := slices.SortedFunc(slices.Values(inv.Spread), func(a, b Spread) int { return cmp.Compare(a.Level, b.Level) })
	h.length(len(spread))
	for _, s := range spread {
		h.text(string(s.Level))
		h.integer(int64(s.Min))
	}
	survive := slices.Sorted(slices.Values(inv.Survive))
	h.length(len(survive))
	for _, level := range survive {
		h.text(string(level))
	}
	h.integer(int64(inv.Copies))
}

func (h *hasher) server(s *Server, order []int) {
	h.text(string(s.Name))
	h.length(len(s.Domains))
	for _, level := range slices.Sorted(maps.Keys(s.Domains)) {
		h.text(string(level))
		h.text(string(s.Domains[level]))
	}
	h.integer(int64(s.Slots))
	h.load(&s.Capacity, order)
	h.text(string(s.State))
	h.integer(s.BytesPerSecond())
	h.integer(int64(s.TransferLimit()))
}

func (h *hasher) store(s *Store, order []int) {
	h.text(string(s.Name))
	h.load(&s.Capacity, order)
	h.text(string(s.State))
	h.flag(s.Pinned)
	h.integer(int64(s.Copies))
	h.length(len(s.Only))
	for _, level := range slices.Sorted(maps.Keys(s.Only)) {
		h.text(string(level))
		domains := slices.Sorted(slices.Values(s.Only[level]))
		h.length(len(domains))
		for _, domain := range domains {
			h.text(string(domain))
		}
	}
	h.length(len(s.Instances))
	for i := range s.Instances {
		h.text(string(s.Instances[i].Server))
		h.text(string(s.Instances[i].Role))
	}
}

func (h *hasher) user(u *User) {
	h.text(string(u.Name))
	h.text(string(u.Store))
	h.integer(int64(u.Kind))
	h.flag(u.Pinned)
}

// groups covers the share groups of more than one member.
func (h *hasher) groups(inv *Inventory, groups *ShareGroups) {
	if groups == nil {
		return
	}
	for group := range groups.Len() {
		members := groups.Members(group)
		if len(members) < 2 {
			continue
		}
		h.length(len(members))
		for _, u := range members {
			h.text(string(inv.Users[u].Name))
		}
	}
}

package planner

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// Reference names the inventory that a plan was made from.
type Reference struct {
	Fingerprint string                 `json:"fingerprint"` // of the structure
	Loads       string                 `json:"loads"`       // of the loads
	Estimated   []inventory.ResourceID `json:"estimated"`   // resources in which some load is estimated
	Subjects    map[Subject]string     `json:"subjects"`    // structure of each store, server and share group that the plan touches
}

// NewReference returns the reference to an inventory for a plan that touches
// the subjects. A user stands for the share group it belongs to. Subjects that
// are neither server, store, share group nor user, and those that the inventory
// does not have, are left out.
func NewReference(inv *inventory.Inventory, groups *inventory.ShareGroups, subjects []Subject) Reference {
	ref := Reference{Estimated: estimated(inv), Subjects: make(map[Subject]string, len(subjects))}
	ref.Fingerprint, ref.Loads = inventory.Fingerprint(inv, groups)
	for _, s := range subjects {
		if s, fingerprint, ok := fingerprint(inv, groups, s); ok {
			ref.Subjects[s] = fingerprint
		}
	}
	return ref
}

// fingerprint returns the subject as a reference names it, and its fingerprint.
func fingerprint(inv *inventory.Inventory, groups *inventory.ShareGroups, s Subject) (Subject, string, bool) {
	kind, name := s.Split()
	switch kind {
	case "server":
		if i := inv.Server(inventory.ServerID(name)); i >= 0 {
			return s, inventory.ServerFingerprint(inv, i), true
		}
	case "store":
		if i := inv.Store(inventory.StoreID(name)); i >= 0 {
			return s, inventory.StoreFingerprint(inv, i), true
		}
	case "group", "user":
		if i := inv.User(inventory.UserID(name)); i >= 0 {
			group := int(groups.Of[i])
			return GroupSubject(inv.GroupID(groups, group)), inventory.GroupFingerprint(inv, groups, group), true
		}
	}
	return "", "", false
}

// estimated returns the resources in which the load of some user is estimated.
func estimated(inv *inventory.Inventory) []inventory.ResourceID {
	var mask uint8
	for i := range inv.Users {
		mask |= inv.Users[i].Estimated
	}
	names := []inventory.ResourceID{}
	for r := range inv.Resources {
		if mask&(1<<r) != 0 {
			names = append(names, inv.Resources[r].Name)
		}
	}
	slices.Sort(names)
	return names
}

package planner

import "github.com/interlacemail/interlace/inventory"

// Reference names the inventory that a plan was made from.
type Reference struct {
	Fingerprint string                 `json:"fingerprint"` // of the structure
	Loads       string                 `json:"loads"`       // of the loads
	Estimated   []inventory.ResourceID `json:"estimated"`   // resources in which some load is estimated
	Subjects    map[Subject]string     `json:"subjects"`    // structure of each store, server and share group that the plan touches
}

package planner

import "github.com/interlacemail/interlace/inventory"

// Survivor is what a failure does to one server.
type Survivor struct {
	Server      inventory.ServerID
	Resource    inventory.ResourceID // the fullest failover resource after the failure
	Before      float64              // its utilisation there before the failure
	Utilisation float64
	FirstHour   float64 // the same while promoted instances weigh κ
	Promoted    int     // stores it takes over
}

// Offline is what no server serves: stores all of whose instances are on servers
// that are down.
type Offline struct {
	StoresOffline int                 `json:"stores_offline"`
	UsersOffline  int                 `json:"users_offline"`
	Offline       []inventory.StoreID `json:"offline"` // the stores, sorted
}

// Impact is what a set of failures does.
type Impact struct {
	Failed []string `json:"failed"` // such as server:imap3, rack:a4
	Worst  Worst    `json:"worst"`

	// Stores and users that are then offline, those included that are so already.
	StoresOffline int `json:"stores_offline"`
	UsersOffline  int `json:"users_offline"`

	StoresFailedOver int `json:"stores_failed_over"`
	UsersFailedOver  int `json:"users_failed_over"`

	// TakenOverBy is the number of servers that promote a store, and
	// LargestShare the largest part that one of them takes of the load that
	// fails over in one resource; null: none does.
	TakenOverBy  int    `json:"taken_over_by"`
	LargestShare Number `json:"largest_share"`

	// ServiceSeconds is the time until the stores that fail over serve again;
	// null: none does.
	ServiceSeconds Number `json:"service_seconds"`
	// StoresOneCopy is the number of stores that the failure leaves with one
	// copy, and AtRiskSeconds the time from the failure until all of those have
	// a second one. RestoreSeconds is the time that it takes, once users are
	// served again, to make every lost copy of the stores that are not offline
	// anew. No choice of servers for the new copies takes less, and any may take
	// longer: only what the servers read that still serve the stores is counted.
	// Both are null where the number of messages or mailboxes is not known: the
	// fields named least are computed from what is.
	StoresOneCopy       int    `json:"stores_one_copy"`
	AtRiskSeconds       Number `json:"at_risk_seconds"`
	AtRiskLeastSeconds  Number `json:"at_risk_least_seconds"`
	RestoreSeconds      Number `json:"restore_seconds"`
	RestoreLeastSeconds Number `json:"restore_least_seconds"`

	// Survivors that take load, worst first. Text only.
	Survivors []Survivor `json:"-"`
	// Offline lists the stores that the failure takes offline, sorted: without
	// those that are offline already.
	Offline []inventory.StoreID `json:"offline"`
}

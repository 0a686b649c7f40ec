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
	// LargestShare the largest part of the stores failed over that one of them takes.
	TakenOverBy  int    `json:"taken_over_by"`
	LargestShare Number `json:"largest_share"`

	AtRiskSeconds  Number `json:"at_risk_seconds"` // null: lag not known
	RestoreSeconds Number `json:"restore_seconds"` // null: not computed

	// Survivors that take load, worst first. Text only.
	Survivors []Survivor `json:"-"`
	// Offline lists the stores that the failure takes offline, sorted: without
	// those that are offline already.
	Offline []inventory.StoreID `json:"offline"`
}

// Simulation is the answer to what failures do.
type Simulation struct {
	Format    int       `json:"format"`
	Kind      string    `json:"kind"` // "simulate"
	Inventory Reference `json:"inventory"`
	After     []string  `json:"after"` // ids of plans taken as executed

	Now        Offline     `json:"now"` // what is offline before any failure
	Failures   []Impact    `json:"failures"`
	Violations []Violation `json:"violations"` // ceilings passed
	// TakingOffline are the failures that take a store offline and must not:
	// those of one server, or of one domain at a level that the fleet spreads
	// over or survives.
	TakingOffline []string  `json:"taking_offline"`
	Years         *Years    `json:"years"` // null: not asked for
	Warnings      []Warning `json:"warnings"`
}

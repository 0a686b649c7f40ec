package planner

import "github.com/interlacemail/interlace/inventory"

// UserChange moves one user or shared tree to another store.
type UserChange struct {
	ID    string            `json:"id"`
	Do    Verb              `json:"do"` // always Move
	User  inventory.UserID  `json:"user"`
	Group inventory.GroupID `json:"group"` // the share group it moves with, by its first member
	From  inventory.StoreID `json:"from"`
	To    inventory.StoreID `json:"to"`
	Bytes int64             `json:"bytes"`
}

// StoreLoad is what a store carries in the target of a users plan.
type StoreLoad struct {
	Store       inventory.StoreID                `json:"store"`
	Users       int                              `json:"users"`
	Load        map[inventory.ResourceID]float64 `json:"load"`
	Utilisation Number                           `json:"utilisation"` // largest over resources with a capacity, disk too
}

// NewUsers says how many new users of average load a store should get.
type NewUsers struct {
	Store       inventory.StoreID `json:"store"`
	Users       int               `json:"users"`
	Utilisation Number            `json:"utilisation"` // of the store with them, largest over resources with a capacity
}

// AssignmentPromises are the figures that an assignment stands for: of stores,
// and, since what stores carry their servers do, those of servers that a layout
// promises too.
type AssignmentPromises struct {
	PeakUtilisation Number `json:"peak_utilisation"` // largest over stores and resources with a capacity, disk too
	Store           Text   `json:"store"`            // where it is reached
	Resource        Text   `json:"resource"`
	GroupsTorn      int    `json:"groups_torn"` // share groups that live on several stores

	WorstSingle Worst                     `json:"worst_single"`
	WorstDomain map[inventory.Level]Worst `json:"worst_domain"` // by level, without "server"
	Normal      Place                     `json:"normal"`       // over failover resources
	Fullest     Place                     `json:"fullest"`      // over resources with ρ ≥ 1
}

// AssignmentBounds are figures that no assignment can beat.
type AssignmentBounds struct {
	PeakUtilisation Number `json:"peak_utilisation"`
	BytesCopied     Number `json:"bytes_copied"`
}

// AssignmentOptions are the options that a users plan was made with.
type AssignmentOptions struct {
	Seed     uint64    `json:"seed"`
	Peak     *float64  `json:"peak"` // null: the ceilings
	Drain    []Subject `json:"drain"`
	Keep     []Subject `json:"keep"`
	MaxBytes *int64    `json:"max_bytes"`
	MaxUsers *int      `json:"max_users"`
	Light    bool      `json:"light"`
	Place    int       `json:"place"`
	After    []string  `json:"after"` // ids of layout plans taken as executed
}

// Assignment is a plan of which users move to which store.
type Assignment struct {
	Format    int               `json:"format"`
	Kind      string            `json:"kind"`
	ID        string            `json:"id"`
	Inventory Reference         `json:"inventory"`
	Options   AssignmentOptions `json:"options"`

	Changes []UserChange `json:"changes"` // sorted by group, user

	BytesCopied      int64 `json:"bytes_copied"`
	UsersInterrupted int   `json:"users_interrupted"`

	Stores     []StoreLoad        `json:"stores"`    // of the target, sorted by store
	NewUsers   []NewUsers         `json:"new_users"` // where as many as the option place asks for should go; not part of the target
	Promises   AssignmentPromises `json:"promises"`
	Before     AssignmentPromises `json:"before"`
	Bounds     AssignmentBounds   `json:"bounds"`
	Gap        AssignmentBounds   `json:"gap"`
	Violations []Violation        `json:"violations"`
	Warnings   []Warning          `json:"warnings"`
	Stopped    Stopped            `json:"stopped"`
}

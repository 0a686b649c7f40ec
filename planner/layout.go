package planner

import "github.com/interlacemail/interlace/inventory"

// Format is the format number of plan files. Within one number fields are only added.
const Format = 1

// Kinds of plans.
const (
	KindLayout = "layout"
	KindUsers  = "users"
	KindMoves  = "moves"
)

// Placement says which servers carry a store.
type Placement struct {
	Store    inventory.StoreID    `json:"store"`
	Master   inventory.ServerID   `json:"master"`
	Replicas []inventory.ServerID `json:"replicas"` // in promotion order
}

// Verb is what a layout change does.
type Verb string

// Verbs of layout changes.
const (
	Promote Verb = "promote" // Server, a replica, becomes master; From, the master so far, takes its place among the replicas
	Seed    Verb = "seed"    // Server gets a new replica, last in promotion order, copied from the master From
	Drop    Verb = "drop"    // the replica on Server is removed
	Create  Verb = "create"  // Server gets the first master of a store that has no instance
	Move    Verb = "move"    // a user moves from store to store (users plans)
)

// LayoutChange is one step of a layout plan.
type LayoutChange struct {
	ID     string             `json:"id"`
	Do     Verb               `json:"do"`
	Store  inventory.StoreID  `json:"store"`
	Server inventory.ServerID `json:"server"`
	From   Text               `json:"from"`
	Bytes  int64              `json:"bytes"` // copied
	Users  int                `json:"users"` // interrupted
}

// LayoutOptions are the options that a layout plan was made with.
type LayoutOptions struct {
	Seed           uint64      `json:"seed"`
	Gap            float64     `json:"gap"`
	Drain          []Subject   `json:"drain"`
	Keep           []Subject   `json:"keep"`
	MaxBytes       *int64      `json:"max_bytes"`
	MaxChanges     *int        `json:"max_changes"`
	MaxInterrupted *int        `json:"max_interrupted"`
	Objectives     []Objective `json:"objectives"`         // none: the worst single failure
	Scatter        *int        `json:"scatter"`            // partners a server may have; null: any number
	Frontier       string      `json:"frontier,omitempty"` // of which the plan is a point
}

// Layout is a plan of where each store's master and replicas live.
type Layout struct {
	Format    int           `json:"format"`
	Kind      string        `json:"kind"`
	ID        string        `json:"id"`
	Inventory Reference     `json:"inventory"`
	Options   LayoutOptions `json:"options"`

	Stores  []Placement    `json:"stores"`  // the whole target, sorted by store
	Changes []LayoutChange `json:"changes"` // in an order that can be carried out

	BytesCopied      int64 `json:"bytes_copied"`
	UsersInterrupted int   `json:"users_interrupted"`

	Promises   Promises     `json:"promises"`
	Before     Promises     `json:"before"`
	Bounds     LayoutBounds `json:"bounds"`
	Gap        LayoutGap    `json:"gap"`
	Violations []Violation  `json:"violations"`
	Warnings   []Warning    `json:"warnings"`
	Stopped    Stopped      `json:"stopped"`

	// Lower is a layout that is lower, and was passed over for what it costs; nil if none
	// was found.
	Lower *Lower `json:"lower,omitempty"`
}

// Lower is what another layout would reach, and cost.
type Lower struct {
	Utilisation Number `json:"utilisation"` // in the first of the objectives
	BytesCopied int64  `json:"bytes_copied"`
	Changes     int    `json:"changes"`
}

package planner

import "github.com/interlacemail/interlace/inventory"

// FailureBounds are the bounds on the worst utilisation after a failure, by what
// proves them. One that says nothing about the fleet is unknown.
type FailureBounds struct {
	Normal        Number `json:"normal"`        // what servers carry before anything fails
	Spread        Number `json:"spread"`        // what a server takes over, divided among all that can make it do so
	Granularity   Number `json:"granularity"`   // the largest store that a server takes over
	Conservation  Number `json:"conservation"`  // what is left of the load for the survivors of each failure
	Item          Number `json:"item"`          // one store on the servers that suit it best
	Price         Number `json:"price"`         // a linear program over resources, classes of servers and bands of stores
	Configuration Number `json:"configuration"` // whole numbers of masters and replicas, where all servers are alike, and all stores
	Pairwise      Number `json:"pairwise"`      // a linear program over which stores which servers share, where there are few
	Enumeration   Number `json:"enumeration"`   // all layouts, where there are few stores
}

// Proof is one of the bounds on a worst failure, and its kind.
type Proof struct {
	Kind  string
	Bound Number
}

// Proofs lists the bounds by kind.
func (b *FailureBounds) Proofs() []Proof {
	return []Proof{
		{"normal state", b.Normal},
		{"spread", b.Spread},
		{"granularity", b.Granularity},
		{"conservation", b.Conservation},
		{"single item", b.Item},
		{"price", b.Price},
		{"configuration", b.Configuration},
		{"pairwise", b.Pairwise},
		{"enumeration", b.Enumeration},
	}
}

// Largest returns the bound that binds, unknown if all are.
func (b *FailureBounds) Largest() Number {
	var largest Number
	for _, p := range b.Proofs() {
		if p.Bound.Known && (!largest.Known || p.Bound.Value > largest.Value) {
			largest = p.Bound
		}
	}
	return largest
}

// FailureProofs are the bounds on worst failures by kind: of one server, and of one
// domain at each level.
type FailureProofs struct {
	WorstSingle FailureBounds                     `json:"worst_single"`
	WorstDomain map[inventory.Level]FailureBounds `json:"worst_domain"`
}

package planner

import "github.com/interlacemail/interlace/inventory"

// Failover is who takes over from whom. Servers are named by their place in the
// inventory; those that are down have no part in it.
type Failover struct {
	Failed    []string   // what fails, all at once; nil: every server, one at a time
	Takeovers []Takeover // by the server that fails, then by the survivor
	Strains   []Strain   // of every server that is up and survives, by server
	Bound     Number     // what no layout can bring the worst strain below; unknown: not computed
}

// Takeover is the load of a server that another takes over when it fails, in the
// failover resource in which the survivor is then busiest.
type Takeover struct {
	Failed, Survivor int
	Resource         inventory.ResourceID
	Added            float64 // this load, as part of the survivor's capacity
	Utilisation      float64 // of the survivor, with all that it takes over
}

// Strain is how busy a server is at worst: in the failover resource, and after
// the failure, in which it is busiest.
type Strain struct {
	Server   int
	Resource inventory.ResourceID
	Normal   float64  // before the failure
	Worst    float64  // after it
	Failed   []string // such as server:imap3; nil: no failure adds to the normal state
}

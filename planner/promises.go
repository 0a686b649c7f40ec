package planner

import "github.com/interlacemail/interlace/inventory"

// Worst is the busiest surviving server after a failure: in the steady state, and
// in the first hour, in which promoted instances weigh κ times their load. That
// may be another server, in another resource, and after another failure where
// several are compared.
type Worst struct {
	// Utilisation is the largest over surviving servers and failover resources.
	Utilisation Number   `json:"utilisation"`
	FirstHour   Number   `json:"first_hour"` // the largest likewise
	Server      Text     `json:"server"`     // where Utilisation is reached
	Failed      []string `json:"failed"`     // the failure that leads to Utilisation
	Resource    Text     `json:"resource"`   // in which Utilisation is reached

	// Where FirstHour is reached, and after which failure. Plans made before that was
	// told, and failures without a survivor, do not have them.
	FirstHourServer   Text     `json:"first_hour_server,omitempty"`
	FirstHourResource Text     `json:"first_hour_resource,omitempty"`
	FirstHourFailed   []string `json:"first_hour_failed,omitempty"`
}

// Place is a utilisation in the normal state and where it is reached.
type Place struct {
	Utilisation Number `json:"utilisation"`
	Server      Text   `json:"server"`
	Resource    Text   `json:"resource"`
}

// Promises are the figures that a layout stands for.
type Promises struct {
	WorstSingle Worst                     `json:"worst_single"`
	WorstDomain map[inventory.Level]Worst `json:"worst_domain"` // by level, without "server"
	// WorstPair is the largest utilisation over the failures of two servers,
	// whatever they take offline; null: not computed.
	WorstPair *Worst `json:"worst_pair"`
	Normal    Place  `json:"normal"`  // over failover resources
	Fullest   Place  `json:"fullest"` // over resources with ρ ≥ 1

	// StoresOfflineWorstPair is the largest number of stores that two failing
	// servers take offline, beside those that are offline already.
	StoresOfflineWorstPair int `json:"stores_offline_worst_pair"`
	// Partners of a server are the servers with which it shares a store: their
	// median (the lower one) and largest number over the servers with instances.
	PartnersMedian int `json:"partners_median"`
	PartnersMax    int `json:"partners_max"`
}

// LayoutBounds are figures that no layout can beat: over all layouts that keep
// every hard rule, the promised copies and spread (without spread where it
// cannot be met).
type LayoutBounds struct {
	WorstSingle Number                     `json:"worst_single"`
	WorstDomain map[inventory.Level]Number `json:"worst_domain"`
	WorstPair   Number                     `json:"worst_pair"`
	Normal      Number                     `json:"normal"`
	Fullest     Number                     `json:"fullest"`
	BytesCopied Number                     `json:"bytes_copied"`
	// ByKind are the bounds of which WorstSingle and those in WorstDomain are the
	// largest.
	ByKind FailureProofs `json:"by_kind"`
}

// LayoutGap is value over bound less 1 for each bounded promise.
type LayoutGap struct {
	WorstSingle Number                     `json:"worst_single"`
	WorstDomain map[inventory.Level]Number `json:"worst_domain"`
	WorstPair   Number                     `json:"worst_pair"`
	Normal      Number                     `json:"normal"`
	Fullest     Number                     `json:"fullest"`
	BytesCopied Number                     `json:"bytes_copied"`
}

// Gap returns value/bound − 1: how much a perfect method could still win at
// most. It is unknown where either is, where the bound is 0 and the value is
// not, and where the value is below the bound: bounds hold for plans that keep
// every hard rule, and that one breaks some.
func Gap(value, bound Number) Number {
	switch {
	case !value.Known || !bound.Known:
		return Number{}
	case value.Value == bound.Value:
		return Known(0)
	case bound.Value == 0 || value.Value < bound.Value:
		return Number{}
	}
	return Known(value.Value/bound.Value - 1)
}

// Stopped says why a planner ended.
type Stopped string

// Reasons to stop.
const (
	AtBound      Stopped = "at_bound"      // nothing can be better
	WithinGap    Stopped = "gap"           // within the wished gap of the bound
	Budget       Stopped = "budget"        // a budget of bytes, changes or interrupted users is spent
	LocalOptimum Stopped = "local_optimum" // no step of the search is better
	Steps        Stopped = "steps"         // the search used all its steps
	Cancelled    Stopped = "cancelled"     // interrupted: the best so far
)

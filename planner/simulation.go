package planner

import "github.com/interlacemail/interlace/inventory"

// Simulation is the answer to what failures do.
type Simulation struct {
	Format    int       `json:"format"`
	Kind      string    `json:"kind"` // "simulate"
	Inventory Reference `json:"inventory"`
	After     []string  `json:"after"` // ids of plans taken as executed

	Recovery Recovery `json:"recovery"` // what is assumed of it

	Now        Offline     `json:"now"` // what is offline before any failure
	Failures   []Impact    `json:"failures"`
	Violations []Violation `json:"violations"` // ceilings passed
	// TakingOffline are the failures that take a store offline and must not:
	// those of one server, or of one domain at a level that the fleet spreads
	// over or survives.
	TakingOffline []string  `json:"taking_offline"`
	Warnings      []Warning `json:"warnings"`

	Growth        *Growth `json:"growth"`         // until the first of all limits is reached; null: not computed
	GrowthNormal  *Growth `json:"growth_normal"`  // until the first ceiling of the normal state is, likewise
	GrowthFailure *Growth `json:"growth_failure"` // until a failure that the fleet is to survive reaches its ceiling, likewise

	Robust []Robust `json:"robust"` // empty: not computed

	Pairs       *Pairs                    `json:"pairs"`        // of servers; null: not computed
	DomainPairs map[inventory.Level]Pairs `json:"domain_pairs"` // of a domain and a server outside it, by level; empty: not computed
	Random      *Random                   `json:"random"`       // null: not computed
	Years       *Years                    `json:"years"`        // null: not asked for, or not finished
	Interrupted bool                      `json:"interrupted"`  // before all sets were drawn or the years were over

	// Failover is who takes over from whom. Text and pictures only.
	Failover Failover `json:"-"`
}

// Recovery says how fast people and machines answer a failure.
type Recovery struct {
	// From the failure until it is seen, from there until somebody has decided to
	// promote, and from there until the promoted stores serve.
	DetectSeconds  float64 `json:"detect_seconds"`
	DecideSeconds  float64 `json:"decide_seconds"`
	PromoteSeconds float64 `json:"promote_seconds"`

	// How many messages and mailboxes one transfer copies in a second, whatever
	// the bandwidth.
	MessageRate float64 `json:"messages_per_second"`
	MailboxRate float64 `json:"mailboxes_per_second"`
}

// ServiceSeconds returns the time from a failure until promoted stores serve.
func (r Recovery) ServiceSeconds() float64 {
	return r.DetectSeconds + r.DecideSeconds + r.PromoteSeconds
}

// Growth is how far all loads may grow before a promise breaks.
type Growth struct {
	// Growth of all loads, in parts of today's, at which the first limit is
	// reached: below 0 where one is passed already, null where there is no load.
	Growth   Number   `json:"growth"`
	Rule     Text     `json:"rule"` // ceiling or failure_ceiling
	Server   Text     `json:"server"`
	Resource Text     `json:"resource"`
	Failed   []string `json:"failed"` // the failure with which it is reached; empty in the normal state
	Value    Number   `json:"value"`  // the utilisation today
	Limit    Number   `json:"limit"`
}

// Before reports whether its limit is reached before that of another.
func (g *Growth) Before(o *Growth) bool {
	return g.Growth.Known && (!o.Growth.Known || g.Growth.Value < o.Growth.Value)
}

// Robust is the worst failure of one server where loads are not quite what they
// seem: on each survivor a number of stores, those that hurt most, weigh more
// than they should by a part of their load.
type Robust struct {
	Stores      int      `json:"stores"`    // that weigh more, at most, on each survivor: Γ
	Deviation   float64  `json:"deviation"` // by which they do
	Utilisation Number   `json:"utilisation"`
	Server      Text     `json:"server"`
	Resource    Text     `json:"resource"`
	Failed      []string `json:"failed"` // empty: the server is not touched by the failure of another
}

// Pairs is what failures of two do, over all pairs.
type Pairs struct {
	Count         int64  `json:"count"`
	TakingOffline int64  `json:"taking_offline"` // pairs that take a store offline
	ChanceOffline Number `json:"chance_offline"` // that a pair drawn at random does; null: there is no pair
	// StoresOfflineWorst is the largest number of stores that a pair takes
	// offline, beside those that are offline already.
	StoresOfflineWorst int   `json:"stores_offline_worst"`
	OverCapacity       int64 `json:"over_capacity"` // pairs with a survivor above 100 %

	Utilisation Quantiles `json:"utilisation"` // of the worst survivor
	Histogram   []Bin     `json:"histogram"`
	Worst       []Impact  `json:"worst"` // the worst pairs, by users offline, stores offline and utilisation
}

// Random is what failures of several servers at once do, over sets drawn at random, or
// over all of them where there are no more than would be drawn.
type Random struct {
	Servers       int    `json:"servers"` // that fail at once
	Samples       int    `json:"samples"`
	All           bool   `json:"all"` // each set once: figures are exact
	Seed          uint64 `json:"seed"`
	TakingOffline int    `json:"taking_offline"` // samples that take a store offline
	ChanceOffline Number `json:"chance_offline"`
	OverCapacity  int    `json:"over_capacity"` // samples with a survivor above 100 %

	Utilisation   Quantiles `json:"utilisation"` // of the worst survivor, where there is one
	UsersOffline  Quantiles `json:"users_offline"`
	StoresOffline Quantiles `json:"stores_offline"`
	Worst         []Impact  `json:"worst"` // the worst sets, by users offline, stores offline and utilisation
}

// Quantiles says how a figure is spread over failures: half, 90 % and 99 % of
// them are at most that bad, and none is worse than Max.
type Quantiles struct {
	P50 Number `json:"p50"`
	P90 Number `json:"p90"`
	P99 Number `json:"p99"`
	Max Number `json:"max"`
}

// Bin counts the failures with a figure above From and at most To; the first bin
// holds those at 0 too, and the last has no end (null) where figures go further.
type Bin struct {
	From  float64 `json:"from"`
	To    Number  `json:"to"`
	Count int64   `json:"count"`
}

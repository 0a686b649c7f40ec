package planner

import "github.com/interlacemail/interlace/inventory"

// Assumptions are the rates and times that years of failures and repairs are
// played with.
type Assumptions struct {
	OutagesPerYear float64 `json:"outages_per_year"` // of one server, after which its data returns
	OutageHours    float64 `json:"outage_hours"`     // mean, exponentially distributed
	LossesPerYear  float64 `json:"losses_per_year"`  // of the disks of one server, whose data is gone
	ReplaceHours   float64 `json:"replace_hours"`    // from the loss to the first byte of the re-seed
	LagSeconds     float64 `json:"lag_seconds"`      // by which a replica is behind its master
	ChangedPerDay  float64 `json:"changed_per_day"`  // part of a store's bytes that is written in a day

	// Domains are the outages of failure domains, each of which takes all its
	// servers down at once, by level.
	Domains map[inventory.Level]DomainOutages `json:"domains"`
}

// DomainOutages says how often one domain of a level has an outage, and for how
// long.
type DomainOutages struct {
	OutagesPerYear float64 `json:"outages_per_year"`
	OutageHours    float64 `json:"outage_hours"` // mean, exponentially distributed
}

// Sampling says how a figure was simulated.
type Sampling string

// Kinds of sampling.
const (
	Plain  Sampling = "plain"  // failures strike as often as assumed
	Forced Sampling = "forced" // failures that coincide are made likely, and weighed by how unlikely they are
)

// What analytic values of occasions neglect.
const (
	FirstOrder Text = "first order: what is struck is there as far as it is in the mean, and causes that take stores along in several ways count as if each way were independent; held between the most of one store and the sum of all"
	// BeyondFirstOrder is FirstOrder where that says little.
	BeyondFirstOrder = FirstOrder + "; not to be relied on here, where copies are missing or servers away more than a tenth of the time"
)

// Estimate is one figure, computed and simulated.
type Estimate struct {
	Analytic      Number `json:"analytic"`
	Approximation Text   `json:"approximation"`  // what the analytic value neglects; null: it is exact
	Simulated     Number `json:"simulated"`      // null: nothing of the kind was met
	StandardError Number `json:"standard_error"` // null: what was met does not say
	Low           Number `json:"low"`            // 95 % interval, null likewise
	High          Number `json:"high"`
	// EffectiveSamples is how many equally weighed samples would say as much.
	EffectiveSamples float64  `json:"effective_samples"`
	Sampling         Sampling `json:"sampling"`
}

// YearsOffline is what outages and lost disks keep from being served. An
// occasion is one failure that takes at least one store offline.
type YearsOffline struct {
	OccasionsPerYear Estimate `json:"occasions_per_year"`
	StoresEach       Estimate `json:"stores_each"` // taken offline on one occasion
	UsersEach        Estimate `json:"users_each"`
	HoursEach        Estimate `json:"hours_each"` // that a store is offline
	Stores           Estimate `json:"stores"`     // offline in the mean
	Users            Estimate `json:"users"`
}

// YearsDoubled is the data that is lost because the last copy goes before
// another is there again. An occasion is one failure that loses a store.
type YearsDoubled struct {
	OccasionsPerYear Estimate `json:"occasions_per_year"`
	StoresPerYear    Estimate `json:"stores_per_year"`
	UsersEach        Estimate `json:"users_each"` // whose mail is lost on one occasion
	BytesEach        Estimate `json:"bytes_each"`
	BytesPerYear     Estimate `json:"bytes_per_year"`
	Chance           Number   `json:"chance"` // of one occasion or more in all years
}

// YearsFailover is the data that is lost because a master dies for good before
// its replica has what was last written.
type YearsFailover struct {
	StoresPerYear Estimate `json:"stores_per_year"`
	UsersPerYear  Estimate `json:"users_per_year"`
	BytesEach     Estimate `json:"bytes_each"` // of one store
	BytesPerYear  Estimate `json:"bytes_per_year"`
}

// Years is what years of failures and repairs do to a layout. Stores that are
// offline from the start are not among those counted.
type Years struct {
	Years       int         `json:"years"`
	Seed        uint64      `json:"seed"`
	Assumptions Assumptions `json:"assumptions"`
	Stores      int         `json:"stores"`
	Users       int         `json:"users"`

	Failures       int64   `json:"failures"`        // simulated in plain sampling
	YearsSimulated float64 `json:"years_simulated"` // in plain sampling
	Strikes        int64   `json:"strikes"`         // failures of forced sampling

	Availability Estimate      `json:"availability"` // part of the time that a store has a server to serve it
	Offline      YearsOffline  `json:"offline"`
	Doubled      YearsDoubled  `json:"double_failure"`
	Failover     YearsFailover `json:"failover"`
}

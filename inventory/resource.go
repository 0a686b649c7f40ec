package inventory

// MaxResources is the largest number of resources that a fleet may declare.
const MaxResources = 8

// UnitBytes is the unit of resources whose values are sizes.
const UnitBytes = "bytes"

// Load holds one value per declared resource, in the order of
// [Inventory.Resources] and in that resource's unit. Entries past the declared
// resources are zero. Byte values are whole numbers.
type Load [MaxResources]float64

// Resource is something that mail uses up on a server.
type Resource struct {
	Name ResourceID
	Unit string // "bytes" makes values sizes; anything else is shown as it is

	// Replica is the factor ρ ≥ 0: a replica instance weighs ρ times the load of its store.
	Replica float64
	// Cold is the factor κ ≥ 1: a freshly promoted instance weighs κ times the load in its first hour.
	Cold float64
	// Ceiling is the highest utilisation allowed in the normal state.
	Ceiling float64
	// FailureCeiling is the highest utilisation allowed after a failure; without meaning where Replica ≥ 1.
	FailureCeiling FailureCeiling
}

// Failover reports whether the resource is a failover resource (ρ < 1): one
// whose load grows where a replica is promoted.
func (r Resource) Failover() bool { return r.Replica < 1 }

// FailureCeiling is a ceiling after failures, possibly different by level of the failure.
type FailureCeiling struct {
	Default float64           // for every level that ByLevel does not name
	ByLevel map[Level]float64 // nil if one number holds for all levels
}

// Highest returns the ceiling after the failure of domains of several levels at
// once: the highest of theirs.
func (c FailureCeiling) Highest(levels []Level) float64 {
	highest := 0.0
	for _, level := range levels {
		highest = max(highest, c.At(level))
	}
	return highest
}

// At returns the ceiling after the failure of one domain of the level.
func (c FailureCeiling) At(level Level) float64 {
	if v, ok := c.ByLevel[level]; ok {
		return v
	}
	return c.Default
}

// DefaultResources returns the resources of a fleet that declares none: disk
// in bytes (ρ = 1) and io in operations per second (ρ = 0.5).
func DefaultResources() []Resource {
	return []Resource{
		NewResource("disk", UnitBytes, 1),
		NewResource("io", "ops/s", 0.5),
	}
}

// Defaults of a declared resource.
const (
	DefaultReplica        = 1.0
	DefaultCold           = 1.0
	DefaultCeiling        = 0.85
	DefaultFailureCeiling = 1.0
)

// NewResource returns a resource with the default cold factor and ceilings.
func NewResource(name ResourceID, unit string, replica float64) Resource {
	return Resource{
		Name: name, Unit: unit, Replica: replica, Cold: DefaultCold,
		Ceiling: DefaultCeiling, FailureCeiling: FailureCeiling{Default: DefaultFailureCeiling},
	}
}

package planner

// Objective is a figure that a layout is planned to have as low as possible: one of
// these, or the name of a level, for the worst failure of one domain there.
type Objective string

// Objectives of every fleet.
const (
	ObjectiveSingle Objective = "single" // the worst failure of one server
	ObjectivePair   Objective = "pair"   // the worst failure of two servers at once
	ObjectiveNormal Objective = "normal" // the busiest server of the normal state
)

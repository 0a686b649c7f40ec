package planner

// Rule identifies a placement rule. The identifiers are part of the plan files.
type Rule string

// The rules; package rules states each of them.
const (
	Apart          Rule = "apart"
	Spread         Rule = "spread"
	Copies         Rule = "copies"
	Ceiling        Rule = "ceiling"
	FailureCeiling Rule = "failure_ceiling"
	Slots          Rule = "slots"
	StoreCapacity  Rule = "store_capacity"
	GroupWhole     Rule = "group_whole"
	DrainEmpty     Rule = "drain"
	DownEmpty      Rule = "down"
	Pinned         Rule = "pinned"
	Allowed        Rule = "allowed"
	Transient      Rule = "transient"
	Alike          Rule = "alike"
	Scatter        Rule = "scatter"
)

// rules are all of them.
var rules = []Rule{
	Apart, Spread, Copies, Ceiling, FailureCeiling, Slots, StoreCapacity,
	GroupWhole, DrainEmpty, DownEmpty, Pinned, Allowed, Transient, Alike, Scatter,
}

// Violation is a rule that a state or a plan breaks, where, and by how much.
// Value passes Limit upwards, except for rules that ask for at least Limit
// (spread, copies), where it falls short of it. Fields without meaning for the
// rule are null.
type Violation struct {
	Rule     Rule     `json:"rule"`
	Subject  Subject  `json:"subject"`
	Server   Text     `json:"server"`
	Store    Text     `json:"store"`
	User     Text     `json:"user"`
	Group    Text     `json:"group"`
	Resource Text     `json:"resource"`
	Failed   []string `json:"failed"` // failure domains that are down, such as server:imap3; empty in the normal state
	Value    Number   `json:"value"`
	Limit    Number   `json:"limit"`
}

// Excess returns by how much the rule is broken, above 0 for every violation.
func (v Violation) Excess() float64 {
	if v.Rule == Spread || v.Rule == Copies {
		return v.Limit.Value - v.Value.Value
	}
	return v.Value.Value - v.Limit.Value
}

// Warning is something the reader should know that does not make a plan
// infeasible: a violation that this kind of plan cannot repair, or a doubt
// about the input. Rule is null for the latter.
type Warning struct {
	Text string `json:"text"`
	Rule Text   `json:"rule"`
	// Subject is what the warning is about, or null.
	Subject Text `json:"subject"`
	// Violation holds the figures where Rule is one that is broken, else null.
	Violation *Violation `json:"violation"`
}

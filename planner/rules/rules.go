// Package rules states each placement rule once and lists what breaks it.
//
// [Check] reads a state (an inventory: today's, or a plan's target) and returns
// every violation. It is written slowly and clearly, with sums of its own, and
// serves as the oracle: planners may keep faster versions of what they need,
// but their results end here, and so do check, apply and confirm.
//
// Each rule is a function of the state in a file of its own and a row of all.
package rules

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// Options say how to read a state.
type Options struct {
	// From is the state that a plan starts from. Rules about changes (pinned,
	// down) compare with it; without it they have nothing to say.
	From *inventory.Inventory
	// Drain lists servers and failure domains that must end empty, whatever their
	// state: server:imap3, rack:a4.
	Drain []planner.Subject
	// Scatter is how many partners a server may have; 0 means any number.
	Scatter int
}

// Check returns the violations of the state, sorted by rule in the order of
// [planner] and then by subject, and the doubts about them. It fails only when
// it is interrupted: what is known by then might pass for a state that keeps
// the rules.
func Check(ctx context.Context, inv *inventory.Inventory, groups *inventory.ShareGroups, opts Options) ([]planner.Violation, []planner.Warning, error) {
	s := newState(inv, groups, opts)
	s.labels()
	var broken []planner.Violation
	for _, rule := range all {
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("check the rules: %w", err)
		}
		found := rule(s)
		slices.SortStableFunc(found, func(a, b planner.Violation) int { return cmp.Compare(a.Subject, b.Subject) })
		broken = append(broken, found...)
	}
	for i := range broken {
		if broken[i].Failed == nil {
			broken[i].Failed = []string{}
		}
	}
	return broken, s.warnings, nil
}

// all lists the rules. A rule is added here.
var all = []func(*state) []planner.Violation{
	apart, spread, copies, ceiling, failureCeiling, slots, storeCapacity,
	groupWhole, drain, down, pinned, allowed, alike, scatter,
}

// Worse returns the violations in after whose (rule, subject) is broken by more
// than in before: what a plan may not do.
func Worse(before, after []planner.Violation) []planner.Violation {
	type key struct {
		rule    planner.Rule
		subject planner.Subject
	}
	had := map[key]float64{}
	for _, v := range before {
		k := key{v.Rule, v.Subject}
		had[k] = max(had[k], v.Excess())
	}
	var worse []planner.Violation
	for _, v := range after {
		if v.Excess() > had[key{v.Rule, v.Subject}] {
			worse = append(worse, v)
		}
	}
	return worse
}

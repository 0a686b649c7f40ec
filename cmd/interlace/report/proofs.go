package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// addProofs names the bounds on worst failures by what proves them, and says that
// they do not hold for a plan that breaks rules.
func (f *Facts) addProofs(p *planner.Layout) {
	kinds := p.Bounds.ByKind
	parts := []string{proofWords(inventory.LevelServer, kinds.WorstSingle)}
	for _, level := range sortedLevels(kinds.WorstDomain) {
		parts = append(parts, proofWords(level, kinds.WorstDomain[level]))
	}
	if all := joined(parts...); all != "" {
		f.add("bounds", "%s", all)
	}
	f.addBounds(p.Violations)
}

// proofWords lists the bounds on the failures of one level, the one that binds
// first, without those that say nothing: rack failure: price 64.3 % binds, spread
// 63.9 %.
func proofWords(level inventory.Level, b planner.FailureBounds) string {
	if !b.Largest().Known {
		return ""
	}
	proofs := b.Proofs()
	slices.SortStableFunc(proofs, func(x, y planner.Proof) int { return cmp.Compare(y.Bound.Value, x.Bound.Value) })
	var words []string
	for _, p := range proofs {
		if p.Bound.Known {
			words = append(words, p.Kind+" "+PercentText(p.Bound.Value))
		}
	}
	words[0] += " binds"
	name := string(level)
	if level == inventory.LevelServer {
		name = "single"
	}
	return name + " failure: " + strings.Join(words, ", ")
}

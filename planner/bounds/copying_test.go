package bounds_test

import (
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// The bytes that a worst failure costs at least, against the cheapest of all
// layouts that are no worse.
func TestCopyingNeverPassesTheCheapestLayout(t *testing.T) {
	var ratios []float64
	fleets, tried := 0, 0
	for seed := range uint64(6000) {
		f := load.New(roomy(fixtures.Tiny(seed), float64(1+seed%4)))
		cheapest := bounds.CheapestLayouts(f, 20_000)
		if cheapest == nil {
			continue
		}
		fleets++
		c := bounds.NewCopying(f, bounds.LayoutOptions{})
		for _, at := range cheapest {
			tried++
			bound := c.Least(at.Worst).Value
			if bound > float64(at.Bytes) {
				t.Errorf("seed %d: worst %v costs at least %v, some layout costs %d", seed, at.Worst, bound, at.Bytes)
			}
			if needed := bounds.Layout(f, bounds.LayoutOptions{}).BytesCopied.Value; float64(at.Bytes) > needed {
				ratios = append(ratios, bound/float64(at.Bytes))
			}
		}
	}
	if fleets < 1000 || len(ratios) < 100 {
		t.Fatalf("only %d fleets, %d layouts that copy more than the rules ask for", fleets, len(ratios))
	}
	slices.Sort(ratios)
	t.Logf("%d fleets, %d layouts, %d that copy more than the rules ask for: bound/optimum a quarter below %.3f, median %.3f, a quarter above %.3f", fleets, tried, len(ratios), ratios[len(ratios)/4], ratios[len(ratios)/2], ratios[3*len(ratios)/4])
}

package report

import (
	"math"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

func TestStrainBar(t *testing.T) {
	inv := inventory.New()
	inv.Resources = []inventory.Resource{inventory.NewResource("io", "ops/s", 0.5)}
	inv.Resources[0].FailureCeiling = inventory.FailureCeiling{Default: 0.9}
	promised := inv.Clone()
	promised.Survive = []inventory.Level{inventory.LevelServer}
	inv.Survive = nil
	for _, c := range []struct {
		name                 string
		inv                  *inventory.Inventory
		normal, worst, bound float64
		want                 string
	}{
		{"below its ceiling", promised, 0.3, 0.5, 0, "██████▒▒▒▒        │"},
		{"past its ceiling", promised, 0.8, 1.1, 0, "████████████████▒▒│▒▒▒"},
		{"without a promise", inv, 0.3, 0.5, 0, "██████▒▒▒▒"},
		{"what is little is seen", inv, 0.5, 0.501, 0, "█████████▒"},
		{"even on an idle server", inv, 0, 0.001, 0, "▒"},
		{"idle", promised, 0, 0, 0, "                  │"},
		{"the bound within the bar", inv, 0.3, 0.6, 0.4, "██████▒▒┊▒▒▒"},
		{"the bound at its end", inv, 0.55, 0.62, 0.58, "███████████▒┊"},
		{"the bound beyond it", promised, 0.2, 0.3, 0.6, "████▒▒      ┊     │"},
		{"the bound at the ceiling", promised, 0.2, 0.3, 0.9, "████▒▒            │"},
		{"no longer than the screen", inv, 0.2, 1e300, 0, "████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒"},
	} {
		charts := Charts{Inventory: c.inv}
		if c.bound > 0 {
			charts.Failover.Bound = planner.Known(c.bound)
		}
		if got := charts.strainBar(planner.Strain{Resource: "io", Normal: c.normal, Worst: c.worst}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What fills a server exactly to its ceiling has not passed it, though the division
// says a little more.
func TestACeilingThatIsReachedIsNotPassed(t *testing.T) {
	const ceiling = 0.85
	full := math.Nextafter(ceiling, 1)
	inv := rackedFleet(2, 0, 0)
	inv.Resources = []inventory.Resource{inventory.NewResource("io", "ops/s", 0.5)}
	inv.Resources[0].FailureCeiling = inventory.FailureCeiling{Default: ceiling}
	for _, c := range []struct {
		value  float64
		passes bool
	}{{full, false}, {ceiling + 0.001, true}} {
		charts := Charts{Inventory: inv, Failover: planner.Failover{Takeovers: []planner.Takeover{{Survivor: 1, Resource: "io", Added: 0.1, Utilisation: c.value}}}}
		each := bundled(inv, []int{0, 1}, 2)
		if passes, how := charts.matrix(each, each).cells[0][1].passes, tone(c.value, ceiling); passes != c.passes || (how == Broken) != c.passes {
			t.Errorf("%v passes %v: %v in the matrix, in the table %v", c.value, ceiling, passes, how)
		}
	}
}

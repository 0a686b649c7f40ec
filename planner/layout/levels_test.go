package layout_test

import (
	"fmt"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/layout"
)

// A fleet may survive failures at more levels than it has resources.
func TestManyLevels(t *testing.T) {
	inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: 6, StoresPerServer: 3, Users: 60, Legal: true})
	for n := range inventory.MaxResources + 4 {
		level := inventory.Level(fmt.Sprint("level", n))
		inv.Survive = append(inv.Survive, level)
		for i := range inv.Servers {
			inv.Servers[i].Domains[level] = inventory.DomainID(fmt.Sprint(i % (n + 2)))
		}
	}
	checkSafe(t, 1, inv, optimize(t, inv, layout.Options{}), false)
}

package bounds_test

import (
	"math"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/planner/bounds"
	"github.com/interlacemail/interlace/planner/load"
)

// Small fleets, in which which servers share stores is what decides: the bound is what a
// solver of linear programs (Cbc) says of stores that may lie in parts on several lists of
// sites. Of four servers with eight stores that is the best layout but for 2 in 100,000.
func TestSmallFleetsAreBoundByPairs(t *testing.T) {
	for _, c := range []struct {
		servers, stores int
		want            float64
	}{{4, 8, 0.808361}, {6, 4, 0.72222}, {8, 4, 0.685908}, {10, 6, 0.668824}} {
		inv := fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{
			Servers: c.servers, StoresPerServer: c.stores, Users: -1, Start: fixtures.MirroredByHand, Legal: true,
		})
		if got := bounds.WorstByFormula(load.New(inv)).Value; math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%d servers, %d stores on each: bound %.7f, the linear program says %v", c.servers, c.stores, got, c.want)
		}
	}
}

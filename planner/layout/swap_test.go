package layout

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// What is passed over without a try would not have made the layout better, and an
// exchange that looks better is so twice as often as any.
func TestPassedOverWithoutLoss(t *testing.T) {
	for _, objective := range []planner.Objective{planner.ObjectiveSingle, planner.ObjectivePair, planner.ObjectiveNormal, "rack"} {
		inv := racked(20, 2, 1, 2)
		first := inv.Stores[0]
		for i := range 100 {
			st := first
			st.Name = inventory.StoreID(fmt.Sprintf("t%03d", i))
			st.Base = inventory.Load{40 + float64(i*7%60), 5 + float64(i*11%9)}
			inv.Stores = append(inv.Stores, st)
		}
		l, err := newLadder(context.Background(), inv, Options{Seed: 1, Steps: 100, Objectives: []planner.Objective{objective}})
		if err != nil {
			t.Fatal(err)
		}
		s := l.search(l.repaired(), 1, kinds{true, true})
		s.left = 5_000
		s.balance()
		s.ceilings, s.steepness = true, 300
		s.order()
		passed, matched, better, blind, lucky := 0, 0, 0, 0, 0
		for store := range s.sites {
			for at := range s.sites[store] {
				one := s.leaver(store, at)
				for _, c := range s.targets {
					if c == one.from || s.sites[store][1-at] == c {
						continue
					}
					s.list = append(s.list[:0], s.sites[store]...)
					s.list[at] = c
					p := picker{search: s, limit: s.reference}
					if s.hopeless(&p, &one, c) {
						passed++
						if v := s.try(change{store, s.list}); v.better() && v.peak <= s.reference {
							t.Errorf("%s: store %d, place %d is better off on %d: %+v", objective, store, at, c, v)
						}
					}
					for _, other := range s.on[c] {
						if s.swappable(&one, int(other), c) {
							blind++
							s.list = replaced(s.list, s.sites[store], at, c)
							if s.try(change{store, s.list}, change{int(other), s.other}).better() {
								lucky++
							}
						}
					}
					if other := s.match(math.Inf(1), &one, c); other >= 0 && s.swappable(&one, other, c) {
						matched++
						s.list = replaced(s.list, s.sites[store], at, c)
						if s.try(change{store, s.list}, change{other, s.other}).better() {
							better++
						}
					}
				}
			}
		}
		if passed < 100 || matched == 0 || better*blind < 2*lucky*matched {
			t.Errorf("%s: %d passed over; of %d exchanges that look better %d are, of all %d %d", objective, passed, matched, better, blind, lucky)
		}
	}
}

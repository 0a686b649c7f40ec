package report

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// What is said to be kept is what is promised, and what else failures do is said
// beside it.
func TestOutcomeSaysWhichFailuresItIsAbout(t *testing.T) {
	rack := []inventory.Level{"rack"}
	all := []inventory.Level{inventory.LevelServer, "rack"}
	impact := func(failed string, worst float64) planner.Impact {
		return planner.Impact{Failed: []string{failed}, Worst: planner.Worst{Utilisation: planner.Known(worst)}}
	}
	harmless := []planner.Impact{impact("server:imap1", 0.8), impact("rack:a1", 0.9)}
	for name, c := range map[string]struct {
		survive, spread []inventory.Level
		sim             planner.Simulation
		want            string
	}{
		"the same levels": {
			all, rack,
			planner.Simulation{Failures: harmless},
			"no failure that the fleet must survive (one server, one rack) passes a ceiling or takes a store offline",
		},
		"spread over racks only": {
			all[:1], rack,
			planner.Simulation{Failures: harmless},
			"no failure of one server passes a ceiling, and none of one server or one rack takes a store offline",
		},
		"no ceiling after failures": {
			nil, nil,
			planner.Simulation{Failures: harmless},
			"no ceiling is passed while nothing fails, and no failure of one server takes a store offline",
		},
		"a rack without a ceiling": {
			all[:1], nil,
			planner.Simulation{Failures: []planner.Impact{harmless[0], impact("rack:a1", 1.07)}},
			"no failure that the fleet must survive (one server) passes a ceiling or takes a store offline; others, which it need not survive, load servers above 100 %",
		},
		"pairs": {
			all, nil,
			planner.Simulation{Failures: harmless, Pairs: &planner.Pairs{TakingOffline: 390, OverCapacity: 2}},
			"no failure that the fleet must survive (one server, one rack) passes a ceiling or takes a store offline; others, which it need not survive, take stores offline and load servers above 100 %",
		},
		"drawn at random": {
			all, nil,
			planner.Simulation{Failures: harmless, Random: &planner.Random{TakingOffline: 3}},
			"no failure that the fleet must survive (one server, one rack) passes a ceiling or takes a store offline; others, which it need not survive, take stores offline",
		},
		"offline already": {
			all, nil,
			planner.Simulation{Failures: harmless, Now: planner.Offline{StoresOffline: 1}},
			"no failure that the fleet must survive (one server, one rack) passes a ceiling or takes another store offline",
		},
	} {
		inv := inventory.New()
		inv.Survive = c.survive
		for _, level := range c.spread {
			inv.Spread = append(inv.Spread, inventory.Spread{Level: level})
		}
		inv.Servers = []inventory.Server{{Name: "imap1", Domains: map[inventory.Level]inventory.DomainID{"rack": "a1"}}}
		if got := promisedOutcome(&c.sim, inv).Words; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

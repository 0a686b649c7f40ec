package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// addOutcome says whether the promises hold, what the loads rest on and what to
// do next. Kept is what is said where none is broken.
func (s *Screen) addOutcome(sim *planner.Simulation, offline []planner.Impact, kept Line) {
	var lines Lines
	if len(sim.Violations) > 0 {
		lines = append(lines, Line{Words: brokenWords(sim.Violations), Tone: Broken})
	}
	if len(offline) > 0 {
		lines = append(lines, Line{Words: offlineFinding(offline), Tone: Broken})
	}
	facts := Facts{{"loads", loadsWords(sim.Inventory)}}
	switch {
	case lines == nil:
		lines = Lines{kept}
	case len(sim.After) == 0:
		facts.add("next", "%s", joined("interlace check", "interlace layout --plan plan.json"))
	}
	s.add(lines, facts)
	s.addWarnings(sim.Warnings)
}

// promisedOutcome says of which failures the promises hold that are kept, and
// what others do for which nothing is promised.
func promisedOutcome(sim *planner.Simulation, inv *inventory.Inventory) Line {
	if len(sim.Failures) == 0 {
		return Line{Words: "no server is up, so that none can fail", Tone: Broken}
	}
	words, others := promiseWords(inv, sim.Now), othersWords(sim, inv)
	if others == "" {
		return Line{Words: words, Tone: keptTone(sim.Now)}
	}
	return Line{Words: words + "; others, which it need not survive, " + others, Tone: Soon}
}

// promiseWords says what the promises are, all of which are kept.
func promiseWords(inv *inventory.Inventory, now planner.Offline) string {
	store := "a store"
	if now.StoresOffline > 0 {
		store = "another store"
	}
	var ceilings, online []string
	for _, level := range append([]inventory.Level{inventory.LevelServer}, inv.Levels()...) {
		if survives(inv, level) {
			ceilings = append(ceilings, "one "+string(level))
		}
		if inv.StaysOnline(level) {
			online = append(online, "one "+string(level))
		}
	}
	switch {
	case slices.Equal(ceilings, online):
		return fmt.Sprintf("no failure that the fleet must survive (%s) passes a ceiling or takes %s offline", strings.Join(online, ", "), store)
	case ceilings == nil:
		return fmt.Sprintf("no ceiling is passed while nothing fails, and no failure of %s takes %s offline", strings.Join(online, " or "), store)
	}
	return fmt.Sprintf("no failure of %s passes a ceiling, and none of %s takes %s offline", strings.Join(ceilings, " or "), strings.Join(online, " or "), store)
}

// othersWords says what failures do that the fleet need not survive.
func othersWords(sim *planner.Simulation, inv *inventory.Inventory) string {
	offline, over := anyOffline(sim.Failures), slices.ContainsFunc(sim.Failures, func(f planner.Impact) bool {
		return !promised(levelsOf(f.Failed), inv) && planner.Above(f.Worst.Utilisation.Value, 1)
	})
	count := func(taking, above int64) {
		offline, over = offline || taking > 0, over || above > 0
	}
	if sim.Pairs != nil {
		count(sim.Pairs.TakingOffline, sim.Pairs.OverCapacity)
	}
	for _, pairs := range sim.DomainPairs {
		count(pairs.TakingOffline, pairs.OverCapacity)
	}
	if sim.Random != nil {
		count(int64(sim.Random.TakingOffline), int64(sim.Random.OverCapacity))
	}
	var do []string
	if offline {
		do = append(do, "take stores offline")
	}
	if over {
		do = append(do, "load servers above 100 %")
	}
	return strings.Join(do, " and ")
}

// failureOutcome says of one set of failures what promises hold, all of which
// are kept.
func failureOutcome(sim *planner.Simulation, inv *inventory.Inventory) Line {
	switch {
	case !promised(levelsOf(sim.Failures[0].Failed), inv):
		return Line{Words: "the fleet need not survive this, so no failure ceiling holds"}
	case anyOffline(sim.Failures):
		return Line{Words: "this passes no ceiling, but takes stores offline, which the fleet need not survive", Tone: Soon}
	case sim.Now.StoresOffline > 0:
		return Line{Words: "this passes no ceiling and takes no other store offline", Tone: Soon}
	}
	return Line{Words: "this passes no ceiling and takes no store offline", Tone: Good}
}

func keptTone(now planner.Offline) Tone {
	if now.StoresOffline > 0 {
		return Soon
	}
	return Good
}

// promised reports whether the fleet is to survive failures of all these levels.
func promised(levels []inventory.Level, inv *inventory.Inventory) bool {
	return !slices.ContainsFunc(levels, func(level inventory.Level) bool { return !survives(inv, level) })
}

// offlineFinding says why failures that take stores offline are a finding.
func offlineFinding(failures []planner.Impact) string {
	var levels, failed []string
	for _, f := range failures {
		if level := string(levelOf(f.Failed[0])); !slices.Contains(levels, level) {
			levels = append(levels, level)
		}
		failed = append(failed, f.Failed[0])
	}
	return fmt.Sprintf("no failure of one %s may take a store offline, but %s: %s",
		strings.Join(levels, " or "), things(len(failures), "does", "do"), someOf(failed))
}

package report

import "github.com/interlacemail/interlace/planner"

// Failures is the table for machines of what each failure does, with the worst
// pairs and sets. The first column says of which list a row is, as they are of
// different length and the worst of a list are not all of it; stores and users
// offline are counted as in the JSON form, those included that are so already.
func Failures(sim *planner.Simulation) *Table {
	lists := failureLists(sim)
	return &Table{
		Columns: append([]Column{hidden("set")}, failureColumns(true, true, sim.Now)...),
		Rows: func(yield func([]Cell) bool) {
			for _, l := range lists {
				for _, f := range l.failures {
					if !yield(append([]Cell{words(l.set)}, failureRow(f, sim.Now, nil)...)) {
						return
					}
				}
			}
		},
	}
}

// failureList is one list of failures: those of one domain are called by its
// level, pairs by both levels.
type failureList struct {
	set      string
	failures []planner.Impact
}

func failureLists(sim *planner.Simulation) []failureList {
	var lists []failureList
	for _, f := range sim.Failures {
		set := string(levelOf(f.Failed[0]))
		if len(f.Failed) > 1 {
			set = "together"
		}
		lists = append(lists, failureList{set, []planner.Impact{f}})
	}
	if sim.Pairs != nil {
		lists = append(lists, failureList{"server+server", sim.Pairs.Worst})
	}
	for _, level := range sortedLevels(sim.DomainPairs) {
		lists = append(lists, failureList{string(level) + "+server", sim.DomainPairs[level].Worst})
	}
	if sim.Random != nil {
		lists = append(lists, failureList{"random", sim.Random.Worst})
	}
	return lists
}

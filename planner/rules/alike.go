package rules

import (
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// alike: the instances of a store agree with its master in partitions,
// separator, virtual domains and conversations, and a replica's Cyrus is not
// older than the master's. What is unknown is not a violation but a warning.
func alike(s *state) []planner.Violation {
	var broken []planner.Violation
	unknown := 0
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		if len(st.Instances) < 2 {
			continue
		}
		for _, in := range st.Instances[1:] {
			differ, known := st.Instances[0].Settings.Differences(in.Settings)
			if !known {
				unknown++
			}
			if differ > 0 {
				broken = append(broken, planner.Violation{
					Rule: planner.Alike, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name), Server: planner.Text(in.Server),
					Value: count(differ), Limit: count(0),
				})
			}
		}
	}
	if unknown > 0 {
		s.warn(planner.Alike, "", "versions and settings of %s are not known, so it is not known whether they agree",
			inventory.Counted(unknown, "replica or its master", "replicas or their masters"))
	}
	return broken
}
